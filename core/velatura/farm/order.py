"""What a farm is to do: looks to learn, and shots to put them on, as a file says it.

TOML, or JSON of the same fields; docs/farm.md has them. Paths are relative to the file.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar, get_args

from velatura import regular
from velatura.errors import InputError
from velatura.farm import places
from velatura.farm.hosts import Host
from velatura.image import movie_file
from velatura.job import Job

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_LONGEST = 128  # characters of a job's name: Open Job Description 2023-09, 1.1
_MOST = 2**20  # bytes of an order
_MOST_NUMBER = 10**8  # frames, seconds, processors, MiB: more is a slip of the hand
_GPU = ("no", "yes")
_OWN = ("plate", "look", "out", "frames")  # of a `Job`: the shot itself says them


@dataclass(frozen=True)
class Lesson:
    """How a look comes to be: `velatura train` and `export`.

    Attributes:
        name: what artists call it.
        file: the look's file; for a look that is there, the name of a published one will do.
        plate: the plates that it is learnt from; none for a look that is there already.
        painted: their painted keys.
        run: the run's folder.
        options: more arguments of `velatura train`, such as ``--minutes=5``.
        export: more arguments of `velatura export`, such as ``--author=me``.
        processes: of the training, by torchrun; 1 for none of that.
    """

    name: str
    file: str
    plate: tuple[str, ...] = ()
    painted: tuple[str, ...] = ()
    run: str = ""
    options: tuple[str, ...] = ()
    export: tuple[str, ...] = ()
    processes: int = 1


@dataclass(frozen=True)
class Render:
    """A host's render of a shot, when its gain layers are there.

    Attributes:
        host: "blender" or "nuke".
        file: the .blend or .nk.
        program: the host's own.
    """

    host: Host
    file: str
    program: str = ""


@dataclass(frozen=True)
class Shot:
    """One shot.

    Attributes:
        name: of its steps.
        plate: its frames.
        out: the folder to write into; with several looks, one folder in it for each.
        frames: a range; empty for what lies on disk.
        looks: names of looks; empty for all.
        apply: more fields of `velatura.job.Job`.
        report: whether to write a page about the gain layers.
        render: a host's render, or None.
    """

    name: str
    plate: str
    out: str
    frames: str = ""
    looks: tuple[str, ...] = ()
    apply: Mapping[str, Any] = field(default_factory=dict)
    report: bool = True
    render: Render | None = None


@dataclass(frozen=True)
class Order:
    """A whole job.

    Attributes:
        name: the job's.
        looks: all looks.
        shots: all shots.
        chunk: frames a task.
        target_seconds: how long a task should take, where the farm adapts chunks; 0 for no matter.
        cores: of a task; as many frames are worked on at a time.
        memory_mb: of a task, MiB; 0 to measure it by plate and look.
        train_memory_mb: of a training, MiB.
        gpu: "yes" for machines with a GPU alone; with "no" one that is there is used.
        retries: how often a task that a machine could not do is tried again.
        velatura: the command on the farm's machines, such as a virtual environment's on a share.
    """

    name: str
    looks: tuple[Lesson, ...]
    shots: tuple[Shot, ...]
    chunk: int = 10
    target_seconds: int = 0
    cores: int = 2
    memory_mb: int = 0
    train_memory_mb: int = 4096
    gpu: str = "no"
    retries: int = 3
    velatura: str = "velatura"

    def lessons(self, shot: Shot) -> list[Lesson]:
        """Return the looks that a shot gets."""
        return [one for one in self.looks if not shot.looks or one.name in shot.looks]

    def job(self, shot: Shot, lesson: Lesson) -> Job:
        """Return the job that puts a look on a shot.

        Raises:
            InputError: as `velatura.job.Job.from_values`.
        """
        several = len(self.lessons(shot)) > 1
        out = Path(shot.out) / lesson.name if several else Path(shot.out)
        values = {"workers": self.cores, **shot.apply, "frames": shot.frames, "out": str(out)}
        return Job.from_values({**values, "plate": shot.plate, "look": lesson.file})


def read(path: Path) -> Order:
    """Return the order in a file.

    Raises:
        InputError: it cannot be read, or is none; what is wrong gets named.
    """
    try:
        text = regular.content(path, _MOST).decode("utf-8")
        said = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise InputError(f"The farm job {path} cannot be read", found=error.strerror) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not TOML or JSON", found=str(error)) from error
    if not isinstance(said, dict):
        raise InputError(f"{path} is not a table", found=type(said).__name__)
    order = _order({"name": path.stem, **said})
    return _checked(_rooted(order, path.resolve().parent), path)


def _order(said: dict[str, Any]) -> Order:
    looks = tuple(_made(Lesson, each, "[[look]]") for each in _tables(said, "look"))
    shots = tuple(_shot(each) for each in _tables(said, "shot"))
    rest = {name: value for name, value in said.items() if name not in {"look", "shot"}}
    return _made(Order, {**rest, "looks": looks, "shots": shots}, "the job")


def _shot(said: dict[str, Any]) -> Shot:
    for name, table in (("apply", said.get("apply", {})), ("render", said.get("render") or {})):
        if not isinstance(table, dict):
            raise InputError(f"In a farm job, {name} of [[shot]] should be a table")
    render = said.get("render")
    if isinstance(render, dict):
        said = {**said, "render": _made(Render, render, "[shot.render]")}
    return _made(Shot, said, "[[shot]]")


def _tables(said: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = said.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise InputError(f"In a farm job, {name} should be tables", do=f"Write [[{name}]]")
    return found


_T = TypeVar("_T", Lesson, Render, Shot, Order)
_TYPES: Mapping[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "bool": (bool,)}


def _made(kind: type[_T], said: Mapping[str, Any], where: str) -> _T:
    """Return a table as one of ours, or raise InputError naming the field that is wrong."""
    known = {item.name: item for item in fields(kind)}
    needed = {
        name
        for name, item in known.items()
        if item.default is MISSING and item.default_factory is MISSING
    }
    if wrong := sorted(said.keys() - known.keys()):
        raise InputError(
            f"In a farm job, {where} has no {', '.join(wrong)}", do=f"Known are {', '.join(known)}"
        )
    if missing := sorted(needed - said.keys()):
        raise InputError(f"In a farm job, {where} lacks {', '.join(missing)}")
    values: dict[str, Any] = {}
    for name, value in said.items():
        wanted = str(known[name].type)
        values[name] = _texts(value) if wanted == "tuple[str, ...]" else value
        plain = _TYPES.get(wanted)
        flag = isinstance(value, bool) != (wanted == "bool")
        other = plain is not None and (flag or not isinstance(value, plain))
        if values[name] is None or other:
            what = f"In a farm job, {name} of {where} should be {wanted}"
            raise InputError(what, found=repr(value))
        if isinstance(value, int) and not 0 <= value <= _MOST_NUMBER:
            raise InputError(f"In a farm job, {name} of {where} should be 0..{_MOST_NUMBER}")
        if not all(map(_sound, _texts(value) or ())):
            what = f"In a farm job, {name} of {where} holds what no file can"
            raise InputError(what, found=ascii(value))
    return kind(**values)


def _sound(text: str) -> bool:
    """Say whether a text is none with half letters or a NUL, which JSON can bring."""
    return "\0" not in text and text.encode(errors="replace").decode() == text


def _texts(value: object) -> tuple[str, ...] | None:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    return None


def _rooted(order: Order, root: Path) -> Order:
    """Return an order whose paths are whole."""

    def at(path: str) -> str:
        return str(root / path) if path else ""

    looks = tuple(
        replace(
            one,
            file=at(one.file) if one.plate else places.look(root, one.file),
            run=at(one.run),
            plate=tuple(map(at, one.plate)),
            painted=tuple(map(at, one.painted)),
        )
        for one in order.looks
    )
    shots = tuple(
        replace(
            one,
            plate=at(one.plate),
            out=at(one.out),
            apply=places.applied(root, one.apply),
            render=one.render and replace(one.render, file=at(one.render.file)),
        )
        for one in order.shots
    )
    return replace(order, looks=looks, shots=shots)


def _checked(order: Order, path: Path) -> Order:
    plain = order.name.isprintable() and 0 < len(order.name) <= _LONGEST
    _demand(plain, f"the name should be one line of 1 to {_LONGEST} characters", path)
    _demand(bool(order.shots) or bool(order.looks), "there is nothing to do", path)
    for kind, named in (("look", order.looks), ("shot", order.shots)):
        names = [one.name for one in named]
        _demand(len(set(names)) == len(names), f"two of the {kind}s have one name", path)
        odd = ", ".join(name for name in names if not _NAME.fullmatch(name))
        _demand(not odd, f"{odd} is not a name: letters, digits, - and _, 40 at most", path)
    for lesson in order.looks:
        whole = not lesson.plate or (lesson.painted and lesson.run)
        _demand(bool(whole), f"the look {lesson.name} needs painted and run as well", path)
    there = {one.name for one in order.looks}
    for shot in order.shots:
        odd = ", ".join(sorted(set(shot.looks) - there))
        _demand(not odd, f"the shot {shot.name} wants looks that are not named: {odd}", path)
        _demand(bool(order.lessons(shot)), f"the shot {shot.name} has no look", path)
        taken = ", ".join(name for name in _OWN if name in shot.apply)
        _demand(not taken, f"[shot.apply] of {shot.name} has {taken}, which the shot says", path)
        film = shot.apply.get("deliver") in movie_file.KINDS
        why = "each task would write a movie of its own frames alone: deliver png, tiff or dpx"
        _demand(not film, f"[shot.apply] of {shot.name} delivers a movie, and {why}", path)
        host = shot.render.host if shot.render else "nuke"
        _demand(host in get_args(Host), f"there is no host {host}", path)
        for lesson in order.lessons(shot):
            order.job(shot, lesson)
    numbers = (order.chunk, order.cores, *(one.processes for one in order.looks))
    _demand(min(numbers) > 0, "chunk, cores and processes should be 1 or more", path)
    _demand(order.gpu in _GPU, 'gpu should be "yes" or "no"', path)
    return order


def _demand(holds: bool, what: str, path: Path) -> None:
    if not holds:
        raise InputError(f"In the farm job {path}, {what}")
