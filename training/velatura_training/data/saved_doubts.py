"""Doubts about how a painted key was saved: white, unpainted, with bars, through a view.

Each is one sentence that says what to do; none stops a training.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from velatura.errors import ColourError
from velatura.image.planes import FloatArray
from velatura.plate import displays
from velatura_training.data.fitted_view import FittedView
from velatura_training.data.frame import Frame
from velatura_training.data.viewed_key import CLOSE, codes_of

_EVEN = 1 / 255
"""A key whose codes differ by no more is of one colour; its plate's must differ by `_VARIED`."""
_VARIED = 8 / 255
_STRAY = 0.1
"""Percent of a key at either end that does not count for that."""
_BLOCK, _SAME = 8, 1.5 / 255
"""A key is its plate if the means of blocks this large, px, differ by no more: JPEG's noise does
not count, a stroke of a few px does."""
_BAR = 0.01
"""Share of a side from which a black edge is a bar: a line or two may be the render's own."""
_MOSTLY = 0.5
"""Share of a line of the plate that must be lit, where the key's is a bar."""
_LIT = 4 / 255
_OPPOSED = 0.5
"""A key whose light or warmth goes so much against its plate's is inverted, or has red for blue."""
_SEEN = 0.6
"""Share of a key that a view of a config must show."""
_BENT, _ROUGHLY, _NEARLY = 0.75, 12 / 255, 0.6
"""Share of a key that a fitted curve must show; and what a first curve a channel must, by more."""
_SAMPLES = 256
"""Blocks that are compared, evenly spread."""
_LESS = 0.5
"""A view must leave at most so much of what the sRGB curve leaves unexplained."""
_FEWEST = 0.4
"""Share of a frame's blocks, all lit and covered, that it takes: not a layer of strokes."""
_STOPS = np.arange(-6, 5, dtype=np.float32)
_GREYS = {
    "sRGB/AgX": (0.104, 0.169, 0.259, 0.384, 0.532, 0.665, 0.771, 0.852, 0.914, 0.962, 0.999),
    "sRGB/Filmic": (0.136, 0.209, 0.308, 0.430, 0.564, 0.695, 0.807, 0.892, 0.949, 0.983, 1.0),
    "sRGB/ACES 1.3": (0.027, 0.075, 0.153, 0.271, 0.445, 0.647, 0.812, 0.904, 0.955, 0.984, 1.0),
}
"""What Blender 5.0 shows of grey light of `_STOPS`, measured: no built-in config has the views."""
_ALIKE = 0.03
_GRADED = 0.05
"""Stops around its median within which a key was made darker or brighter, not shown by a view."""


def doubts(key: Frame, paint: Path, space: str, view: str) -> Iterator[str]:
    """Yield sentences about a key.

    Args:
        key: painted.
        paint: the file it was read from.
        space: the colour space of its light.
        view: the view that it was read through; empty: none.
    """
    assert key.paint is not None, "only painted keys are doubted"  # noqa: S101
    named = f"The key of frame {key.frame}, {paint},"
    if key.cover is not None and float(key.cover.max()) == 0:
        yield f"{named} is wholly transparent: nothing is painted on it"
        return
    painted, plain = (codes_of(light.numpy(), space) for light in (key.paint, key.plate))
    if _spread(painted) <= _EVEN and _spread(plain) > _VARIED:
        yield f"{named} is {_colour(painted)}: was it saved right?{_maximised(paint)}"
        return
    if _unpainted(painted, plain):
        yield f"{named} is its plate, and nothing is painted on it: was the right file saved?"
        return
    if bars := _bars(painted, plain):
        yield f"{named} has black bars ({bars}), which are learnt as paint: save it without them"
    if key.cover is None and (what := _mixed_up(painted, plain)):
        yield f"{named} is {what}: were its channels mixed up when it was saved?"
        return
    if not view:
        yield from _views(named, key, painted, plain, space)


def _spread(codes: FloatArray) -> float:
    """Return how far codes are apart, but for a few stray pixels."""
    low, high = np.percentile(codes.reshape(3, -1), (_STRAY, 100 - _STRAY), axis=1)
    return float((high - low).max())


def _colour(codes: FloatArray) -> str:
    level = codes.reshape(3, -1).mean(1)
    if level.max() < _LIT:
        return "black"
    return "white" if level.min() > 1 - _LIT else "of one colour all over"


def _maximised(paint: Path) -> str:
    """Return what Photoshop must be told; PSDs without a merged picture are white."""
    psd = paint.suffix.lower() in {".psd", ".psb"}
    return " Photoshop: save with Maximize Compatibility, or as PNG" if psd else ""


def _unpainted(painted: FloatArray, plain: FloatArray) -> bool:
    return float(np.abs(_means(painted - plain)).max()) <= _SAME


