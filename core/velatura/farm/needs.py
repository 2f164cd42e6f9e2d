"""What a task needs of a machine, measured by plate and look."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from velatura.apply import memory, targets
from velatura.carry import packing
from velatura.errors import InputError
from velatura.job import Job
from velatura.look import read
from velatura.plate import formats

log = logging.getLogger(__name__)

_STEP = 256  # MiB: asked for in such steps, so that a farm has few kinds of tasks
_UNSEEN = (1920, 1080, 16)  # px, and bytes a pixel, of plates that are not there yet: half RGBA x 2
_KEYS = 64 * 2**20  # bytes of the painted keys of a look that is not there yet


@dataclass(frozen=True)
class Need:
    """What a task needs.

    Attributes:
        cores: processors.
        memory_mb: MiB.
        gpu: whether only machines with a GPU will do.
    """

    cores: int
    memory_mb: int
    gpu: bool = False


def of(job: Job, cores: int, *, gpu: bool) -> Need:
    """Return what a job needs that works on so many frames at a time.

    Where plate or look are not there yet, a full HD half RGBA plate and 64 MiB of painted keys are
    assumed; a log line says so.
    """
    held, keys = _held(job), _keys(job)
    wanted = memory.needed(held, cores, keys) / 2**20
    return Need(cores, -(-int(wanted) // _STEP) * _STEP, gpu)


def _held(job: Job) -> int:
    try:
        first = next(iter(targets.frames(job))).plate
        return memory.held_by(formats.read(first, told=bool(job.space)))
    except InputError:
        width, height, size = _UNSEEN
        log.info("%s is not there yet: memory for %dx%d, half RGBA", job.plate, width, height)
        return width * height * (2 * size + 6)


def _keys(job: Job) -> int:
    if not Path(job.look).is_file():
        return _KEYS
    look = read(Path(job.look))
    return packing.size(look.keys, job.look) if look.keys else 0
