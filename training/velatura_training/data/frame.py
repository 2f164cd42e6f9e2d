"""A frame as it is learnt from: its plate, its passes, and its paint if it is a painted key.

A painted key may be an EXR or a display picture (PNG, JPG, TIFF: sRGB, unless the file or
`KeyReading` says otherwise), whole or a layer over the plate. Everything comes out scene-linear and
unpremultiplied in the plate's colour space, which becomes the look's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from velatura.apply.feed import guides_of
from velatura.image import movies
from velatura.image.planes import FloatArray, Window
from velatura.plate import formats
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura_training.data import paint_file
from velatura_training.data.key_reading import AS_SAVED, KeyReading


@dataclass(frozen=True)
class Frame:
    """One frame as it is learnt from: its plate and passes, and its paint or none.

    Attributes:
        frame: its number.
        plate: ``(3, H, W)`` scene-linear, unpremultiplied.
        guides: ``(G, H, W)`` raw passes, 0 where missing; after them carried paint, in a lesson
            for a shot look.
        window: where these pixels lie in the frame.
        paint: ``(3, H, W)`` scene-linear, unpremultiplied; None for an unpainted frame.
        digests: SHA-256 of the files it came from, by file name.
        cover: ``(H, W)`` 0..1, how much of it is painted; None where all is.
    """

    frame: int
    plate: Tensor
    guides: Tensor
    window: Window
    paint: Tensor | None
    digests: dict[str, str]
    cover: Tensor | None = None


def read(
    frame: int,
    plate: Path,
    paint: Path | None,
    reading: Reading,
    space: str,
    guides: tuple[str, ...],
    keys: KeyReading = AS_SAVED,
) -> Frame:
    """Return a frame as the network will see it when the look is applied: by the same code.

    Args:
        frame: its number.
        plate: its plate's file.
        paint: its painted key's file, or None.
        reading: layer, passes and colour space of the plate.
        space: the colour space of the look.
        guides: the passes that it reads, see `velatura.channels.GUIDES`.
        keys: how its painted key is read.

    Raises:
        ImageError, PassError, ColourError: the plate cannot be read as it is meant.
        TrainingError: the paint does not fit the plate.
    """
    seen = Plate.read(plate, reading)
    rows, columns = (slice(0, size) for size in seen.size)
    light, stack = seen.seen(rows, columns, space), guides_of(seen, guides, rows, columns)
    if stack is None:
        stack = np.zeros((0, *seen.size), np.float32)
    digests = {movies.title(plate): _digest(plate)}
    painted, cover, window = None, None, seen.part.data
    if paint is not None:
        laid = paint_file.read(paint, seen, light, space, keys)
        window, cover = laid.window, None if laid.cover is None else _tensor(laid.cover)
        rows, columns = window.within(seen.part.data)
        light, stack = light[:, rows, columns], stack[:, rows, columns]
        painted = _tensor(laid.rgb)
        digests[f"painted/{paint.name}"] = _digest(paint)
    return Frame(frame, _tensor(light), _tensor(stack), window, painted, digests, cover)


def _tensor(planes: FloatArray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(planes))


def _digest(path: Path) -> str:
    if movies.parted(path):
        return formats.digest(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
