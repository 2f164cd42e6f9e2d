"""A sequence: every frame of a job, several at a time, resumable at any moment.

What is whole already, made from the same plate, look and settings, is left alone: a job that was
stopped, killed or unplugged goes on where it was. On a CPU each frame takes one thread: reading and
writing EXR takes as long as the network, so frames side by side keep all processors busy, and the
bits of a frame do not depend on how many processors its machine has.
"""

from __future__ import annotations

import glob
import hashlib
import logging
import os
import re
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

from fileseq.constants import PAD_STYLE_HASH1
from fileseq.filesequence import FileSequence
from fileseq.frameset import FrameSet

import velatura
from velatura import exr
from velatura.errors import (
    CancelledError,
    FrameError,
    ImageError,
    InputError,
    MachineError,
    StorageError,
)
from velatura.frame import JOB_KEY, Frame, Target, glaze
from velatura.job import Job
from velatura.look import Look, read
from velatura.progress import Report
from velatura.session import Device, Session, open_session
from velatura.tile import BUDGET

log = logging.getLogger(__name__)

Opener = Callable[[Look, Device], Session]

_NAMED = 20  # missing frames that an error names at most
_POLL = 0.1  # seconds between two looks at whether to stop
_LEAST_BUDGET = 48 * 2**20  # bytes: below, tiles are mostly halo
_OVERHEAD = 192 * 2**20  # bytes: Python, ONNX Runtime, OpenColorIO and the look itself


@dataclass(frozen=True)
class Pattern:
    """Numbered files, or one file: where they are and how their numbers are written.

    Attributes:
        folder: where they lie.
        lead: the file name up to the number.
        digits: least number of digits; 0 for a file without a number.
        end: the file name after the number.
        single: the number, as written, of a pattern that names one file; "" where it has none.
    """

    folder: Path
    lead: str
    digits: int
    end: str
    single: str | None

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Return the pattern of ``shot.####.exr``, ``%04d``, ``$F4``, or of one file's path."""
        found = FileSequence(Path(text).name, pad_style=PAD_STYLE_HASH1)
        numbered = bool(found.padding())
        single = None if numbered and found.frameSet() is None else ""
        lead, end = found.basename(), found.extension()
        if single == "" and numbered:
            single = Path(text).name[len(lead) : len(Path(text).name) - len(end)]
        return cls(Path(text).parent, lead, found.zfill(), end, single)

    def path(self, number: str) -> Path:
        """Return the file of a number, as written ("" where there is none)."""
        return self.folder / f"{self.lead}{number}{self.end}"

    def written(self, frame: int) -> str:
        """Return a frame's number as the files have it: ``-7`` with four digits is ``-007``."""
        return str(frame).zfill(self.digits)

    def on_disk(self) -> list[str]:
        """Return the numbers that lie on disk, as written, in order."""
        wanted = re.compile(f"{re.escape(self.lead)}(-?[0-9]+){re.escape(self.end)}")
        try:
            names = [entry.name for entry in self.folder.iterdir()]
        except OSError as error:
            raise FrameError(
                f"The folder {self.folder} cannot be read", found=error.strerror
            ) from error
        numbers = [hit[1] for hit in map(wanted.fullmatch, names) if hit]
        return sorted((n for n in numbers if n == self.written(int(n))), key=int)


def run(
    job: Job,
    report: Report,
    cancelled: threading.Event | None = None,
    opener: Opener = open_session,
) -> None:
    """Run a job: write what is not yet there, several frames at a time.

    Args:
        job: the order.
        report: told, from this thread, what was written.
        cancelled: once set, the frames under way are dropped and the job ends.
        opener: loads the look; a resident worker keeps sessions from one job to the next.

    Raises:
        FrameError: frames of the plate or the mask are missing: all of them get named, before
            any work begins.
        InputError: as `velatura.frame.glaze`, the look, or an output that is the plate itself.
        MachineError: the device, the memory or the output folder.
        CancelledError: ``cancelled`` was set. Files under their final names are whole.
    """
    stop = cancelled or threading.Event()
    look = read(Path(job.look))
    frames = _frames(job)
    _prepare(job, frames)
    workers, budget = _share(job, frames[0].plate, len(frames))
    session = opener(look, _device(job))
    report.started(len(frames))
    halt = threading.Event()  # the first frame that fails stops the others as well

    def halted() -> bool:
        return halt.is_set() or stop.is_set()

    with ThreadPoolExecutor(workers, thread_name_prefix="frame") as pool:
        todo = {pool.submit(_renew, f, job, session, budget, halted): f for f in frames}
        try:
            for done in _as_they_come(todo, stop, session):
                written = done.result()
                for path in written:
                    report.wrote(str(path))
                report.finished(todo[done].plate.name, skipped=not written)
        finally:
            halt.set()
            pool.shutdown(wait=False, cancel_futures=True)
            session.terminate()


