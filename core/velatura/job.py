"""A job is one order to put a look on a shot: what a host sends, a farm repeats, a script writes.

Standard library only, Python 3.9 and later: host adapters import this module.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from velatura.errors import InputError

__all__ = [
    "DELIVERIES",
    "DEVICES",
    "MOST_DEGRAIN",
    "MOST_EXPOSURE",
    "MOST_STRENGTH",
    "PREMULTIPLIED",
    "WRITES",
    "Job",
    "demand_strength",
]

WRITES = ("gain", "picture", "both")
PREMULTIPLIED = ("auto", "yes", "no")
DELIVERIES = ("png", "tiff", "dpx", "mp4", "mov")
Device = Literal["auto", "cpu", "cuda", "tensorrt"]
DEVICES = get_args(Device)

MOST_STRENGTH = 4.0
"""Largest strength; 2 is already twice as strong in stops. More is a slip of the hand."""

MOST_EXPOSURE = 16.0
"""Most stops of exposure, either way: from starlight to the sun."""

MOST_DEGRAIN = 2.0
"""Strongest grain, stops: under more there is hardly a picture."""

_LONGEST = 4096  # letters: as long as a path may be
_TYPES = {"str": (str,), "float": (int, float), "int": (int,), "bool": (bool,)}


@dataclass(frozen=True)
class Job:
    """One look on one shot.

    Attributes:
        plate: the frames: ``shot.####.exr``, ``shot.%04d.exr``, ``shot.$F4.exr`` or one file.
        look: the look, an ONNX file.
        out: the folder to write into.
        frames: "1-12", "1-10x2", "1,5,9-12"; empty for all that lie on disk.
        write: "gain" (the gain layer), "picture" (the finished picture) or "both".
        strength: of the look in the finished picture, 0 to 4; 0 is the plate, 1 as painted, and
            2 is already twice as strong in stops. Below 1 it is even to the eye, where the look
            was calibrated.
        mask: where the look goes in the finished picture: a channel of the plate such as
            ``matte.R``, or a file or sequence; empty for everywhere.
        device: "auto", "cpu", "cuda" or "tensorrt".
        layer: the plate's layer to glaze, such as ``diffuse``; empty for the beauty.
        passes: the layers that guides are taken from, where the usual names are not meant:
            ``normal=N,depth=Z,id=crypto_object00``.
        space: the plate's colour space; empty to read it from the plate's metadata.
        workers: frames at a time; 0 for as many as processors and memory allow.
        memory_mb: memory for everything, in MiB; 0 for half of what is free.
        config: the OCIO config that defines ``space``: a file or a built-in's name; empty: $OCIO,
            else the built-in one.
        raw_strength: take ``strength`` for the law's gain, whatever the look's calibration says.
        exposure: stops by which the look sees the plate brighter than it is, or darker where they
            are negative. For a shot that is lit or graded darker than those the look has learnt:
            it is painted as they are, and stays as dark. One number for the whole shot, so that
            nothing pumps.
        degrain: standard deviation of the plate's grain, in stops. The look sees the plate without
            it, and so does not shimmer; the finished picture keeps the plate's own grain. 0 for a
            clean plate; film has about 0.1.
        premultiplied: whether the plate's red, green and blue are multiplied by its alpha: "yes",
            "no" (its alpha is a roto, a key or an AOV, and not its own), or "auto" for what the
            file's format says, which for EXR is yes.
        views: of stereo plates, the views to glaze: "left" or "left,right"; empty for all.
        start: the number of a movie's first frame.
        deliver: in which format the finished picture is written as well, in the plate's own
            encoding: "png", "tiff", "dpx", "mp4" or "mov"; empty for the EXR alone.
        stop_at_first: end the job at the first frame that cannot be done, instead of doing those
            that can and then naming all others.
    """

    plate: str
    look: str
    out: str
    frames: str = ""
    write: str = "gain"
    strength: float = 1.0
    mask: str = ""
    device: str = "auto"
    layer: str = ""
    passes: str = ""
    space: str = ""
    workers: int = 0
    memory_mb: int = 0
    config: str = ""
    raw_strength: bool = False
    exposure: float = 0.0
    degrain: float = 0.0
    premultiplied: str = "auto"
    views: str = ""
    start: int = 0
    deliver: str = ""
    stop_at_first: bool = False

    def argv(self) -> list[str]:
        """Return the arguments of ``velatura`` that run this job."""
        usual = Job("", "", "")
        argv = ["apply", f"--plate={self.plate}", f"--look={self.look}", f"--out={self.out}"]
        for item in fields(self)[3:]:
            value = getattr(self, item.name)
            if value != getattr(usual, item.name):
                argv.append(f"--{item.name.replace('_', '-')}={value}")
        return argv

    def dumps(self) -> str:
        """Return the job as one line of JSON: the inverse of `loads`."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str) -> Job:
        """Return the job that ``text`` holds, or raise InputError naming what is wrong."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError("The job is not JSON", found=str(error)) from error
        if not isinstance(values, dict):
            raise InputError("The job is not a JSON object", found=type(values).__name__)
        return cls.from_values(values)

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Job:
        """Return the job of a decoded JSON object, or raise InputError naming what is wrong."""
        known = {item.name: str(item.type) for item in fields(cls)}
        unknown = sorted(values.keys() - known.keys())
        missing = sorted({"plate", "look", "out"} - values.keys())
        if unknown or missing:
            raise InputError(
                "The job does not have the fields of a job",
                found=f"unknown: {', '.join(unknown) or 'none'}; "
                f"missing: {', '.join(missing) or 'none'}",
                do=f"Known are {', '.join(known)}",
            )
        for name, value in values.items():
            wrong = isinstance(value, bool) != (known[name] == "bool")
            if wrong or not isinstance(value, _TYPES[known[name]]):
                raise InputError(f"In the job, {name} should be {known[name]}", found=repr(value))
        return cls(**values).checked()

    def checked(self) -> Job:
        """Return the job, or raise InputError naming a value that no job can have."""
        choices = (
            ("write", self.write, WRITES),
            ("device", self.device, DEVICES),
            ("premultiplied", self.premultiplied, PREMULTIPLIED),
            ("deliver", self.deliver, ("", *DELIVERIES)),
        )
        for name, value, allowed in choices:
            if value not in allowed:
                raise InputError(
                    f"In the job, {name} should be {' or '.join(filter(None, allowed))}",
                    found=value,
                )
        if self.deliver and self.write == "gain":
            raise InputError(
                f"In the job, finished pictures are wanted as {self.deliver}, and none are written",
                do='Let it write "picture" or "both" (--write)',
            )
        demand_strength(self.strength, "In the job, strength")
        stops = (
            ("exposure", self.exposure, -MOST_EXPOSURE, MOST_EXPOSURE),
            ("degrain", self.degrain, 0.0, MOST_DEGRAIN),
        )
        for name, found, low, high in stops:
            if not low <= found <= high:
                raise InputError(
                    f"In the job, {name} should be {low:g}..{high:g} stops", found=str(found)
                )
        _demand_texts({item.name: getattr(self, item.name) for item in fields(self)})
        for name in ("workers", "memory_mb"):
            if getattr(self, name) < 0:
                raise InputError(f"In the job, {name} should be 0 or more")
        strength, exposure, degrain = map(float, (self.strength, self.exposure, self.degrain))
        return replace(self, strength=strength, exposure=exposure, degrain=degrain)


def _demand_texts(values: Mapping[str, object]) -> None:
    """Raise InputError if a job's text is one that no path, layer or colour space can be."""
    for name, value in values.items():
        if isinstance(value, str):
            _demand_text(name, value)


def _demand_text(name: str, value: str) -> None:
    if len(value) > _LONGEST:
        raise InputError(
            f"In the job, {name} should be {_LONGEST} letters at most", found=f"{len(value)}"
        )
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"In the job, {name} is not UTF-8", found=repr(value), do="Rename it"
        ) from error
    if "\0" in value:
        raise InputError(f"In the job, {name} holds a NUL", found=repr(value))


def demand_strength(value: float, whose: str) -> None:
    """Raise InputError unless a look can have that strength; ``whose`` begins the sentence."""
    if not 0 <= value <= MOST_STRENGTH:
        raise InputError(
            f"{whose} should be 0..{MOST_STRENGTH:g}",
            found=str(value),
            do="1 is as painted, and 2 is already twice as strong in stops",
        )
