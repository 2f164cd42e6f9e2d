"""The report on a folder of gain layers: which look made them, which frames, and what it did.

For a supervisor who has neither the host nor the shot open, and for whoever looks for the frame
that flickers: a page that can be sent by mail.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path

import numpy as np

import velatura
from velatura import library, regular, signatures
from velatura.atomic import replacing
from velatura.errors import InputError, LookError
from velatura.gain import false_colour
from velatura.gain.layer import stops_of
from velatura.image import exr, png, ranges
from velatura.look import Look, read
from velatura.report import html, proof_rows, tables, time_plots, viewer, words
from velatura.report.compared import Shot
from velatura.report.gathered import Layer, gather, small

_NOTE = 2**20  # bytes of a note
_SHOWN = 6  # pictures on the page
_WIDTH = 320  # px of each
_HEAD = ("file", "written", "size", "min", "mean", "max stops", "")  # of all three channels
_LISTED = 12  # frames that a message names


def write(
    folder: Path,
    out: Path,
    look: Path | None = None,
    note: Path | None = None,
    shot: Shot | None = None,
    proofs: Path | None = None,
) -> None:
    """Write a page about the gain layers in a folder: one file, below 10 MB, that fetches nothing.

    Args:
        folder: where they lie.
        out: the page, an HTML file; under its name it is always whole.
        look: the look's file; default: searched for in the library.
        note: a text file, whose lines are shown on top.
        shot: the plates that the gains are for; without them there are no pictures to compare.
        proofs: what `velatura verify --json` wrote of the look.

    Raises:
        FrameError: there are no gain layers.
        InputError: the note or the proofs cannot be read.
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
    entries, pictures = shot.pictures(layers) if shot else ([], [])
    plots = list(time_plots.plots(layers))
    body = (
        html.messages([*told, *_troubles(layers, digest)]),
        html.place("Plate, result and truth", "compared") if entries else "",
        *(html.place(plot["title"], plot["name"]) for plot in plots),
        html.facts("Gain layers", [*_sequences(layers), *time_plots.timing(layers)]),
        html.facts("Look", _card(found, digest, why), _thumbnail(found)),
        html.facts("How good it is", _scores(found)) if found and found.card.scores else "",
        proof_rows.listing(proofs, digest) if proofs else "",
        _strip(layers),
        html.listing("Frames", _HEAD, [_row(layer, digest) for layer in layers]),
    )
    knots = list(found.card.strength_lut) if found else []
    lead = (
        f"{folder.resolve().name}, {datetime.now():%Y-%m-%d %H:%M}, velatura {velatura.__version__}"
    )
    told_to = {"frames": entries, "pictures": pictures, "knots": knots, "plots": plots}
    scripts = [*viewer.scripts(), viewer.asset("report.js"), f"report({html.data(told_to)});"]
    wanted = bool(entries or plots)
    page = html.document(
        *(title, lead, body),
        style=viewer.asset("viewer.css") if wanted else "",
        scripts=scripts if wanted else (),
    )
    with replacing(out) as beside:
        beside.write_text(page, encoding="utf-8")


def _lines(note: Path) -> list[str]:
    try:
        text = regular.content(note, _NOTE).decode(errors="replace")
    except OSError as error:
        raise InputError(f"The note {note} cannot be read", found=error.strerror) from error
    except ValueError as error:
        raise InputError(f"The note {note} cannot be read", found=str(error)) from error
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
        holes = ranges.holes(numbers)
        extent = f"{numbers[0]} to {numbers[-1]}, {len(numbers)} frames"
        yield f"{lead}####.exr", extent + (f"; missing: {holes}" if holes else "; no holes")


def _scores(look: Look) -> Iterator[tuple[str, str]]:
    for name, value in look.card.scores.items():
        yield name, words.told(name, value)


def _card(look: Look | None, digest: str, why: str) -> list[tuple[str, str]]:
    rows = [("card", why)]
    if look:  # its scores have a part of their own
        rows = [row for row in tables.card(look) if row[0] != "scores"]
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
    stops = [
        small(false_colour.luminance(stops_of(exr.read(layer.path))), _WIDTH) for layer in chosen
    ]
    end = false_colour.reach(stops)
    return html.strip(
        "What the look does",
        [
            html.Picture(png.png(false_colour.shown(s, end)), f"frame {layer.number}".strip())
            for layer, s in zip(chosen, stops, strict=True)
        ],
        end,
    )


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
