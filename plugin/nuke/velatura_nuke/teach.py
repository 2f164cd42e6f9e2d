"""Teaching: plates and painted keys are written for the trainer, which is handed what Nuke knows.

All of it asks Nuke, and belongs into its main thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nuke

from velatura import client
from velatura.errors import FrameError, InputError

from . import colour, guides, refusals, undo, writing
from .looknode import LookNode, substituted
from .panel import FLOATS, LAYERS, SMART

_PLATE, _PAINT = "plate.%04d.exr", "paint.%04d.exr"
_LAST = "Passes4"  # what SrcWrite is wired to, but while it writes keys and maps
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
    keys, span = _keyframes(look), look.span()
    source = look.node.input(0)
    plate = source.channels() if source is not None else None
    folder = substituted(str(look.node["teach_folder"].value())) / look.node.name()
    refusals.demand_teaching(look, keys, plate, folder)
    program = client.runtime()
    run = _run(folder, new=not resume)
    if resume and not run.is_dir():
        raise InputError(f"{look.name} has no training to go on with", do="Press Train")
    motion = str(look.node["motion"].value())
    passes = guides.there(look, plate or [], _FORWARD if motion == LAYERS else ())
    maps = [f"{key}:{folder / 'maps' / f'key{key}.####.exr'}" for key in keys]
    if not resume:
        _write(look, folder, span, keys, maps=motion == SMART)
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
    return Lesson(look.name, run, tuple(train), export, file, _told(folder))


def add_key(look: LookNode, frame: int) -> None:
    """Add a frame to the keyframes."""
    frames = sorted({*_keyframes(look), frame})
    look.node["keyframes"].setValue(" ".join(map(str, frames)))


def _keyframes(look: LookNode) -> list[int]:
    text = str(look.node["keyframes"].value())
    words = text.replace(",", " ").split()
    if wrong := [word for word in words if not re.fullmatch(r"\d+", word)]:
        raise FrameError(
            f"A keyframe of {look.name} is no frame number",
            found=", ".join(wrong),
            do="Write them as 1001 1024",
        )
    return sorted({int(word) for word in words})


def _write(
    look: LookNode, folder: Path, span: Sequence[int], keys: Sequence[int], *, maps: bool
) -> None:
    """Write the plates of the whole range, and the keys; for SmartVectors an STMap for each key."""
    view = nuke.views()[:1]  # a look of a stereo shot is learnt from its first view
    (folder / "maps").mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.exr"):
        old.unlink()
    look.put("SrcWrite", "datatype", FLOATS)
    with undo.none():
        look.put("SrcWrite", "file", (folder / _PLATE).as_posix())
        writing.write(look, span, view)
        with _wired(look, look.inner("painted")):
            look.put("SrcWrite", "file", (folder / _PAINT).as_posix())
            writing.write(look, keys, view)
        for key in keys if maps else ():
            with _distorted(look, key) as node, _wired(look, node):
                look.put("SrcWrite", "file", (folder / f"maps/key{key}.%04d.exr").as_posix())
                writing.write(look, span, view)


@contextmanager
def _wired(look: LookNode, source: nuke.Node) -> Iterator[None]:
    """Let SrcWrite write another node meanwhile."""
    writer = look.inner("SrcWrite")
    writer.setInput(0, source)
    try:
        yield
    finally:
        writer.setInput(0, look.inner(_LAST))


@contextmanager
def _distorted(look: LookNode, key: int) -> Iterator[nuke.Node]:
    """Yield NukeX's VectorDistort, showing where in a key each pixel of a frame lies."""
    with look.node:
        node = nuke.nodes.VectorDistort()
    try:
        node.setInput(0, look.inner("img"))
        node.setInput(1, look.inner("guides"))
        node["referenceFrame"].setValue(key)
        node["outputMode"].setValue("st-map inverse")
        yield node
    finally:
        nuke.delete(node)


def _run(folder: Path, *, new: bool) -> Path:
    known = [int(path.name[4:]) for path in folder.glob("run-*") if path.name[4:].isdigit()]
    return folder / f"run-{max(known, default=0) + (new or not known)}"


def _told(folder: Path) -> str:
    plates, keys, maps = (list(folder.glob(name)) for name in ("plate.*", "paint.*", "maps/*.exr"))
    size = sum(path.stat().st_size for path in [*plates, *keys, *maps]) / 1e6
    counted = f"{len(plates)} plates, {len(keys)} keys" + (f", {len(maps)} maps" if maps else "")
    return f"{counted}, {size:.0f} MB in {folder}"
