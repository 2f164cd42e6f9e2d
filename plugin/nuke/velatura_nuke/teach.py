"""Teaching: plates and painted keys are written for the trainer, which is handed what Nuke knows.

All of it asks Nuke, and belongs into its main thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nuke

from velatura import client
from velatura.errors import InputError

from . import colour, guides, keyframes, refusals, undo, vectors, writing
from .looknode import LookNode
from .panel import FLOATS, LAYERS, SMART

_PLATE, _PAINT = "plate.%04d.exr", "paint.%04d.exr"
_INPUTS = ((0, "img"), (3, "painted"))
_FORWARD = ("forward", "backward")


@dataclass(frozen=True)
class Lesson:
    """What the trainer is told.

    Attributes:
        name: the node's full name.
        run: the folder of the training.
        train: the command that learns.
        export: the command that then writes the look.
        look: the look's file.
        written: what lies on disk for it, in words.
    """

    name: str
    run: Path
    train: tuple[str, ...]
    export: tuple[str, ...]
    look: Path
    written: str


def prepare(look: LookNode, *, resume: bool = False) -> Lesson:
    """Write plates, keys and motion, and return the trainer's orders.

    Args:
        look: the look node: what is wired to img and painted is learnt from.
        resume: go on with the last training, from what was written for it.

    Raises:
        InputError: nothing is wired to img or painted, no training to go on with.
        FrameError: no keyframes, or not in the frame range.
        PassError: the motion that was chosen is not there.
        MachineError: Nuke could not write.
        MissingRuntimeError: there is no trainer.
    """
    keys, span = keyframes.read(look), look.span()
    source = look.node.input(0)
    plate = source.channels() if source is not None else None
    folder = look.lesson
    refusals.demand_teaching(look, keys, _INPUTS)
    program = client.runtime()
    run = _run(folder, new=not resume)
    if resume and not run.is_dir():
        raise InputError(f"{look.name} has no training to go on with", do="Press Train")
    motion = str(look.node["motion"].value())
    passes = guides.there(look, plate or [], _FORWARD if motion == LAYERS else ())
    if motion == SMART and not resume:
        vectors.provide(look, keys)
    maps = [f"{key}:{vectors.files(look, key)}" for key in keys]
    if not resume:
        _write(look, folder, span, keys)
    space, config = colour.told()
    options = {
        "--painted": str(folder / _PAINT.replace("%04d", "####")),
        "--out": str(run),
        "--space": space,
        "--config": config,
        "--passes": passes,
        "--motion": ",".join(f"{name}={name}" for name in _FORWARD) if motion == LAYERS else "",
    }
    file = folder / f"{look.node.name()}.onnx"
    train = [
        *(*program, "train", str(folder / _PLATE.replace("%04d", "####"))),
        *(word for name, value in options.items() if value for word in (name, value)),
        *(["--stmap", *maps] if motion == SMART else []),
        *(["--free"] if look.node["teach_free"].value() else []),
        *(["--resume"] if resume else []),
        f"--minutes={look.node['minutes'].value():g}",
        "--progress=openjd",
    ]
    export = (*program, "export", str(run), "--out", str(file), "--name", look.node.name())
    return Lesson(look.name, run, tuple(train), export, file, _told(look))


def _write(look: LookNode, folder: Path, span: Sequence[int], keys: Sequence[int]) -> None:
    """Write the plates of the whole range, and the keys."""
    view = nuke.views()[:1]  # a look of a stereo shot is learnt from its first view
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.exr"):
        old.unlink()
    look.put("SrcWrite", "datatype", FLOATS)
    with undo.none():
        look.put("SrcWrite", "file", (folder / _PLATE).as_posix())
        writing.write(look, span, view)
        with writing.wired(look, look.inner("painted")):
            look.put("SrcWrite", "file", (folder / _PAINT).as_posix())
            writing.write(look, keys, view)


def _run(folder: Path, *, new: bool) -> Path:
    known = [int(path.name[4:]) for path in folder.glob("run-*") if path.name[4:].isdigit()]
    return folder / f"run-{max(known, default=0) + (new or not known)}"


def _told(look: LookNode) -> str:
    plates, keys = (list(look.lesson.glob(name)) for name in ("plate.*", "paint.*"))
    size = sum(path.stat().st_size for path in [*plates, *keys]) / 1e6
    written = f"{len(plates)} plates, {len(keys)} keys, {size:.0f} MB in {look.lesson}"
    return "; ".join(filter(None, (written, vectors.told(look))))
