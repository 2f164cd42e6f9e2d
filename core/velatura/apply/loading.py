"""A network in ONNX Runtime: how it is loaded, and what it is first tried on.

Light enough for the process that tries a stranger's look: no pictures, no colour, no keys, no card.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from velatura import userdir
from velatura.half import HALF_MAX
from velatura.system.onnx_runtime import SHARED_ARENA, ort

if TYPE_CHECKING:  # not by that process
    from velatura.job import Device

FATAL = 4
"""ORT's log level: its warnings about looks become our errors."""

_NOWHERE = str(PurePath("/velatura") / "no external data")
_BRIGHTEST = (4.0, HALF_MAX)  # of each probe: light of a plate, and more than any plate should have


def load(model: bytes, device: Device, threads: int) -> ort.InferenceSession:
    """Return a network, loaded; ORT raises a dozen unrelated types.

    Args:
        model: the ONNX file, read and allowed before (`velatura.network`).
        device: "cpu", or else CUDA where this build has it, and "tensorrt" before that.
        threads: CPU threads of one run.
    """
    options = ort.SessionOptions()  # graph optimisation stays at ORT_ENABLE_ALL: 1.8x on a CPU
    options.intra_op_num_threads = threads
    options.log_severity_level = FATAL
    # Planned ahead, a frame's memory would be taken a second time at the second one: 120 MB in full
    # HD, and .06 CPU-s to get it (measured in 1.32). Later frames cost the same either way.
    options.enable_mem_pattern = False
    # Reused, a value's memory would be held from its end until one of its size begins: 256 MiB for
    # 187 of the default look in full HD, in the same time.
    options.enable_mem_reuse = False
    options.add_session_config_entry(*SHARED_ARENA)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Weights outside the look's own file would be read from a folder that is not there.
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", _NOWHERE
    )
    providers: list[str | tuple[str, dict[str, str]]] = ["CPUExecutionProvider"]
    # Asking a build for a provider it lacks is a warning there; asking first is not.
    if device != "cpu" and "CUDAExecutionProvider" in ort.get_available_providers():
        with contextlib.redirect_stdout(sys.stderr):  # it prints what it misses
            ort.preload_dlls()
        # The default search, EXHAUSTIVE, stalls at each new tile shape; TF32 would cost three
        # of the ten bits that a half float holds.
        cuda = {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"}
        providers.insert(0, ("CUDAExecutionProvider", cuda))
        if device == "tensorrt":  # what it does not take, CUDA does
            providers.insert(0, ("TensorrtExecutionProvider", _tensorrt()))
    with contextlib.redirect_stdout(sys.stderr):  # it prints that it falls back
        return ort.InferenceSession(model, options, providers=providers)


def _tensorrt() -> dict[str, str]:
    """Return TensorRT's options: an engine takes minutes to be built, once a size of tile.

    Engines are kept, in floats as everywhere. Their names tell network, size and processor apart.
    """
    kept = userdir.home() / "cache" / "tensorrt"
    kept.mkdir(parents=True, exist_ok=True)
    return {
        "trt_fp16_enable": "False",
        "trt_engine_cache_enable": "True",
        "trt_engine_cache_path": str(kept),
        "trt_timing_cache_enable": "True",
        "trt_timing_cache_path": str(kept),
    }


def probes(sizes: Sequence[tuple[int, int]]) -> Iterator[npt.NDArray[np.float32]]:
    """Yield two small frames ``(3, h, w)``, scene-linear: one dark to bright, one brighter.

    Args:
        sizes: their heights and widths, as of `velatura.network.limits.probes`.
    """
    for (height, width), brightest in zip(sizes, _BRIGHTEST, strict=True):
        ramp = np.geomspace(1e-4, brightest, 3 * height * width, dtype=np.float32)
        yield ramp.reshape(3, height, width)
