"""Where to paint next: frames that `velatura suggest` names, against evenly spaced ones.

    python benchmarks/next_key.py PLATE PAINTED [PAINTED ...] [--seconds 45]
        [--train 1,12 1,6,12 ...] [--seeds 1]

For the courtyard PLATE is core/velatura/courtyard/plate/frame.####.exr, and PAINTED the same in
`painted` and in `truth` beside it.

Every frame's painted truth must be there, and frames must not be wider than velatura looks at them
(480 px). The error is l1log, the mean difference of encoded light, over the frames that are not
painted. Without --seconds nothing is trained: holes of carried paint show the plate.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from velatura.carry.paint import Carry
from velatura.carry.painted_key import Key
from velatura.image import gathering
from velatura.image.planes import FloatArray
from velatura.plate import colour, flat
from velatura.plate.encoding import encoded
from velatura.plate.reading import Reading
from velatura.scene.footage import Footage
from velatura.suggest import advice, coverage, proxy
from velatura.suggest.advice import Suggestion, advise
from velatura.suggest.proxy import Scouted
from velatura.system.progress import Progress
from velatura_training.data import carried_keys
from velatura_training.data import lesson as lessons
from velatura_training.learn.paired import Paired
from velatura_training.recipe import SHOT
from velatura_training.suggest import ensemble
from velatura_training.suggest.uncertainty import Learnt

Frames = tuple[int, ...]
CPU = torch.device("cpu")
TIE = 1e-6


class Shot:
    """A shot whose truth is known: what each painted frame gives to each other one."""

    def __init__(self, plate: str, painted: Sequence[str]) -> None:
        self.plate = plate
        self.truth = {f: path for pattern in painted for f, path in gathering.find(pattern).items()}
        self.footage = Footage(gathering.find(plate), Reading())
        with Progress("none") as silent:
            self.seen = proxy.scout(self.footage, silent)
            self.reached = coverage.measure(self.seen, (), silent)
        self.frames = self.seen.frames
        if len(self.frames) > coverage.CANDIDATES or self.seen.tracks is None:
            raise SystemExit("a short shot is wanted, with passes that tell how things move")
        self.wanted = {f: _light(self.truth[f]) for f in self.frames}
        self.unpainted = {
            view.frame: np.abs(
                view.light.astype(np.float32) - encoded(self.wanted[view.frame])
            ).mean(0)
            for view in self.seen.views
        }
        self.carried = _carried(self.seen, self.wanted)

    def error(self, painted: Frames) -> float:
        """Return the mean error of the frames that are not painted, the plate in holes."""
        return float(np.mean([self._off(f, painted) for f in self.frames if f not in painted]))

    def _off(self, frame: int, painted: Frames) -> float:
        off = self.unpainted[frame].copy()
        left = np.ones(off.shape, bool)
        for key in sorted(painted, key=lambda key: (abs(key - frame), key)):
            error = self.carried[frame, key]
            these = left & np.isfinite(error)
            off[these] = error[these]
            left &= ~these
        return float(off.mean())

    def suggested(self, painted: Frames, count: int) -> tuple[Suggestion, ...]:
        return advise(self.reached, painted, count).suggestions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("plate")
    parser.add_argument("painted", nargs="+")
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--train", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(1)
    shot = Shot(given.plate, given.painted)
    if given.seconds:
        for words in given.train:
            painted = tuple(map(int, words.split(",")))
            for seed in range(given.seeds):
                train(shot, painted, given.seconds, seed)
        return
    from_scratch(shot)
    one_more(shot)


def from_scratch(shot: Shot) -> None:
    print("keys  suggested            evenly               middles              best    mean")
    for count in range(1, 5):
        sets = {c: shot.error(c) for c in combinations(shot.frames, count)}
        picked = tuple(sorted(one.frame for one in shot.suggested((), count)))
        row = [picked, even(shot.frames, count), middles(shot.frames, count)]
        cells = [f"{','.join(map(str, one)):12}{sets[one]:.4f}  " for one in row]
        place = sum(error < sets[picked] for error in sets.values()) + 1
        print(f"{count:<6}{''.join(f'{c:21}' for c in cells)}", end="")
        print(f"{min(sets.values()):.4f}  {np.mean(list(sets.values())):.4f}", end="")
        print(f"  rank {place} of {len(sets)}", flush=True)


def one_more(shot: Shot) -> None:
    """Start from every set of one to three painted frames, and paint one more."""
    print("from  before  suggested  largest gap  best    mean    better  same  worse")
    held: list[tuple[float, float]] = []
    for count in range(1, 4):
        rows = []
        for painted in combinations(shot.frames, count):
            rest = [f for f in shot.frames if f not in painted]
            after = {f: shot.error(tuple(sorted((*painted, f)))) for f in rest}
            gap = max(rest, key=lambda f: (min(abs(f - p) for p in painted), -f))
            (one,) = shot.suggested(painted, 1)
            before, best = shot.error(painted), min(after.values())
            mean = float(np.mean(list(after.values())))
            rows.append((before, after[one.frame], after[gap], best, mean))
            held.append((one.chance or 0.0, (before - after[one.frame]) / (before - best)))
        table = np.array(rows)
        means = table.mean(axis=0)
        gain = table[:, 2] - table[:, 1]
        shares = [np.mean(gain > TIE), np.mean(np.abs(gain) <= TIE), np.mean(gain < -TIE)]
        print(
            f"{count:<6}{means[0]:.4f}  {means[1]:.4f}     {means[2]:.4f}       {means[3]:.4f}  "
            f"{means[4]:.4f}  " + "   ".join(f"{100 * s:3.0f} %" for s in shares),
            flush=True,
        )
    _how_sure(np.array(held))


def _how_sure(held: npt.NDArray[np.float64]) -> None:
    """Print how often no other frame helped clearly more, beside the chance that was stated."""
    chance, reached = held.T
    print("stated       times  mean  it was so  of the best gain")
    for least, most in ((advice.SURE, 1.01), (advice.FAIRLY, advice.SURE), (0, advice.FAIRLY)):
        these = (chance >= least) & (chance < most)
        if these.any():
            so = np.mean(reached[these] >= advice.ALIKE)
            print(
                f"from {least:<8.1f}{these.sum():<7}{chance[these].mean():.2f}  {so:.2f}       "
                f"{reached[these].mean():.3f}"
            )


def train(shot: Shot, painted: Frames, seconds: float, seed: int) -> None:
    """Learn a look from some frames for some seconds of processor time, and measure it."""
    with tempfile.TemporaryDirectory() as folder:
        for frame in painted:
            (Path(folder) / f"key.{frame:04d}.exr").symlink_to(shot.truth[frame].resolve())
        shots = [(shot.plate, str(Path(folder) / "key.####.exr"))]
        lesson = lessons.load_all(shots)
        with Progress("none") as silent:
            lesson = carried_keys.attach(lesson, shot.footage, silent)
    course = Paired(lesson, SHOT.but(seed=seed), CPU)
    rng = torch.Generator().manual_seed(seed)
    started = time.process_time()
    steps = 0
    while (used := (time.process_time() - started) / seconds) < 1:
        course.step(used, 1.0, rng)
        steps += 1
    both = course.exported.eval(), course.gan.painter.eval()
    floor = course.learning.floor
    off = {}
    for frame in shot.frames:
        made = ensemble.ask(both, shot.footage, frame, lesson, lesson.carry, floor)
        off[frame] = float(made.off(torch.from_numpy(encoded(shot.wanted[frame]))).nanmean())
    learnt = Learnt(painted, *both, lesson, floor)
    with Progress("none") as silent:
        prices, doubt = learnt.judge(shot.footage, shot.reached, silent)
    given = advise(shot.reached, painted, 1, prices, doubt)
    named, plain = given.suggestions[0].frame, shot.suggested(painted, 1)[0].frame
    after = [shot.error(tuple(sorted((*painted, f)))) for f in (named, plain)]
    ranks = [np.argsort(np.argsort(v)) for v in (given.error, [off[f] for f in shot.frames])]
    order = float(np.corrcoef(ranks)[0, 1])  # Spearman's
    print(
        f"{painted} seed {seed}: {steps} steps, error {_mean(off, painted):.4f} "
        f"(all frames {np.mean(list(off.values())):.4f}, "
        f"expected {shot.reached.mean(given.error):.4f}, "
        f"frames ranked alike {order:.2f}); untrained {shot.error(painted):.4f}; "
        f"next with --run {named} {after[0]:.4f}, without {plain} {after[1]:.4f}",
        flush=True,
    )


def even(frames: Frames, count: int) -> Frames:
    """Return evenly spaced frames, the first and the last among them; of one, the middle."""
    places = np.linspace(0, len(frames) - 1, count) if count > 1 else [(len(frames) - 1) // 2]
    return tuple(frames[int(place)] for place in places)


def middles(frames: Frames, count: int) -> Frames:
    """Return the middles of equal parts."""
    return tuple(frames[int((at + 0.5) * len(frames) / count)] for at in range(count))


def _carried(seen: Scouted, light: dict[int, FloatArray]) -> dict[tuple[int, int], FloatArray]:
    """Return the error of each frame's paint, carried into each other; NaN where there is none."""
    tracks = seen.tracks
    if tracks is None:
        return {}
    views = {view.frame: view for view in seen.views}
    made = {f: Key.of(f, light[f], view.sight, tracks) for f, view in views.items()}
    errors = {}
    for ahead in (False, True):
        for frame, ways in proxy.followed(seen, seen.frames, ahead):
            for key in made.values():
                if (key.frame > frame) == ahead and key.frame != frame:
                    way = {(frame, key.frame): ways[key.frame]} if key.frame in ways else {}
                    paint = Carry((key,), tracks, way).paint(frame, views[frame].sight)
                    off = np.abs(paint[:3] - encoded(light[frame])).mean(axis=0)
                    errors[frame, key.frame] = np.where(paint[3] == 1, off, np.nan)
    return errors


def _light(path: Path) -> FloatArray:
    read = flat.read_rgb(path)
    planes = np.ascontiguousarray(read.rgb.transpose(2, 0, 1))
    return colour.convert(planes, read.space, colour.SCENE)


def _mean(off: dict[int, float], painted: Frames) -> float:
    return float(np.mean([value for frame, value in off.items() if frame not in painted]))


if __name__ == "__main__":
    main()
