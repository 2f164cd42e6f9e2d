"""The painter of keys: chosen frames of a shot, painted one after the other, as files."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from velatura.errors import StorageError
from velatura.image import exr
from velatura.image.planes import FloatArray, Image, Window, place
from velatura.plate import colour, linear
from velatura.plate.plate import Plate
from velatura.scene.footage import Footage
from velatura.system.progress import Progress, Report
from velatura_training.data.paintings import Painting
from velatura_training.paint.brushwork import Brushwork
from velatura_training.paint.carried_canvas import CarriedCanvas
from velatura_training.paint.octaves import Octaves
from velatura_training.paint.optimise import Optimiser
from velatura_training.paint.plate_light import PlateLight, retouched
from velatura_training.paint.shapes import Shapes
from velatura_training.paint.silhouettes import Silhouettes
from velatura_training.paint.strokes import Canvas, StrokePainter
from velatura_training.paint.tangents import Tangents
from velatura_training.paint.underpainting import Objects, Underpainting

SAMPLED = 5
"""Frames of a shot, evenly spread, that its colours are taken from."""

CRISP = 0.01
"""By how much strokes that were carried may change for the paintings' contrasts, display values:
carrying has made them softer. On the courtyard's frames between keys .03 had gram .138 and ewP
1.62, .015 .140 and 1.58, 0 .147 and 1.56 (with a reading that is crisper than `doubled.TAPS`)."""

LEFT_OUT = 0.4
"""Part of the paintings' contrasts that is left out where they are made of even shapes: all of them
bring the Great Wave's gram from .21 to .18, and blur its drawing, as a print never is."""

Indices = npt.NDArray[np.intp]

log = logging.getLogger("velatura.training")


@dataclass(frozen=True)
class Manner:
    """How keys are painted.

    Attributes:
        paintings: whose manner.
        hold: 0..1, how much of the drawing stays.
        strokes: whether strokes are laid.
        eyes: what refines them, or paints alone; None for nothing.
        stroke: size of the strokes, against paintings of 600 px.
        seed: of everything random.
    """

    paintings: Sequence[Painting]
    hold: float = 0.3
    strokes: bool = True
    eyes: Optimiser | None = None
    stroke: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class View:
    """A frame as it is painted.

    Attributes:
        plate: as it was read.
        light: of the data window.
        objects: ids at the size that is painted; None without.
        silhouettes: of these objects; None without.
    """

    plate: Plate
    light: PlateLight
    objects: Objects | None
    silhouettes: Silhouettes | None

    @property
    def windows(self) -> tuple[Window, Window]:
        """The plate's display window, and its data window."""
        return self.plate.part.display, self.plate.part.data

    @property
    def size(self) -> tuple[int, int]:
        """Height and width at which it is painted, px."""
        height, width = self.light.small.shape[:2]
        return height, width