def _renew(
    frame: Frame, job: Job, session: Session, budget: int, cancelled: Callable[[], bool]
) -> list[Path]:
    """Write those of a frame's files that do not lie there yet; return them."""
    if cancelled():
        raise CancelledError("The job was stopped on request")
    made_from = [velatura.__version__, session.look.digest, _digest(frame.plate)]
    made_from += [job.layer, job.space, os.environ.get("OCIO", "")]
    mask = _digest(frame.mask) if frame.mask else job.mask
    gain = _wanted(frame.gain, ["gain", *made_from])
    picture = _wanted(frame.picture, ["picture", *made_from, repr(job.strength), mask])
    if not (gain or picture):
        return []
    return glaze(replace(frame, gain=gain, picture=picture), job, session, budget, cancelled)


def _as_they_come(
    todo: Collection[Future[list[Path]]], stop: threading.Event, session: Session
) -> Iterator[Future[list[Path]]]:
    """Yield futures as they complete, and look after ``stop`` in between."""
    pending = set(todo)
    while pending:
        done, pending = wait(pending, _POLL, FIRST_COMPLETED)
        if stop.is_set():
            session.terminate()
            raise CancelledError("The job was stopped on request")
        yield from (future for future in todo if future in done)  # in frame order


def _frames(job: Job) -> list[Frame]:
    """Return each frame's files, or raise FrameError naming every one that is missing."""
    plate = Pattern.parse(job.plate)
    if job.frames:
        numbers = [plate.written(frame) for frame in _numbers(job.frames)]
        if plate.digits == 0:
            raise FrameError(
                f"{job.plate} is one file and has no frames {job.frames}",
                do="Write the number as ####, or leave --frames away",
            )
    else:
        numbers = plate.on_disk() if plate.single is None else [plate.single]
    if not numbers:
        raise FrameError(f"There are no frames {job.plate}", do="Check the path and its digits")
    mask = _mask_pattern(job)
    frames = []
    for number in numbers:
        path = plate.path(number)
        where = None
        if mask:
            still = mask.single is not None
            where = mask.path(mask.single or "") if still else mask.path(_renumbered(mask, number))
        frames.append(_outputs(job, plate, number, path, where))
    _refuse_missing("plate", [frame.plate for frame in frames])
    _refuse_missing("mask", [frame.mask for frame in frames if frame.mask])
    return frames


def _renumbered(pattern: Pattern, number: str) -> str:
    return pattern.written(int(number)) if number else ""


def _outputs(job: Job, plate: Pattern, number: str, path: Path, mask: Path | None) -> Frame:
    out = Path(job.out)
    stem = plate.lead.rstrip("._-") or "plate"
    gain = out / ".".join(filter(None, (stem, "gain", number, plate.end.lstrip("."))))
    picture = out / path.name
    return Frame(
        path,
        mask,
        Target(gain, "") if job.write in {"gain", "both"} else None,
        Target(picture, "") if job.write in {"picture", "both"} else None,
    )


def _numbers(frames: str) -> list[int]:
    try:
        return sorted(set(map(int, FrameSet(frames))))
    except ValueError as error:  # fileseq's own errors are ValueErrors
        raise FrameError(
            f"{frames} is not a range of frames", do='Write it like "1-12", "1-10x2" or "1,5,9-12"'
        ) from error


