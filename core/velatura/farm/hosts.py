"""Hosts' own renders of a range of frames, on the command line."""

from __future__ import annotations

from typing import Literal

from velatura.errors import InputError
from velatura.image.ranges import frame_numbers

Host = Literal["blender", "nuke"]

_PROGRAMS: dict[str, str] = {"blender": "blender", "nuke": "nuke"}


def argv(host: Host, program: str, file: str, frames: str) -> list[str]:
    """Return the command that renders some frames of a host's file.

    Args:
        host: whose file it is.
        program: the host's program; empty for the one on the PATH.
        file: the .blend or .nk.
        frames: a range in any spelling that `velatura apply` knows.

    Raises:
        FrameError: it is no range.
        InputError: negative frames, which neither host takes in a list.
    """
    numbers = frame_numbers(frames)
    if numbers[0] < 0:
        raise InputError(f"{host} takes no negative frames in a list", found=frames)
    start = program or _PROGRAMS[host]
    listed = [str(number) for number in numbers]
    if host == "blender":
        return [start, "--background", file, "--render-frame", ",".join(listed)]
    ranges = [word for number in listed for word in ("-F", number)]
    return [start, "-x", *ranges, file]
