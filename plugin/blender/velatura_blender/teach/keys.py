"""Painted frames: the render as it is shown, kept beside its plate, and painted over.

The plate is the render before the screen's view (AgX, Filmic), with its passes; the paint begins as
the same picture in that view, so that it looks in a painting program as it does in Blender.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

from velatura.errors import InputError, StorageError

from .. import compat
from ..nodes.graph_walk import is_look

PAINT, PLATE = "paint", "plate.####.exr"
MOVIES = (".mov", ".mp4", ".mkv")

_RESULT = "Render Result"
_EXR = {"file_format": "OPEN_EXR_MULTILAYER", "color_depth": "32", "exr_codec": "ZIP"}
_PNG = {"file_format": "PNG", "color_depth": "8", "color_mode": "RGB"}
_NEUTRAL = {"exposure": 0.0, "gamma": 1.0, "look": "None", "use_curve_mapping": False}


def folder(scene: bpy.types.Scene) -> Path:
    """Return where a scene's plates, paint and runs lie: beside the .blend.

    Raises:
        InputError: the .blend is not saved yet.
    """
    if not bpy.data.filepath:
        raise InputError("Paint and plates lie beside the .blend", do="Save it first")
    return Path(bpy.path.abspath("//velatura"), "teach", bpy.path.clean_name(scene.name))


def paint(scene: bpy.types.Scene) -> bpy.types.Image:
    """Keep the render of this frame as a plate, and return its picture, to be painted on.

    Paint that is there already stays as it is.

    Raises:
        InputError: there is no render, or it shows a look already.
        StorageError: it cannot be written.
    """
    frame = scene.frame_current
    path = folder(scene) / f"{PAINT}.{frame:04d}.png"
    known = _key(scene, frame)
    if known is None or not Path(bpy.path.abspath(known.path)).is_file():
        _demand_suffix(scene, path)
        _refuse_looks(scene)
        path.parent.mkdir(parents=True, exist_ok=True)
        plate = PLATE.replace("####", f"{frame:04d}")
        _save(scene, path.with_name(plate), "MULTI_LAYER_IMAGE", _EXR)
        _save(scene, path, "IMAGE", _PNG)
        known = mark(scene, frame, path)
    return bpy.data.images.load(bpy.path.abspath(known.path), check_existing=True)


def add(scene: bpy.types.Scene, file: Path, frame: int) -> None:
    """Mark a file that was painted elsewhere as the paint of a frame; it is copied.

    Raises:
        InputError: it is of another format than the paint that is there.
        StorageError: it cannot be copied.
    """
    path = folder(scene) / f"{PAINT}.{frame:04d}{file.suffix.casefold()}"
    _demand_suffix(scene, path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if file != path:
            shutil.copyfile(file, path)
    except OSError as error:
        raise StorageError(f"{file} cannot be copied to {path}", found=error.strerror) from error
    mark(scene, frame, path)


def mark(scene: bpy.types.Scene, frame: int, path: Path) -> Any:
    """Note that a frame is painted; return the note."""
    key = _key(scene, frame) or scene.velatura_teach.keys.add()
    key.frame, key.path = frame, bpy.path.relpath(str(path))
    return key


def forget(scene: bpy.types.Scene, frame: int) -> None:
    """Take a frame from the painted ones. Its file gets another name, as the trainer reads all."""
    keys = scene.velatura_teach.keys
    for place, key in enumerate(keys):
        if key.frame == frame:
            path = Path(bpy.path.abspath(key.path))
            if path.is_file():
                path.replace(path.with_name(f"unused-{path.name}"))
            keys.remove(place)
            return


def save(scene: bpy.types.Scene) -> None:
    """Save what was painted in Blender's own image editor since."""
    paths = {Path(bpy.path.abspath(key.path)) for key in scene.velatura_teach.keys}
    for image in bpy.data.images:
        if image.is_dirty and Path(bpy.path.abspath(image.filepath)) in paths:
            image.save()


def _key(scene: bpy.types.Scene, frame: int) -> Any:
    return next((key for key in scene.velatura_teach.keys if key.frame == frame), None)


def _demand_suffix(scene: bpy.types.Scene, path: Path) -> None:
    kinds = {Path(key.path).suffix for key in scene.velatura_teach.keys} - {path.suffix}
    if kinds:
        raise InputError(
            f"The painted frames are {kinds.pop()} files, and this one is {path.suffix}",
            do="Save it in the same format, as all are read alike",
        )


def _refuse_looks(scene: bpy.types.Scene) -> None:
    tree = compat.graph_of(scene)
    nodes = [] if tree is None or not scene.render.use_compositing else tree.nodes
    if any(is_look(node) and not node.mute for node in nodes):
        raise InputError(
            "The render shows a look already, and would be taught as its own plate",
            do="Mute the look node (M), press F12, and paint then",
        )


def _save(scene: bpy.types.Scene, path: Path, media: str, wanted: dict[str, Any]) -> None:
    """Write the Render Result of a scene, in a format of ours and without a grade of the view.

    Raises:
        InputError: there is no render.
    """
    settings, view = scene.render.image_settings, scene.view_settings
    kind = {"media_type": media} if compat.IS5 else {}
    try:
        with _set(view, _NEUTRAL), _set(settings, {**kind, **wanted}):
            bpy.data.images[_RESULT].save_render(str(path), scene=scene)
    except (KeyError, RuntimeError) as error:
        raise InputError(
            f"There is no render of frame {scene.frame_current} to paint on", do="Press F12 first"
        ) from error


@contextmanager
def _set(owner: Any, wanted: dict[str, Any]) -> Iterator[None]:
    """Set attributes, in this order, and put them back as they were."""
    before = {name: getattr(owner, name) for name in wanted}
    try:
        for name, value in wanted.items():
            setattr(owner, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(owner, name, value)