def _mask_pattern(job: Job) -> Pattern | None:
    """Return the mask's files; None if there is no mask, or it is a channel of the plate."""
    text = job.mask
    if not text or job.write == "gain":
        return None
    pattern = Pattern.parse(text)
    is_file = pattern.single is None or Path(text).is_file() or Path(text).name != text
    return pattern if is_file else None


def _refuse_missing(what: str, paths: list[Path]) -> None:
    missing = [path for path in paths if not path.is_file()]
    if not missing:
        return
    names = [path.name for path in missing]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    few = ", ".join(names[:_NAMED]) + more
    raise FrameError(
        f"{len(missing)} of {len(paths)} {what} frames are missing in {missing[0].parent}: {few}",
        do="Render them, or give the range there is with --frames",
    )


def _prepare(job: Job, frames: list[Frame]) -> None:
    """Make the output folder, see that it can be written and holds nothing half-written."""
    out = Path(job.out)
    targets = [target for frame in frames for target in (frame.gain, frame.picture) if target]
    read_ones = {path.resolve() for f in frames for path in (f.plate, f.mask) if path}
    for target in targets:
        if target.path.resolve() in read_ones:
            raise InputError(
                f"{target.path} would overwrite what it is made from", do="Choose another --out"
            )
    try:
        out.mkdir(parents=True, exist_ok=True)
        writable = os.access(out, os.W_OK)
        # Left by a process that was killed; whole files never have such names.
        for target in targets:
            for stale in out.glob(f".{glob.escape(target.path.name)}.*.tmp"):
                stale.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"The output folder {out} cannot be used", found=error.strerror
        ) from error
    if not writable:
        raise StorageError(f"The output folder {out} is read-only", do="Choose another --out")


def _wanted(target: Target | None, made_from: list[str]) -> Target | None:
    """Return the target with its fingerprint, or None if the same lies there already."""
    if target is None:
        return None
    fingerprint = hashlib.sha256("\0".join(made_from).encode()).hexdigest()
    if target.path.is_file():
        try:
            if exr.attributes(target.path).get(JOB_KEY) == fingerprint:
                return None
        except ImageError:
            log.warning("%s is not readable and is written again", target.path)
    return Target(target.path, fingerprint)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ImageError(f"{path} cannot be read", found=error.strerror) from error


def _device(job: Job) -> Device:
    return "cuda" if job.device == "cuda" else "cpu" if job.device == "cpu" else "auto"


def _share(job: Job, first: Path, frames: int) -> tuple[int, int]:
    """Return how many frames to run at a time, and the network's memory for each, in bytes."""
    image = exr.read(first)
    pixels = sum(plane.pixels.nbytes for part in image.parts for plane in part.planes)
    # As read and as written, with the gain layer of three halves.
    largest = max(part.data.width * part.data.height for part in image.parts)
    held = 2 * pixels + 6 * largest
    memory = job.memory_mb * 2**20 or _free_memory() // 2
    room = memory - _OVERHEAD
    workers = job.workers or min(_processors(), max(1, room // (held + BUDGET)))
    workers = min(workers, frames)
    budget = min(BUDGET, max(_LEAST_BUDGET, room // workers - held))
    if job.memory_mb and room < held:
        raise MachineError(
            f"{job.memory_mb} MiB are not enough for {first.name}",
            do=f"Allow {(held + _LEAST_BUDGET + _OVERHEAD) // 2**20} MiB or more (--memory-mb)",
        )
    log.info("%d frames at a time, %d MiB for the network of each", workers, budget // 2**20)
    return workers, budget


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _free_memory() -> int:
    """Return the memory this process may still take, in bytes; 8 GiB where nobody says."""
    free = 8 * 2**30
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        hit = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo.read_text(), re.MULTILINE)
        free = int(hit[1]) * 1024 if hit else free
    group = Path("/sys/fs/cgroup")  # a container's own limit (cgroup v2)
    try:
        most = int((group / "memory.max").read_text())
        free = min(free, most - int((group / "memory.current").read_text()))
    except (OSError, ValueError):
        pass  # no such limit, or "max"
    return free
