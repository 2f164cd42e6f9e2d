"""How many frames are worked on at once, and how much memory each may take."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from velatura.apply.tile import BUDGET
from velatura.errors import MachineError
from velatura.image import movies
from velatura.image.planes import Image
from velatura.job import Job
from velatura.system import resources

log = logging.getLogger(__name__)

_LEAST_BUDGET = 48 * 2**20  # bytes: below, tiles are mostly halo
_OVERHEAD = 192 * 2**20  # bytes: Python, ONNX Runtime, OpenColorIO and the look itself


@contextmanager
def enough_for(plate: Path) -> Iterator[None]:
    """Let a MemoryError say which plate there is not enough memory for, as a MachineError."""
    try:
        yield
    except MemoryError as error:
        raise MachineError(
            f"Not enough memory for {plate}", found=str(error), do="Lower --workers or --memory-mb"
        ) from error


def share(
    job: Job, image: Image, frames: int, keys: int, masks: Sequence[Path] = ()
) -> tuple[int, int]:
    """Return how many frames to run at a time, and the network's bytes for each.

    Args:
        job: what it may take.
        image: one of the frames.
        frames: how many there are.
        keys: bytes of the painted keys, which all of them read.
        masks: the frame's mask, if it lies in a file: a movie's decoder takes memory, too.

    Raises:
        MachineError: the job's memory does not hold one frame.
    """
    held = held_by(image)
    memory = job.memory_mb * 2**20 or resources.free_memory() // 2
    decoders = movies.memory(Path(image.source)) + sum(map(movies.memory, masks))
    shared = _OVERHEAD + keys + decoders
    room = memory - shared
    workers = job.workers or min(resources.processors(), max(1, room // (held + BUDGET)))
    workers = min(workers, frames)
    budget = min(BUDGET, max(_LEAST_BUDGET, room // workers - held))
    if job.memory_mb and room < held:
        besides = {"painted keys": keys, "the decoded frames of its movie": decoders}
        kept = "".join(f" and {n // 2**20} MiB of {what}" for what, n in besides.items() if n)
        least = (held + _LEAST_BUDGET + shared) // 2**20 + 1
        raise MachineError(
            f"{job.memory_mb} MiB are not enough for {image.source}{kept}",
            do=f"Allow {least} MiB or more (--memory-mb)",
        )
    log.info("frames at a time: %d, with %d MiB for the network of each", workers, budget // 2**20)
    return workers, budget


def held_by(image: Image) -> int:
    """Return the bytes of a frame that is worked on, without the network's."""
    pixels = sum(plane.pixels.nbytes for part in image.parts for plane in part.planes)
    # As read and as written, with the gain layer of three halves.
    largest = max(part.data.width * part.data.height for part in image.parts)
    return 2 * pixels + 6 * largest


def needed(held: int, workers: int, keys: int) -> int:
    """Return the bytes that a process takes with so many frames at a time; see `share`.

    Args:
        held: bytes of a frame, see `held_by`.
        workers: frames at a time.
        keys: bytes of the painted keys.
    """
    return _OVERHEAD + keys + workers * (held + BUDGET)
