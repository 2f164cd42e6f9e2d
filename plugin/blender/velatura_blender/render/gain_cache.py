"""The gain cache: keeps the gain layers that are still right, and has the others made.

A gain layer is right if its header names the fingerprint of what it would be made from now: the
look, the picture and passes that are wired in, and the settings. That is found out here, without
the runtime, so a baked shot renders on a machine that has none.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy

from velatura import fingerprint, resident
from velatura.errors import MissingRuntimeError, VelaturaError
from velatura.job import Job

from .. import bundled, compat, messages
from ..nodes import gain_nodes
from ..nodes.looknode import LookNode
from ..preferences import preferences


def is_right(look: LookNode, plate: str, frame: int) -> bool:
    """Say whether the gain layer that lies there is what would be made of a plate now.

    Args:
        look: the look node.
        plate: the digest of what is wired into it, see `velatura.fingerprint.of_file`.
        frame: the frame's number.
    """
    return fingerprint.stored(look.gain(frame)) == _wanted(_job(look, frame), plate, look)


def refresh(
    look: LookNode, plate: Path, digest: str, frame: int, cancelled: Callable[[], bool]
) -> bool:
    """Make a frame's gain layer unless the one that lies there is right; say whether it was made.

    Args:
        look: the look node.
        plate: what is wired into it at that frame, as an EXR file.
        digest: that file's.
        frame: the frame's number.
        cancelled: asked while the runtime works; once it says yes the work is dropped.

    Raises:
        VelaturaError: as the runtime raised it.
    """
    gain = look.gain(frame)
    job = _job(look, frame, str(plate))
    wanted = _wanted(job, digest, look)
    if fingerprint.stored(gain) == wanted:
        return False
    _make(job, look, frame, cancelled)
    if fingerprint.stored(gain) != wanted:
        raise MissingRuntimeError(
            f"The runtime made another gain layer than {look.title} needs",
            found=f"{gain}, by another version of velatura or of the look",
            do="Install add-on and runtime from the same folder, and render again",
        )
    gain_nodes.gain_image(look.group).reload()
    return True


def _job(look: LookNode, frame: int, plate: str = "") -> Job:
    return Job(
        plate,
        look=str(look.path),
        out=str(look.gain(frame).parent),
        device=preferences().device,
        space=compat.working_space(),
        config=compat.config(),
        premultiplied=look.group.velatura.premultiplied,
    )


def _wanted(job: Job, plate: str, look: LookNode) -> str:
    return fingerprint.of_gain(job, plate, look.digest())


_HERE = {
    "give it with --passes": "wire it into the look node",
    "say --premultiplied no; if all is right, --premultiplied yes": (
        "set the look's Premultiplied to No; if all is right, to Yes"
    ),
    "Choose another output folder": (
        "Save the .blend to a folder that can be written to, or name another Cache in the"
        " add-on's preferences and add the look anew"
    ),
}
"""What the runtime advises for its command line, and what that is in Blender."""


def _make(job: Job, look: LookNode, frame: int, cancelled: Callable[[], bool]) -> None:
    """Run a job; say in Blender's words what it says of its plate and its options."""

    def told(text: str) -> str:
        here = text.replace(job.plate, f"what is wired into {look.title}")
        for advice, ours in _HERE.items():
            here = here.replace(advice, ours)
        return here

    try:
        worker = resident.worker(bpy.path.abspath(preferences().runtime), bundled.command())
        for event in worker.submit(job, cancelled):
            if event.kind == "warning":  # of each frame anew, as each is a job
                messages.add(f"Frame {frame}: {told(event.text)}", once=True)
    except VelaturaError as error:
        text = told(str(error))
        if text == str(error):
            raise
        clear = type(error)(text)
        clear.exit_code = error.exit_code
        raise clear from error
