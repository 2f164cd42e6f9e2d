"""The doctor looks at the machine: what is installed, which device answers, what is in the way.

Each package is imported where it is examined, so that a missing one is a finding, not a crash; ONNX
Runtime, torch, OpenCV and FFmpeg each in a process of its own.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import velatura
from velatura import installation
from velatura.cli import apart, equipment, hosts, packages
from velatura.cli.finding import Finding
from velatura.cli.packages import Package
from velatura.errors import ColourError
from velatura.system import resources

_VARIABLES = ("VELATURA_", "OCIO", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
_FATAL = 4  # ORT's log level

# The smallest ONNX model: y = relu(x), opset 17, made with onnx.helper.make_model.
_MODEL = bytes.fromhex(
    "08083a330a0c0a0178120179220452656c751201675a0f0a0178120a0a08080112040a020801"
    "620f0a0179120a0a08080112040a02080142040a001011"
)


def examine() -> list[Finding]:
    """Return all findings; nothing is changed on the machine, nothing is asked of the network."""
    return [
        Finding("velatura", f"{velatura.__version__} in {velatura.__path__[0]}"),
        Finding("Python", f"{platform.python_version()} at {sys.executable}"),
        *_machine(),
        *map(_package, packages.RUNTIME),
        _runtime(),
        apart.looked_at(device, "device", _onnx_runtime()),
        _colour(),
        *equipment.examine(),
        *hosts.examine(),
        *_variables(),
    ]


def _machine() -> Iterator[Finding]:
    system = f"{platform.system()} {platform.machine()}, {resources.processors()} processors"
    yield Finding("machine", system)
    yield Finding("memory", f"{resources.free_memory() / 2**30:.1f} GiB are free")
    disk = shutil.disk_usage(Path.cwd()).free
    yield Finding("disk", f"{disk / 2**30:.1f} GiB of this folder's are free")


def _package(package: Package) -> Finding:
    if package.version:
        return Finding(package.name, package.version)
    missing = f"{package.name} is missing."
    return Finding(package.name, "not installed", missing, installation.adding())


def _runtime() -> Finding:
    found = [each for each in packages.ONNX_RUNTIMES if each.version]
    listed = " and ".join(f"{each.name} {each.version}" for each in found)
    add = installation.adding("cpu")
    if not found:
        none = "neither onnxruntime nor onnxruntime-gpu is installed"
        return Finding("ONNX Runtime", none, "ONNX Runtime is missing.", add)
    if len(found) > 1:
        return Finding(
            "ONNX Runtime",
            f"{listed}, of which an environment can hold only one",
            "onnxruntime and onnxruntime-gpu overwrite each other.",
            f"{installation.removing(*(each.name for each in found))} && {add}",
        )
    return Finding("ONNX Runtime", f"{listed}, and no other beside it")


def _onnx_runtime() -> str:
    return next((each.name for each in packages.ONNX_RUNTIMES if each.version), "onnxruntime")


def device() -> Finding:
    """Run a model: only a session says what answers; the list of providers names what might."""
    try:
        import numpy as np

        from velatura.system.onnx_runtime import ort

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
        mend = installation.mending(_onnx_runtime())
        return Finding("device", f"none answers: {error}", "ONNX Runtime does not run.", mend)
    answered = session.get_providers()[0]
    wrong = "" if answer[0] == 0 else f"{answered} computes wrongly."
    if answered == wanted[0] and cuda:
        return Finding("device", f"{answered} answers", wrong)
    if cuda:
        why = "CUDA is installed, but does not: see `nvidia-smi`"
        return Finding("device", f"{answered} answers; {why}", wrong)
    if shutil.which("nvidia-smi"):
        why = "there is an NVIDIA driver, but this ONNX Runtime has no CUDA"
        return Finding("device", f"{answered} answers; {why}", wrong, installation.adding("gpu"))
    return Finding("device", f"{answered} answers; --device cuda would not", wrong)


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


def _variables() -> Iterator[Finding]:
    for name in sorted(os.environ):
        if name.startswith(_VARIABLES):
            yield Finding(f"${name}", os.environ[name])