def _means(planes: FloatArray) -> FloatArray:
    """Return the means of blocks, ``(3, h, w)``."""
    height, width = (size // _BLOCK * _BLOCK for size in planes.shape[1:])
    blocks = planes[:, :height, :width].reshape(
        3, height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK
    )
    means: FloatArray = blocks.mean((2, 4))
    return means


def _bars(painted: FloatArray, plain: FloatArray) -> str:
    """Return how many px of a key's edges are black, where its plate is not; empty: none."""
    found = []
    dark, lit = painted.max(0) < _LIT, plain.max(0) > _LIT
    for axis, sides in ((1, ("above", "below")), (0, ("left", "right"))):
        black = dark.all(axis=axis) & (lit.mean(axis=axis) > _MOSTLY)
        if black.all():
            return ""
        least = max(2, round(_BAR * len(black)))
        wide = (int(np.argmin(line)) for line in (black, black[::-1]))
        found += [f"{px} px {side}" for px, side in zip(wide, sides, strict=True) if px >= least]
    return ", ".join(found)


def _mixed_up(painted: FloatArray, plain: FloatArray) -> str:
    """Return what was done to a key's channels: inverted, or red and blue exchanged; empty: none.

    Then the key is much less like its plate than it is once that is undone.
    """
    own, plate = (_means(codes).reshape(3, -1) for codes in (painted, plain))
    off = float(np.abs(own - plate).mean())
    kinds = (
        ("inverted, as a negative is", 1 - own, own.mean(0), plate.mean(0)),
        ("red where its plate is blue", own[::-1], own[0] - own[2], plate[0] - plate[2]),
    )
    for what, undone, one, other in kinds:
        against = _likeness(one, other)
        if against < -_OPPOSED and float(np.abs(undone - plate).mean()) < _LESS * off:
            return what
    return ""


def _likeness(one: FloatArray, other: FloatArray) -> float:
    """Return the correlation of two rows of numbers; 0 where one of them hardly varies."""
    a, b = one - one.mean(), other - other.mean()
    spread = min(float(a.std()), float(b.std()))
    return float((a * b).mean() / (a.std() * b.std())) if spread > _EVEN else 0.0


def _views(
    named: str, key: Frame, painted: FloatArray, plain: FloatArray, space: str
) -> Iterator[str]:
    """Say so if a key is its plate as some view shows it, nearly everywhere."""
    where = plain.max(0) > _VARIED
    if key.cover is not None:
        where &= key.cover.numpy() >= 1
    assert key.paint is not None, "only painted keys are doubted"  # noqa: S101
    planes = [painted, plain, key.paint.numpy(), key.plate.numpy()]
    blocks = _blocks(np.concatenate(planes), where)
    if blocks is None:
        return
    shown, usual, paint, light = np.split(blocks, 4)
    if float(np.median(np.abs(shown - usual).max(axis=0))) <= CLOSE:
        return
    plainly = _share(usual, shown)
    off = np.log2((paint.mean(0).clip(0) + 1e-3) / (light.mean(0).clip(0) + 1e-3))
    usual_off = float(np.median(off))
    likely, share = _known(light, shown, space)
    if share < _SEEN:
        graded = float(np.median(np.abs(off - usual_off))) < _GRADED
        likely, share = ("", 0.0) if graded else _bent(light, shown, usual)
    if 1 - share > _LESS * (1 - plainly):
        return
    stops = f"{abs(usual_off):.1f} stops {'darker' if usual_off < 0 else 'brighter'} on the whole"
    what = f"as {likely} shows it" if likely else "by one smooth curve"
    do = (
        f"--painted-view {likely!r} makes light of it"
        if likely
        else "was it painted over what a viewer showed? --painted-view DISPLAY/VIEW undoes that"
    )
    yield f"{named} is its plate {what}, in {100 * share:.0f} % of it ({stops}): {do}"


def _blocks(planes: FloatArray, where: FloatArray) -> FloatArray | None:
    """Return ``(C, B, N)`` pixels of `_SAMPLES` blocks; None where too few are in ``where``."""
    rows, columns = (size // _BLOCK for size in where.shape)

    def cut(pixels: FloatArray) -> FloatArray:
        inside = pixels[..., : rows * _BLOCK, : columns * _BLOCK]
        parts = inside.reshape(*pixels.shape[:-2], rows, _BLOCK, columns, _BLOCK)
        return np.moveaxis(parts, -3, -2).reshape(*pixels.shape[:-2], -1, _BLOCK**2)

    there = np.flatnonzero(cut(where).all(axis=-1))
    if len(there) < max(1, _FEWEST * rows * columns):
        return None
    return cut(planes)[:, there[:: max(1, len(there) // _SAMPLES)]]


def _share(seen: FloatArray, shown: FloatArray) -> float:
    """Return how many blocks are alike on the whole: dither and JPEG's noise do not count."""
    off = np.abs((seen - shown).mean(axis=-1)).max(axis=0)
    return float((off < CLOSE).mean())


def _known(light: FloatArray, shown: FloatArray, space: str) -> tuple[str, float]:
    """Return the view of a config that shows most of a key, and how much of it."""
    best = "", 0.0
    for view in displays.known():
        try:
            share = _share(view.shown(light, space), shown)
        except ColourError:  # a config without its LUTs
            continue
        if share > best[1]:
            best = str(view), share
    return best


def _bent(light: FloatArray, shown: FloatArray, usual: FloatArray) -> tuple[str, float]:
    """Return the likely view of a curve that shows nearly all of a key, and how much; else 0."""
    steps = np.linspace(0, 1, 33)
    rough = np.empty_like(shown)
    for channel, (codes, plain) in enumerate(zip(shown, usual, strict=True)):
        bins = np.digitize(plain, steps)
        there, of = np.unique(bins, return_inverse=True)
        rough[channel] = np.array([np.median(codes[bins == number]) for number in there])[of]
    off = np.abs((rough - shown).mean(axis=-1)).max(axis=0)
    if float((off < _ROUGHLY).mean()) < _NEARLY:
        return "", 0.0
    fitted = FittedView.of(light.reshape(3, -1), shown.reshape(3, -1))
    share = _share(fitted.shown(light), shown)
    if share < _BENT:
        return "", 0.0
    grey = fitted.shown(np.repeat(np.exp2(_STOPS)[None], 3, axis=0)).mean(0)
    low, high = np.log2(np.percentile(light.mean(0), [5, 95]).clip(1e-4))
    inside = (low <= _STOPS) & (high >= _STOPS)
    for name, codes in _GREYS.items():
        if inside.any() and np.abs(grey - codes)[inside].max() < _ALIKE:
            return name, share
    return "", share
