"""Proving: a look is run on frames as a farm would run it, and held to each promise."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from velatura.apply import contract, sequence, targets
from velatura.apply.session import open_session
from velatura.errors import LookError
from velatura.job import Job
from velatura.look import Look, read
from velatura.plate import formats
from velatura.system import resources
from velatura.system.progress import Report
from velatura.verify import calm, cost, exposure, light, painted, sameness, slider
from velatura.verify.trial import Trial
from velatura.verify.verdict import Proof, Verdict

_BROKEN = ("contract", "the network keeps the contract of looks on every frame")


def prove(job: Job, report: Report, keys: Mapping[int, Path]) -> Verdict:
    """Run a look on a job's frames and return what was proved.

    The job's folder is not written to; what it says of plates and passes counts.

    Args:
        job: the look, the frames, and how they are read.
        report: told of each frame of each of the four runs.
        keys: painted keys by frame number; empty for those on board.

    Raises:
        FrameError, ImageError, PassError, ColourError: frames that cannot be read.
        LookError: the file is no look.
        MachineError: the memory or the disk does not do.
    """
    look = read(Path(job.look))
    with tempfile.TemporaryDirectory(prefix="velatura-") as folder:
        runs = {name: str(Path(folder, name)) for name in ("one", "two", "many", "zero")}
        usual = replace(job, out=runs["one"], write="both", device="cpu", workers=1, strength=1.0)
        frames = tuple(targets.frames(usual))
        digests = {one.plate.name: formats.digest(one.plate) for one in frames}
        told = _Runs(report)
        report.started(len(runs) * len(frames))
        try:
            network = contract.network(look)
            proofs = _proofs(usual, look, runs, told, keys)
            found = f"{len(network.graph.nodes)} nodes"
            first = Proof(*_BROKEN, 0, 0, "breaches", found)
        except LookError as error:
            proofs, first = (), Proof(*_BROKEN, 1, 0, "breaches", str(error))
    return Verdict(look.card.name, look.digest, digests, (first, *proofs))


class _Runs:
    """Tells of several jobs as if they were one, and not of files that are soon gone."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def started(self, total: int) -> None:
        """See `Report`."""

    def wrote(self, path: str) -> None:
        """See `Report`."""

    def finished(self, frame: str, *, skipped: bool) -> None:
        """See `Report`."""
        self._report.finished(frame, skipped=skipped)


def _proofs(
    job: Job, look: Look, runs: Mapping[str, str], report: Report, keys: Mapping[int, Path]
) -> tuple[Proof, ...]:
    session = open_session(look, "cpu")
    started = time.process_time()
    sequence.run(job, report)
    trial = Trial(session, job, tuple(targets.frames(job)), time.process_time() - started)
    many = max(2, resources.processors())
    sequence.run(replace(job, out=runs["two"]), report)
    sequence.run(replace(job, out=runs["many"], workers=many), report)
    sequence.run(replace(job, out=runs["zero"], write="picture", strength=0.0), report)
    one, two, more, zero = (Path(runs[name]) for name in ("one", "two", "many", "zero"))
    twice = "the same job twice writes the same files"
    workers = f"1 and {many} workers write the same files"
    return (
        sameness.zero(trial, zero),
        sameness.tiles(trial),
        sameness.repeats("twice", twice, one, two, "one worker"),
        sameness.repeats("workers", workers, one, more, f"{len(trial.frames)} frames"),
        exposure.exposure(trial),
        painted.painted(trial, keys),
        light.sound(trial),
        light.highlights(trial),
        slider.slider(trial),
        calm.calm(trial),
        cost.cost(trial, look),
    )
