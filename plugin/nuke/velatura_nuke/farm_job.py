"""A farm job: plates by ``nuke -x``, gains by the runtime, the shot by ``nuke -x``.

The job is a folder with an Open Job Description template (2023-09), which `openjd run` and AWS
Deadline Cloud take. The machines that make the gains need velatura and no Nuke; the others need a
Nuke that renders and no plug-in. Scripts for each step lie beside the artist's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nuke

from velatura import bakes
from velatura.errors import InputError
from velatura.job import Job

from . import baking, moved, undo, writing
from .baking import Bake
from .looknode import LookNode

TEMPLATE, BUNDLE, VALUES = "template.json", "parameter_values.json", "parameters.json"
"""The job, and this machine's paths for `deadline bundle submit` and for ``openjd run -p file://``."""

_SOURCE = "source"  # folder of the plates, beside those of the views
_FRAME = "{{Task.Param.Frame}}"
_PATHS = ("plate", "out", "look")  # of a Job: what a farm maps

Object = dict[str, Any]


@dataclass(frozen=True)
class _Step:
    """A step of the job: a command with paths as parameters, for each chunk of frames."""

    name: str
    program: str
    words: tuple[str, ...]
    paths: tuple[tuple[str, str, str], ...]  # parameter, path, its data flow


def write(looks: Sequence[LookNode], frames: Sequence[int], folder: Path, chunk: int) -> Path:
    """Write the job of a script's looks, those first that others depend on; return its template.

    The script is saved; the gains of these frames count as made from its graph as it is now.

    Raises:
        InputError: the script was never saved, or a look cannot be rendered as it is wired.
        StorageError: the folder cannot be written.
    """
    script = Path(nuke.value("root.name", ""))
    if not script.is_absolute():
        raise InputError("The script was never saved: a farm could not open it", do="Save it")
    orders = [baking.prepare(look, frames) for look in looks]
    steps: list[_Step] = []
    with undo.none():
        for order, look in zip(orders, looks):
            steps += _gain_steps(order, look, frames, script)
            _note(order, frames)
        steps.append(_nuke_step("Render", _saved(script, "render")))
        nuke.scriptSaveAs(str(script), 1)
    folder.mkdir(parents=True, exist_ok=True)
    values = {name: path for step in steps for name, path, _ in step.paths}
    bundle = {"parameterValues": [{"name": n, "value": v} for n, v in values.items()]}
    texts = ((TEMPLATE, _template(script.stem, steps, frames, chunk)), (BUNDLE, bundle))
    for name, said in (*texts, (VALUES, values)):
        (folder / name).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    return folder / TEMPLATE


def _gain_steps(
    order: Bake, look: LookNode, frames: Sequence[int], script: Path
) -> Iterator[_Step]:
    """Yield the steps that make a look's gain, and let the node read it."""
    plates = look.folder / _SOURCE
    writer = look.inner("SrcWrite")
    writer["file"].setValue((plates / "%V" / f"{order.slug}.%04d.exr").as_posix())
    writer["create_directories"].setValue(True)
    writer["views"].setValue(" ".join(order.views))
    with _alone(writer):
        yield _nuke_step(f"Plates{look.name}", _saved(script, f"plates-{look.name}"))
    for view in order.views:
        job = next(each for each in order.jobs(frames) if Path(each.out).name == view)
        yield _runtime_step(
            f"Gains{look.name}{view}", job, str(plates / view / Path(job.plate).name)
        )
    baking.read(look, frames)


def _nuke_step(name: str, script: Path) -> _Step:
    name = _word(name)
    words = ("-x", "-F", _FRAME, f"{{{{Param.{name}Script}}}}")
    return _Step(name, "Nuke", words, ((f"{name}Script", str(script), "IN"),))


def _runtime_step(name: str, job: Job, plate: str) -> _Step:
    name = _word(name)
    values = {"plate": plate, "out": job.out, "look": job.look}
    flows = {"plate": "NONE", "out": "OUT", "look": "IN"}
    words = []
    for word in job.argv():
        key = word[2:].partition("=")[0]
        if key in _PATHS:
            word = f"--{key}={{{{Param.{name}{key.title()}}}}}"  # noqa: PLW2901
        words.append(f"--frames={_FRAME}" if key == "frames" else word)
    paths = tuple((f"{name}{key.title()}", values[key], flows[key]) for key in _PATHS)
    return _Step(name, "Velatura", (*words, "--progress=openjd"), paths)


def _template(name: str, steps: Sequence[_Step], frames: Sequence[int], chunk: int) -> Object:
    span = ",".join(f"{first}-{last}" for first, last in writing.runs(frames))
    programs = [
        {"name": "Nuke", "type": "STRING", "default": "nuke"},
        {"name": "Velatura", "type": "STRING", "default": "velatura"},
        {"name": "Frames", "type": "STRING", "default": span},
        {"name": "ChunkSize", "type": "INT", "default": chunk},
    ]
    kinds = [
        {
            "name": path,
            "type": "PATH",
            "objectType": "DIRECTORY" if path.endswith("Out") else "FILE",
            "dataFlow": flow,
        }
        for step in steps
        for path, _, flow in step.paths
    ]
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "extensions": ["TASK_CHUNKING"],
        "name": f"velatura {name}",
        "parameterDefinitions": [*programs, *kinds],
        "steps": [_told(step, before) for step, before in zip(steps, [None, *steps])],
    }


def _told(step: _Step, before: _Step | None) -> Object:
    chunks = {
        "name": "Frame",
        "type": "CHUNK[INT]",
        "range": "{{Param.Frames}}",
        "chunks": {"defaultTaskCount": "{{Param.ChunkSize}}", "rangeConstraint": "CONTIGUOUS"},
    }
    run = {"command": f"{{{{Param.{step.program}}}}}", "args": list(step.words)}
    told: Object = {
        "name": step.name,
        "parameterSpace": {"taskParameterDefinitions": [chunks]},
        "script": {"actions": {"onRun": run}},
    }
    return {**told, "dependencies": [{"dependsOn": before.name}]} if before else told


@contextmanager
def _alone(writer: nuke.Node) -> Iterator[None]:
    """Let this Write be the only one that `nuke -x` renders."""
    others = [
        node
        for node in nuke.allNodes("Write", nuke.root(), True)
        if node.fullName() != writer.fullName() and not node["disable"].value()
    ]
    for node in others:
        node["disable"].setValue(True)
    writer["disable"].setValue(False)
    try:
        yield
    finally:
        writer["disable"].setValue(True)
        for node in others:
            node["disable"].setValue(False)


def _saved(script: Path, what: str) -> Path:
    """Save the script as it is now beside itself, where what it names relative to itself is."""
    path = script.with_name(f"{script.stem}.velatura-{what}{script.suffix}")
    nuke.scriptSaveAs(str(path), 1)
    return path


def _note(order: Bake, frames: Sequence[int]) -> None:
    if order.mark.text:
        order.out.mkdir(parents=True, exist_ok=True)
        moved.remember(order.out, order.mark.paths)
        bakes.remember(order.out, frames, order.mark.text)


def _word(text: str) -> str:
    """Return a name as steps and parameters may have it."""
    return "".join(letter for letter in text if letter.isalnum())
