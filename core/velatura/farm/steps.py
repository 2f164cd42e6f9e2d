"""The steps of a farm job: commands with their frames, what they wait for, and what they need."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from velatura.apply import outputs, targets
from velatura.errors import FrameError, InputError
from velatura.farm import needs
from velatura.farm.needs import Need
from velatura.farm.order import Lesson, Order, Shot
from velatura.image.ranges import frame_numbers, runs
from velatura.job import Job
from velatura.look import read
from velatura.plate import matte, pass_files

FRAMES = "{frames}"
"""Stands in a step's arguments for the frames of a task."""

RETRY = (4, 130, 137, 143)
"""Exit codes after which another try helps: the machine could not, or the task was killed. 1 is a
bug, 2 a wrong command line, 3 wrong input: the same again gives the same."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        name: letters, digits, - and _.
        argv: arguments of velatura; `FRAMES` stands for a task's frames.
        need: what a task needs.
        after: names of the steps that it waits for.
        frames: what it is cut into tasks by; empty for one task.
        reads: files and folders that it reads.
        writes: files and folders that it writes.
        resident: whether a worker that stays up between its tasks helps.
        processes: by torchrun; 1 for none of that.
    """

    name: str
    argv: tuple[str, ...]
    need: Need
    after: tuple[str, ...] = ()
    frames: tuple[int, ...] = ()
    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()
    resident: bool = False
    processes: int = 1

    def chunks(self, size: int) -> list[str]:
        """Return the frames of each task as a range; one empty text for a step without frames."""
        if not self.frames:
            return [""]
        starts = range(0, len(self.frames), size)
        return [runs(self.frames[start : start + size]) for start in starts]

    def task(self, frames: str) -> list[str]:
        """Return the arguments of one task."""
        return [word.replace(FRAMES, frames) for word in self.argv]


def planned(order: Order, *, missing: bool = False) -> list[Step]:
    """Return the steps of an order, each after those that it waits for.

    Args:
        order: what is to be done.
        missing: leave out what is there already: looks with a file, and frames that are whole and
            made from the same plate, look and settings.

    Raises:
        FrameError: a shot without frames, on disk or named.
        InputError: a look or a plate that cannot be read.
    """
    steps: list[Step] = []
    for lesson in order.looks:
        if lesson.plate and not (missing and Path(lesson.file).is_file()):
            steps += [_train(order, lesson), _export(lesson)]
    made = {step.name for step in steps}
    for shot in order.shots:
        applied = []
        for lesson in order.lessons(shot):
            step = _apply(order, shot, lesson, missing=missing)
            if step is None:
                continue
            waits = tuple({f"export-{lesson.name}"} & made)
            applied.append(replace(step, after=waits))
        steps += applied
        steps += _finish(order, shot, applied)
    return steps


def _train(order: Order, lesson: Lesson) -> Step:
    return Step(
        f"train-{lesson.name}",
        (
            *("train", *lesson.plate, "--painted", *lesson.painted),
            *(f"--out={lesson.run}", "--resume", *lesson.options, "--progress=openjd"),
        ),
        Need(order.cores, order.train_memory_mb, order.gpu == "yes"),
        reads=tuple(Path(each).parent for each in (*lesson.plate, *lesson.painted)),
        writes=(Path(lesson.run),),
        processes=lesson.processes,
    )


def _export(lesson: Lesson) -> Step:
    argv = ("export", lesson.run, f"--out={lesson.file}", f"--name={lesson.name}", *lesson.export)
    train = f"train-{lesson.name}"
    reads, writes = (Path(lesson.run),), (Path(lesson.file),)
    return Step(f"export-{lesson.name}", argv, Need(1, 2048), (train,), (), reads, writes)


def _apply(order: Order, shot: Shot, lesson: Lesson, *, missing: bool) -> Step | None:
    job = order.job(shot, lesson)
    numbers = _left(job) if missing else _frames(job)
    if not numbers:
        return None
    need = needs.of(job, order.cores, gpu=order.gpu == "yes")
    argv = [word for word in job.argv() if not word.startswith("--frames=")]
    argv += [f"--frames={FRAMES}", f"--memory-mb={need.memory_mb}", "--progress=openjd"]
    several = len(order.lessons(shot)) > 1
    name = f"apply-{shot.name}-{lesson.name}" if several else f"apply-{shot.name}"
    reads = (Path(job.plate).parent, Path(job.look), *_besides(job))
    return Step(name, tuple(argv), need, (), tuple(numbers), reads, (Path(job.out),), resident=True)


def _besides(job: Job) -> Iterator[Path]:
    """Yield the folders of a job's mask, passes and OCIO config, where these are files."""
    yield from pass_files.folders(job.passes)
    if job.write != "gain" and matte.file_in(Path(), job.mask):
        file = Path(matte.file_channel(job.mask)[0])
        yield file if file.is_dir() else file.parent
    if Path(job.config).is_file():
        yield Path(job.config).parent  # its tables lie beside it


def _finish(order: Order, shot: Shot, applied: Sequence[Step]) -> Iterator[Step]:
    """Yield what is done with a shot's new gain layers: pages, and a host's render."""
    if not applied:
        return
    after = tuple(step.name for step in applied)
    jobs = [order.job(shot, lesson) for lesson in order.lessons(shot)]
    made = {job.out: step.name for step in applied for job in jobs if Path(job.out) in step.writes}
    for job in jobs:
        name = made.get(job.out)
        if name and shot.report and job.write != "picture":
            argv: tuple[str, ...] = ("report", job.out, f"--look={job.look}")
            page, places = name.replace("apply", "report", 1), (Path(job.look), Path(job.out))
            yield Step(page, argv, Need(1, 1024), (name,), (), places, (Path(job.out),))
    if shot.render:
        render = shot.render
        argv = ("render", render.host, render.file, f"--frames={FRAMES}")
        argv += (f"--program={render.program}",) if render.program else ()
        need = Need(order.cores, order.memory_mb or order.train_memory_mb, order.gpu == "yes")
        reads = (Path(render.file).parent, *(Path(job.out) for job in jobs))
        yield Step(f"render-{shot.name}", argv, need, after, tuple(_frames(jobs[0])), reads, ())


def _frames(job: Job) -> list[int]:
    """Return a job's frames: as it names them, whether or not they are there yet, or on disk."""
    if job.frames:
        return frame_numbers(job.frames)
    try:
        return [frame.number for frame in targets.frames(job)]
    except FrameError as error:
        do = "Render it first, or name its frames"
        raise FrameError(error.what, found=error.found, do=do) from error


def _left(job: Job) -> list[int]:
    """Return the frames that do not lie there yet, made from this plate, look and settings."""
    try:
        digest = read(Path(job.look)).digest
        frames = targets.frames(job)
    except InputError:  # the look or the plates are still to be made
        return _frames(job)
    return [frame.number for frame in frames if outputs.stale(frame, job, digest)]
