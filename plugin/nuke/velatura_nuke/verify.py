"""Verifying: one frame's plate is written again, and its pixels compared with those of the gain's.

A gain layer's header says which plate it was made from, by a digest of the file that Nuke wrote.
The same pixels are the same file, whatever the graph before the look is called or where it lies.
"""

from __future__ import annotations

from pathlib import Path

import nuke

from velatura import fingerprint
from velatura.errors import InputError

from . import baking
from .looknode import LookNode


def verify(look: LookNode, frame: int) -> list[str]:
    """Return the views in which the gain of a frame was made from other pixels; none is well.

    Raises:
        InputError: a gain is not there.
        VelaturaError: as of `velatura_nuke.baking.prepare` and `write`.
    """
    for view in nuke.views():
        if not look.shown(frame, view).is_file():
            raise InputError(
                f"{look.name} has no gain for frame {frame}",
                found=f"{look.shown(frame, view)} is not there",
                do="Press Render gain first",
            )
    bake = baking.prepare(look, [frame])
    try:
        baking.write(bake, [frame])
        return [
            view
            for view, job in zip(bake.views, bake.jobs([frame]))
            if fingerprint.stored(look.shown(frame, view))
            != fingerprint.of_gain(
                job, fingerprint.of_file(_written(job.plate, frame)), look.digest()
            )
        ]
    finally:
        bake.drop([frame])


def _written(plate: str, frame: int) -> Path:
    return Path(plate.replace("%04d", f"{frame:04d}"))
