"""A key that was painted over what a viewer showed: light where it is painted, else the plate.

A view keeps neither highlights nor saturated colours apart, so no way back from it gives the plate
again. But what the view shows of the plate is known: where the key is still that, it is the plate.
"""

from __future__ import annotations

import logging

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura.errors import TrainingError
from velatura.image.planes import FloatArray
from velatura.plate import colour, displays
from velatura.plate.displays import View
from velatura.plate.encoding import encoded
from velatura.plate.flat import Picture
from velatura_training.data.fitted_view import FittedView
from velatura_training.encoding import display

ROUNDED = 1.5 / 255
"""Codes that differ by less are the same: 8 bits, rounded on either side."""
_NOISE = 4.0
"""Codes that differ by less than so many times the median are the same: dither, JPEG."""
_QUIET, _AROUND = 0.8 / 255, 2
"""Beyond the one median, the difference is averaged over this many px to each side: else JPEG's
noise is taken for paint, and to no avail in pictures that keep every code."""
_MOST = 6 / 255
"""What differs by more is paint, however noisy the picture is."""
_AGREES = 0.5
"""Share of a key that a fitted view must show within `CLOSE`: the rest may be paint."""
CLOSE = 3 / 255
_BINS, _FEWEST = 32, 16
"""Steps of the encoding in each channel that count as one colour; pixels that it takes."""
_LATTICE = np.geomspace(2**-9, 2**5, 20, dtype=np.float32)
"""Light that a view is fitted on where the config knows it, in each channel."""

log = logging.getLogger("velatura.training")


def read(
    key: Picture,
    rows: slice,
    columns: slice,
    plate: FloatArray,
    space: str,
    view: str,
    *,
    layer: bool = False,
) -> FloatArray:
    """Return the paint ``(3, H, W)``: the plate's own light where nothing was painted.

    Args:
        key: not premultiplied.
        rows: of the key that lie on the plate.
        columns: the same.
        plate: ``(3, H, W)`` light there.
        space: the colour space of light, the look's.
        view: the view's name.
        layer: its alpha says where it is painted, and elsewhere it shows nothing.

    Raises:
        TrainingError: no config at hand has the view, and the key does not show what it does, or
            needs none.
        ColourError: the view's config lacks files, or the key's profile is damaged.
    """
    codes = [planes[:, rows, columns] for planes in _codes(key)]
    known, least = displays.of(view), ROUNDED
    if known is None and layer:
        raise _unknown(view, f"{key.source}, a layer, does not show it")
    if known is None:
        own, least = codes[0], CLOSE
        _demand_view(own, plate, space, key.source, view)
        fitted = _fitted(own, plate, key.source, view)
        seen, light = fitted.shown(plate), fitted.light(own)
        off = np.minimum(_off(own, seen), _off(own, _corrected(seen, own, plate)))
    else:
        seen = known.shown(plate, space)
        own = min(codes, key=lambda each: float(np.median(_off(each, seen))))
        invertible = known.invertible()
        light = known.light(own, space) if invertible else _lattice(known, space).light(own)
        off = _off(own, seen)
    if layer:
        return light
    same = min(_MOST, max(least, _NOISE * float(np.median(off))))
    painted = np.clip((off - same) / same, 0, 1)
    return np.where(painted > 0, plate + painted * (light - plate), plate)


def codes_of(light: FloatArray, space: str) -> FloatArray:
    """Return light ``(3, ...)`` as an sRGB screen shows it, 0 to 1."""
    planes = np.ascontiguousarray(light.reshape(3, 1, -1), np.float32)
    shown = display(torch.from_numpy(colour.convert(planes, space, colour.SCENE)))
    codes: FloatArray = np.nan_to_num(shown.numpy()).reshape(light.shape)
    return codes


def _codes(key: Picture) -> list[FloatArray]:
    """Return what may be the codes of a key: as they are stored, and as its profile shows them."""
    stored = np.clip(np.nan_to_num(key.rgb.transpose(2, 0, 1)), 0, 1)
    return [np.ascontiguousarray(stored), codes_of(key.light(colour.SCENE), colour.SCENE)]


def _demand_view(codes: FloatArray, plate: FloatArray, space: str, source: str, view: str) -> None:
    """Refuse to fit what needs no view, as under a mistyped name, and what shows nothing of one."""
    if float((codes.max((1, 2)) - codes.min((1, 2))).max()) < CLOSE:
        raise _unknown(view, f"{source} is of one colour")
    if float((_off(codes_of(plate, space), codes) < CLOSE).mean()) >= _AGREES:
        raise _unknown(view, f"{source} shows its plate as sRGB does, without any view")


def _fitted(codes: FloatArray, plate: FloatArray, source: str, view: str) -> FittedView:
    """Return a view that no config at hand has, by what the key shows of its plate."""
    fitted = FittedView.of(plate.reshape(3, -1), codes.reshape(3, -1))
    agrees = float((_off(fitted.shown(plate), codes) < CLOSE).mean())
    if agrees < _AGREES:
        raise _unknown(view, f"{source} does not show what it does")
    log.warning(
        "No config at hand has the view %s: a curve is fitted to %s, which shows %.0f %% of its "
        "plate by it. --config names a config that has it (Blender's: "
        "datafiles/colormanagement/config.ocio)",
        *(view, source, 100 * agrees),
    )
    return fitted


def _off(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return ``(H, W)``: by how much codes differ; JPEG's noise is averaged out."""
    off = torch.from_numpy(one - other)
    differs = off.abs().amax(0)
    if float(differs.median()) > _QUIET:
        even = F.avg_pool2d(off[None], 2 * _AROUND + 1, 1, _AROUND, count_include_pad=False)[0]
        differs = differs.minimum(even.abs().amax(0))
    codes: FloatArray = differs.numpy()
    return codes


def _corrected(seen: FloatArray, codes: FloatArray, plate: FloatArray) -> FloatArray:
    """Return what a fitted view shows, with the little that it is off for each colour of the plate.

    Of the pixels of one colour most are unpainted: the median of what they are off by is the fit's
    own fault. More than `_MOST` it never is.
    """
    colours = np.floor(encoded(plate) * _BINS).astype(np.int64).reshape(3, -1)
    _, of, counts = np.unique(
        colours.T @ np.array([1, 4 * _BINS, 16 * _BINS**2]), return_inverse=True, return_counts=True
    )
    off = (codes - seen).reshape(3, -1)
    middles = np.cumsum(counts) - counts + counts // 2
    medians = np.stack([line[np.lexsort((line, of))][middles] for line in off])
    medians[:, counts < _FEWEST] = 0
    corrected: FloatArray = seen + np.clip(medians, -_MOST, _MOST)[:, of].reshape(seen.shape)
    return corrected


def _unknown(view: str, why: str) -> TrainingError:
    return TrainingError(
        f"No config at hand has the view {view}, and {why}",
        found=", ".join(dict.fromkeys(map(str, displays.known()))),
        do="Name one of these with --painted-view, or the config that has it with --config.",
    )


def _lattice(view: View, space: str) -> FittedView:
    """Return a view that has no way back, fitted to what it shows."""
    light = np.stack([grid.ravel() for grid in np.meshgrid(*[_LATTICE] * 3)])
    return FittedView.of(light, view.shown(light[:, None], space)[:, 0])
