"""How many frames are worked on at once, and how much memory each may take."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from velatura.apply.tile import BUDGET
from velatura.errors import MachineError
from velatura.image import movies
from velatura.image.planes import Image
from velatura.job import Job
from velatura.plate import formats
from velatura.plate.plate import Plate
from velatura.system import resources

log = logging.getLogger(__name__)

_LEAST_BUDGET = 48 * 2**20  # bytes: below, tiles are mostly halo
_ARENA = 1.25  # ONNX Runtime's arena has holes: it takes 1.4 to 2.1 times a tile's (measured, 1.32)
_OVERHEAD = 192 * 2**20  # bytes: Python, ONNX Runtime, OpenColorIO and the look itself


@contextmanager
def enough_for(plate: Path, job: Job) -> Iterator[None]:
    """Let a plate that takes more memory than there is be a MachineError that names it.

    What its header claims counts before anything is decoded: of zeros, a picture of 700 kilobytes
    decodes to gigabytes.

    Args:
        plate: the file.
        job: what may be taken; all that is free where it does not say.

    Raises:
        ImageError: it cannot be read.
    """
    claimed = formats.extent(plate)
    allowed = job.memory_mb * 2**20 or resources.free_memory()
    if allowed < _OVERHEAD + 2 * claimed.least:  # most formats are decoded into a copy
        held = _held(claimed.most, claimed.pixels, coded=True)
        raise _too_little(allowed, plate, held + _LEAST_BUDGET + _OVERHEAD + movies.memory(plate))
    try:
        yield
    except MemoryError as error:
        raise MachineError(
            f"Not enough memory for {plate}", found=str(error), do="Lower --workers or --memory-mb"
        ) from error


def share(
    job: Job, plate: Plate, frames: int, keys: int, masks: Sequence[Path] = ()
) -> tuple[int, int]:
    """Return how many frames to run at a time, and the network's bytes for each.

    Args:
        job: what it may take.
        plate: one of the frames.
        frames: how many there are.
        keys: bytes of the painted keys, which all of them read.
        masks: the frame's mask, if it lies in a file: a movie's decoder takes memory, too.

    Raises:
        MachineError: the job's memory does not hold one frame.
    """
    held, source = held_by(plate.image, coded=bool(plate.coded)), Path(plate.image.source)
    allowed = job.memory_mb * 2**20 or resources.free_memory() // 2
    decoders = movies.memory(source) + sum(map(movies.memory, masks))
    shared = _OVERHEAD + keys + decoders
    room = allowed - shared
    if job.memory_mb and room < held + _LEAST_BUDGET:
        besides = {"painted keys": keys, "the decoded frames of its movie": decoders}
        raise _too_little(allowed, source, held + _LEAST_BUDGET + shared, besides)
    workers = job.workers or min(resources.processors(), max(1, room // (held + BUDGET)))
    workers = min(workers, frames)
    most = max(1, room // (held + _LEAST_BUDGET))
    if job.memory_mb and workers > most:
        log.warning("%d MiB hold %d frames at a time, not %d", job.memory_mb, most, workers)
        workers = most
    spared = (room // workers - held) / (_ARENA if job.memory_mb else 1)
    budget = min(BUDGET, max(_LEAST_BUDGET, int(spared)))
    log.info("frames at a time: %d, with %d MiB for the network of each", workers, budget // 2**20)
    return workers, budget


def held_by(image: Image, *, coded: bool = False) -> int:
    """Return the bytes of a frame that is worked on, without the network's.

    Args:
        image: the frame's picture.
        coded: whether it is an EXR of codes, so that its light is kept beside it.
    """
    bytes_ = sum(plane.pixels.nbytes for part in image.parts for plane in part.planes)
    largest = max(part.data.width * part.data.height for part in image.parts)
    coded = coded or any(formats.depth(part.attributes) for part in image.parts)
    return _held(bytes_, largest, coded=coded)


def _held(bytes_: int, pixels: int, *, coded: bool = False) -> int:
    """Return likewise, by the bytes of all planes and the pixels of the largest part."""
    # As read and as written, with the gain layer of three halves, and three floats of light.
    return 2 * bytes_ + (6 + 12 * coded) * pixels


def needed(held: int, workers: int, keys: int) -> int:
    """Return the bytes that a process takes with so many frames at a time; see `share`.

    Args:
        held: bytes of a frame, see `held_by`.
        workers: frames at a time.
        keys: bytes of the painted keys.
    """
    return _OVERHEAD + keys + workers * (held + BUDGET)


def _too_little(
    allowed: int, plate: Path, least: int, besides: Mapping[str, int] = MappingProxyType({})
) -> MachineError:
    kept = "".join(f" and {n // 2**20} MiB of {what}" for what, n in besides.items() if n)
    return MachineError(
        f"{allowed // 2**20} MiB are not enough for {plate}{kept}",
        do=f"Allow {least // 2**20 + 1} MiB or more (--memory-mb)",
    )