class KeyPainter:
    """Paints keys of one shot.

    Args:
        footage: the shot.
        manner: how it is painted.
    """

    def __init__(self, footage: Footage, manner: Manner) -> None:
        self._footage, self._manner = footage, manner
        pictures = [_pixels(painting) for painting in manner.paintings]
        frames = footage.frames
        picked = np.linspace(0, len(frames) - 1, min(SAMPLED, len(frames))).round().astype(int)
        views = [self._view(frames[at]) for at in picked]
        seen, ids = [view.light.small for view in views], [view.objects for view in views]
        self._under = Underpainting.of(seen, ids, pictures, manner.hold)
        self._octaves = Octaves.of(pictures)
        self._shapes = Shapes.of(pictures)
        self._brush = None
        if manner.strokes:
            work = Brushwork.of(pictures, manner.stroke)
            log.info("strokes are %.1f px wide and %.0f px long", work.width, work.length)
            self._brush = StrokePainter(work, manner.hold, manner.seed, self._shapes.graphic)

    def paint(
        self,
        frames: Sequence[int],
        path: Callable[[int], Path],
        report: Report,
        until: float = math.inf,
    ) -> dict[int, FloatArray]:
        """Paint frames, and write each as an EXR, scene-linear, as soon as it can be looked at.

        Args:
            frames: which.
            path: the file of each.
            report: told of each key.
            until: when the last shall be done, by `time.perf_counter`: eyes look less often then.

        Returns:
            The paint by frame: ``(3, H, W)`` scene-linear over the plate's data window.

        Raises:
            StorageError: a file cannot be written.
            ImageError, PassError, ColourError: a plate that cannot be read as it is meant.
        """
        painted: dict[int, FloatArray] = {}
        canvas = None
        report.started(len(frames))
        for left, number in zip(range(len(frames), 0, -1), _outward(frames), strict=True):
            ends = time.perf_counter() + max(0.0, until - time.perf_counter()) / left
            view = self._view(number)
            begun = None if canvas is None else canvas.at(number, view.windows, view.size)
            lit = self._key(view, begun, path(number), ends)
            painted[number] = lit
            if canvas is None and len(frames) > 1:
                log.info("looking the shot over, to carry the paint of the first key along")
                with Progress("none") as silent:
                    canvas = CarriedCanvas.over(self._footage, frames, silent)
            if canvas is not None:
                canvas = canvas.painted(number, _over_display(lit, view.plate))
            report.wrote(str(path(number)))
            report.finished(str(number), skipped=False)
        return painted

    def _key(self, view: View, begun: Canvas | None, path: Path, ends: float) -> FloatArray:
        """Paint one key: in strokes, which are written, then with what eyes there are."""
        manner, light = self._manner, view.light
        wanted = self._shapes.flattened(self._under(light.small, view.objects))
        lines = self._shapes.lines(light.small, view.silhouettes)
        paint, fresh = wanted, np.ones(wanted.shape[:2], np.float32)
        if self._brush is not None:
            paint, fresh = self._brush.paint(wanted, Tangents.of_plate(wanted), begun, view.objects)
            paint = self._shapes.inked(paint, fresh * lines)
            change = retouched(paint, light.above, self._octaves.matched) - paint
            change = change * np.float32(1 - LEFT_OUT * self._shapes.graphic)
            most = CRISP + fresh[..., None]
            paint = paint + np.clip(change, -most, most)
        elif begun is not None:
            fresh = 1 - begun.worth
            paint = begun.paint + fresh[..., None] * (wanted - begun.paint)
        wanted = self._shapes.inked(wanted, lines)
        lit = light.painted(paint, manner.hold)
        write(path, lit, view.plate)
        if manner.eyes is not None:
            kept = None if begun is None else Canvas(paint, 1 - fresh)
            seconds = ends - time.perf_counter()
            paint = manner.eyes.refined(paint, wanted, kept, light.above, seconds)
            lit = light.painted(paint, manner.hold)
            write(path, lit, view.plate)
        return lit

    def _view(self, frame: int) -> View:
        plate = Plate.read(self._footage.plates[frame], self._footage.reading)
        rows, columns = (slice(0, size) for size in plate.size)
        light = PlateLight.of(plate.seen(rows, columns, colour.SCENE))
        ids = plate.guides.objects(plate.part.data)
        if ids is None:
            return View(plate, light, None, None)
        depth = plate.guides.read(("depth",), plate.part.data).get("depth")
        at = _sampled(ids.shape, light.small.shape[:2])
        ids = ids[at]
        near = None if depth is None else depth[0][at]
        return View(plate, light, ids, Silhouettes.of(ids, near))


def write(path: Path, lit: FloatArray, plate: Plate) -> None:
    """Write a key as an EXR of half floats in its plate's windows: Rec.709 light, and it says so.

    Raises:
        StorageError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"Cannot make the folder {path.parent}", found=str(error)) from error
    half = np.minimum(lit, 65504).astype(np.float16)
    planes = dict(zip("RGB", half, strict=True))
    told = {"colorInteropID": linear.interop_id(colour.SCENE)}  # else it is taken as its plate
    part = exr.new_part(planes, plate.part.data, plate.part.display, told)
    exr.write(path, Image((part,)))


def _outward(frames: Sequence[int]) -> list[int]:
    """Return frames from the middle one outward: each has a neighbour that is painted before it."""
    rising = sorted(frames)
    middle = rising[len(rising) // 2]
    return sorted(rising, key=lambda frame: (abs(frame - middle), frame))


def _over_display(lit: FloatArray, plate: Plate) -> FloatArray:
    """Return paint over the display window, NaN where the data window does not reach."""
    whole: Window = plate.part.display
    if whole == plate.part.data:
        return lit
    there = place(np.ones(lit.shape[1:], np.float32), plate.part.data, whole)
    planes = np.stack([place(plane, plate.part.data, whole) for plane in lit]).astype(np.float32)
    planes[:, there == 0] = np.nan
    return planes


def _sampled(whole: tuple[int, ...], size: tuple[int, ...]) -> tuple[Indices, Indices]:
    """Return the rows and columns of a picture that a smaller one shows, to index it with."""
    rows, columns = ((np.arange(n) + 0.5) * m / n for n, m in zip(size, whole, strict=True))
    return rows.astype(int)[:, None], columns.astype(int)


def _pixels(painting: Painting) -> FloatArray:
    return np.ascontiguousarray(painting.shown[0].numpy().transpose(1, 2, 0))
