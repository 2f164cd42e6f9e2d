"""Refusals: what keeps a look from being rendered as it stands, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

import nuke

from velatura.errors import FrameError, InputError, LookError

from . import edition
from .group import LATEST
from .looknode import LookNode

_WIRES = {
    "img": "Wire the plate to img",
    "painted": "Wire the plate with paint over it to painted",
    "guides": "Wire SmartVectors to guides, or choose another motion",
}


def demand(look: LookNode, frames: Sequence[int], plate: Sequence[str] | None) -> None:
    """Raise what keeps a look from being rendered as it stands; in the main thread.

    Args:
        look: the look.
        frames: frame numbers.
        plate: the channels of what is wired to img; None where nothing is.

    Raises:
        InputError: nothing is wired in, or deep images are; the script has no name, is in proxy
            mode.
        FrameError: no frames, or such as files have no names for.
        LookError: no look was chosen.
    """
    if nuke.value("root.proxy").casefold() not in {"0", "false"}:
        raise InputError(
            f"{look.name} cannot be rendered in proxy mode: its gain would be made from proxies",
            do="Switch the proxy mode off, render the gain, and switch it on again",
        )
    if plate is None:
        raise InputError(f"Nothing is wired to the input img of {look.name}", do="Wire the plate")
    if {"deep.front", "deep.back"} & set(plate):
        raise InputError(
            f"What is wired into {look.name} is deep: a look sees one colour for each pixel",
            do="Put a DeepToImage before it",
        )
    if look.path == Path():
        raise LookError(f"{look.name} has no look yet", do="Choose one in its list, or its file")
    if not look.folder.is_absolute():
        raise InputError(
            f"The gain of {look.name} has no folder yet: the script was never saved",
            found=f"the cache folder {look.folder.parent}",
            do="Save the script, or give an absolute cache folder",
        )
    if not frames or max(frames) > LATEST:
        raise FrameError(
            f"{look.name} has no frames to render the gain of",
            found=f"{min(frames)} to {max(frames)}" if frames else "none",
            do=f"Give a frame range between 0 and {LATEST}, the first before the last",
        )
    if min(frames) < 0:
        raise FrameError(
            f"{look.name} renders no frames before 0: gain files have no names for them",
            found=f"{min(frames)} to {max(frames)}",
            do="Begin at 0, or shift the shot by a TimeOffset before the look and one behind it",
        )


def demand_inside(look: LookNode) -> None:
    """Raise where a graph scope variable leads a look's gain out of its folder.

    Raises:
        InputError: it does.
    """
    if ".." in PurePath(look.own()).parts:
        raise InputError(
            f"A graph scope variable leads the gain of {look.name} out of its own folder",
            found=look.own(),
            do="Give the variable a value without ..",
        )


def demand_teaching(look: LookNode, keys: Sequence[int], inputs: Sequence[tuple[int, str]]) -> None:
    """Raise what keeps a look from being learnt as its node is wired; in the main thread.

    Args:
        look: the look node.
        keys: frame numbers of the painted frames.
        inputs: numbers and names of the inputs that are needed.

    Raises:
        InputError: nothing is wired to one of them; the script has no name.
        FrameError: no keyframes, or not in the frame range.
    """
    if edition.limited():
        raise InputError(
            f"{look.name} cannot be taught here: this edition of Nuke gives Python too few nodes",
            do="Write the plates and the painted keyframes yourself, raw, and run velatura train",
        )
    for place, name in inputs:
        if look.node.input(place) is None:
            raise InputError(
                f"Nothing is wired to the input {name} of {look.name}",
                do=_WIRES[name],
            )
    outside = [frame for frame in keys if frame not in look.span()]
    if not keys or outside:
        raise FrameError(
            f"{look.name} has no painted frame to learn from in its frame range"
            if not keys
            else f"Keyframes of {look.name} are outside its frame range",
            found=", ".join(map(str, outside)) or "no keyframes",
            do="Go to a painted frame and press Add this frame; the range is in the tab Gain",
        )
    if not look.lesson.is_absolute():
        raise InputError(
            f"The lesson of {look.name} has no folder yet: the script was never saved",
            found=str(look.lesson),
            do="Save the script, or give an absolute folder",
        )
