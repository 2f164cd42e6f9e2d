"""STMaps that an artist gives for a key: where in the key each pixel of a frame lies.

An STMap holds two channels, u and v, from 0 to 1 across the picture, (0, 0) at its bottom left
corner, as in Nuke: the output *st-map inverse* of a VectorDistort whose reference frame is the key.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from velatura.errors import PassError
from velatura.image.planes import FloatArray, Image
from velatura.plate.layers import group, listed, title
from velatura.scene import motion_files, residual, vector_layers
from velatura.scene.artist_motion import TRIED, Light
from velatura.scene.residual import Residual

_PAIRS = (("U", "V"), ("R", "G"), ("X", "Y"))

log = logging.getLogger(__name__)


class STMaps:
    """The STMaps of a shot's keys, read as its plates say.

    Args:
        files: for each key the files by frame.
        frames: the shot's, rising.
        painted: the key frames.
        light: gives a frame's encoded light, ``(3, H, W)``.

    Raises:
        PassError: no u and v, of another size, all zero, or none that beat standing still.
        ImageError: a file that cannot be read.
    """

    def __init__(
        self,
        files: Mapping[int, Mapping[int, Path]],
        frames: Sequence[int],
        painted: Sequence[int],
        light: Light,
    ) -> None:
        self._light = light
        self._files = {key: files[key] for key in sorted(files) if key in painted}
        for key in sorted(files.keys() - set(painted)):
            log.warning("Frame %d has STMaps, but is not painted: they are not read", key)
        self._up = {key: self._understood(key, frames) for key in self._files}

    def places(self, frame: int, key: int) -> FloatArray | None:
        """Return where a frame's pixels lie in a key: ``(2, H, W)`` px, NaN where unknown.

        None where no STMap tells it.
        """
        if frame == key or frame not in self._files.get(key, {}):
            return None
        return _read(self._files[key][frame], self._light(key).shape[1:], up=self._up[key])

    def _understood(self, key: int, frames: Sequence[int]) -> bool:
        """Return whether v counts up, as it should; refuse maps that do not lead to the key."""
        files = self._files[key]
        if gaps := motion_files.missing([f for f in frames if f != key], files):
            how = "they are followed from frame to frame"
            log.warning("No STMap leads from frame %s to key %d: %s", gaps, key, how)
        others = [frame for frame in frames if frame in files and frame != key]
        if not others:
            raise PassError(
                f"The STMaps of key {key} lead from no other frame", found=str(files[key])
            )
        some = residual.spread(others, TRIED)
        size, there = self._light(key).shape[1:], residual.grey(self._light(key))
        led: dict[bool, Residual] = {}
        returning: list[Residual] = []
        for up in (True, False):
            maps = {frame: _read(files[frame], size, up=up) for frame in some}
            near = {frame: residual.grey(self._light(frame)) for frame in some}
            led[up] = Residual.mean(Residual.of(near[f], there, maps[f]) for f in some)
            returning.append(Residual.mean(Residual.of(there, near[f], maps[f]) for f in some))
        up = led[True].part <= led[False].part
        way = f"v {'up' if up else 'down'}, from each frame into the key"
        back = min(returning, key=lambda left: left.part)
        if back.explains and back.part < led[up].part:
            raise PassError(
                f"The STMaps of key {key} ({files[some[0]].name} and on) lead from the key to the "
                "frames, not from the frames to the key",
                found=f"{back} that way, {led[up].off:.3f} this way",
                do="Write the other output of VectorDistort: st-map inverse, the key as reference",
            )
        if not led[up].explains:
            raise PassError(
                f"The STMaps of key {key} ({files[some[0]].name} and on) do not lead to the key",
                found=f"{led[up]}, read as {way}",
                do="Are they of this shot, with this key as the reference frame, u and v from 0 to "
                "1? Omit --stmap to follow the plates",
            )
        log.info("STMaps of key %d: %s; %s", key, way, led[up])
        return up


def _read(path: Path, size: tuple[int, int], *, up: bool) -> FloatArray:
    """Return the places of a file, ``(2, H, W)`` px, y down; NaN where it holds none."""
    image = vector_layers.read(path)
    numbers = vector_layers.pair(image, _channels(image), size)
    if not np.nan_to_num(numbers).any():
        raise PassError(f"The STMap {path} is all zero", do="Render it again, or delete it")
    numbers[:, ~numbers.any(axis=0)] = np.nan  # black is where Nuke has no pixels
    if up:
        numbers[1] = 1 - numbers[1]
    return numbers * np.array(size[::-1], np.float32)[:, None, None] - np.float32(0.5)


def _channels(image: Image) -> tuple[str, str]:
    layers = group(image)
    for there in layers.values():
        for u, v in _PAIRS:
            if u in there and v in there:
                return there[u], there[v]
    raise PassError(
        f"{title(image)} is no STMap",
        found=listed(layers),
        do="Write u and v into red and green, or into the channels u and v",
    )
