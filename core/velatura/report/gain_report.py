"""The report on a folder of gain layers: which look made them, which frames, and what it did.

For a supervisor who has neither the host nor the shot open, and for whoever looks for the frame
that flickers: a page that can be sent by mail.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path

import numpy as np

import velatura
from velatura import bakes, library, signatures
from velatura.atomic import replacing
from velatura.errors import FrameError, InputError, LookError
from velatura.fingerprint import DIGEST_KEY
from velatura.gain import false_colour
from velatura.gain.layer import LOOK_KEY, STRENGTH_KEY, stops_of
from velatura.image import drawing, exr, numbered, png
from velatura.image.planes import FloatArray
from velatura.look import Look, read
from velatura.report import html, tables
from velatura.system import resources

_MARKS = (LOOK_KEY, DIGEST_KEY)
_LARGEST = 2**25  # px of a layer that is looked into: 8K; two at a time take 1.2 GiB
_AT_ONCE = 2
_SHOWN = 6  # pictures on the page
_WIDTH = 320  # px of each
_HEAD = ("file", "written", "size", "min", "mean", "max stops", "")  # of all three channels
_LISTED = 12  # frames that a message names


@dataclass(frozen=True)
class Layer:
    """One gain layer.

    Attributes:
        path: where it lies.
        lead: its file name up to the number.
        number: its frame, as written; empty where it has none.
        look: name of the look that made it.
        digest: SHA-256 of that look.
        stops: min, mean and max of all channels; empty where it cannot be read.
        trouble: why it cannot be read.
    """

    path: Path
    lead: str
    number: str
    look: str = ""
    digest: str = ""
    stops: tuple[float, ...] = ()
    trouble: str = ""


def write(folder: Path, out: Path, look: Path | None = None, note: Path | None = None) -> None:
    """Write a page about the gain layers in a folder.

    Args:
        folder: where they lie.
        out: the page, an HTML file; under its name it is always whole.
        look: the look's file; default: searched for in the library.
        note: a text file, whose lines are shown on top.

    Raises:
        FrameError: there are no gain layers.
        InputError: the note cannot be read.
        StorageError: the page cannot be written.
    """
    told = _lines(note) if note else []
    layers = gather(folder)
    digests = Counter(layer.digest for layer in layers if layer.digest)
    usual = digests.most_common(1)[0][0] if digests else ""
    found, why = _find(look, usual)
    digest = found.digest if found else usual
    names = [layer.look for layer in layers if layer.digest == usual and layer.look]
    title = found.card.name if found else next(iter(names), folder.resolve().name)
    body = (
        html.messages([*told, *_troubles(layers, digest)]),
        html.facts("Gain layers", _sequences(layers)),
        html.facts("Look", _card(found, digest, why), _thumbnail(found)),
        _strip(layers),
        html.listing("Frames", _HEAD, [_row(layer, digest) for layer in layers]),
    )
    lead = f"{folder.resolve()}, {datetime.now():%Y-%m-%d %H:%M}, velatura {velatura.__version__}"
    with replacing(out) as beside:
        beside.write_text(html.document(title, lead, body), encoding="utf-8")


def gather(folder: Path) -> list[Layer]:
    """Return the gain layers in a folder, by name and number; other files are passed over.

    Raises:
        FrameError: there are none.
    """
    paths = sorted(path for path in folder.glob("*.exr") if path.is_file())
    with ThreadPoolExecutor(min(_AT_ONCE, resources.processors())) as pool:
        layers = [layer for layer in pool.map(_layer, paths) if layer]
    if not layers:
        raise FrameError(
            f"There are no gain layers in {folder}",
            found=f"{len(paths)} other EXR files" if paths else None,
            do="Name the folder that a host or `velatura apply` wrote them to",
        )
    return sorted(layers, key=lambda layer: (layer.lead, int(layer.number or 0)))


def _layer(path: Path) -> Layer | None:
    """Return the gain layer in a file; None if it is another file."""
    pattern = numbered.Pattern.parse(str(path))
    layer = Layer(path, pattern.lead, pattern.single or "")
    try:
        header = exr.attributes(path)
        if DIGEST_KEY not in header or STRENGTH_KEY in header:
            return None
        marks = [value if isinstance(value, str) else "" for value in map(header.get, _MARKS)]
        layer = replace(layer, look=marks[0], digest=marks[1])
        stops = stops_of(exr.read(path, _LARGEST))
    except InputError as error:
        ours = layer.digest or bakes.is_gain(path.name)
        return replace(layer, trouble=str(error)) if ours else None
    return replace(layer, stops=(float(stops.min()), float(stops.mean()), float(stops.max())))


def _lines(note: Path) -> list[str]:
    try:
        text = note.read_text("utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"The note {note} cannot be read", found=error.strerror) from error
    return [line for line in text.splitlines() if line.strip()]


def _find(path: Path | None, digest: str) -> tuple[Look | None, str]:
    """Return the look from its file, or by its digest from the library, or why there is none."""
    published = (entry.path for entry in library.shelf() if entry.digest == digest)
    where = path or next(published, None)
    if where is None:
        return None, "not in the library; name its file with --look"
    try:
        return read(where), ""
    except LookError as error:  # what is left to tell of the gain layers is worth telling
        return None, str(error)


def _troubles(layers: Sequence[Layer], digest: str) -> Iterator[str]:
    """Yield what somebody should look after."""
    broken = [layer for layer in layers if layer.trouble]
    others = [layer for layer in layers if layer.digest not in {digest, ""}]
    for found, what in ((broken, "Cannot be read"), (others, "Made by another look")):
        few = ", ".join(layer.number or layer.path.name for layer in found[:_LISTED])
        more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
        if found:
            yield f"{what}: {few}{more}, {len(found)} of {len(layers)}. Bake again"


def _sequences(layers: Sequence[Layer]) -> Iterator[tuple[str, str]]:
    """Yield the name and extent of each sequence."""
    for lead, group in groupby(layers, key=lambda layer: layer.lead):
        numbers = [int(layer.number) for layer in group if layer.number]
        if not numbers:
            yield lead, "one file"
            continue
        holes = numbered.holes(numbers)
        extent = f"{numbers[0]} to {numbers[-1]}, {len(numbers)} frames"
        yield f"{lead}####.exr", extent + (f"; missing: {holes}" if holes else "; no holes")


def _card(look: Look | None, digest: str, why: str) -> list[tuple[str, str]]:
    rows = tables.card(look) if look else [("card", why)]
    return [*rows, *([("digest", digest)] if digest else [])]


def _thumbnail(look: Look | None) -> html.Picture | None:
    """Return the picture in a look's card, if it is one: a card is untrusted."""
    try:
        data = base64.b64decode(look.card.thumbnail if look else "", validate=True)
    except ValueError:  # of base64, or letters that are none of it
        return None
    return html.Picture(data) if data.startswith(signatures.PNG) else None


