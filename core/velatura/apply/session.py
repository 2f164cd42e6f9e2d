"""A session is a look's network, loaded and checked, on the device that really answered.

A look may come from anywhere, so its network is held to its contract (`velatura.apply.contract`)
before it touches a plate: it brings no data from outside its own file, takes and gives what it
should, and answers a probe at two sizes.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from pathlib import Path, PurePath

import numpy as np

from velatura import onnx_metadata
from velatura.apply import contract
from velatura.apply.feed import fed
from velatura.apply.onnx_runtime import ort
from velatura.carry import packing
from velatura.carry.paint import Carry
from velatura.errors import CancelledError, DeviceError, LookError, MachineError
from velatura.half import HALF_MAX
from velatura.image.planes import FloatArray
from velatura.job import Device
from velatura.look import CARGO_KEY, Look

log = logging.getLogger(__name__)

_NAMES = {"CPUExecutionProvider": "the CPU", "CUDAExecutionProvider": "CUDA"}
_NOWHERE = str(PurePath("/velatura") / "no external data")
_FATAL = 4  # ORT's log level: its warnings about looks become our errors


class Session:
    """A loaded look; several threads may call `stops` at once.

    Attributes:
        path: the look's file.
        card: what the look says about itself.
        digest: SHA-256 of the look's file, hexadecimal.
        provider: the ONNX Runtime execution provider that answered.
        carry: what a shot look has on board; None for a free look.
    """

    def __init__(self, look: Look, loaded: ort.InferenceSession) -> None:
        self.path, self.card, self.digest = look.path, look.card, look.digest
        self.carry: Carry | None = packing.unpack(look.keys, str(look.path)) if look.keys else None
        self.provider: str = loaded.get_providers()[0]  # never get_available_providers()
        self._loaded = loaded
        self._lock = threading.Lock()
        self._running: set[ort.RunOptions] = set()

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
            LookError: the network failed, or answered another size, with NaN or Inf, or with more
                stops than the card's bound.
            MachineError: there was not enough memory.
            CancelledError: `terminate` was called meanwhile.
        """
        feed = {"rgb": rgb[None]}
        if channels := fed(self.card):
            if guides is None:
                guides = np.zeros((channels, *rgb.shape[1:]), np.float32)
            feed["guides"] = guides[None]
        options = ort.RunOptions()
        options.log_severity_level = _FATAL
        with self._lock:
            self._running.add(options)
        try:
            (answer,) = self._loaded.run(["stops"], feed, options)
        except Exception as error:  # ORT raises a dozen unrelated types
            raise _translated(error, self.path, options) from error
        finally:
            with self._lock:
                self._running.discard(options)
        contract.check_stops(self.path, self.card, answer, (1, *rgb.shape))
        stops: FloatArray = answer[0]
        return stops

    def terminate(self) -> None:
        """Stop the runs that are under way, at their next network layer; later ones may run."""
        with self._lock:
            for options in self._running:
                options.terminate = True


def open_session(look: Look, device: Device = "auto", threads: int = 1) -> Session:
    """Load a look's network and hold it to its contract.

    Args:
        look: as `velatura.look.read` gives it.
        device: "cpu", "cuda" (which must answer) or "auto" (CUDA where it answers, else the CPU).
        threads: CPU threads of one run. More than 1 moves the last bit where a logarithm is cut
            into shares, so that a file would tell how many processors its machine had.

    Raises:
        LookError: the network breaks the contract of `velatura.look`.
        DeviceError: CUDA was asked for, and something else answered.
        MachineError: there is not enough memory for the painted keys.
    """
    loaded = _load(look, device, threads)
    session = Session(look, loaded)
    answered = _NAMES.get(session.provider, session.provider)
    if device == "cuda" and session.provider != "CUDAExecutionProvider":
        raise DeviceError(
            f"CUDA was asked for, {answered} answered",
            found="onnxruntime with " + ", ".join(ort.get_available_providers()),
            do="Install the NVIDIA driver and run `python install.py`, or use --device cpu",
        )
    if device == "auto":
        log.info("%s runs on %s", look.card.name, answered)
    contract.check_inputs(look.path, look.card, loaded.get_inputs())
    contract.check_output(look.path, loaded.get_outputs())
    _probe(session)
    return session


def _load(look: Look, device: Device, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()  # graph optimisation stays at ORT_ENABLE_ALL: 1.8x on a CPU
    options.intra_op_num_threads = threads
    options.log_severity_level = _FATAL
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
    try:
        with contextlib.redirect_stdout(sys.stderr):  # it prints that it falls back
            # With its keys it would be held twice more: as a model and as its metadata.
            network = onnx_metadata.without(look.data, CARGO_KEY)
            return ort.InferenceSession(network, options, providers=providers)
    except Exception as error:  # ORT raises a dozen unrelated types
        raise LookError(
            f"ONNX Runtime refuses {look.path}",
            found=str(error),
            do="A look is one self-contained ONNX file, as `velatura export` writes it",
        ) from error


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


def _probe(session: Session) -> None:
    """Run two small frames: one dark to bright, one with an exposure no plate should have."""
    step = session.card.alignment
    for rows, columns, brightest in ((2, 3, 4.0), (5, 4, HALF_MAX)):
        ramp = np.geomspace(1e-4, brightest, 3 * rows * columns * step**2, dtype=np.float32)
        session.stops(ramp.reshape(3, rows * step, columns * step))
