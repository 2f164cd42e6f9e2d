"""Previews: the library's looks as menus show them, with their thumbnails."""

from __future__ import annotations

import base64
import binascii
import struct
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import bpy
import bpy.utils.previews

from velatura import library
from velatura.errors import LookError
from velatura.look import Card, read

from .. import bundled, messages
from ..preferences import preferences

_PATIENCE = 2.0  # seconds until the folders are looked at again: menus ask with every redraw
_LARGEST = 1024  # px: a thumbnail that claims more is not decoded; ours are 160 wide
_PNG = b"\x89PNG\r\n\x1a\n"  # the first bytes of every PNG; width and height are bytes 16 to 24
_BLANK, _SIDE = "blank", 32  # key of the picture of looks that bring none, and its size in px
_OLIVE, _UMBER = (0.34, 0.33, 0.27, 1.0), (0.25, 0.20, 0.16, 1.0)  # its colours, RGBA as shown


@dataclass(frozen=True)
class Item:
    """A look to choose.

    Attributes:
        path: the look's file.
        name: what artists call it.
        tip: what there is to know about it.
        icon: its thumbnail, as Blender numbers icons; 0 in the background, which has none.
        number: stands for the path as long as Blender runs, whatever comes to lie beside it.
        picture: the thumbnail's file, as long as Blender runs; None where the look brings none.
    """

    path: Path
    name: str
    tip: str
    icon: int
    number: int
    picture: Path | None = None


class Previews:
    """The looks as they were last seen, and the previews that Blender draws; close it at the end.

    Attributes:
        items: the looks, by name.
        refused: why other files in the same folders are no looks.
    """

    def __init__(self) -> None:
        self.items: tuple[Item, ...] = ()
        self.refused: tuple[str, ...] = ()
        self._others: dict[Path, Item] = {}
        self._numbers: dict[Path, int] = {}
        self._seen = float("-inf")
        self._previews = bpy.utils.previews.new()
        # Blender reads a preview's file when it is first drawn, so the files stay.
        self._folder = tempfile.TemporaryDirectory(prefix="velatura-")
        blank = self._previews.new(_BLANK)
        blank.image_size = blank.icon_size = _SIDE, _SIDE  # in grids, and in menus
        blank.image_pixels_float = blank.icon_pixels_float = _stripes()

    def updated(self, patience: float = _PATIENCE) -> Previews:
        """Read the folders again, unless that was done less than ``patience`` seconds ago."""
        now = time.monotonic()
        if now - self._seen >= patience:
            self._seen = now
            try:
                self._read()
            except OSError as error:  # a share that is away: what was there stays to choose from
                messages.add(f"A folder of looks cannot be read. Found: {error}.")
        return self

    def item(self, path: Path) -> Item:
        """Return the item of any look, published or not; of one that is gone as well."""
        found = next((each for each in self.items if each.path == path), None)
        if found is None and path not in self._others:
            try:
                found = self._item(path, read(path).card)
            except LookError as error:
                found = Item(path, path.stem, str(error), self._icon(""), self._number(path))
            self._others[path] = found
        return found or self._others[path]

    def path(self, number: int) -> Path:
        """Return the path that an item's number stands for."""
        return list(self._numbers)[number]

    def close(self) -> None:
        bpy.utils.previews.remove(self._previews)
        self._folder.cleanup()

    def _read(self) -> None:
        folder = bpy.path.abspath(preferences().looks)
        extra = [*([Path(folder)] if folder else []), bundled.LOOKS]
        self.items = tuple(self._item(each.path, each.card) for each in library.shelf(extra))
        self.refused = tuple(str(error) for error in library.refused(extra))
        self._others.clear()

    def _item(self, path: Path, card: Card) -> Item:
        known = {"By": card.author, "Licence:": card.licence, "Reads": ", ".join(card.passes)}
        tip = [f"{lead} {text}" for lead, text in known.items() if text]
        icon = self._icon(card.thumbnail)
        file = self._file(card.thumbnail)
        picture = file if file.is_file() else None
        tips = "\n".join([*tip, str(path)])
        return Item(path, card.name, tips, icon, self._number(path), picture)

    def _number(self, path: Path) -> int:
        return self._numbers.setdefault(path, len(self._numbers))

    def _file(self, thumbnail: str) -> Path:
        return Path(self._folder.name, f"{hash(thumbnail)}.png")

    def _icon(self, thumbnail: str) -> int:
        """Return the icon of a PNG in base64; the blank one if it cannot be read."""
        key = str(hash(thumbnail))
        if key not in self._previews and (png := _decoded(thumbnail)):
            file = self._file(thumbnail)
            file.write_bytes(png)
            self._previews.load(key, str(file), "IMAGE")
        preview = self._previews.get(key)
        if preview is None or not all(preview.image_size):
            preview = self._previews[_BLANK]
        return preview.icon_id


_current: Previews | None = None


def current() -> Previews:
    """Return the previews, at most `_PATIENCE` seconds old; a background render makes none."""
    global _current  # noqa: PLW0603  # one for the whole host, from the first menu to `close`
    if _current is None:
        _current = Previews()
    return _current.updated()


def refresh() -> Previews:
    """Return the previews as the folders are now."""
    return current().updated(patience=0)


def close() -> None:
    """Remove the previews, if there are some."""
    global _current  # noqa: PLW0603
    if _current is not None:
        _current.close()
        _current = None


def _decoded(thumbnail: str) -> bytes:
    """Return the PNG in a card, not yet checked; b"" if it is not one, or too large."""
    try:
        png = base64.b64decode(thumbnail, validate=True)
    except (binascii.Error, ValueError):
        return b""
    if not png.startswith(_PNG) or len(png) < 24:  # noqa: PLR2004  # signature, length, IHDR
        return b""
    return png if max(struct.unpack(">II", png[16:24])) <= _LARGEST else b""


def _stripes() -> list[float]:
    """Return the pixels of the blank picture, RGBA after RGBA."""
    pixels = range(_SIDE * _SIDE)
    return [v for at in pixels for v in (_OLIVE, _UMBER)[(at % _SIDE + at // _SIDE) // 8 % 2]]
