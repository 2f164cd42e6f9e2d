"""A farm job for Open Job Description: a template that `openjd run` and Deadline Cloud take.

Specification 2023-09 with the extension TASK_CHUNKING. A folder with ``template.json`` is a job
bundle: `deadline bundle submit FOLDER`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from velatura.errors import InputError
from velatura.farm import tasks
from velatura.farm.order import Order
from velatura.farm.steps import FRAMES, Step
from velatura.image.ranges import runs

TEMPLATE = "template.json"
"""The name that Deadline Cloud looks for."""

BUNDLE, VALUES = "parameter_values.json", "parameters.json"
"""This machine's paths, for `deadline bundle submit` and for ``openjd run -p file://...``. They are
no defaults: in a template these may not be absolute."""

_MOST = 50  # job parameters of a template: specification 2023-09, 1.1
_NOTICE = 10  # seconds between "stop" and a kill; velatura stops within two
_SUFFIXES = (".onnx", ".blend", ".nk", ".exr")  # of what is a file, and not a folder

Object = dict[str, Any]


def files(order: Order, steps: Sequence[Step]) -> dict[str, str]:
    """Return ``template.json``, and the parameters' values as both programs take them.

    Raises:
        InputError: it would have more parameters than a template may.
    """
    values = {name: str(path) for path, name in _paths(steps).items()}
    bundle = {"parameterValues": [{"name": n, "value": v} for n, v in values.items()]}
    texts = {TEMPLATE: template(order, steps), BUNDLE: bundle, VALUES: values}
    return {name: json.dumps(said, indent=2) + "\n" for name, said in texts.items()}


def template(order: Order, steps: Sequence[Step]) -> Object:
    """Return the job template.

    Every folder and file is a PATH parameter with its data flow, so that a farm maps it, or brings
    it along; the command, chunks and frames are parameters as well.
    """
    paths = _paths(steps)
    parameters = [
        _parameter("Velatura", "STRING", order.velatura, "The velatura command of the workers"),
        _parameter("ChunkSize", "INT", order.chunk, "Frames a task"),
        _parameter(
            "TargetRuntimeSeconds",
            *("INT", order.target_seconds),
            "How long a task should take, where the farm adapts the chunks; 0: as ChunkSize says",
        ),
        *(_path_parameter(name, path, steps) for path, name in paths.items()),
        *(
            _parameter(_frames_of(step), "STRING", runs(step.frames), f"Frames of {step.name}")
            for step in steps
            if step.frames
        ),
    ]
    if len(parameters) > _MOST:
        raise InputError(
            f"The job {order.name} needs {len(parameters)} parameters; a template has {_MOST}",
            do="Make several jobs of it, with fewer shots each",
        )
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "extensions": ["TASK_CHUNKING"],
        "name": order.name,
        "parameterDefinitions": parameters,
        "steps": [_step(order, step, paths, {each.name for each in steps}) for step in steps],
    }


def _step(order: Order, step: Step, paths: Mapping[Path, str], names: set[str]) -> Object:
    made: Object = {"name": step.name}
    if waits := [name for name in step.after if name in names]:
        made["dependencies"] = [{"dependsOn": name} for name in waits]
    made["hostRequirements"] = {"amounts": _amounts(step)}
    if step.resident:
        made["stepEnvironments"] = [_RESIDENT]
    if step.frames:
        made["parameterSpace"] = {"taskParameterDefinitions": [_chunks(step)]}
    command, *words = tasks.command(order, step, FRAMES)
    made["script"] = {
        "actions": {
            "onRun": {
                "command": "{{Param.Velatura}}" if command == order.velatura else command,
                "args": [_placed(word, paths) for word in words],
                "cancelation": {
                    "mode": "NOTIFY_THEN_TERMINATE",
                    "notifyPeriodInSeconds": _NOTICE,
                },
            }
        }
    }
    return made


_RESIDENT: Object = {
    "name": "Worker",
    "description": "Keeps one worker with the look loaded for all tasks of a session",
    "script": {
        "actions": {
            "onEnter": {"command": "{{Param.Velatura}}", "args": ["session", "start"]},
            "onExit": {"command": "{{Param.Velatura}}", "args": ["session", "stop"]},
        }
    },
}


def _chunks(step: Step) -> Object:
    numbers = step.frames
    whole = len(numbers) == numbers[-1] - numbers[0] + 1
    return {
        "name": "Frames",
        "type": "CHUNK[INT]",
        "range": f"{{{{Param.{_frames_of(step)}}}}}",
        "chunks": {
            "defaultTaskCount": "{{Param.ChunkSize}}",
            "targetRuntimeSeconds": "{{Param.TargetRuntimeSeconds}}",
            # Contiguous chunks are written 1-10 and 1-1, others 1,5,9 and 1: velatura reads both.
            "rangeConstraint": "CONTIGUOUS" if whole else "NONCONTIGUOUS",
        },
    }


def _amounts(step: Step) -> list[Object]:
    need, many = step.need, step.processes
    amounts = [
        {"name": "amount.worker.vcpu", "min": need.cores * many},
        {"name": "amount.worker.memory", "min": need.memory_mb * many},  # MiB
    ]
    return [*amounts, {"name": "amount.worker.gpu", "min": many}] if need.gpu else amounts


def _parameter(name: str, kind: str, value: object, what: str) -> Object:
    return {"name": name, "type": kind, "default": value, "description": what}


def _path_parameter(name: str, path: Path, steps: Sequence[Step]) -> Object:
    read = any(path in step.reads for step in steps)
    written = any(path in step.writes for step in steps)
    return {
        "name": name,
        "type": "PATH",
        "objectType": "FILE" if path.suffix in _SUFFIXES else "DIRECTORY",
        "dataFlow": "INOUT" if read and written else "OUT" if written else "IN",
    }


def _paths(steps: Sequence[Step]) -> dict[Path, str]:
    """Return a parameter's name for each path that a step reads or writes."""
    found = dict.fromkeys(path for step in steps for path in (*step.reads, *step.writes))
    names: dict[Path, str] = {}
    for path in found:
        stem = "".join(word.title() for word in re.findall(r"[A-Za-z0-9]+", path.stem)) or "Folder"
        name, count = f"Path{stem[:40]}", 1
        while name in names.values():
            count += 1
            name = f"Path{stem[:40]}{count}"
        names[path] = name
    return names


def _placed(word: str, paths: Mapping[Path, str]) -> str:
    """Return an argument with parameters for paths, and the task's own frames."""
    lead, mark, value = word.partition("=") if word.startswith("--") else ("", "", word)
    if lead == "--passes":  # GUIDE=LAYER, or GUIDE=FILES
        named = (item.partition("=") for item in value.split(","))
        value = ",".join(f"{guide}{is_}{_mapped(of, paths)}" for guide, is_, of in named)
    return f"{lead}{mark}{_mapped(value, paths)}".replace(FRAMES, "{{Task.Param.Frames}}")


def _mapped(value: str, paths: Mapping[Path, str]) -> str:
    """Return a value with a parameter for the path that it begins with, if it does."""
    for path in sorted(paths, key=lambda each: -len(str(each))):
        rest = value.removeprefix(str(path))
        if rest != value and (not rest or rest[0] in "/\\"):
            return f"{{{{Param.{paths[path]}}}}}{rest}"
    return value


def _frames_of(step: Step) -> str:
    return "Frames" + "".join(word.title() for word in re.findall(r"[A-Za-z0-9]+", step.name))