def _strip(layers: Sequence[Layer]) -> str:
    """Return a handful of gain layers as pictures, first and last among them."""
    whole = [layer for layer in layers if layer.stops]
    if not whole:
        return ""
    places = np.unique(np.linspace(0, len(whole) - 1, _SHOWN).round().astype(int))
    chosen = [whole[place] for place in places]
    stops = [_small(false_colour.luminance(stops_of(exr.read(layer.path)))) for layer in chosen]
    end = false_colour.reach(stops)
    return html.strip(
        "What the look does",
        [
            html.Picture(png.png(false_colour.shown(s, end)), f"frame {layer.number}".strip())
            for layer, s in zip(chosen, stops, strict=True)
        ],
        end,
    )


def _small(stops: FloatArray) -> FloatArray:
    height, width = stops.shape
    across = min(_WIDTH, width)
    return drawing.resize(stops[..., None], across, max(1, round(height * across / width)))[..., 0]


def _row(layer: Layer, digest: str) -> tuple[str, ...]:
    state = layer.path.stat()
    stops = [f"{value:+.2f}" for value in layer.stops] or [""] * 3
    another = layer.digest not in {digest, ""}
    note = layer.trouble or (f"by {layer.look}, {layer.digest[:12]}" if another else "")
    return (
        layer.path.name,
        _date(state.st_mtime),
        f"{state.st_size / 2**20:.2f} MiB",
        *stops,
        note,
    )


def _date(seconds: float) -> str:
    """Return when a file was written; a broken clock may say of it what no calendar has."""
    try:
        return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return "?"
