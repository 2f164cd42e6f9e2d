"""A look is one file: an ONNX network with a card that says what it is and how to run it.

The card is JSON in the model's ``metadata_props`` under the key ``velatura``. It is read here
without loading the network, so a shelf of looks can be listed quickly and an untrusted file is
judged by its card first. Nothing is unpickled. The network itself is checked in
`velatura.apply.session`. Standard library only, Python 3.9 and later: host adapters import this
module.

A *free* look is all in its network. A *shot* look has painted keys on board as well, and how the
camera and the things of its shot move: they are carried into each frame (`velatura.carry.paint`).

ONNX contract: input ``rgb`` float ``(1, 3, h, w)``, scene-linear, unpremultiplied, in the look's
colour space, finite; where the card names guides, a canvas or painted keys, input ``guides`` float
``(1, G, h, w)``, raw, in the card's order, after them four channels of `velatura.apply.canvas`, and
eight of carried paint; output ``stops`` float ``(1, 3, h, w)`` within plus or minus ``bound``.
``h`` and ``w`` are multiples of ``alignment``. Encoding and bounds are inside the network.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from velatura import onnx_metadata, regular, signatures, strength
from velatura.card_fields import decoded, demand, parsed
from velatura.errors import LookError, of_look
from velatura.texts import shown

__all__ = ["CARD_KEY", "CARGO_KEY", "FORMAT", "MAX_BYTES", "Card", "Look", "keys_digest", "read"]

CARD_KEY = "velatura"
"""The key of the card in the ONNX file's metadata_props."""

CARGO_KEY = "velatura/cargo"
"""The key of what a shot look has on board: `velatura.carry.packing`."""

FORMAT = 2
"""The format version of the cards that this code writes; it reads the older ones as well."""

MAX_BYTES = 512 * 2**20
"""Largest look file, bytes: a hundred of the largest networks we train, or four painted 4K keys."""

# px, px, stops, scene-linear, bytes: beyond is no look
_LARGEST = {"alignment": 1024, "halo": 8192, "bound": 16.0, "floor": 1.0, "bytes_px": 1e6}
_LEAST_BYTES = 24.0  # a px: three floats in, three out; fewer would switch the memory budget off


_SHOWN = ("name", "colour_space", "config", "licence", "author", "tool", "tool_version")
_STORED = "stored"  # metadata of a field: its name in the file, where that is another


@dataclass(frozen=True)
class Card:
    """What a look says about itself.

    Attributes:
        name: what artists call it.
        colour_space: name of the space the network works in, in ``config``.
        config: name of the OCIO built-in config that defines ``colour_space``.
        floor: ``k`` of the gain law, scene-linear.
        bound: largest gain, in stops either way.
        guides: names of the passes the network reads, in input order.
        canvas: whether it also reads the canvas, which `velatura.apply.canvas` makes for any plate.
        carried_by: names of the passes that painted keys are carried by; empty for a free look, and
            for a shot look whose shot had none.
        keys_digest: SHA-256 of the painted keys on board and of all that goes with them, ``cargo``
            in the file; empty for a free look.
        free: whether it may be put on other shots than the one it was painted for.
        alignment: height and width of what it is fed are multiples of this, in px.
        halo: how far a pixel's answer depends on others, in px each way.
        receptive_field: width of all that a pixel's answer depends on, in px.
        parameters: number of trained weights.
        kflop_px: cost in kFLOP per full-resolution pixel (2 x MAC).
        bytes_px: peak working memory of the network per pixel, in bytes; tiles are sized by it.
        strength_lut: calibration of the strength slider, see `velatura.strength`; empty where the
            slider is the law's gain.
        thumbnail: a small PNG, base64.
        training: recipe, losses and digests of the training data; JSON values only.
        scores: measured quality by name.
        licence: licence of the look.
        author: who made it.
        tool: what wrote the file.
        tool_version: and in which version.
        format: version of this list.
    """

    name: str
    colour_space: str = "lin_rec709_scene"
    config: str = "cg-config-v4.0.0_aces-v2.0_ocio-v2.5"
    floor: float = 1.0 / 128.0
    bound: float = 8.0
    guides: tuple[str, ...] = ()
    canvas: bool = False
    carried_by: tuple[str, ...] = ()
    keys_digest: str = field(default="", metadata={_STORED: "cargo"})
    free: bool = True
    alignment: int = 8
    halo: int = 0
    receptive_field: int = 1
    parameters: int = 0
    kflop_px: float = 0.0
    bytes_px: float = 256.0
    strength_lut: tuple[float, ...] = ()
    thumbnail: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    licence: str = ""
    author: str = ""
    tool: str = "velatura"
    tool_version: str = ""
    format: int = FORMAT

    def __post_init__(self) -> None:
        if not 1 <= self.format <= FORMAT:
            raise LookError(
                f"The look's card has format {self.format}, this velatura reads up to {FORMAT}",
                do="Use the version of velatura that the look was made with, or export it again",
            )
        demand(bool(self.name), "name", self.name, "a name")
        for key in ("floor", "bound", "alignment", "receptive_field"):
            demand(getattr(self, key) > 0, key, getattr(self, key), "more than 0")
        for key in ("halo", "parameters", "kflop_px"):
            demand(getattr(self, key) >= 0, key, getattr(self, key), "0 or more")
        least = _LEAST_BYTES
        demand(self.bytes_px >= least, "bytes_px", self.bytes_px, f"{least:g} or more")
        for key, most in _LARGEST.items():
            demand(getattr(self, key) <= most, key, getattr(self, key), f"{most} at most")
        demand(len(set(self.guides)) == len(self.guides), "guides", self.guides, "each once")
        rising = f"empty, or {strength.KNOTS} rising values from 0 to 1"
        lut = self.strength_lut
        demand(strength.is_calibration(lut), "strength_lut", lut, rising)

    @property
    def passes(self) -> tuple[str, ...]:
        """The passes that a plate should have for this look, each once."""
        return tuple(dict.fromkeys((*self.guides, *self.carried_by)))

    @property
    def kind(self) -> str:
        """What kind of look it is: ``shot look for frames 41-64 of shot.####.exr``, or free."""
        if not self.keys_digest:
            return "free look"
        lesson = self.training.get("lesson")
        shot = lesson.get("shot") if isinstance(lesson, dict) else None
        whose = f" for {shown(shot, 200, '?')}" if isinstance(shot, str) and shot else ""
        return f"shot look{whose}"

    def dumps(self) -> str:
        """Return the card as JSON: the inverse of `loads`."""
        values = {_stored(item): getattr(self, item.name) for item in fields(self)}
        return json.dumps(values, allow_nan=False, ensure_ascii=False, sort_keys=True)

    @classmethod
    def loads(cls, text: str) -> Card:
        """Return the card that ``text`` holds, or raise LookError naming what is wrong in it."""
        found = decoded(text)
        if not isinstance(found, dict):
            raise LookError("The look's card is not a JSON object", found=type(found).__name__)
        known = {_stored(item): item for item in fields(cls)}
        if found.get("format") in range(1, FORMAT + 1):  # another format may well have other fields
            demand(found.keys() <= known.keys(), "fields", sorted(found), "known ones only")
        demand(found.keys() >= {"name", "format"}, "fields", sorted(found), "name and format too")
        values = {known[key]: (key, found[key]) for key in known.keys() & found.keys()}
        return cls(**{item.name: parsed(item.type, *value) for item, value in values.items()})


