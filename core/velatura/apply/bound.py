"""Runs of a network on a GPU, bound to memory that the GPU itself copies from and to.

From and to ordinary memory the driver copies by way of its own, and the processor waits. Pinned
memory (ONNX Runtime's "host accessible") the GPU reads and writes by itself, while other frames
are decoded, computed and written. It takes long to get, so it is lent, and lent again.

All of it is documented: onnxruntime.ai, "I/O Binding" and "Using device tensors". Where an ONNX
Runtime has no such memory for its device, ordinary memory does, with the same bits.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Mapping
from math import prod

import numpy as np

from velatura.image.planes import FloatArray
from velatura.system.onnx_runtime import ort

log = logging.getLogger(__name__)

_SIZES = 8  # whose memory is kept: light, guides and stops of a frame's largest and last tile
_NVIDIA = "CUDAExecutionProvider"  # TensorRT's device, too


class Lender:
    """Arrays that a network is fed and answers in; several threads may borrow at once.

    Args:
        pinned: where a GPU's host accessible memory is; None for ordinary memory.
    """

    def __init__(self, pinned: ort.OrtMemoryInfo | None = None) -> None:
        self.pinned = pinned
        self._free: dict[int, list[ort.OrtValue]] = {}  # by number of floats

    def empty(self, *shape: int) -> FloatArray:
        """Return an array of any values. Its memory is lent again once nobody refers to it."""
        size = prod(shape)
        # No lock: what takes an array back may run within any line of any thread.
        free = self._free.setdefault(size, [])
        try:
            value = free.pop()
        except IndexError:
            for other in list(self._free)[:-_SIZES]:
                self._free.pop(other, None)
            value = ort.OrtValue.ortvalue_from_shape_and_type(
                [size], np.float32, memory_info=self.pinned
            )
        flat: FloatArray = value.numpy()  # a view, and what is sliced of it refers to it
        weakref.finalize(flat, free.append, value).atexit = False
        return flat.reshape(shape)

    def run(
        self,
        network: ort.InferenceSession,
        feed: Mapping[str, FloatArray],
        shape: tuple[int, ...],
        options: ort.RunOptions,
    ) -> FloatArray:
        """Return a network's ``stops``, in memory that is lent.

        Args:
            network: as `velatura.apply.loading.load` gives it.
            feed: input name -> ``(1, C, h, w)`` float32; what `empty` gave is copied fastest.
            shape: of the answer.
            options: of this run.
        """
        answer = self.empty(*shape)
        binding = network.io_binding()
        for name, array in feed.items():
            binding.bind_cpu_input(name, np.ascontiguousarray(array))
        binding.bind_output("stops", "cpu", 0, np.float32, shape, answer.ctypes.data)
        network.run_with_iobinding(binding, options)
        return answer


def lender() -> Lender:
    """Return a lender of pinned memory, or of ordinary memory where ONNX Runtime has none."""
    for device in ort.get_ep_devices():
        if device.ep_name != _NVIDIA:
            continue
        pinned = device.memory_info(ort.OrtDeviceMemoryType.HOST_ACCESSIBLE)
        try:
            if pinned is not None:
                found = Lender(pinned)
                found.empty(1)
                return found
        except Exception as error:  # noqa: BLE001  # ORT raises a dozen unrelated types
            log.debug("no pinned memory: %s", error)
    log.info("this ONNX Runtime lends no pinned memory: copies to the GPU take ordinary memory")
    return Lender()
