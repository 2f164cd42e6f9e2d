"""Plate, result and truth of some frames, as a report shows them, within so many bytes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from velatura.errors import ImageError, VelaturaError
from velatura.gain import law
from velatura.gain.layer import stops_of
from velatura.image import exr
from velatura.image.planes import FloatArray
from velatura.plate import colour, flat
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura.report import viewer
from velatura.report.gathered import Layer

MOST = 12
"""Frames at most, evenly spread; those whose truth is known come first."""

log = logging.getLogger("velatura")


@dataclass(frozen=True)
class Source:
    """A frame that can be shown.

    Attributes:
        frame: its number.
        gain: its gain layer.
        plate: its plate.
        truth: what a painter made of it; None where nobody did.
    """

    frame: int
    gain: Path
    plate: Path
    truth: Path | None


@dataclass(frozen=True)
class Shot:
    """The plates that gain layers are for.

    Attributes:
        plates: files by frame number.
        truths: painted frames to compare with, by number.
        reading: how the plates are read.
    """

    plates: Mapping[int, Path]
    truths: Mapping[int, Path]
    reading: Reading

    def pictures(self, layers: Sequence[Layer]) -> tuple[list[dict[str, Any]], list[Any]]:
        """Return the entries of the viewer's list, and each one's pictures, as it takes them.

        A frame that cannot be read is left out, and that is said.

        Args:
            layers: the gain layers; of several with one number the first counts.
        """
        whole = []
        for source in self._chosen(layers):
            try:
                whole.append((source, _read(source, self.reading)))
            except VelaturaError as error:
                log.warning("frame %d is not shown: %s", source.frame, error)
        urls, longest = viewer.fitted(
            [planes for _, planes in whole], lambda p: viewer.encode(p, colour.SCENE)
        )
        entries = [_entry(source, longest) for source, _ in whole]
        ids = [entry["id"] for entry in entries]
        return entries, [list(pair) for pair in zip(ids, urls, strict=True)]

    def _chosen(self, layers: Sequence[Layer]) -> list[Source]:
        gains: dict[int, Path] = {}
        for layer in layers:
            if layer.stops and layer.number:
                gains.setdefault(int(layer.number), layer.path)
        there = sorted(gains.keys() & self.plates.keys())
        known = _some([frame for frame in there if frame in self.truths], MOST // 2)
        rest = _some([frame for frame in there if frame not in known], MOST - len(known))
        return [
            Source(frame, gains[frame], self.plates[frame], self.truths.get(frame))
            for frame in sorted({*known, *rest})
        ]


def _entry(source: Source, longest: float) -> dict[str, Any]:
    known = source.truth is not None
    return {
        "id": f"f{source.frame}",
        "name": str(source.frame),
        "kind": "truth known" if known else "glazed",
        "third": "truth" if known else "",
        "said": f"at most {longest:.0f} px wide here",
        "version": 1,
    }


def _some(frames: Sequence[int], most: int) -> list[int]:
    places = np.linspace(0, len(frames) - 1, min(len(frames), most)).round().astype(int)
    return [frames[place] for place in np.unique(places)]


def _read(source: Source, reading: Reading) -> dict[str, FloatArray]:
    """Return plate, result and truth, ``(H, W, 3)`` scene-linear Rec.709, over black."""
    plate = Plate.read(source.plate, reading)
    light, alpha = plate.stored(*(slice(0, side) for side in plate.size))
    light = np.nan_to_num(light, nan=0.0, posinf=0.0, neginf=0.0)
    stops = stops_of(exr.read(source.gain))
    if stops.shape != light.shape:
        sizes = (f"{planes.shape[2]}x{planes.shape[1]}" for planes in (stops, light))
        raise ImageError(
            f"{source.gain.name} is not of the size of {source.plate.name}",
            found=" and ".join(sizes),
            do="Name with --plate the plates that it was made for",
        )
    found = {"plate": light, "result": law.apply(light, stops, 1.0, alpha)}
    shown = {
        name: colour.convert(np.ascontiguousarray(planes), plate.space, colour.SCENE, plate.config)
        for name, planes in found.items()
    }
    pictures = {name: _picture(planes) for name, planes in shown.items()}
    if source.truth is not None:
        pictures["third"] = _picture(_truth(source.truth, plate).light(colour.SCENE))
    return pictures


def _truth(path: Path, plate: Plate) -> flat.Picture:
    height, width = plate.size
    return flat.read_rgb(path, max_pixels=flat.LARGER * height * width)


def _picture(planes: FloatArray) -> FloatArray:
    return np.ascontiguousarray(planes.transpose(1, 2, 0), np.float32)
