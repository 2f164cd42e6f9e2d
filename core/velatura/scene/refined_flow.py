"""Optical flow that stops at silhouettes: what is plainly wrong in it is mended by a small network.

Dense inverse search smears the motion of a thing over the plain wall behind it, and guesses inside
of plain tiles. The network sees both pictures, the flow there and the flow back; it says where the
flow can be trusted, and spreads that over what belongs together (Liu et al. 2017, "Learning
Affinity via Spatial Propagation Networks"). `benchmarks/flow` makes it, from made-up pictures.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from velatura.image.planes import FloatArray
from velatura.scene import opencv, optical_flow, vectors
from velatura.scene.optical_flow import Flows

MODEL = "flow_refiner.onnx"
"""The network, beside this file: ``planes (1, 11, h, w)``, ``flow (1, 2, h, w)`` px to a flow."""

MULTIPLE = 32
"""Heights and widths that the network takes are multiples of this, px."""

FAR, FURTHER = 0.25, 0.5
"""Up to so many px from the flow that was found the network changes nothing, from so many on all:
it finds gross errors, and is no better to a fraction of a pixel."""

WORSE = 0.005
"""Mean of encoded light by which pictures may differ more along the new flow. Where something is
uncovered, the true motion leads to what hid it; what looks alike is better paint."""

BLUR = 1.0
"""Deviation, px, of the Gaussian under which pictures are compared."""


def both(one: FloatArray, other: FloatArray) -> Flows:
    """Return the motion ``(2, H, W)`` from a picture to another, and back, px right and down.

    Args:
        one: ``(3, H, W)`` encoded light, about 0..1.
        other: the same, of the other picture. Of a picture over `optical_flow.LARGE` pixels the
            half is looked at.
    """
    return optical_flow.mended(one, other, optical_flow.both(one, other), _refined)


def _refined(one: FloatArray, other: FloatArray, flows: Flows) -> Flows:
    """Return both flows with what is plainly wrong in them replaced."""
    go, back = flows
    one, other = (np.clip(p, 0, 1) for p in (one, other))
    with ThreadPoolExecutor(2) as pool:  # one thread each: three would add up otherwise
        ways = ((one, other, go, back), (other, one, back, go))
        new = [run.result() for run in [pool.submit(_run, *way) for way in ways]]
    return _better(one, other, go, new[0]), _better(other, one, back, new[1])


def _run(here: FloatArray, there: FloatArray, go: FloatArray, back: FloatArray) -> FloatArray:
    """Return the network's flow ``(2, H, W)``."""
    height, width = here.shape[1:]
    places = vectors.start(height, width) + go
    fetched = opencv.warped(np.concatenate([there, back]), places)
    x, y = places
    outside = (x < 0) | (x > width - 1) | (y < 0) | (y > height - 1)
    planes = np.concatenate(
        [
            here - np.float32(0.5),
            (fetched[:3] - here) * 4,
            (go - go.mean(axis=(1, 2), keepdims=True)) / 8,
            np.clip(go + fetched[3:], -8, 8) / 2,
            outside[None],
        ]
    ).astype(np.float32)
    spare = ((0, 0), (0, -height % MULTIPLE), (0, -width % MULTIPLE))
    given = {
        name: np.pad(array, spare, mode="edge")[None]
        for name, array in (("planes", planes), ("flow", go))
    }
    (found,) = _network().run(None, given)
    flow: FloatArray = found[0, :, :height, :width]
    return flow


def _better(here: FloatArray, there: FloatArray, old: FloatArray, new: FloatArray) -> FloatArray:
    """Return the new flow where it says something else, and pictures do not contradict."""
    start = vectors.start(*here.shape[1:])
    off = [np.abs(opencv.warped(there, start + f) - here).mean(axis=0) for f in (old, new)]
    allowed = opencv.blurred((off[1] - off[0])[None], BLUR)[0] < WORSE
    apart = np.hypot(*(new - old))
    share = np.clip((apart - FAR) / (FURTHER - FAR), 0, 1) * allowed
    chosen: FloatArray = old + (new - old) * share.astype(np.float32)
    return chosen


@cache
def _network() -> Any:
    """Return the network, loaded once."""
    from velatura.system.onnx_runtime import ort  # takes .1 s: loaded where it is needed

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # the same flow on every machine, whatever its cores
    options.log_severity_level = 3
    model = resources.files(__package__).joinpath(MODEL).read_bytes()
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
