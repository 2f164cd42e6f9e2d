"""The frame format: which size and part of the frame a scene renders, as gain layers know it.

A proxy or a render region bakes into a folder of its own inside the look node's: it never touches
the gain layers of the whole frame.
"""

from __future__ import annotations

import hashlib
import re

import bpy

_WHOLE = 100  # per cent
_VARIANT = re.compile(r"(stereo|\d+pct|region-[0-9a-f]{8})(\.(\d+pct|region-[0-9a-f]{8}))*")


def variant(scene: bpy.types.Scene) -> str:
    """Return the name of the folder for what a scene renders now; "" for the whole frame."""
    render, parts = scene.render, []
    if render.use_multiview:  # never baked: without the add-on such a render is magenta
        parts.append("stereo")
    if render.resolution_percentage != _WHOLE:
        parts.append(f"{render.resolution_percentage}pct")
    if render.use_border:
        edges = (
            *(render.border_min_x, render.border_max_x, render.border_min_y, render.border_max_y),
            float(render.use_crop_to_border),
        )
        told = " ".join(f"{edge:.6f}" for edge in edges)
        parts.append(f"region-{hashlib.sha256(told.encode()).hexdigest()[:8]}")
    return ".".join(parts)


def is_variant(name: str) -> bool:
    """Say whether a folder is named as `variant` names one."""
    return _VARIANT.fullmatch(name) is not None


def size(scene: bpy.types.Scene) -> tuple[int, int]:
    """Return the width and height that a scene renders, px, before any cropping."""
    render = scene.render
    share = render.resolution_percentage / _WHOLE
    return int(render.resolution_x * share), int(render.resolution_y * share)
