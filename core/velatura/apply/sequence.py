"""A sequence: every frame of a job, several at a time, resumable at any moment.

What is whole already, made from the same plate, look and settings, is left alone: a job that was
stopped, killed or unplugged goes on where it was. On a CPU each frame takes one thread: reading and
writing EXR takes as long as the network, so frames side by side keep all processors busy, and the
bits of a frame do not depend on how many processors its machine has.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue

from velatura.apply import claims, contract, delivery, memory, outputs, targets, trial
from velatura.apply.failures import Failures
from velatura.apply.frame import Glazed, Loaded, encoding_of, glaze, load
from velatura.apply.notices import Notices
from velatura.apply.session import Session, open_session
from velatura.apply.targets import Frame
from velatura.carry import packing
from velatura.errors import InputError
from velatura.image import movies
from velatura.image.ranges import holes
from velatura.job import DEVICES, Device, Job
from velatura.look import Look, read
from velatura.system import heap, resources
from velatura.system.progress import FRAMES, Report
from velatura.system.stopping import PROMPT, stop_if

log = logging.getLogger(__name__)
frame_log = logging.getLogger(FRAMES)

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
        InputError: another job writes these files, and makes them from something else; one that
            makes the same is waited for.
        CancelledError: ``cancelled`` was set. Files under their final names are whole.
    """
    heap.keep()
    stop = cancelled or threading.Event()
    look = read(Path(job.look))
    contract.check_passes(look.path, look.card)
    frames = targets.frames(job)
    outputs.refuse_overwriting(frames, job)
    outputs.sweep(Path(job.out), frames)
    report.started(len(frames))
    digest = look.digest
    failures = Failures(len(frames), stop=job.stop_at_first)
    todo, loaded = _left(frames, job, look, report, failures, stop)
    if loaded:
        notices = Notices(look.card.name)
        notices.of(todo[0].plate, loaded.about(look.card))
        keys = packing.size(look.keys, str(look.path)) if look.keys else 0
        masks = [todo[0].mask] if todo[0].mask else []
        shares = memory.share(job, loaded.plate, len(todo), keys, masks)
        first = {todo[0]: loaded}
        session = _opened(opener, look, _device(job), stop)
        del look, loaded  # as a file, painted keys take nearly as much again as in the session
        out = Path(job.out)
        outputs.prepare(out)  # as late as that: an order that cannot be done leaves no folder
        with claims.held(out, outputs.marks(todo, job, session.digest), stop.is_set) as waited:
            if waited:  # for whoever has made them
                first.clear()
            _renew(todo, first, job, session, shares, report, stop, notices, failures)
    failures.end()
    if film := outputs.movie(frames, job):
        with claims.held(film.parent, outputs.film_mark(film, frames, job, digest), stop.is_set):
            _film(film, frames, job, report)


def _left(
    frames: list[Frame],
    job: Job,
    look: Look,
    report: Report,
    failures: Failures,
    stop: threading.Event,
) -> tuple[list[Frame], Loaded | None]:
    """Return the frames from the first one on that is not whole, and that one decoded.

    Those before it are whole, or cannot be read; both are reported. None where none is left.
    """
    for place, frame in enumerate(frames):
        stop_if(stop.is_set)
        stale = None
        try:
            stale = outputs.stale(frame, job, look.digest)
        except InputError as error:
            failures.note(frame.plate, error)
        if stale:
            trial.demand(look, stop.is_set)  # the job's fault; before there are pictures in memory
            try:
                with memory.enough_for(frame.plate, job):
                    return [stale, *frames[place + 1 :]], load(stale, job, look.card)
            except InputError as error:
                failures.note(frame.plate, error)
        report.finished(movies.title(frame.plate), skipped=not stale)
    return [], None


def _renew(
    frames: list[Frame],
    first: dict[Frame, Loaded],
    job: Job,
    session: Session,
    shares: tuple[int, int],
    report: Report,
    stop: threading.Event,
    notices: Notices,
    failures: Failures,
) -> None:
    """Make the first frame's targets, and those of the others that do not lie there yet.

    The first frame may be decoded; it is taken out of ``first``, so that its pixels are freed.
    """
    workers, budget = shares
    halt = threading.Event()  # a frame that ends the job stops the others as well

    def halted() -> bool:
        return halt.is_set() or stop.is_set()

    def make(frame: Frame) -> Glazed:
        stop_if(halted)
        began = time.monotonic()
        stale = frame if frame in first else outputs.stale(frame, job, session.digest)
        if stale is None:
            return Glazed()
        with memory.enough_for(frame.plate, job):
            loaded = first.pop(frame, None) or load(stale, job, session.card)
            glazed = glaze(stale, loaded, job, session, budget, halted)
        return replace(glazed, seconds=time.monotonic() - began)

    pool = ThreadPoolExecutor(workers, thread_name_prefix="frame")
    todo = {pool.submit(make, frame): frame for frame in frames}
    try:
        for done in _as_they_come(todo, stop):
            plate = todo[done].plate
            try:
                glazed = done.result()
            except InputError as error:
                failures.note(plate, error)
                report.finished(movies.title(plate), skipped=False)
                continue
            notices.of(plate, glazed.about)
            for path in glazed.written:
                report.wrote(str(path))
            if glazed.written:
                _tell(movies.title(plate), glazed.seconds)
            report.finished(movies.title(plate), skipped=not glazed.written)
    finally:
        halt.set()
        pool.shutdown(wait=False, cancel_futures=True)
        session.terminate()
        _settle(todo)


def _tell(frame: str, seconds: float) -> None:
    peak = resources.peak_memory() // 2**20
    frame_log.info("frame %s: %.2f s, at most %d MiB so far", frame, seconds, peak)


def _settle(todo: Collection[Future[Glazed]]) -> None:
    """Wait a little for frames that are under way: what they write is whole, or is swept later."""
    deadline = time.monotonic() + PROMPT
    while not all(future.done() for future in todo) and time.monotonic() < deadline:
        time.sleep(_POLL / 10)


def _opened(opener: Opener, look: Look, device: Device, stop: threading.Event) -> Session:
    """Return the look's session, loaded in a thread of its own: a stop does not wait for it."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="look")
    try:
        opening = pool.submit(opener, look, device)
        while not opening.done():
            stop_if(stop.is_set)
            with suppress(TimeoutError):
                opening.exception(_POLL)
        return opening.result()
    finally:
        pool.shutdown(wait=False)


def _film(film: Path, frames: list[Frame], job: Job, report: Report) -> None:
    """Write the movie of the finished pictures, unless it is there already."""
    pictures = [frame.picture.path for frame in frames if frame.picture]
    if outputs.newer(film, pictures):
        return
    plates = [frame.plate for frame in frames]
    if gaps := holes([frame.number for frame in frames]):
        log.warning("%s shows its frames one after the other: it lacks %s", film, gaps)
    encoding = encoding_of(plates[0], job)
    delivery.movie(film, pictures, plates, encoding)
    report.wrote(str(film))


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
        stop_if(stop.is_set)


def _device(job: Job) -> Device:
    device: Device = next(each for each in DEVICES if each == job.device)  # a job is checked
    return device
