"""A sequence: every frame of a job, several at a time, resumable at any moment.

What is whole already, made from the same plate, look and settings, is left alone: a job that was
stopped, killed or unplugged goes on where it was. On a CPU each frame takes one thread: reading and
writing EXR takes as long as the network, so frames side by side keep all processors busy, and the
bits of a frame do not depend on how many processors its machine has.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue

from velatura import fingerprint
from velatura.apply import targets
from velatura.apply.frame import Glazed, glaze, load
from velatura.apply.memory import _memory, _share
from velatura.apply.session import Device, Session, open_session
from velatura.apply.targets import Frame, Target
from velatura.carry import packing
from velatura.errors import CancelledError, InputError, StorageError
from velatura.job import Job
from velatura.look import Look, read
from velatura.system.progress import Report

log = logging.getLogger(__name__)

Opener = Callable[[Look, Device], Session]

_POLL = 0.1  # seconds between two looks at whether to stop


def run(
    job: Job,
    report: Report,
    cancelled: threading.Event | None = None,
    opener: Opener = open_session,
) -> None:
    """Run a job: write what is not yet there, several frames at a time.

    Frames at the head that are whole are only looked at; the look is loaded when one is not.

    Args:
        job: the order.
        report: told, from this thread, what was written.
        cancelled: once set, the frames under way are dropped and the job ends.
        opener: loads the look; a resident worker keeps sessions from one job to the next.

    Raises:
        FrameError: frames of the plate or the mask are missing: all of them get named, before
            any work begins.
        InputError: as `velatura.apply.frame.glaze`, the look, or an output that is the plate
            itself.
        MachineError: the device, the memory or the output folder.
        CancelledError: ``cancelled`` was set. Files under their final names are whole.
    """
    stop = cancelled or threading.Event()
    look = read(Path(job.look))
    frames = targets.frames(job)
    _refuse_overwriting(frames)
    _sweep(Path(job.out), frames)
    report.started(len(frames))
    for place, frame in enumerate(frames):
        _stop_if(stop.is_set)
        if stale := _stale(frame, job, look):
            todo = [stale, *frames[place + 1 :]]
            break
        report.finished(frame.plate.name, skipped=True)
    else:
        return
    told: set[tuple[str, ...]] = set()
    shares = _survey(job, todo, look, told)
    session = opener(look, _device(job))
    del look  # as a file, painted keys take nearly as much again as they do in the session
    _renew(todo, job, session, shares, report, stop, told)


def _renew(
    frames: list[Frame],
    job: Job,
    session: Session,
    shares: tuple[int, int],
    report: Report,
    stop: threading.Event,
    told: set[tuple[str, ...]],
) -> None:
    """Make the first frame's targets, and those of the others that do not lie there yet."""
    look, (workers, budget) = session.look, shares
    _prepare(Path(job.out))  # as late as that: an order that cannot be done leaves no folder
    halt = threading.Event()  # the first frame that fails stops the others as well

    def halted() -> bool:
        return halt.is_set() or stop.is_set()

    def make(frame: Frame) -> Glazed:
        _stop_if(halted)
        stale = frame if frame is frames[0] else _stale(frame, job, look)
        if stale is None:
            return Glazed()
        with _memory(frame.plate):
            return glaze(stale, job, session, budget, halted)

    with ThreadPoolExecutor(workers, thread_name_prefix="frame") as pool:
        todo = {pool.submit(make, frame): frame for frame in frames}
        try:
            for done in _as_they_come(todo, stop):
                glazed, plate = done.result(), todo[done].plate
                _tell_lacking(plate, glazed.lacking, glazed.layers, look, told)
                _tell_astray(plate, glazed.astray, look, told)
                for path in glazed.written:
                    report.wrote(str(path))
                report.finished(plate.name, skipped=not glazed.written)
        finally:
            halt.set()
            pool.shutdown(wait=False, cancel_futures=True)
            session.terminate()


def _survey(
    job: Job, frames: list[Frame], look: Look, told: set[tuple[str, ...]]
) -> tuple[int, int]:
    """Try the first frame's files before any work; return how to share the machine (`_share`)."""
    with _memory(frames[0].plate):
        plate, _ = load(frames[0], job, look.card)
    _tell_lacking(frames[0].plate, plate.lacking(look.card), plate.layers, look, told)
    keys = packing.size(look.cargo, str(look.path)) if look.cargo else 0
    return _share(job, plate.image, len(frames), keys)


