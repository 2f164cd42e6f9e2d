"""The display: what looks show where they have no gain layer, to who looks on and to a render.

In a window the plate is shown, as an unbaked frame is nothing to worry about yet. A render and a
file get magenta: there it must not pass for finished.
"""

from __future__ import annotations

import bpy

from . import gain_nodes, home


def show_plates(*, alone: bool = False) -> None:
    """Let all looks of the file show the plate; nothing without a window, where nobody looks.

    Args:
        alone: even where they have a gain layer, as that is not of the render that is shown.
    """
    _set(not bpy.app.background, plate=alone)


def show_alarm() -> None:
    """Let all looks of the file show magenta."""
    _set(False)


def _set(plates: bool, *, plate: bool = False) -> None:
    for group in home.groups():
        if group.library is None:
            gain_nodes.set_preview(group, plates, plate=plate)
