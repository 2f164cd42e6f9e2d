"""Learning from a painting: footage goes in, the manner of one or more paintings comes out.

Where frames of the footage are painted already, by the automatic painter, they teach: patches are
taken from them alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from velatura.apply import canvas
from velatura.errors import TrainingError
from velatura.gain.law import BOUND, FLOOR
from velatura.image import drawing
from velatura.image.planes import FloatArray, Window
from velatura.plate import colour
from velatura.report.contact_sheet import Row
from velatura_training.data import calibration_crops
from velatura_training.data.augment import Batch
from velatura_training.data.calibration_crops import Swatches
from velatura_training.data.colour_transfer import Palette
from velatura_training.data.dataset import Dataset
from velatura_training.data.frame import Frame
from velatura_training.data.lesson_record import LessonRecord
from velatura_training.data.paintings import Painting
from velatura_training.data.plates import SMALLEST, Plates
from velatura_training.encoding import glaze
from velatura_training.learn import figures
from velatura_training.learn.gallery import Scene
from velatura_training.learn.gan import Gan
from velatura_training.learn.method import Method
from velatura_training.learn.stroke_step import StrokeStep, shown
from velatura_training.losses import backbones, memory
from velatura_training.metrics import at_hand
from velatura_training.metrics.eyes import Eyes
from velatura_training.metrics.scores import Verdict
from velatura_training.network.generator import Generator, Shape
from velatura_training.recipe import Recipe

WIDEST = 960
"""Longest side of a frame on the contact sheet, px; larger ones show their centre at full size."""

SHOWN = 3
"""Frames on the contact sheet, and judged."""

COLOURS = 20000
"""Pixels of the footage, and of each painting, that the palette is made from."""


class Unpaired(Method):
    """A method for which only the manner is given.

    Args:
        data: what the look shall paint, and the manner.
        recipe: how to train.
        device: where to.
    """

    def __init__(self, data: Dataset, recipe: Recipe, device: torch.device) -> None:
        self.data, self.plates, self.paintings = data, data.plates, data.paintings
        self.recipe, self.device, self.space = recipe, device, data.plates.space
        side = min(recipe.patch, *(min(frame.plate.shape[1:]) for frame in self.plates.frames))
        self.patch = side // 8 * 8
        if self.patch < SMALLEST:
            raise TrainingError(
                f"A patch to learn a painting's manner on should be {SMALLEST} px or more",
                found=f"{self.patch}",
                do="Give a larger --patch, or none.",
            )
        weights = Path(recipe.perceptual_weights) if recipe.perceptual_weights else None
        memory.demand_step(recipe.perceptual, self.patch, recipe.batch)
        for painting in self.paintings:
            memory.demand_sight(recipe.perceptual, painting.shown, recipe.stroke)
        self.backbone = backbones.load(recipe.perceptual, weights, learning=True)
        self.eyes = Eyes(self.backbone)
        self.gan = Gan(recipe, Shape(bound=BOUND, canvas=True), device)
        palette = _palette(self.plates, self.paintings)
        keys = tuple(frame for frame in self.plates.frames if frame.paint is not None)
        self.taught = keys or self.plates.frames
        means = FLOOR, self.backbone, self.paintings, palette
        self.learning = StrokeStep(self.gan, *means, keyed=bool(keys))

    @property
    def exported(self) -> Generator:
        """See `Method`."""
        return self.gan.exported

    def step(self, used: float, pace: float, rng: torch.Generator) -> dict[str, float]:
        """See `Method`."""
        return self.learning.step(self._sample(rng), used, rng, pace)

    def rehearse(self) -> None:
        """See `Method`."""
        self.learning.rehearse(self._sample(torch.Generator().manual_seed(0)))

    def judge(self) -> float:
        """Return the painter's own loss, without the critic, on a few whole frames."""
        judged = [self.learning.judge(self._whole(self.taught[at])) for at in _places(self.taught)]
        return sum(judged) / len(judged)

    def scenes(self) -> list[Scene]:
        """See `Method`."""
        return self.early()

    def early(self) -> list[Scene]:
        """Return a few frames, the middle one first."""
        return [
            Scene(str(place), self.plates.frames[place].frame, "not painted", "the painting")
            for place in _places(self.plates.frames)
        ]

    def show(self, scene: Scene, most: int) -> Row:
        """See `Method`."""
        return self._row(self.plates.frames[int(scene.id)], min(most, WIDEST))

    def size(self, scene: Scene) -> tuple[int, int]:
        """See `Method`."""
        height, width = self.plates.frames[int(scene.id)].plate.shape[1:]
        step = self.exported.alignment
        return height // step * step, width // step * step

    def state(self) -> dict[str, Any]:
        """See `Method`."""
        return self.gan.state()

    def restore(self, state: dict[str, Any]) -> None:
        """See `Method`."""
        self.gan.restore(state)

    def describe(self) -> LessonRecord:
        """See `Method`."""
        return LessonRecord(
            guides=(),
            colour_space=self.plates.space,
            depth_scale=1.0,
            bound=BOUND,
            floor=FLOOR,
            frames=len(self.plates.frames),
            digests=self.data.digests,
            canvas=True,
            perceptual=self.backbone.label,
            config=colour.preferred(),
        )

    def prepare(self, total: float) -> float:
        """See `Method`: the first test frame is measured, by the painter as it is."""
        begun = time.perf_counter()
        self._tested(0)
        return (time.perf_counter() - begun) * len(self._untaught) + super().prepare(total)

    def appraise(self, ends: float) -> Verdict:
        """Return figures of frames that it has not learnt from, beside paintings likewise."""
        numbers = [frame.frame for frame in self._untaught]
        verdict = figures.in_time(numbers, self._tested, ends)
        return verdict.noting((*verdict.notes, self._meaning()))

    @property
    def manifest(self) -> str:
        """See `Method`."""
        return self.data.manifest()

    def swatches(self) -> Swatches:
        """See `Method`."""
        frames = [(f.plate, _weave(f.window)) for f in self.plates.frames]
        return calibration_crops.cut(frames, self.exported.alignment)

    @property
    def _untaught(self) -> tuple[Frame, ...]:
        return self.plates.tested or (self.plates.frames[_places(self.plates.frames)[0]],)

    def _tested(self, place: int) -> Verdict:
        frame = self._untaught[place]
        plate, result = self._pictures(frame, WIDEST)
        manner = [painting.shown for painting in self.data.tested or self.paintings]
        return at_hand.imitated({place: (plate, result)}, manner, self.space, self.eyes)

    def _meaning(self) -> str:
        """Return what the figures of `appraise` are worth."""
        seen = "frames it has not learnt from" if self.plates.tested else "a frame it has learnt"
        hand = "paintings likewise" if self.data.tested else "the paintings it has learnt"
        return f"of {seen}, beside {hand}; seen with the eyes it learnt with"

    def _sample(self, rng: torch.Generator) -> Batch:
        """Return random patches, each on a canvas of its own: no place may learn its ripples."""
        plates, weaves, paints = [], [], []
        for _ in range(self.recipe.batch):
            frame = self.taught[int(torch.randint(len(self.taught), (), generator=rng))]
            top, left = (
                int(torch.randint(size - self.patch + 1, (), generator=rng))
                for size in frame.plate.shape[1:]
            )
            part = (..., slice(top, top + self.patch), slice(left, left + self.patch))
            plates.append(frame.plate[part])
            paints.append(_painted(frame)[part])
            y, x = torch.randint(canvas.PERIOD, (2,), generator=rng).tolist()
            weaves.append(_weave(Window(x, y, self.patch, self.patch)))
        return self._batch(torch.stack(plates), torch.stack(weaves), torch.stack(paints))

    def _whole(self, frame: Frame, most: int = WIDEST) -> Batch:
        """Return a frame, cut to multiples of the painter's alignment, as a batch of one."""
        step = self.exported.alignment
        height, width = (min(size, most) // step * step for size in frame.plate.shape[1:])
        top, left = (
            (size - kept) // 2
            for size, kept in zip(frame.plate.shape[1:], (height, width), strict=True)
        )
        window = Window(frame.window.x + left, frame.window.y + top, width, height)
        plate, paint = (
            planes[None, :, top : top + height, left : left + width]
            for planes in (frame.plate, _painted(frame))
        )
        return self._batch(plate, _weave(window)[None], paint)

    def _batch(self, plate: Tensor, weave: Tensor, paint: Tensor) -> Batch:
        packed = (
            planes.to(self.device).contiguous(memory_format=torch.channels_last)
            for planes in (plate, weave, paint)
        )
        return Batch(*packed)

    @torch.no_grad()
    def _pictures(self, frame: Frame, most: int) -> tuple[Tensor, Tensor]:
        """Return plate and result of a frame's middle, ``(3, H, W)`` scene-linear."""
        batch = self._whole(frame, most)
        result = glaze(batch.plate, self.exported(batch.plate, batch.guides).float(), FLOOR)
        return batch.plate[0], result[0]

    def _row(self, frame: Frame, most: int) -> Row:
        plate, painted = (_picture(planes) for planes in self._pictures(frame, most))
        return plate, painted, _framed(self.paintings[0], *plate.shape[:2])


def _places(frames: Sequence[Frame]) -> list[int]:
    """Return which frames are looked at, the middle one first."""
    count = len(frames)
    return list(dict.fromkeys([count // 2, 0, count - 1]))[:SHOWN]


def _palette(plates: Plates, paintings: Sequence[Painting]) -> Palette:
    frames = [shown(frame.plate[None]) for frame in plates.frames]
    return Palette.between(_colours(frames), _colours([p.shown for p in paintings]))


def _colours(pictures: Sequence[Tensor]) -> Tensor:
    """Return ``(3, N)`` colours of display pictures, evenly spread over each."""
    share = max(1, COLOURS // len(pictures))
    flat = [picture[0].flatten(1) for picture in pictures]
    return torch.cat([c[:, :: max(1, c.shape[1] // share)] for c in flat], 1)


def _painted(frame: Frame) -> Tensor:
    """Return a frame's paint; its plate where it has none: nobody looks at that."""
    return frame.plate if frame.paint is None else frame.paint


def _weave(window: Window) -> Tensor:
    return torch.from_numpy(canvas.patch(window))


def _picture(planes: Tensor) -> FloatArray:
    found: FloatArray = planes.permute(1, 2, 0).cpu().numpy()
    return found


def _framed(painting: Painting, height: int, width: int) -> FloatArray:
    """Return the middle of a painting, filling a frame, scene-linear."""
    rgb = np.ascontiguousarray(painting.shown[0].permute(1, 2, 0).numpy())
    scale = max(height / rgb.shape[0], width / rgb.shape[1])
    tall, wide = (
        max(n, round(s * scale)) for n, s in zip((height, width), rgb.shape, strict=False)
    )
    sized = drawing.resize(rgb, wide, tall)
    top, left = (tall - height) // 2, (wide - width) // 2
    kept = sized[top : top + height, left : left + width].transpose(2, 0, 1)
    # Only the curve is to be undone: the primaries are the look's already.
    return colour.convert(kept, colour.PAINTED, colour.SCENE).transpose(1, 2, 0)
