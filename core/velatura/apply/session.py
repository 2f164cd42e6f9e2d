"""A session is a look's network, loaded and checked, on the device that really answered.

A look may come from anywhere, so its network is held to the contract of `velatura.look` before it
touches a plate: names, types and shapes of what goes in and comes out, no data outside its own
file, and a probe at two sizes whose answer must be whole, finite and inside the bound.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Literal

import numpy as np

from velatura import onnx_metadata
from velatura.apply import canvas
from velatura.apply.onnx_runtime import ort
from velatura.carry import packing
from velatura.carry.paint import CHANNELS, Carry
from velatura.errors import CancelledError, DeviceError, LookError, MachineError
from velatura.half import HALF_MAX
from velatura.image.planes import FloatArray
from velatura.look import CARGO_KEY, Card, Look
from velatura.plate.passes import GUIDES

Device = Literal["auto", "cpu", "cuda"]

log = logging.getLogger(__name__)

_NAMES = {"CPUExecutionProvider": "the CPU", "CUDAExecutionProvider": "CUDA"}
_NOWHERE = str(PurePath("/velatura") / "no external data")
_ROUNDING = 1e-3  # stops: how far past its bound an answer may lie by float rounding alone
_FATAL = 4  # ORT's log level: its warnings about looks become our errors


class Session:
    """A loaded look; several threads may call `stops` at once.

    Attributes:
        look: the look that was loaded, without the bytes that are held here in another form.
        provider: the ONNX Runtime execution provider that answered.
        carry: what a shot look has on board; None for a free look.
    """

    def __init__(self, look: Look, loaded: ort.InferenceSession) -> None:
        self.look = replace(look, data=b"", cargo="")
        self.carry: Carry | None = (
            packing.unpack(look.cargo, str(look.path)) if look.cargo else None
        )
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
        if fed(self.look.card):
            feed["guides"] = _wanted_guides(self.look, guides, rgb)[None]
        options = ort.RunOptions()
        options.log_severity_level = _FATAL
        with self._lock:
            self._running.add(options)
        try:
            (answer,) = self._loaded.run(["stops"], feed, options)
        except Exception as error:  # ORT raises a dozen unrelated types
            raise _translated(error, self.look, options) from error
        finally:
            with self._lock:
                self._running.discard(options)
        if not isinstance(answer, np.ndarray) or answer.shape != (1, *rgb.shape):
            raise LookError(
                f"{self.look.path} answered with another size than it was asked",
                found=f"{getattr(answer, 'shape', answer)}, wanted {(1, *rgb.shape)}",
            )
        _check_stops(self.look, answer)
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
    _check_inputs(look, loaded.get_inputs())
    _check_output(look, loaded.get_outputs())
    _probe(look, session)
    return session


def fed(card: Card) -> int:
    """Return how many channels a look's second input has: guides, canvas and carried paint."""
    guides = sum(GUIDES[name] for name in card.guides)
    return guides + canvas.CHANNELS * card.canvas + CHANNELS * bool(card.cargo)


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


def _translated(error: Exception, look: Look, options: ort.RunOptions) -> Exception:
    """Return what went wrong in a run, in our own words."""
    if options.terminate:
        return CancelledError("The look was stopped on request")
    if "allocate" in str(error).lower() or "out of memory" in str(error).lower():
        return MachineError(
            f"Not enough memory to run {look.path}",
            found=str(error),
            do="Lower --memory-mb or --workers",
        )
    return LookError(f"{look.path} failed to run", found=str(error))


def _wanted_guides(look: Look, guides: FloatArray | None, rgb: FloatArray) -> FloatArray:
    count = fed(look.card)
    return np.zeros((count, *rgb.shape[1:]), np.float32) if guides is None else guides


def _check_inputs(look: Look, inputs: Sequence[ort.NodeArg]) -> None:
    """Raise unless the network takes exactly what the card says."""
    unknown = [name for name in look.card.passes if name not in GUIDES]
    if unknown:
        raise LookError(
            f"{look.path} reads passes that this velatura does not know: {', '.join(unknown)}",
            do=f"Known are {', '.join(GUIDES)}",
        )
    wanted = {"rgb": 3}
    if fed(look.card):
        wanted["guides"] = fed(look.card)
    found = {item.name: item for item in inputs}
    if found.keys() != wanted.keys():
        raise LookError(
            f"{look.path} has other inputs than its card says",
            found=f"{', '.join(found) or 'none'}; wanted {', '.join(wanted)}",
        )
    for name, channels in wanted.items():
        _check_tensor(look, "input", found[name], channels)


def _check_output(look: Look, outputs: Sequence[ort.NodeArg]) -> None:
    if [item.name for item in outputs] != ["stops"]:
        raise LookError(
            f"{look.path} has other outputs than a look has",
            found=f"{', '.join(item.name for item in outputs)}; wanted stops",
        )
    _check_tensor(look, "output", outputs[0], channels=3)


def _check_tensor(look: Look, kind: str, found: ort.NodeArg, channels: int) -> None:
    """Raise unless an input or output is float ``(1, channels, h, w)`` of any height and width."""
    shape: Sequence[object] = found.shape or ()
    fits = found.type == "tensor(float)" and len(shape) == 4  # noqa: PLR2004  # N, C, H, W
    fits = fits and (shape[0] in {1, None} or isinstance(shape[0], str))
    fits = fits and (shape[1] == channels or (kind == "output" and not isinstance(shape[1], int)))
    if not fits or any(isinstance(size, int) for size in shape[2:]):
        raise LookError(
            f"{look.path}: {kind} {found.name} does not fit",
            found=f"{found.type} {list(shape)}; wanted tensor(float) [1, {channels}, h, w]",
        )


def _check_stops(look: Look, answer: FloatArray) -> None:
    """Raise unless all is within the bound: two passes, without a copy of a whole frame."""
    least, most = float(answer.min()), float(answer.max())  # NaN where there is one
    bound = look.card.bound
    if -bound - _ROUNDING <= least and most <= bound + _ROUNDING:
        return
    if not np.isfinite((least, most)).all():
        raise LookError(
            f"{look.path} answered with NaN or Inf", do="Export it again, or retrain it"
        )
    raise LookError(
        f"{look.path} answers beyond the bound of its own card",
        found=f"{max(-least, most):g} stops; wanted {bound:g} at most",
    )


def _probe(look: Look, session: Session) -> None:
    """Run two small frames: one dark to bright, one with an exposure no plate should have."""
    step = look.card.alignment
    for rows, columns, brightest in ((2, 3, 4.0), (5, 4, HALF_MAX)):
        ramp = np.geomspace(1e-4, brightest, 3 * rows * columns * step**2, dtype=np.float32)
        session.stops(ramp.reshape(3, rows * step, columns * step))