def _tell_lacking(
    plate: Path, lacking: tuple[str, ...], layers: str, look: Look, told: set[tuple[str, ...]]
) -> None:
    """Say which passes the look has to do without: once a job, not once a frame."""
    if lacking and lacking not in told:
        told.add(lacking)
        log.warning(
            "%s has no pass for %s, which the look %s reads; it goes without. Found: %s. "
            "If it has another name there, say so with --passes",
            *(plate, ", ".join(lacking), look.card.name, layers),
        )


def _tell_astray(plate: Path, astray: str, look: Look, told: set[tuple[str, ...]]) -> None:
    """Say that painted keys are not carried into a frame: once a job."""
    if astray and ("astray",) not in told:
        told.add(("astray",))
        log.warning(
            "%s is not of the shot that the look %s was painted for (%s); it is glazed as any "
            "other plate, without the painted keys",
            *(plate, look.card.name, astray),
        )


def _stale(frame: Frame, job: Job, look: Look) -> Frame | None:
    """Return the frame with those of its targets that do not lie there yet; None if all do."""
    plate = fingerprint.of_file(frame.plate)
    mask = fingerprint.of_file(frame.mask) if frame.mask else ""
    gain = _wanted(frame.gain, fingerprint.of_gain(job, plate, look.digest))
    picture = _wanted(frame.picture, fingerprint.of_picture(job, plate, look.digest, mask))
    return replace(frame, gain=gain, picture=picture) if gain or picture else None


def _as_they_come(
    todo: Collection[Future[Glazed]], stop: threading.Event
) -> Iterator[Future[Glazed]]:
    """Yield futures as they complete, and look after ``stop`` in between.

    Not by `concurrent.futures.wait`, which takes all futures' locks each time: a signal that ends
    the job in the middle of that would leave them locked, and the workers waiting for ever.
    """
    done: SimpleQueue[Future[Glazed]] = SimpleQueue()
    for future in todo:
        future.add_done_callback(done.put)
    left = len(todo)
    while left:
        with suppress(Empty):
            several = [done.get(timeout=_POLL), *(done.get() for _ in range(done.qsize()))]
            left -= len(several)
            yield from sorted(several, key=list(todo).index)  # in frame order
        _stop_if(stop.is_set)


def _stop_if(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise CancelledError("The job was stopped on request")


def _targets(frames: list[Frame]) -> list[Path]:
    return [target.path for f in frames for target in (f.gain, f.picture) if target]


def _refuse_overwriting(frames: list[Frame]) -> None:
    read_ones = {path.resolve() for f in frames for path in (f.plate, f.mask) if path}
    for target in _targets(frames):
        if target.resolve() in read_ones:
            raise InputError(
                f"{target} would overwrite what it is made from", do="Choose another output folder"
            )


def _sweep(out: Path, frames: list[Frame]) -> None:
    """Remove what a process that was killed left half-written; whole files have no such names."""
    names = {target.name for target in _targets(frames)}
    with suppress(OSError):  # not ours to remove, and in nobody's way
        for left in out.glob(".*.tmp"):
            if left.name[1:].rsplit(".", 2)[0] in names:
                left.unlink(missing_ok=True)


def _prepare(out: Path) -> None:
    """Make the output folder, and see that it can be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        writable = os.access(out, os.W_OK)
    except OSError as error:
        raise StorageError(
            f"The output folder {out} cannot be used",
            found=error.strerror,
            do="Choose another output folder",
        ) from error
    if not writable:
        raise StorageError(
            f"The output folder {out} is read-only", do="Choose another output folder"
        )


def _wanted(target: Target | None, mark: str) -> Target | None:
    """Return the target with its fingerprint, or None if the same lies there already."""
    if target is None:
        return None
    lies = fingerprint.stored(target.path)
    if lies == mark:
        return None
    if not lies and target.path.is_file():
        log.warning("%s does not say what it was made from and is written again", target.path)
    return Target(target.path, mark)


def _device(job: Job) -> Device:
    return "cuda" if job.device == "cuda" else "cpu" if job.device == "cpu" else "auto"
