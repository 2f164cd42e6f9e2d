"""The vectors that an artist gives for a shot: how they are meant, and where they lead.

What the numbers mean differs from program to program. Every reading is tried on some frames: right
or left, up or down, to the next frame or to the one before. The reading that fetches what is seen
is taken and named in the log; vectors that do not beat standing still are refused.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from velatura.errors import FrameError, PassError
from velatura.image.planes import FloatArray
from velatura.scene import motion_files, optical_flow, residual, vector_layers, vectors
from velatura.scene.motion_files import MotionFiles
from velatura.scene.residual import Residual
from velatura.scene.vector_layers import DIRECTIONS, Direction, VectorLayer

TRIED = 5
"""Frames on which readings are tried."""

DOUBTED = 3
"""Pairs of frames on which vectors are compared with optical flow."""

EVEN = 0.02
"""By so much of the standing residual the usual reading may be worse: where things move evenly,
there and back are nearly the same."""

STILL = 0.02
"""Encoded light by which a pixel must differ from the other frame for a vector that is exactly 0 to
mean that nothing is known there, as many programs leave it."""

MORE = 2.5
"""Vectors that leave so many times what optical flow leaves are doubtful. Flow looks for the least
residual; vectors of a renderer leave twice as much, of a frame too late 3, of half the size 4."""

log = logging.getLogger(__name__)

Light = Callable[[int], FloatArray]
Trial = tuple[Direction, Residual]


@dataclass(frozen=True)
class ArtistMotion:
    """Vectors that are understood.

    Attributes:
        files: what the artist named.
        layers: the layer of each reach and direction in time, with its reading: ``{2: ..}`` leads
            two frames ahead, ``{-1: ..}`` to the frame before.
        light: gives a frame's encoded light, ``(3, H, W)``.
    """

    files: MotionFiles
    layers: dict[int, tuple[VectorLayer, Direction]]
    light: Light

    @classmethod
    def of(cls, files: MotionFiles, frames: Sequence[int], light: Light) -> ArtistMotion:
        """Return the vectors of a shot, read as its plates say.

        Args:
            files: what the artist named.
            frames: the shot's, rising.
            light: gives a frame's encoded light, ``(3, H, W)``.

        Raises:
            PassError: no vectors, of another size, all zero, or none that beat standing still.
            FrameError: most frames have none.
            ImageError: a file that cannot be read.
        """
        _tell_gaps(files, frames)
        first = files.vectors[min(files.vectors)]
        layers = vector_layers.found(vector_layers.read(first), files.layers)
        least = min(layer.reach for layer in layers)
        tried = tuple(layer for layer in layers if layer.reach == least)
        trials = _tried(tried, files, frames, light)
        chosen = _chosen(tried, trials)
        known: dict[int, tuple[VectorLayer, Direction]] = {}
        for layer, (direction, left) in zip(tried, chosen, strict=True):
            if not left.explains:
                raise _explains_nothing(layer, first.name, direction, left)
            log.info("vectors of layer %s: %s; %s", layer.name, direction, left)
            _doubt(layer, direction, files, frames, light)
            for each in layers:
                if each.usual == layer.usual:
                    known.setdefault(direction.later * each.reach, (each, direction))
        return cls(files, known, light)

    def moved(self, frame: int, to: int) -> FloatArray | None:
        """Return the motion to another frame: ``(2, H, W)`` px right and down, NaN where unknown.

        None where no vectors lead there.
        """
        if to - frame not in self.layers or frame not in self.files.vectors:
            return None
        layer, direction = self.layers[to - frame]
        here, there = self.light(frame), self.light(to)
        numbers = layer.read(vector_layers.read(self.files.vectors[frame]), here.shape[1:])
        nothing = ~numbers.any(axis=0)
        if layer.reach > 1 and nothing.all():
            return None  # a level of SmartVector is there on some frames only
        differs = np.abs(residual.grey(here) - residual.grey(there)) > STILL
        return np.where(nothing & differs, np.float32(np.nan), direction.moved(numbers))


def _tell_gaps(files: MotionFiles, frames: Sequence[int]) -> None:
    """Say which frames have no vectors; refuse where that is most of them."""
    gaps = motion_files.missing(frames, files.vectors)
    if 2 * len(files.vectors) < len(frames):
        raise FrameError(
            "Most frames of the shot have no file of vectors",
            found=f"none for frame {gaps}",
            do="Write the vectors of the whole shot, or omit --motion",
        )
    if gaps:
        log.warning("Frame %s has no file of vectors: optical flow is taken there", gaps)


def _tried(
    layers: Sequence[VectorLayer], files: MotionFiles, frames: Sequence[int], light: Light
) -> list[list[Trial]]:
    """Return what every reading of each layer leaves, over some frames."""
    reach = layers[0].reach
    there = [frame for frame in frames if frame in files.vectors]
    inner = [f for f in there if f - reach in frames and f + reach in frames]
    # A level over several frames is told on every so many-th of them only.
    some = residual.spread(inner or there, TRIED * reach)
    left: list[dict[Direction, list[Residual]]] = [{d: [] for d in DIRECTIONS} for _ in layers]
    moving = [False for _ in layers]
    for frame in some:
        here = light(frame)
        image = vector_layers.read(files.vectors[frame])
        near = {d: residual.grey(light(frame + d)) for d in (reach, -reach) if frame + d in frames}
        for place, layer in enumerate(layers):
            numbers = layer.read(image, here.shape[1:])
            moving[place] |= bool((np.nan_to_num(numbers) != 0).any())
            for direction, lefts in left[place].items():
                if direction.later * reach in near:
                    places = vectors.start(*here.shape[1:]) + direction.moved(numbers)
                    other = near[direction.later * reach]
                    lefts.append(Residual.of(residual.grey(here), other, places))
    for layer, moves in zip(layers, moving, strict=True):
        if not moves:
            raise PassError(
                f"The vectors of layer {layer.name} are all zero",
                found=f"looked at frame {', '.join(map(str, some))}",
                do="Is the node that makes them switched off? Omit --motion for optical flow",
            )
    return [[(d, Residual.mean(lefts)) for d, lefts in each.items() if lefts] for each in left]


def _chosen(layers: Sequence[VectorLayer], trials: Sequence[list[Trial]]) -> tuple[Trial, ...]:
    """Return the reading of each layer: together the best; two layers lead to two neighbours."""

    def score(readings: tuple[Trial, ...]) -> float:
        usual = [d == layer.usual for (d, _), layer in zip(readings, layers, strict=True)]
        return sum(
            left.part + EVEN * (not meant) for (_, left), meant in zip(readings, usual, strict=True)
        )

    options = list(itertools.product(*trials))
    apart = [o for o in options if len({direction.later for direction, _ in o}) == len(o)]
    return min(apart or options, key=score)


def _doubt(
    layer: VectorLayer,
    direction: Direction,
    files: MotionFiles,
    frames: Sequence[int],
    light: Light,
) -> None:
    """Warn where optical flow explains far more of two frames than the vectors do."""
    step = direction.later * layer.reach
    pairs = [(f, f + step) for f in frames if f in files.vectors and f + step in frames]
    told: list[Residual] = []
    seen: list[Residual] = []
    for frame, to in residual.spread(pairs, DOUBTED):
        here, there = light(frame), light(to)
        start, greys = vectors.start(*here.shape[1:]), (residual.grey(here), residual.grey(there))
        numbers = layer.read(vector_layers.read(files.vectors[frame]), here.shape[1:])
        moved = direction.moved(numbers)
        flow = optical_flow.between(here, there, fine=True)
        moves = np.isfinite(moved).all(axis=0) & (np.abs(moved) >= residual.MOVED).any(axis=0)
        told.append(Residual.of(*greys, start + moved))
        seen.append(Residual.of(*greys, np.where(moves, start + flow, np.float32(np.nan))))
    vector, flows = Residual.mean(told), Residual.mean(seen)
    if flows.pixels and vector.off > MORE * flows.off:
        log.warning(
            "Optical flow leaves less than the vectors of layer %s: residual %.3f, not %.3f. Are "
            "they a frame late, or of another size?",
            *(layer.name, flows.off, vector.off),
        )


def _explains_nothing(layer: VectorLayer, file: str, how: Direction, left: Residual) -> PassError:
    return PassError(
        f"The vectors of layer {layer.name} ({file} and on) do not tell how the plates move",
        found=f"{left}, read as {how}, which is the best of {len(DIRECTIONS)} readings",
        do="Are they of this shot, in px a frame, and not limited to 0..1? "
        "Omit --motion to carry the paint by optical flow",
    )
