"""The last render: the scene, frame and size that Blender has in memory, to bake from."""

from __future__ import annotations

import bpy

from ..nodes import frame_format

_Kept = tuple[int, int, tuple[int, int], str]  # scene, frame, size, what of it

_kept: _Kept | None = None


def note(scene: bpy.types.Scene) -> None:
    """Remember that a scene has been rendered, with the frame it shows."""
    global _kept  # noqa: PLW0603  # Blender has one of them, too
    _kept = _of(scene, scene.frame_current)


def forget() -> None:
    """Know of no render: another file was opened."""
    global _kept  # noqa: PLW0603
    _kept = None


def is_of(scene: bpy.types.Scene, frame: int) -> bool:
    """Say whether a frame of a scene was rendered last, at the size that it renders now."""
    return _kept == _of(scene, frame)


def is_of_another(scene: bpy.types.Scene) -> bool:
    """Say whether another frame of the scene is shown than its current one: it was scrubbed."""
    return _kept is not None and _kept[0] == scene.session_uid and _kept[1] != scene.frame_current


def _of(scene: bpy.types.Scene, frame: int) -> _Kept:
    size = frame_format.size(scene)
    return scene.session_uid, frame, size, frame_format.variant(scene)
