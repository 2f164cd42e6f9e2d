"""How a render ends that cannot be finished: with its reason, and never with a wrong picture.

Blender lets no script fail a render. In the background the process ends, with the runtime's exit
code: farms see it. In the window the output path is blocked, so that Blender itself gives up as it
is about to write the frame, and the look nodes turn magenta. A movie is open already, so Blender
is made to write a picture there; as it fails, it closes the movie behind the last good frame.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import NoReturn

import bpy

from velatura import bakes
from velatura.errors import VelaturaError

from .. import compat
from ..nodes import gain_nodes, uses
from ..nodes.graph_walk import is_look, places

_BUG, _INTERRUPTED = 1, 130  # exit codes, as `velatura` itself has them


def text_of(error: BaseException) -> str:
    """Return an error for people; of a bug its whole story."""
    if isinstance(error, VelaturaError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "Interrupted; files under their final names are whole"
    return "A bug in velatura: " + "".join(traceback.format_exception(error))


def leave(error: BaseException, where: str) -> NoReturn:
    """End a background Blender with the reason on stderr: no file of this frame is written."""
    sys.stdout.flush()
    sys.stderr.write(f"velatura: {where}: {text_of(error)}\n")
    sys.stderr.flush()
    usual = _INTERRUPTED if isinstance(error, KeyboardInterrupt) else _BUG
    os._exit(getattr(error, "exit_code", usual))


class Blockade:
    """Keeps a render from writing any further frame, until it is lifted."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        self._scene, self._path = scene, scene.render.filepath
        self._movie = compat.as_picture(scene) if scene.render.is_movie_format else {}
        tree = compat.graph_of(scene)
        nodes = [place.node for place in places(tree)] if tree is not None else []
        writers = (node for node in nodes if node.bl_idname == uses.FILE_OUTPUT)
        self._writers = [node for node in writers if not node.mute]
        for node in self._writers:
            node.mute = True
        images = [gain_nodes.gain_image(node.node_tree) for node in nodes if is_look(node)]
        self._images = [(image, image.filepath_raw) for image in images]
        nowhere = os.path.join(os.devnull, "velatura stopped this render")  # noqa: PTH118
        scene.render.filepath = nowhere
        for image, _ in self._images:
            image.filepath_raw = os.path.join(nowhere, bakes.gain_name("stopped", "0000"))  # noqa: PTH118
            image.reload()

    def lift(self) -> None:
        self._scene.render.filepath = self._path
        for name, value in self._movie.items():
            setattr(self._scene.render.image_settings, name, value)
        for node in self._writers:
            node.mute = False
        for image, path in self._images:
            image.filepath_raw = path
            image.reload()
