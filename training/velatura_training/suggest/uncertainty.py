"""What a trained look is unsure of, and how wrong that makes it.

Two signs of doubt, beside the holes of carried paint: where the averaged painter and the latest one
disagree (weights along the path of training are a cheap ensemble: Huang et al. 2017; ensembles that
disagree are wrong more often: Lakshminarayanan et al. 2017), and how far the look was off at each
key when that key's own paint was left out. The second turns the first into units of error.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from velatura.carry import packing
from velatura.carry.paint import Carry
from velatura.errors import TrainingError
from velatura.image.planes import FloatArray
from velatura.scene.footage import Footage
from velatura.suggest.coverage import Reach, spread
from velatura.suggest.selection import Prices
from velatura.system.progress import Report
from velatura_training import run_folder
from velatura_training.data import lesson_record
from velatura_training.data.lesson import Lesson
from velatura_training.export import trained
from velatura_training.learn import gan
from velatura_training.network.generator import Generator
from velatura_training.recipe import Recipe
from velatura_training.suggest import ensemble
from velatura_training.suggest.ensemble import Opinion

PIXELS = 24e6
"""Pixels that both painters look at, at most: a few seconds a million on one processor."""

FEWEST = 4
"""Frames that they look at, at least."""

PER_DISAGREEMENT = 6.0
"""Error that comes with a disagreement, both in encoded light, where no key can be left out: the
slope found on the courtyard and the harbour was 5.7 to 7.4."""

log = logging.getLogger("velatura.training")


@dataclass(frozen=True)
class Learnt:
    """A run, as far as it can be doubted.

    Attributes:
        painted: the frames that it was learnt from.
        averaged: the painter that is exported.
        latest: the painter as it was after the last step.
        lesson: what it was learnt from; of painted keys what its `carry` has.
        floor: of the gain law.
    """

    painted: tuple[int, ...]
    averaged: Generator
    latest: Generator
    lesson: Lesson
    floor: float

    def judge(self, footage: Footage, reach: Reach, report: Report) -> tuple[Prices, FloatArray]:
        """Return what is expected to be wrong, and by how much more or less each point is.

        Args:
            footage: the shot.
            reach: how far paint reaches in it, from `painted` too.
            report: told of each frame that both painters have looked at.

        Returns:
            ``(F, P)``: NaN in frames that have not been looked at.
        """
        display = footage.display(footage.frames[0])
        most = max(FEWEST, int(PIXELS / (display.width * display.height)))
        looked = spread(reach.frames, most).tolist()
        carry = self.lesson.carry
        single = carry is None or len(carry.keys) < 2  # noqa: PLR2004  # one, and another
        report.started(len(looked) + (0 if single else len(self.painted)))
        apart = np.full((len(reach.frames), len(reach.u) * len(reach.v)), math.nan, np.float32)
        for frame in looked:
            both = self._ask(footage, frame, carry)
            at = np.searchsorted(reach.frames, frame)
            apart[at] = both.around(both.apart, reach)
            report.finished(str(frame), skipped=False)
        prices, slope = Prices(), PER_DISAGREEMENT
        if carry is None or single:
            log.info("no key can be left out: how wrong the look is is guessed from other shots")
        else:
            prices, slope = self._calibrated(footage, reach, carry, report)
        holes, _ = _nearest(reach, reach.frames, self.painted)
        usual = np.where(holes, _mean(apart[holes]), _mean(apart[~holes]))
        return prices, np.asarray(slope * (apart - usual), np.float32)

    def _calibrated(
        self, footage: Footage, reach: Reach, carry: Carry, report: Report
    ) -> tuple[Prices, float]:
        """Return the prices, and the error per disagreement, that keys show that are left out."""
        signs, errors, own = [], [], []
        for key in carry.keys:
            paint = torch.from_numpy(key.paint)
            own.append(float(self._ask(footage, key.frame, carry).off(paint).nanmean()))
            both = self._ask(footage, key.frame, carry.without(key.frame))
            others = [other.frame for other in carry.keys if other.frame != key.frame]
            holes, miss = _nearest(reach, np.array([key.frame]), others)
            apart = both.around(both.apart, reach)
            signs.append(np.stack([np.ones_like(apart), holes[0], miss[0], apart]))
            errors.append(both.around(both.off(paint), reach))
            report.finished(str(key.frame), skipped=False)
        sign, error = np.concatenate(signs, 1), np.concatenate(errors)
        known = np.isfinite(error) & np.isfinite(sign).all(axis=0)
        sign, error = sign[:, known], error[known]
        base, hole, change, slope = _fitted(sign, error)
        lost = sign[1] > 0
        carried = base + slope * _mean(sign[3][~lost])
        hole = max(carried, base + hole + slope * _mean(sign[3][lost]))
        log.info(
            "without its own paint, a key is off by %.3f where others reach, by %.3f in holes",
            *(_mean(error[~lost]), _mean(error[lost])),
        )
        return Prices(min(float(np.mean(own)), carried), carried, change, hole), slope

    def _ask(self, footage: Footage, frame: int, carry: Carry | None) -> Opinion:
        painters = self.averaged, self.latest
        return ensemble.ask(painters, footage, frame, self.lesson, carry, self.floor)


def read(run: Path, footage: Footage) -> Learnt:
    """Return what a run has learnt.

    Args:
        run: the folder that `velatura train` wrote.
        footage: the shot that it is to be doubted on.

    Raises:
        TrainingError: no run, one that was not learnt from painted keys, or another shot's.
    """
    lesson = lesson_record.read(run)
    recipe = Recipe.loads(run_folder.read_text(run / run_folder.RECIPE))
    path = run / run_folder.CHECKPOINT
    weights = gan.painters(run_folder.method_state(run))
    painted = lesson.painted
    if not painted:
        raise TrainingError(
            f"{run} was not learnt from painted keys",
            do="Omit --run: the first frame to paint is found without one",
        )
    averaged, latest = (trained.painter_of(some, recipe, lesson, path) for some in weights)
    carry = None
    if lesson.carried:
        carry = packing.unpack(run_folder.read_text(run / run_folder.CARGO).strip(), str(run))
    _refuse_other_shot(run, footage, painted, carry)
    means = (lesson.guides, lesson.colour_space, lesson.depth_scale)
    told = Lesson((), (), *means, carry=carry, carried_by=lesson.carried_by)
    return Learnt(painted, averaged, latest, told, lesson.floor)


def _refuse_other_shot(
    run: Path, footage: Footage, painted: Sequence[int], carry: Carry | None
) -> None:
    strangers = [frame for frame in painted if frame not in footage.plates]
    why = f"no frame {strangers[0]}" if strangers else ""
    if not why and carry is not None:
        why = carry.misfit(painted[0], [footage.sight(painted[0])])
    if why:
        raise TrainingError(
            f"{run} was not learnt on this plate", found=why, do="Name the plate it was painted on"
        )


def _nearest(
    reach: Reach, frames: npt.NDArray[np.int64], keys: Sequence[int]
) -> tuple[npt.NDArray[np.bool_], FloatArray]:
    """Return ``(F, P)``: where no key's paint arrives; and how far the nearest one's light misses.

    0 in holes.
    """
    places = np.searchsorted(reach.frames, frames)
    miss = np.full((len(frames), reach.miss.shape[2]), math.nan, np.float32)
    for row, (at, frame) in enumerate(zip(places, frames.tolist(), strict=True)):
        for key in sorted(keys, key=lambda key: (abs(key - frame), key)):
            found = reach.miss[at, reach.at([key])[0]].astype(np.float32)
            miss[row] = np.where(np.isnan(miss[row]), found, miss[row])
    return np.isnan(miss), np.nan_to_num(miss)


def _fitted(signs: FloatArray, errors: FloatArray) -> tuple[float, ...]:
    """Return how much each sign adds to the errors, none of them less than nothing.

    Least squares; a sign that would lower the error is left out, and the rest fitted again.
    """
    kept = list(range(len(signs)))
    while True:
        found, *_ = np.linalg.lstsq(signs[kept].T.astype(np.float64), errors, rcond=None)
        if found.min() >= 0 or len(kept) == 1:
            break
        kept.pop(int(found.argmin()))
    weights = np.zeros(len(signs))
    weights[kept] = np.maximum(found, 0)
    return tuple(map(float, weights))


def _mean(values: npt.ArrayLike) -> float:
    there = np.asarray(values)[np.isfinite(values)]
    return float(there.mean()) if there.size else 0.0
