"""How a render ends that cannot be finished: with its reason, and never with a wrong picture.

Blender lets no script fail a render. In the background the process ends, with the runtime's exit
code: farms see it. In the window the output path is blocked, so that Blender itself gives up as it
is about to write the frame, and the look nodes turn magenta.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import NoReturn

import bpy

from velatura.errors import VelaturaError

from . import law
from .looknode import LookNode

_BUG = 1  # exit code, as `velatura` itself has it


def text_of(error: Exception) -> str:
    """Return an error for people; of a bug its whole story."""
    if isinstance(error, VelaturaError):
        return str(error)
    return "A bug in velatura: " + "".join(traceback.format_exception(error))


def leave(error: Exception, where: str) -> NoReturn:
    """End a background Blender with the reason on stderr: no file of this frame is written."""
    sys.stdout.flush()
    sys.stderr.write(f"velatura: {where}: {text_of(error)}\n")
    sys.stderr.flush()
    os._exit(getattr(error, "exit_code", _BUG))


class Blockade:
    """Keeps a render from writing any further frame, until it is lifted."""

    def __init__(self, scene: bpy.types.Scene, looks: list[LookNode]) -> None:
        self._scene, self._path = scene, scene.render.filepath
        self._images = [(image, image.filepath_raw) for image in map(_image, looks)]
        nowhere = os.path.join(os.devnull, "velatura stopped this render")  # noqa: PTH118
        scene.render.filepath = nowhere
        for image, _ in self._images:
            image.filepath_raw = os.path.join(nowhere, "gain.0000.exr")  # noqa: PTH118
            image.reload()

    def lift(self) -> None:
        self._scene.render.filepath = self._path
        for image, path in self._images:
            image.filepath_raw = path
            image.reload()


def _image(each: LookNode) -> bpy.types.Image:
    return law.gain_image(each.group)
