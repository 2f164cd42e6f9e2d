"""A picture of an advice: all frames as bars, and where in the named ones paint is wanting."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from velatura.image import drawing, png
from velatura.image.planes import FloatArray
from velatura.plate import colour
from velatura.plate.encoding import decoded
from velatura.report import contact_sheet
from velatura.suggest.advice import Advice
from velatura.suggest.proxy import Scouted, View

WIDTH = 960
"""Width of the picture, px."""

SHOWN = (WIDTH - 3 * contact_sheet.GUTTER) // 2
"""Width of a frame on it, px: there are two in a row."""

# Display sRGB; blue and orange are told apart by all eyes, and as grey levels too.
PAINTED, NOW, THEN, PICKED = "#5b9bd5", "#6a6a6a", "#c9c9c9", "#f4a259"
HEAT = ("#e8590c", "#ff9f1c", "#ffe94a")
"""Laid over a grey plate, the more of it the higher the value: orange, then light yellow."""

_HIGH, _LINE = 200, 26  # of the bars and of a line of words, px
_FLOOR = _HIGH + 2 * _LINE + 4  # where the bars stand, px from the top
_SIDE = 14  # left and right of them, px
_DIM, _OVER, _EARLY = 0.7, 0.85, 0.7  # of the plate; of the highest heat; how soon a little shows

Levels = npt.NDArray[np.float32]


def write(path: Path, advice: Advice, scouted: Scouted) -> None:
    """Write an advice as a PNG.

    On top a bar for each frame: what is expected to be wrong with it now, and, lighter, what will
    be left of that. Below, each suggested frame: its plate, and where the look is unsure of it.

    Raises:
        StorageError: the file cannot be written.
    """
    views = {view.frame: view for view in scouted.views}
    page = [np.rint(np.clip(_bars(advice), 0, 1) * 255).astype(np.uint8)]
    for rank, one in enumerate(advice.suggestions):
        row, titles = _row(advice, rank, views[one.frame])
        page.append(contact_sheet.lay_out([row], [f"{rank + 1}. frame {one.frame}", *titles]))
    png.write_png(path, np.concatenate(page))


def heated(plate: FloatArray, amount: npt.NDArray[np.floating]) -> FloatArray:
    """Return a display plate ``(H, W, 3)`` in grey under a heat map of ``(h, w)`` amounts, 0..1."""
    height, width = plate.shape[:2]
    small = np.repeat(np.clip(amount, 0, 1)[..., None].astype(np.float32), 3, -1)
    place = drawing.resize(small, width, height)[..., :1]
    knots = np.linspace(0, 1, len(HEAT))
    colours = np.array([_rgb(code) for code in HEAT])
    heat = np.stack([np.interp(place[..., 0], knots, colours[:, c]) for c in range(3)], -1)
    grey = plate.mean(axis=-1, keepdims=True)
    cover = _OVER * place**_EARLY
    shown: FloatArray = _DIM * grey * (1 - cover) + heat * cover * (0.5 + 0.5 * grey)
    return shown.astype(np.float32)


def _bars(advice: Advice) -> Levels:
    """Return the bars ``(H, W, 3)``, display sRGB 0..1."""
    page = np.full((_FLOOR + 3 * _LINE, WIDTH, 3), contact_sheet.GREY / 255, np.float32)
    frames = advice.reach.frames.tolist()
    places = np.linspace(_SIDE, WIDTH - _SIDE, len(frames) + 1).round().astype(int)
    picked = [one.frame for one in advice.suggestions]
    now, then = (_heights(advice, errors) for errors in (advice.error, advice.left))
    for at, frame in enumerate(frames):
        left, right = places[at], max(places[at] + 1, places[at + 1] - 2)
        for high, tint in ((now[at], NOW), (then[at], THEN)):
            page[_FLOOR - high : _FLOOR, left:right] = _rgb(tint)
        mark = PAINTED if frame in advice.painted else PICKED if frame in picked else None
        if mark:
            page[_FLOOR + 2 : _FLOOR + 10, left:right] = _rgb(mark)
    page = _numbered(page, advice, places, picked)
    for rank, frame in enumerate(picked, 1):
        at = frames.index(frame)
        page = _lettered(page, int(places[at]), _FLOOR - now[at] - _LINE, f"{rank}.")
    page = _lettered(page, _SIDE, 2, f"paint {', then '.join(map(str, picked))}")
    legend = [(NOW, "unsure now"), (THEN, "once these are painted"), (PICKED, "paint these")]
    legend += [(PAINTED, "painted already")] if advice.painted else []
    return _legend(page, legend, _FLOOR + _LINE + 16)


def _heights(advice: Advice, errors: FloatArray) -> list[int]:
    """Return how high the frames' bars are, px."""
    least = float(min(advice.error.min(), advice.left.min()))
    most = max(float(advice.error.max()) - least, 1e-6)
    return [round((float(error) - least) / most * _HIGH) for error in errors]


def _numbered(
    page: Levels, advice: Advice, places: npt.NDArray[np.int64], picked: Sequence[int]
) -> Levels:
    """Return the bars with as many frame numbers under them as fit, those that matter first."""
    frames = advice.reach.frames.tolist()
    room = 12 * max(len(str(frame)) for frame in frames) + 6
    taken: list[int] = []
    for frame in dict.fromkeys([*picked, *advice.painted, *frames]):
        left = int(places[frames.index(frame)])
        if all(abs(left - other) >= room for other in taken):
            taken.append(left)
            page = _lettered(page, left, _FLOOR + 12, str(frame))
    return page


def _row(advice: Advice, rank: int, view: View) -> tuple[list[FloatArray | None], list[str]]:
    """Return the pictures of a suggested frame, and what the second one is."""
    plate, reach = _display(view), advice.reach
    if not reach.carried:
        return [plate, None], []
    if advice.painted or rank:
        title = "orange to yellow: less and less sure"
        least, most = advice.prices.carried, advice.prices.hole
        amount = (advice.wrong[rank] - least) / max(most - least, 1e-6)
    else:  # where nothing is painted yet, all of it is unsure
        title = "yellow: seen in many other frames"
        at = int(np.searchsorted(reach.frames, view.frame))
        amount = np.isfinite(reach.miss[at][reach.keys != view.frame]).mean(axis=0)
    return [plate, heated(plate, amount.reshape(reach.grid))], [title]


def _display(view: View) -> FloatArray:
    """Return a view's light ``(H, W, 3)`` as a screen shows it, `SHOWN` px wide."""
    light = decoded(view.light.astype(np.float32))
    shown = colour.convert(light, colour.SCENE, colour.PAINTED).transpose(1, 2, 0)
    height, width = shown.shape[:2]
    clipped = np.ascontiguousarray(np.clip(shown, 0, 1), np.float32)
    return drawing.resize(clipped, SHOWN, max(1, round(height * SHOWN / width)))


def _legend(page: Levels, items: Sequence[tuple[str, str]], top: int) -> Levels:
    left = _SIDE
    for tint, text in items:
        page[top + 6 : top + 18, left : left + 12] = _rgb(tint)
        page = _lettered(page, left + 20, top, text)
        left += 60 + 10 * len(text)
    return page


def _lettered(page: Levels, left: int, top: int, text: str) -> Levels:
    """Return the page with a line of words at a place."""
    band = page[top : top + _LINE]
    page[top : top + _LINE] = drawing.lettered(band, left, text, _LINE)
    return page


def _rgb(code: str) -> Levels:
    return np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32)
