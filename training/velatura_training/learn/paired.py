"""Learning from painted keys: patches of plate and passes go in, the painter's own come out."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from velatura.carry import packing
from velatura.carry.nearest import NearestFirst
from velatura.carry.paint import AGREE
from velatura.gain.law import BOUND, FLOOR
from velatura.plate import colour
from velatura.report.contact_sheet import Row
from velatura_training.data import calibration_crops, neighbours, patches, views
from velatura_training.data.augment import Batch, augment
from velatura_training.data.calibration_crops import Swatches
from velatura_training.data.frame import Frame
from velatura_training.data.lesson import Lesson
from velatura_training.data.lesson_record import LessonRecord
from velatura_training.data.views import Pair
from velatura_training.data.watched_keys import WatchedKeys
from velatura_training.learn import floor, preview, ranks
from velatura_training.learn.figures import Figures
from velatura_training.learn.gallery import Gallery, Scene
from velatura_training.learn.gan import Gan
from velatura_training.learn.method import Method
from velatura_training.learn.paired_step import PairedStep
from velatura_training.losses import backbones, consistency
from velatura_training.metrics.scores import Verdict
from velatura_training.network.generator import Generator, Shape
from velatura_training.recipe import Recipe

PATCH_STEP = 8
"""Patches are multiples of this, px: the largest alignment of the generators."""
JUDGED, LEAST_JUDGED = 2**20, 256
"""Pixels of all keys that a review judges, and the least side of what it judges of each: about a
second with the default eyes; all of three keys of 320 by 180."""
SHOWN = 4
"""Frames of each kind on the contact sheet at most: it is sent by mail."""


class Paired(Method):
    """A method for which paint lies over the plate, pixel for pixel.

    Args:
        lesson: the painted keys.
        recipe: how to train.
        device: where to.
        watched: where the keys were taken from, if they are to be looked at again.
    """

    def __init__(
        self,
        lesson: Lesson,
        recipe: Recipe,
        device: torch.device,
        watched: WatchedKeys | None = None,
    ) -> None:
        ranks.demand_shares(recipe.batch)
        self.lesson, self.recipe, self.device, self.watched = lesson, recipe, device, watched
        self.space = lesson.space
        carried = lesson.carry is not None
        merged = carried and not isinstance(lesson.carry, NearestFirst)
        self.shape = Shape(lesson.guides, BOUND, lesson.depth_scale, carried, merged=merged)
        self.shown_at_once = merged
        self.patch = _patch(lesson, recipe)
        eyes = recipe.weights.content or recipe.weights.style
        weights = Path(recipe.perceptual_weights) if recipe.perceptual_weights else None
        self.backbone = backbones.load(recipe.perceptual, weights, learning=True) if eyes else None
        self.gan = Gan(recipe, self.shape, device)
        self.learning = PairedStep(self.gan, FLOOR, self.backbone)
        self.figures: Figures | None = None
        self.gallery = Gallery(lesson)
        self._look_twice()

    @property
    def exported(self) -> Generator:
        """See `Method`."""
        return self.gan.exported

    def step(self, used: float, pace: float, rng: torch.Generator) -> dict[str, float]:
        """See `Method`."""
        batch = augment(self._sample(rng), self.recipe, self.lesson.guides, rng)
        return self.learning.step(ranks.share(batch), used, rng, pace, self._pairs(used, rng))

    def rehearse(self) -> None:
        """See `Method`."""
        self.learning.rehearse(self._sample(torch.Generator().manual_seed(0)))

    def judge(self) -> float:
        """Return the painter's own loss, without the critic, on the whole painted keys.

        Of large keys the centres are judged: a review must not cost more than it tells.
        """
        keys, alignment = self.lesson.keys, self.exported.alignment
        most = max(LEAST_JUDGED, math.isqrt(JUDGED // len(keys)))
        batches = (patches.whole(key, alignment, self.device, most) for key in keys)
        judged = [self.learning.judge(batch) for batch in batches]
        return sum(judged) / len(judged)

    def scenes(self) -> list[Scene]:
        """See `Method`."""
        early = self.early()
        return [*early, *(scene for scene in self.gallery.scenes if scene not in early)]

    def early(self) -> list[Scene]:
        """Return painted frames, and a few that were left out or not painted."""
        kinds: dict[str, list[Scene]] = {"painted": [], "left out": [], "not painted": []}
        for scene in self.gallery.early:
            kinds[scene.kind].append(scene)
        return [scene for some in kinds.values() for scene in some[:SHOWN]]

    def show(self, scene: Scene, most: int) -> Row:
        """See `Method`."""
        return preview.paint(self.exported, self.gallery.frame(scene), FLOOR, self.device, most)

    def size(self, scene: Scene) -> tuple[int, int]:
        """See `Method`."""
        step = self.exported.alignment
        height, width = self.gallery.frame(scene).plate.shape[1:]
        return height // step * step, width // step * step

    def refresh(self) -> bool:
        """Pick up keys that were painted anew, or newly, while they were learnt from."""
        if self.watched is None or ranks.count() > 1 or not self.watched.look():
            return False
        self.lesson = replace(self.watched.lesson, depth_scale=self.lesson.depth_scale)
        self.patch, self.figures = _patch(self.lesson, self.recipe), None
        self.gallery = Gallery(self.lesson)
        self._look_twice()
        return True

    def state(self) -> dict[str, Any]:
        """See `Method`."""
        return self.gan.state()

    def restore(self, state: dict[str, Any]) -> None:
        """See `Method`."""
        self.gan.restore(state)

    def describe(self) -> LessonRecord:
        """See `Method`."""
        keys = self.lesson.keys
        return LessonRecord(
            guides=self.lesson.guides,
            colour_space=self.lesson.space,
            depth_scale=self.shape.depth_scale,
            bound=self.shape.bound,
            floor=FLOOR,
            frames=tuple(key.frame for key in keys),
            digests={name: digest for key in keys for name, digest in key.digests.items()},
            canvas=self.shape.canvas,
            carried=self.shape.carried,
            carried_by=self.lesson.carried_by,
            merged=self.shape.merged,
            perceptual=self.backbone.label if self.backbone else "none",
            config=colour.preferred(),
            keys=self.lesson.read_as,
            held=tuple(sorted({key.frame for key in self.lesson.held})),
            shot=next((f.title for f in self.lesson.footage if self.shape.carried), ""),
        )

    def prepare(self, total: float) -> float:
        """See `Method`: the merged paint's own figures do not wait for the last step."""
        if self.figures is None:
            self.figures = Figures(self._measured, self._pictures, self.space, total)
            if self.shape.merged:
                self._say(0.0)
        return self.figures.seconds(self.shape.merged) + super().prepare(total)

    def settle(self) -> None:
        """See `Method`: on every measure, a shot look is at least its own merged paint."""
        if self.shape.merged:
            self.figures = self.figures or Figures(self._measured, self._pictures, self.space)
            self.exported.say.fill_(floor.settle(self._say))

    def _say(self, say: float) -> Verdict:
        """Return the figures that count where so much of what the network adds is kept."""
        assert self.figures is not None, "both callers have made them"  # noqa: S101
        before = float(self.exported.say)
        self.exported.say.fill_(say)
        found = self.figures.quick(merged=say == 0)
        self.exported.say.fill_(before)
        return found

    def appraise(self, ends: float) -> Verdict:
        """Return figures of the frames that were held out; for want of such, of the keys."""
        figures = self.figures or Figures(self._measured, self._pictures, self.space)
        verdict = figures.whole(ends)
        return verdict.noting((*verdict.notes, self._meaning()))

    @property
    def _measured(self) -> tuple[Frame, ...]:
        return self.lesson.held or self.lesson.keys

    def _meaning(self) -> str:
        """Return what the figures of `appraise` are worth."""
        if self.lesson.held:
            return "of held-out frames: what to expect elsewhere in the shot"
        if self.shape.merged and len({key.frame for key in self.lesson.shown}) > 1:
            led = self.lesson.carry is not None and self.lesson.carry.agreement < AGREE
            how = "led to frames nearby and back" if led else "without its own paint"
            return f"of the painted keys, each {how}; --hold-out is stricter"
        return "of the very keys it has learnt: elsewhere it is worse; --hold-out tells how much"

    def _pictures(self, key: Frame) -> tuple[Tensor, Tensor, Tensor]:
        row = preview.paint(self.exported, key, FLOOR, self.device)
        plate, result, paint = (
            torch.from_numpy(picture.transpose(2, 0, 1).copy())
            for picture in row
            if picture is not None
        )
        return plate, result, paint

    def swatches(self) -> Swatches:
        """See `Method`."""
        frames = (*self.lesson.keys, *self.lesson.others)
        return calibration_crops.cut([(f.plate, f.guides) for f in frames], self.exported.alignment)

    @property
    def cargo(self) -> str:
        """See `Method`."""
        return "" if self.lesson.carry is None else packing.pack(self.lesson.carry)

    def _sample(self, rng: torch.Generator) -> Batch:
        return patches.sample(self.lesson.keys, self.patch, self.recipe.batch, rng, self.device)

    def _look_twice(self) -> None:
        """Find in the lesson what can be seen twice: see `velatura_training.losses.consistency`."""
        frames = (*self.lesson.keys, *self.lesson.others)
        self.frames = [key for key in frames if min(key.plate.shape[1:]) >= self.patch]
        warped = self.recipe.weights.warp > 0
        self.neighbours = neighbours.load(self.lesson, self.patch) if warped else ()

    def _pairs(self, used: float, rng: torch.Generator) -> dict[str, Pair]:
        """Return what the painter sees twice in this step: a quarter of a batch, or of its time."""
        nudged, warped = self.recipe.weights.consistency > 0, bool(self.neighbours)
        if not consistency.pull(used) or not (nudged or warped):
            return {}
        size = self.patch, max(1, self.recipe.batch // (4 * (nudged + warped)))
        seen: dict[str, Pair] = {}
        if nudged:
            batch = patches.sample(self.frames, *size, rng, self.device)
            seen["consistency"] = views.nudged(batch, self.shape.plain, rng)
        if warped:
            seen["warp"] = neighbours.sample(self.neighbours, *size, rng, self.device)
        return seen


def _patch(lesson: Lesson, recipe: Recipe) -> int:
    """Return the side of the patches, px: the recipe's, or what the smallest painted key allows."""
    side = min(recipe.patch, *(min(key.plate.shape[1:]) for key in lesson.keys))
    return side - side % PATCH_STEP
