"""The doctor looks at the machine: what is installed, which device answers, what is in the way."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]  # it ships none

import velatura

_PACKAGES = ("numpy", "openexr", "openimageio", "opencolorio", "cyclopts", "fileseq", "rich")
_RUNTIMES = ("onnxruntime", "onnxruntime-gpu")
_VARIABLES = ("VELATURA_", "OCIO")
_LEAST_DISK = 2**30  # bytes in the folder for temporary files: a few frames
_FATAL = 4  # ORT's log level

# The smallest ONNX model: y = relu(x), opset 17, made with onnx.helper.make_model.
_MODEL = bytes.fromhex(
    "08083a330a0c0a0178120179220452656c751201675a0f0a0178120a0a08080112040a020801"
    "620f0a0179120a0a08080112040a02080142040a001011"
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: the thing.
        found: how it is.
        trouble: what is wrong with it and what to do; empty if nothing is.
    """

    what: str
    found: str
    trouble: str = ""


def examine() -> list[Finding]:
    """Return all findings; nothing is changed on the machine, nothing is asked of the network."""
    return [
        Finding("velatura", f"{velatura.__version__} in {velatura.__path__[0]}"),
        Finding("Python", f"{platform.python_version()} at {sys.executable}"),
        Finding("system", f"{platform.platform()}, {os.cpu_count()} processors"),
        *map(_package, _PACKAGES),
        _runtime(),
        _device(),
        _trainer(),
        _disk(),
        *_variables(),
    ]


def _package(name: str) -> Finding:
    version = _version(name)
    if version:
        return Finding(name, version)
    return Finding(name, "not installed", f"{name} is missing: run `python install.py`.")


def _runtime() -> Finding:
    found = {name: version for name in _RUNTIMES if (version := _version(name))}
    listed = ", ".join(f"{name} {version}" for name, version in found.items()) or "not installed"
    trouble = ""
    if len(found) > 1:
        trouble = (
            "onnxruntime and onnxruntime-gpu overwrite each other: delete .venv and run "
            "`python install.py`."
        )
    if not found:
        trouble = "ONNX Runtime is missing: run `python install.py`."
    return Finding("ONNX Runtime", listed, trouble)


def _device() -> Finding:
    """Run a model: only a session says what answers; the list of providers names what might."""
    options = ort.SessionOptions()
    options.log_severity_level = _FATAL
    available = ort.get_available_providers()
    wanted = ["CPUExecutionProvider"]
    if "CUDAExecutionProvider" in available:
        wanted.insert(0, "CUDAExecutionProvider")
    with contextlib.redirect_stdout(sys.stderr):  # both print what they miss
        if len(wanted) > 1:
            ort.preload_dlls()
        session = ort.InferenceSession(_MODEL, options, providers=wanted)
    (answer,) = session.run(None, {"x": np.array([-1], np.float32)})
    answered = session.get_providers()[0]
    missed = len(wanted) > 1 and answered != wanted[0]
    return Finding(
        "device",
        f"{answered} answers" + (" (CUDA is installed, but does not answer)" if missed else ""),
        "" if answer[0] == 0 else f"{answered} computes wrongly.",
    )


def _trainer() -> Finding:
    version = _version("torch")
    there = importlib.util.find_spec("velatura_training") is not None
    if version and there:
        return Finding("trainer", f"there, with torch {version}")
    return Finding("trainer", "not installed; `python install.py train` adds it")


def _disk() -> Finding:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    low = free < _LEAST_DISK
    trouble = f"{folder} has less than 1 GiB free: set TMPDIR to another folder." if low else ""
    return Finding("temporary folder", f"{folder}, {free / 2**30:.1f} GiB free", trouble)


def _variables() -> Iterator[Finding]:
    for name in sorted(os.environ):
        if name.startswith(_VARIABLES):
            yield Finding(f"${name}", os.environ[name])


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
