"""The badge: a look node's label says how many frames are missing, "ink: 3 missing", in a window.

It is no part of the file: it goes before each save, see `velatura_blender.nodes.saving`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

import bpy

from velatura import bakes
from velatura.errors import VelaturaError

from .. import compat
from ..nodes import uses
from ..nodes.looknode import title_of
from ..render import hook
from . import bake_status

_EVERY = 2.0  # seconds between two looks at the disk
_WORDS = {bakes.MISSING: "missing", bakes.STALE: "out of date"}


def text(states: Mapping[int, str]) -> str:
    """Return what is to be said of a look's frames: ": 3 missing", or "" where all are baked."""
    counts = Counter(states.values())
    said = [f"{counts[state]} {word}" for state, word in _WORDS.items() if counts[state]]
    return f": {', '.join(said)}" if said else ""


def refresh(scene: bpy.types.Scene) -> None:
    """Let the look nodes of a scene say what is baked of its frame range."""
    for look in uses.looks(scene):
        if look.node.id_data.library is None and look.group.library is None:
            states = bake_status.of(look, compat.frames(scene)).states
            label = title_of(look.node) + text(states)
            if look.node.label != label:
                look.node.label = label


def _tick() -> float:
    if not hook.is_rendering() and not bpy.app.is_job_running("RENDER"):
        with suppress(VelaturaError):  # the panel says it
            refresh(bpy.context.scene)
    return _EVERY


def register() -> None:
    if not bpy.app.background:
        bpy.app.timers.register(_tick, first_interval=_EVERY, persistent=True)


def unregister() -> None:
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
