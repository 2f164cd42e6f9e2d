"""Paintings to learn a manner from: read, checked, brought to the size of the wanted strokes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura.errors import ColourError, ImageError, PassError, TrainingError, VelaturaError
from velatura.image import drawing, gathering
from velatura.image.planes import FloatArray
from velatura.plate import flat, tags
from velatura.plate.flat import Picture
from velatura_training import room
from velatura_training.data import margins
from velatura_training.encoding import display

SMALLEST = 128
"""Shorter side, px, below which a painting shows too few strokes to learn from."""

LARGEST = 64 * 10**6
"""Pixels beyond which a painting is refused: no stroke needs them, and reading takes a gigabyte."""

READING = 28
"""Bytes that a pixel takes while a painting is read: its codes, and its light (measured)."""

SIZE = 600
"""Shorter side of a painting, px, at ``stroke`` 1: a stroke of a brush is then some 5 px wide."""

EVEN = 2e-3
"""Standard deviation of display values below which there is nothing to be learnt."""

APART = 0.7
"""Distance of two paintings' colours from which on they disagree: halves of one painting have .39,
paintings by three hands .75 to 1.8."""

COMPARED, DIRECTIONS = 64, 64
"""Side of the grid of colours by which paintings are compared, and from how many directions."""


@dataclass(frozen=True)
class Painting:
    """A painting, as large as its strokes are wanted.

    Attributes:
        name: of its file.
        shown: ``(1, 3, H, W)`` display values 0..1 in the look's primaries.
        digest: SHA-256 of the file.
        found: width and height of the file, px, less what was cropped off.
    """

    name: str
    shown: Tensor
    digest: str
    found: tuple[int, int]


Crop = tuple[float, float, float, float]
"""Parts of a picture that are left out at its left, top, right and bottom, 0..1."""

WHOLE: Crop = (0.0, 0.0, 0.0, 0.0)


def parse_crop(text: str) -> Crop:
    """Return the crop that ``5,5,5,8`` says, in percent; all of the picture where it is empty.

    Raises:
        TrainingError: it is no crop, or leaves less than a tenth of a side.
    """
    try:
        left, top, right, bottom = (float(part) / 100 for part in (text or "0,0,0,0").split(","))
    except ValueError:
        left = top = right = bottom = -1.0
    if min(left, top, right, bottom) < 0 or max(left + right, top + bottom) > 0.9:  # noqa: PLR2004
        raise TrainingError(
            f"{text} is not a crop",
            do="Say what to leave out at left, top, right and bottom, in percent: 5,5,5,8.",
        )
    return left, top, right, bottom


def read(
    paths: Sequence[Path], space: str, stroke: float = 1.0, crop: Crop = WHOLE
) -> tuple[Painting, ...]:
    """Return the paintings.

    Args:
        paths: EXR (scene-linear), or PNG, JPEG, TIFF and so on (sRGB); of folders all pictures.
        space: the look's colour space.
        stroke: how large the strokes shall be, against a painting of `SIZE` px.
        crop: what is left out of each.

    Raises:
        TrainingError: none given, unreadable, too small, too large, transparent, of one colour, or
            with a profile or metadata that name no colour space.
        MachineError: one that does not fit into memory.
    """
    files = [file for path in paths for file in _files(path)]
    if not files:
        raise TrainingError("No painting to learn from", do="Name one or more with --style.")
    paintings = tuple(_read(path, space, stroke, crop) for path in files)
    _tell_disagreement(paintings)
    return paintings


def _files(path: Path) -> list[Path]:
    """Return the pictures of a folder, by name; a file as it is named."""
    if not path.is_dir():
        return [path]
    found = gathering.pictures(path)
    if not found:
        raise TrainingError(
            f"There are no pictures in the folder {path}", do="Put paintings there, or name files."
        )
    return found


def _read(path: Path, space: str, stroke: float, crop: Crop) -> Painting:
    try:
        _demand_room(path)
        found = flat.read_rgb(path, max_pixels=LARGEST)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found = _cropped(found, crop)
        _demand_usable(path, found)
        size = found.rgb.shape[1], found.rgb.shape[0]
        found = _thinned(found, 2 * SIZE * stroke)
        linear = np.nan_to_num(found.light(space), posinf=1.0)
    except (ImageError, PassError, OSError) as error:
        raise _refused(error, "Give a whole picture of 1000 to 5000 px a side.") from error
    except ColourError as error:
        raise _refused(error, "Save it as sRGB, or without its profile.") from error
    shown = display(torch.from_numpy(linear)).numpy().transpose(1, 2, 0)
    if float(shown.std(axis=(0, 1)).max()) < EVEN:
        raise TrainingError(
            f"The painting {path} is of one colour all over", do="Give one that shows strokes."
        )
    if around := margins.found(shown):
        besides = ", besides what is cropped already" if any(crop) else ""
        tags.tell(
            path,
            f"seems to have a frame, a wall or bare paper along its {', '.join(around)}, which "
            f"would be taken for paint; --crop {margins.as_crop(around)} leaves it out{besides}",
        )
    return Painting(path.name, _planes(_sized(shown, SIZE * stroke)), digest, size)


def _demand_room(path: Path) -> None:
    """Refuse a painting that would not fit into memory; one that is `LARGEST` is refused anyway."""
    extent = flat.extent(path)
    if extent.pixels <= LARGEST:
        width, height = extent.width, extent.height
        room.demand(
            f"the painting {path}, {width}x{height} px",
            READING * extent.pixels,
            lambda scale: f"Scale it to {int(width * scale)}x{int(height * scale)} px",
        )


def _thinned(found: Picture, shorter: float) -> Picture:
    """Return means of small squares of a picture that is much larger than it is wanted.

    Colours are found in a fraction of the time and memory; `_sized` does the rest.
    """
    height, width = found.rgb.shape[:2]
    side = int(min(height, width) / shorter)
    if side < 2:  # noqa: PLR2004
        return found
    rows, columns = height // side, width // side
    whole = found.rgb[: rows * side, : columns * side]
    means = whole.reshape(rows, side, columns, side, 3).mean((1, 3))
    return replace(found, rgb=means, alpha=None)


def _cropped(found: Picture, crop: Crop) -> Picture:
    height, width = found.rgb.shape[:2]
    left, top, right, bottom = crop
    rows = slice(round(top * height), height - round(bottom * height))
    columns = slice(round(left * width), width - round(right * width))
    alpha = None if found.alpha is None else found.alpha[rows, columns]
    return replace(found, rgb=found.rgb[rows, columns], alpha=alpha)


def _demand_usable(path: Path, found: Picture) -> None:
    height, width = found.rgb.shape[:2]
    if min(height, width) < SMALLEST:
        raise TrainingError(
            f"The painting {path} is too small to show strokes",
            found=f"{width}x{height} px",
            do=f"Give one of {SMALLEST} px a side at least; 1000 px and more are good.",
        )
    if found.alpha is not None and float(found.alpha.min()) < 1:
        raise TrainingError(
            f"The painting {path} has transparent places, which would be learnt as paint",
            do="Crop them off, or flatten it onto its ground.",
        )


def _refused(error: VelaturaError | OSError, do: str) -> TrainingError:
    what = error.what if isinstance(error, VelaturaError) else str(error)
    found = error.found if isinstance(error, VelaturaError) else None
    return TrainingError(f"This painting cannot be learnt from: {what}", found=found, do=do)


def _tell_disagreement(paintings: Sequence[Painting]) -> None:
    """Say which paintings' colours have little in common with the first one's."""
    first, *others = paintings
    for other in others:
        if _apart(first.shown, other.shown) > APART:
            tags.tell(
                Path(other.name),
                f"does not agree with {first.name} in its colours: the look is a mixture of both, "
                "and neither",
            )


def _apart(one: Tensor, other: Tensor) -> float:
    """Return how far apart two paintings' colours are, in spreads of the more colourful one.

    The mean distance that a colour must be moved (W1), seen from random directions: Rabin et al.
    2011. 0 is the same; 1 is as far as one grey is from all colours.
    """
    directions = torch.randn(DIRECTIONS, 3, generator=torch.Generator().manual_seed(0))
    grids = (F.interpolate(p, (COMPARED, COMPARED), mode="nearest")[0] for p in (one, other))
    a, b = ((directions @ grid.flatten(1)).sort(1).values for grid in grids)
    spread = max(float((c - c.mean(1, keepdim=True)).abs().mean()) for c in (a, b))
    return float((a - b).abs().mean()) / spread


def _sized(shown: FloatArray, shorter: float) -> FloatArray:
    """Return a picture whose shorter side is that long, px."""
    height, width = shown.shape[:2]
    scale = shorter / min(height, width)
    return drawing.resize(shown, max(1, round(width * scale)), max(1, round(height * scale)))


def _planes(shown: FloatArray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(shown.transpose(2, 0, 1)))[None]
