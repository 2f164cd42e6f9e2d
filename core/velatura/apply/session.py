"""A session is a look's network, loaded and checked, on the device that really answered.

A look may come from anywhere, so its network is held to its contract (`velatura.apply.contract`)
before it touches a plate: its file holds nothing but a network as looks have it, takes and gives
what it should, and answers a probe at two sizes.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np

from velatura import installation
from velatura.apply import bound, contract, loading
from velatura.apply.feed import fed
from velatura.carry import packing
from velatura.carry.paint import Carry
from velatura.errors import (
    BrokenLookError,
    CancelledError,
    DeviceError,
    LookError,
    MachineError,
)
from velatura.image.planes import FloatArray
from velatura.job import Device
from velatura.look import Look
from velatura.network.limits import Network, probes
from velatura.system.onnx_runtime import ort

log = logging.getLogger(__name__)

_CPU = "CPUExecutionProvider"
_PROVIDERS = {"cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}
_NAMES = {
    _CPU: "the CPU",
    "CUDAExecutionProvider": "CUDA",
    "TensorrtExecutionProvider": "TensorRT",
}


class Session:
    """A loaded look; several threads may call `stops` at once.

    Attributes:
        path: the look's file.
        card: what the look says about itself; ``bytes_px`` is what its network takes, where that is
            more than it says.
        digest: SHA-256 of the look's file, hexadecimal.
        provider: the ONNX Runtime execution provider that answered.
        carry: what a shot look has on board; None for a free look.
    """

    def __init__(
        self,
        look: Look,
        network: Network,
        loaded: ort.InferenceSession,
        lender: bound.Lender | None = None,
    ) -> None:
        self.path, self.digest = look.path, look.digest
        self.card = replace(look.card, bytes_px=network.bytes_px)
        self.carry: Carry | None = packing.unpack(look.keys, str(look.path)) if look.keys else None
        self.provider: str = loaded.get_providers()[0]  # never get_available_providers()
        self._network, self._loaded, self._lender = network, loaded, lender
        self._known: set[tuple[int, ...]] = set()  # sizes that the network may be run at
        self._lock = threading.Lock()
        self._running: set[ort.RunOptions] = set()

    def empty(self, *shape: int) -> FloatArray:
        """Return an array for what `stops` is fed, where its device copies it from fastest."""
        return np.empty(shape, np.float32) if self._lender is None else self._lender.empty(*shape)

    def stops(self, rgb: FloatArray, guides: FloatArray | None = None) -> FloatArray:
        """Return the look's gain for one tile.

        Args:
            rgb: ``(3, h, w)`` float32, scene-linear, unpremultiplied, in the look's colour space,
                finite; h and w multiples of the card's alignment.
            guides: ``(G, h, w)`` float32 in the card's order, and after them carried paint; None if
                the look reads none.

        Returns:
            ``(3, h, w)`` float32, stops.

        Raises:
            BrokenLookError: it would take more than its card says, or answered another size.
            LookError: the network failed, or answered with NaN or Inf, or with more stops than the
                card's bound.
            MachineError: there was not enough memory.
            CancelledError: `terminate` was called meanwhile.
        """
        self._demand_size(rgb.shape[1:])
        feed = {"rgb": rgb[None]}
        if channels := fed(self.card):
            if guides is None:
                guides = np.zeros((channels, *rgb.shape[1:]), np.float32)
            feed["guides"] = guides[None]
        options = ort.RunOptions()
        options.log_severity_level = loading.FATAL
        with self._lock:
            self._running.add(options)
        try:
            if self._lender is None:
                (answer,) = self._loaded.run(["stops"], feed, options)
            else:
                answer = self._lender.run(self._loaded, feed, (1, *rgb.shape), options)
        except Exception as error:  # ORT raises a dozen unrelated types
            raise _translated(error, self.path, options) from error
        finally:
            with self._lock:
                self._running.discard(options)
        contract.check_stops(self.path, self.card, answer, (1, *rgb.shape))
        stops: FloatArray = answer[0]
        return stops

    def _demand_size(self, size: tuple[int, ...]) -> None:
        """Raise BrokenLookError if the network would take more for such a tile than it may."""
        if size in self._known:
            return
        try:
            self._network.demand(*size)
        except ValueError as error:
            what = f"{self.path} takes more than its card says for {size[1]}x{size[0]} px"
            raise BrokenLookError(what, found=str(error)) from error
        self._known.add(size)

    def terminate(self) -> None:
        """Stop the runs that are under way, at their next network layer; later ones may run."""
        with self._lock:
            for options in self._running:
                options.terminate = True


def open_session(look: Look, device: Device = "auto", threads: int = 1) -> Session:
    """Load a look's network and hold it to its contract.

    Args:
        look: as `velatura.look.read` gives it.
        device: "cpu", "cuda" or "tensorrt" (which must answer), or "auto" (CUDA where it answers,
            else the CPU).
        threads: CPU threads of one run. More than 1 moves the last bit where a logarithm is cut
            into shares, so that a file would tell how many processors its machine had.

    Raises:
        LookError: the network breaks the contract of `velatura.look`.
        DeviceError: CUDA or TensorRT was asked for, and something else answered.
        MachineError: there is not enough memory for the painted keys.
    """
    network = contract.network(look)
    try:
        loaded = loading.load(network.model, device, threads)
    except Exception as error:  # ORT raises a dozen unrelated types
        raise LookError(
            f"ONNX Runtime refuses {look.path}",
            found=str(error),
            do="A look is one self-contained ONNX file, as `velatura export` writes it",
        ) from error
    on_cpu = loaded.get_providers()[0] == _CPU
    session = Session(look, network, loaded, None if on_cpu else bound.lender())
    answered = _NAMES.get(session.provider, session.provider)
    wanted = _PROVIDERS.get(device, session.provider)
    if session.provider != wanted:
        besides = "TensorRT's own libraries, " if device == "tensorrt" else ""
        raise DeviceError(
            f"{_NAMES[wanted]} was asked for, {answered} answered",
            found="onnxruntime with " + ", ".join(ort.get_available_providers()),
            do=f"Install {besides}the NVIDIA driver and run `{installation.adding('gpu')}`, or use "
            "--device cpu",
        )
    if device == "auto":
        log.info("%s runs on %s", look.card.name, answered)
    for probe in loading.probes(probes(look.card)):
        session.stops(probe)
    return session


def _translated(error: Exception, path: Path, options: ort.RunOptions) -> Exception:
    """Return what went wrong in a run, in our own words."""
    if options.terminate:
        return CancelledError("The look was stopped on request")
    if "allocate" in str(error).lower() or "out of memory" in str(error).lower():
        return MachineError(
            f"Not enough memory to run {path}",
            found=str(error),
            do="Lower --memory-mb or --workers",
        )
    return LookError(f"{path} failed to run", found=str(error))