def _stored(item: Field[Any]) -> str:
    """Return a card's field's name in the file."""
    return str(item.metadata.get(_STORED, item.name))


@dataclass(frozen=True)
class Look:
    """A look as it lies on disk: its card and the bytes of its network.

    Attributes:
        path: where it was read.
        card: what it says about itself.
        digest: SHA-256 of the whole file, hexadecimal.
        data: the whole file.
        keys: the painted keys of a shot look and how its shot moves, as `velatura.carry.packing`
            reads them; empty for a free look.
    """

    path: Path
    card: Card
    digest: str
    data: bytes = field(repr=False)
    keys: str = field(default="", repr=False)


def read(path: Path) -> Look:
    """Return the look at ``path``, its network not yet loaded; its card's texts may be shown.

    Raises:
        LookError: there is no such file, or it is not a velatura look.
    """
    try:
        data = regular.content(path, MAX_BYTES)
    except OSError as error:
        raise of_look(path, error) from error
    except ValueError as error:
        raise LookError(f"{path} is no look", found=str(error)) from error
    try:
        metadata = onnx_metadata.metadata(data)
    except ValueError as error:
        raise LookError(
            f"{path} is not an ONNX file, or not all of one",
            found=_kind(data),
            do="Choose a look written by `velatura export`",
        ) from error
    if CARD_KEY not in metadata:
        raise LookError(
            f"{path} is an ONNX file, but not a velatura look: it carries no card",
            found="metadata " + (", ".join(sorted(metadata)) or "none"),
            do="Choose a look written by `velatura export`",
        )
    try:
        card = Card.loads(metadata[CARD_KEY])
    except LookError as error:
        raise LookError(f"{path}: {error.what}", found=error.found, do=error.do) from error
    keys = metadata.get(CARGO_KEY, "")
    if keys_digest(keys) != card.keys_digest:
        raise LookError(
            f"{path} has other painted keys on board than its card says",
            found=keys_digest(keys)[:12] or "none",
            do="Export it again",
        )
    return Look(path, _showable(card), hashlib.sha256(data).hexdigest(), data, keys)


def _showable(card: Card) -> Card:
    """Return a card whose texts a terminal, a log and a host's panel may show as they are."""
    fit: dict[str, Any] = {name: shown(getattr(card, name), gap="?") for name in _SHOWN}
    for name in ("guides", "carried_by"):
        fit[name] = tuple(map(shown, getattr(card, name)))
    return replace(card, **fit)


def keys_digest(keys: str) -> str:
    """Return the SHA-256 of packed painted keys as cards have it; empty for none."""
    return hashlib.sha256(keys.encode("utf-8")).hexdigest() if keys else ""


def _kind(data: bytes) -> str:
    """Say in a few words what a file that is not ONNX may be."""
    known = {b"PK": "a ZIP archive, perhaps a PyTorch checkpoint", b"\x80": "a Python pickle"}
    known |= {signatures.PNG[:4]: "a PNG picture", signatures.EXR: "an EXR picture"}
    hits = (what for magic, what in known.items() if data.startswith(magic))
    some = f"{len(data)} bytes that begin with {data[:8].hex(' ')}" if data else "an empty file"
    return next(hits, some)
