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
    """Keeps a render from writing any further frame, until it is lifted.

    Args:
        scene: the scene whose looks are not what they should be.
        outer: the scene whose render is under way: another, where it shows that one in a strip.
    """

    def __init__(self, scene: bpy.types.Scene, outer: bpy.types.Scene | None = None) -> None:
        scenes = [scene] if outer in (None, scene) else [scene, outer]
        self._paths = [(each, each.render.filepath) for each in scenes]
        self._movies = [
            (each, compat.as_picture(each)) for each in scenes if each.render.is_movie_format
        ]
        trees = filter(None, map(compat.graph_of, scenes))
        nodes = [place.node for tree in trees for place in places(tree)]
        writers = (node for node in nodes if node.bl_idname == uses.FILE_OUTPUT)
        self._writers = [node for node in writers if not node.mute]
        for node in self._writers:
            node.mute = True
        images = [gain_nodes.gain_image(node.node_tree) for node in nodes if is_look(node)]
        self._images = [(image, image.filepath_raw) for image in images]
        nowhere = os.path.join(os.devnull, "velatura stopped this render")  # noqa: PTH118
        for each in scenes:
            each.render.filepath = nowhere
        for image, _ in self._images:
            image.filepath_raw = os.path.join(nowhere, bakes.gain_name("stopped", "0000"))  # noqa: PTH118
            image.reload()

    def lift(self) -> None:
        for scene, path in self._paths:
            scene.render.filepath = path
        for scene, settings in self._movies:
            for name, value in settings.items():
                setattr(scene.render.image_settings, name, value)
        for node in self._writers:
            node.mute = False
        for image, path in self._images:
            image.filepath_raw = path
            image.reload()
