"""Keyframes: the painted frames that a look is learnt from, as the tab Teach has them."""

from __future__ import annotations

import re

from velatura.errors import FrameError

from .looknode import LookNode

_KNOB = "keyframes"


def read(look: LookNode) -> list[int]:
    """Return the keyframes of a look node, in order.

    Raises:
        FrameError: one of them is no frame number.
    """
    words = str(look.node[_KNOB].value()).replace(",", " ").split()
    if wrong := [word for word in words if not re.fullmatch(r"\d+", word)]:
        raise FrameError(
            f"A keyframe of {look.name} is no frame number",
            found=", ".join(wrong),
            do="Write them as 1001 1024",
        )
    return sorted({int(word) for word in words})


def add(look: LookNode, frame: int) -> None:
    """Add a frame to the keyframes."""
    look.node[_KNOB].setValue(" ".join(map(str, sorted({*read(look), frame}))))
