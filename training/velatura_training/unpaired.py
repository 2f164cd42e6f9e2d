"""Learning from a painting: footage goes in, the manner of one or more paintings comes out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from velatura import canvas, colour, exr, picture
from velatura.errors import TrainingError
from velatura.gain import BOUND, FLOOR
from velatura.image import FloatArray, Window
from velatura.job import Job
from velatura.look import Card
from velatura.plate import Plate
from velatura.sheet import Row
from velatura_training import perceptual, swatches
from velatura_training.augment import Batch
from velatura_training.brushwork import Brushwork, shown
from velatura_training.config import Recipe
from velatura_training.course import Course
from velatura_training.encoding import glaze
from velatura_training.generator import Generator, Shape
from velatura_training.keys import find
from velatura_training.palette import Palette
from velatura_training.styles import Painting
from velatura_training.swatches import Swatches

SMALLEST = 96
"""Smallest side of a frame and of a patch, px: less has no middle that is free of its edges."""

MOST_FRAMES = 24
"""Frames of a shot that are learnt from, evenly spread: its frames are much alike."""

WIDEST = 960
"""Longest side of a frame on the contact sheet, px; larger ones show their centre at full size."""

SHOWN = 3
"""Frames on the contact sheet, and judged."""

COLOURS = 20000
"""Pixels of the footage, and of each painting, that the palette is made from."""


@dataclass(frozen=True)
class Frame:
    """A frame of the footage.

    Attributes:
        plate: ``(3, H, W)`` scene-linear, unpremultiplied.
        window: where it lies in the format.
        digests: SHA-256 by file name.
    """

    plate: Tensor
    window: Window
    digests: dict[str, str]


@dataclass(frozen=True)
class Footage:
    """What a look shall paint.

    Attributes:
        frames: of all shots.
        space: their colour space, which the look works in.
    """

    frames: tuple[Frame, ...]
    space: str


def load(plates: Sequence[str], layer: str = "", space: str = "") -> Footage:
    """Return the footage of one shot or more.

    Args:
        plates: each shot's files, ``name.####.exr``; at most `MOST_FRAMES` of each are read.
        layer: the beauty's layer, where the usual names are not meant.
        space: the colour space, where the metadata do not tell.

    Raises:
        TrainingError: no footage, frames too small, or shots in different colour spaces.
        FrameError, ImageError, PassError, ColourError: files that are not there or do not fit.
    """
    files = [path for pattern in plates for path in _spread(list(find(pattern).values()))]
    if not files:
        raise TrainingError("No footage to learn on", do="Name a shot: plate.####.exr")
    means = Job("", "", "", layer=layer, space=space)
    wanted = Card("lesson")
    spaces = {Plate.of(exr.read(path), means, wanted).space for path in (files[0], files[-1])}
    if len(spaces) > 1:
        raise TrainingError(
            "The shots are in different colour spaces",
            found=", ".join(sorted(spaces)),
            do="Convert them into one, or say with --space what they really are.",
        )
    look = Card("lesson", colour_space=spaces.pop())
    return Footage(tuple(_read(path, means, look) for path in files), look.colour_space)


class Unpaired(Course):
    """A course in which only the manner is given.

    Args:
        footage: what the look shall paint.
        paintings: the manner.
        recipe: how to train.
        device: where to.
    """

    def __init__(
        self,
        footage: Footage,
        paintings: Sequence[Painting],
        recipe: Recipe,
        device: torch.device,
    ) -> None:
        self.footage, self.paintings = footage, tuple(paintings)
        self.recipe, self.device, self.space = recipe, device, footage.space
        side = min(recipe.patch, *(min(frame.plate.shape[1:]) for frame in footage.frames))
        self.patch = side // 8 * 8
        if self.patch < SMALLEST:
            raise TrainingError(
                f"A patch to learn a painting's manner on should be {SMALLEST} px or more",
                found=f"{self.patch}",
                do="Give a larger --patch, or none.",
            )
        weights = Path(recipe.perceptual_weights) if recipe.perceptual_weights else None
        self.backbone = perceptual.load(recipe.perceptual, weights)
        self.work = Brushwork(
            recipe,
            Shape(bound=BOUND, canvas=True),
            FLOOR,
            self.backbone,
            device,
            self.paintings,
            _palette(footage, self.paintings),
        )

    @property
    def exported(self) -> Generator:
        """See `Course`."""
        return self.work.exported

    def step(self, used: float, pace: float, rng: torch.Generator) -> dict[str, float]:
        """See `Course`."""
        return self.work.study(self._sample(rng), used, rng, pace)

    def rehearse(self) -> None:
        """See `Course`."""
        self.work.practise(self._sample(torch.Generator().manual_seed(0)))

    def judge(self) -> float:
        """Return the painter's own loss, without the critic, on a few whole frames."""
        judged = [self.work.appraise(self._whole(frame)) for frame in self._shown]
        return sum(judged) / len(judged)

    def rows(self) -> list[Row]:
        """Return plate, result and painting of a few frames."""
        return [self._row(frame) for frame in self._shown]

    def state(self) -> dict[str, Any]:
        """See `Course`."""
        return self.work.state()

    def restore(self, state: dict[str, Any]) -> None:
        """See `Course`."""
        self.work.restore(state)

    def describe(self) -> dict[str, Any]:
        """See `Course`."""
        digests = {n: d for frame in self.footage.frames for n, d in frame.digests.items()}
        return {
            "frames": len(self.footage.frames),
            "digests": digests | {f"style/{p.name}": p.digest for p in self.paintings},
            "guides": [],
            "canvas": True,
            "carried": False,
            "carried_by": [],
            "colour_space": self.footage.space,
            "depth_scale": 1.0,
            "bound": BOUND,
            "floor": FLOOR,
            "perceptual": self.backbone.label,
        }

    def swatches(self) -> Swatches:
        """See `Course`."""
        frames = [(f.plate, _weave(f.window)) for f in self.footage.frames]
        return swatches.cut(frames, self.exported.alignment)

    @property
    def _shown(self) -> list[Frame]:
        """A few frames, the middle one first."""
        frames = self.footage.frames
        places = [len(frames) // 2, 0, len(frames) - 1]
        return [frames[i] for i in dict.fromkeys(places)][:SHOWN]

    def _sample(self, rng: torch.Generator) -> Batch:
        """Return random patches, each on a canvas of its own: no place may learn its ripples."""
        plates, weaves = [], []
        for _ in range(self.recipe.batch):
            frame = self.footage.frames[
                int(torch.randint(len(self.footage.frames), (), generator=rng))
            ]
            top, left = (
                int(torch.randint(size - self.patch + 1, (), generator=rng))
                for size in frame.plate.shape[1:]
            )
            plates.append(frame.plate[..., top : top + self.patch, left : left + self.patch])
            y, x = torch.randint(canvas.PERIOD, (2,), generator=rng).tolist()
            weaves.append(_weave(Window(x, y, self.patch, self.patch)))
        return self._batch(torch.stack(plates), torch.stack(weaves))

    def _whole(self, frame: Frame) -> Batch:
        """Return a frame, cut to multiples of the painter's alignment, as a batch of one."""
        step = self.exported.alignment
        height, width = (min(size, WIDEST) // step * step for size in frame.plate.shape[1:])
        top, left = (
            (size - kept) // 2
            for size, kept in zip(frame.plate.shape[1:], (height, width), strict=True)
        )
        window = Window(frame.window.x + left, frame.window.y + top, width, height)
        plate = frame.plate[:, top : top + height, left : left + width]
        return self._batch(plate[None], _weave(window)[None])

    def _batch(self, plate: Tensor, weave: Tensor) -> Batch:
        packed = (
            planes.to(self.device).contiguous(memory_format=torch.channels_last)
            for planes in (plate, weave)
        )
        plates, weaves = packed
        return Batch(plates, weaves, plates)

    @torch.no_grad()
    def _row(self, frame: Frame) -> Row:
        batch = self._whole(frame)
        result = glaze(batch.plate, self.exported(batch.plate, batch.guides).float(), FLOOR)
        plate, painted = (_picture(planes) for planes in (batch.plate, result))
        return plate, painted, _framed(self.paintings[0], *plate.shape[:2])


def _spread(files: list[Path]) -> list[Path]:
    """Return at most `MOST_FRAMES` of the files, evenly spread."""
    count = min(len(files), MOST_FRAMES)
    return [files[index * len(files) // count] for index in range(count)]


def _read(path: Path, means: Job, look: Card) -> Frame:
    """Return a frame as the network will see it when the look is applied: by the same code."""
    plate = Plate.of(exr.read(path), means, look)
    if min(plate.size) < SMALLEST:
        raise TrainingError(
            f"{path} is too small to learn on",
            found=f"{plate.size[1]}x{plate.size[0]} px",
            do=f"At least {SMALLEST} px a side are wanted.",
        )
    rows, columns = (slice(0, size) for size in plate.size)
    light = torch.from_numpy(np.ascontiguousarray(plate.seen(rows, columns)))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Frame(light, plate.part.data, {path.name: digest})


def _palette(footage: Footage, paintings: Sequence[Painting]) -> Palette:
    frames = [shown(frame.plate[None]) for frame in footage.frames]
    return Palette.between(_colours(frames), _colours([p.shown for p in paintings]))


def _colours(pictures: Sequence[Tensor]) -> Tensor:
    """Return ``(3, N)`` colours of display pictures, evenly spread over each."""
    share = max(1, COLOURS // len(pictures))
    flat = [picture[0].flatten(1) for picture in pictures]
    return torch.cat([c[:, :: max(1, c.shape[1] // share)] for c in flat], 1)


def _weave(window: Window) -> Tensor:
    return torch.from_numpy(canvas.patch(window))


def _picture(planes: Tensor) -> FloatArray:
    found: FloatArray = planes[0].permute(1, 2, 0).cpu().numpy()
    return found


def _framed(painting: Painting, height: int, width: int) -> FloatArray:
    """Return the middle of a painting, filling a frame, scene-linear."""
    rgb = np.ascontiguousarray(painting.shown[0].permute(1, 2, 0).numpy())
    scale = max(height / rgb.shape[0], width / rgb.shape[1])
    tall, wide = (
        max(n, round(s * scale)) for n, s in zip((height, width), rgb.shape, strict=False)
    )
    sized = picture.resize(rgb, wide, tall)
    top, left = (tall - height) // 2, (wide - width) // 2
    kept = sized[top : top + height, left : left + width].transpose(2, 0, 1)
    # Only the curve is to be undone: the primaries are the look's already.
    return colour.convert(kept, colour.PAINTED, colour.SCENE).transpose(1, 2, 0)
