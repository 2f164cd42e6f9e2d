"""Orders: the trainer's commands for a scene, with all that Blender knows of its shot."""

from __future__ import annotations

from pathlib import Path

import bpy

from velatura import runtime
from velatura.errors import InputError, MissingRuntimeError

from .. import compat
from ..preferences import preferences
from . import keys

COMMAND = "python install.py train"
"""What sets the trainer up, in velatura's folder."""


def trainer() -> list[str]:
    """Return what starts velatura with its trainer: never the runtime that the zip brings.

    Raises:
        MissingRuntimeError: none is to be found.
    """
    own = preferences()
    try:
        return runtime.runtime(bpy.path.abspath(own.trainer or own.runtime))
    except MissingRuntimeError as error:
        raise MissingRuntimeError(
            "Looks are learnt by velatura's trainer, which is not installed",
            found=str(error).partition("\n")[0],
            do=f"Run `{COMMAND}` in velatura's folder, once; or name it as Trainer in the"
            " preferences",
        ) from error


def run(scene: bpy.types.Scene, *, new: bool) -> Path:
    """Return the folder of a scene's training: the latest one, or a ``new`` one."""
    below = keys.folder(scene)
    known = [int(path.name[4:]) for path in below.glob("run-*") if path.name[4:].isdigit()]
    return below / f"run-{max(known, default=0) + (new or not known)}"


def look(scene: bpy.types.Scene) -> Path:
    """Return the file that the look is written to."""
    return keys.folder(scene) / f"{bpy.path.clean_name(scene.velatura_teach.name)}.onnx"


def plates(scene: bpy.types.Scene) -> str:
    """Return the frames that were painted over, as the trainer names them."""
    named = scene.velatura_teach.plates
    return bpy.path.abspath(named) if named else str(keys.folder(scene) / keys.PLATE)


def commands(scene: bpy.types.Scene, *, resume: bool) -> dict[str, list[str]]:
    """Return what is run one after the other: learn, write the look, say what to paint next.

    Raises:
        InputError: nothing is painted yet.
        MissingRuntimeError: the trainer is not installed.
    """
    teach = scene.velatura_teach
    if not teach.keys:
        raise InputError("No frame is painted yet", do="Render one, and press Paint This Frame")
    lead, out = trainer(), run(scene, new=not resume)
    painted = Path(bpy.path.abspath(teach.keys[0].path))
    pattern = str(painted.with_name(f"{keys.PAINT}.####{painted.suffix}"))
    shot = [*_start(scene), *_layer(scene)]
    learn = [
        *(*lead, "train", plates(scene), "--painted", pattern, "--out", str(out)),
        *(f"--minutes={teach.minutes:g}", "--progress=openjd", *shot),
        *("--space", compat.working_space(), "--config", compat.config(), *_view(scene, painted)),
        *(["--free"] if teach.free else []),
        *(["--resume"] if resume else []),
    ]
    write = [*lead, "export", str(out), "--out", str(look(scene)), "--name", teach.name]
    advise = [
        *(*lead, "suggest", plates(scene), "--painted", pattern, "--run", str(out)),
        *("--json", *shot),
    ]
    return {"learn": learn, "write": write, "advise": advise}


def _start(scene: bpy.types.Scene) -> list[str]:
    movie = Path(plates(scene)).suffix.casefold() in keys.MOVIES
    return [f"--start={scene.velatura_teach.start}"] if movie else []


def _view(scene: bpy.types.Scene, painted: Path) -> list[str]:
    """Say through which view the paint was seen; an EXR holds light, and was seen through none."""
    if painted.suffix == ".exr":
        return []
    shown = f"{scene.display_settings.display_device}/{scene.view_settings.view_transform}"
    return [f"--painted-view={shown}"]


def _layer(scene: bpy.types.Scene) -> list[str]:
    """Name the picture in renders that we kept: what the graph made of it, where there is one."""
    if scene.velatura_teach.plates:
        return []
    composed = scene.render.use_compositing and compat.graph_of(scene) is not None
    return ["--layer", f"{'Composite' if composed else scene.view_layers[0].name}.Combined"]
