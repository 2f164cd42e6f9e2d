"""Motion in every foreign format: is it understood, and how good is the paint that it carries?

    OMP_NUM_THREADS=1 python benchmarks/foreign_motion.py [FORMAT...]

The courtyard's plates are stripped to RGBA, and its own Vector pass is written as other programs
would write it, with usual and with unusual signs. Each is surveyed with the keys 1, 6 and 12, and
the merged paint, without any network, compared with the truth of the nine other frames. Exits with
1 where a format's l1log is above .027.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import velatura
from velatura.carry.agreement import agreement
from velatura.carry.paint import Carry
from velatura.carry.painted_key import Key
from velatura.carry.survey import survey
from velatura.image import exr
from velatura.image.planes import FloatArray, Image, Window
from velatura.plate.encoding import encoded
from velatura.plate.flat import read_rgb
from velatura.plate.passes import pick_guides
from velatura.plate.reading import Reading
from velatura.scene import opencv, vectors
from velatura.scene.footage import Footage
from velatura.scene.motion_files import MotionFiles
from velatura.system.progress import Progress

COURTYARD = Path(velatura.__file__).parent / "courtyard"
FRAMES, KEYS = range(1, 13), (1, 6, 12)
FILE = "frame.{:04d}.exr"
LIMIT = 0.027
LEVELS = (1, 2, 4, 8)


@dataclass(frozen=True)
class Ways:
    """How a shot moves: px right and down, ``(2, H, W)``, to the frame before and to the next."""

    before: Mapping[int, FloatArray]
    after: Mapping[int, FloatArray]

    @classmethod
    def of(cls, plates: Path = COURTYARD / "plate", frames: range = FRAMES) -> Ways:
        """Return the motion that the Vector pass of some plates tells."""
        passes = {
            f: pick_guides(exr.read(plates / FILE.format(f)), ["vector"])["vector"] for f in frames
        }
        before = {f: vectors.to_before(vector) for f, vector in passes.items()}
        after = {f: vectors.to_after(vector) for f, vector in passes.items()}
        return cls(before, after)

    def over(self, frame: int, to: int) -> FloatArray:
        """Return the motion over several frames, followed step by step."""
        steps, step = (self.after, 1) if to > frame else (self.before, -1)
        start = vectors.start(*steps[frame].shape[1:])
        places = start
        for each in range(frame, to, step):
            places = places + opencv.warped(steps[each], places)
        return np.asarray(places - start, np.float32)


Planes = dict[str, FloatArray]


def nuke(ways: Ways, frame: int) -> Planes:
    """Return what VectorGenerator writes: layers forward and backward, y up."""
    return {**_pair("forward.u v", ways.after[frame]), **_pair("backward.u v", ways.before[frame])}


def upside_down(ways: Ways, frame: int) -> Planes:
    """Return the same with y down, and both layers called by the other's name."""
    down = np.array([1, -1], np.float32)[:, None, None]
    forward, backward = ways.before[frame] * down, ways.after[frame] * down
    return {**_pair("forward.u v", forward), **_pair("backward.u v", backward)}


def smartvector(ways: Ways, frame: int) -> Planes:
    """Return the layers of SmartVector: every level on every so many-th frame, else zeros."""
    found: Planes = {}
    for level in LEVELS:
        for way, to in (("p", frame - level), ("n", frame + level)):
            there = to in ways.before and frame % level == 0
            moved = ways.over(frame, to) if there else np.zeros_like(ways.before[frame])
            found |= _pair(f"smartvector_f{level:02d}_v01.{way}_u {way}_v", moved)
    return found


def revision(ways: Ways, frame: int) -> Planes:
    """Return RE:Vision's vectors: red and green of a file of their own, to the frame before."""
    return {**_pair("R G", ways.before[frame]), "B": np.zeros_like(ways.before[frame][0])}


def from_before(ways: Ways, frame: int) -> Planes:
    """Return the same as it came *from* there: both signs turned."""
    return {name: -plane for name, plane in revision(ways, frame).items()}


def stmap(ways: Ways, frame: int, key: int) -> Planes:
    """Return the STMap of a key: u and v from 0 to 1, from the lower left corner."""
    moved = ways.over(frame, key)
    height, width = moved.shape[1:]
    x, y = vectors.start(height, width) + moved + np.float32(0.5)
    return {"R": x / width, "G": 1 - y / height, "B": np.zeros_like(x)}


VECTORS: dict[str, Callable[[Ways, int], Planes]] = {
    each.__name__: each for each in (nuke, upside_down, smartvector, revision, from_before)
}


def _pair(names: str, moved: FloatArray) -> Planes:
    """Return two planes, named like ``layer.u v``, px right and up."""
    first, second = names.split()
    layer = first.rpartition(".")[0]
    second = f"{layer}.{second}" if layer else second
    return {first: moved[0], second: -moved[1]}


def write(folder: Path, frame: int, planes: Planes) -> None:
    """Write a frame's file of planes."""
    height, width = next(iter(planes.values())).shape
    whole = Window(0, 0, width, height)
    floats = {name: np.asarray(plane, np.float32) for name, plane in planes.items()}
    folder.mkdir(exist_ok=True, parents=True)
    part = exr.new_part(floats, whole, whole)
    exr.write(folder / FILE.format(frame), Image((part,)))


def strip(frame: int) -> Planes:
    """Return the courtyard's beauty alone."""
    image = exr.read(COURTYARD / "plate" / FILE.format(frame))
    planes = {c: image.find(f"ViewLayer.Combined.{c}")[1].pixels for c in "RGBA"}
    return {name: plane.astype(np.float32) for name, plane in planes.items()}


def named(folder: Path, called: str) -> tuple[list[str], list[str]]:
    """Write a format's files for the courtyard; return what --motion and --stmap say."""
    ways = Ways.of()
    if called == "flow":
        return [], []
    if called == "stmap":
        for key in KEYS:
            for frame in FRAMES:
                write(folder / f"stmap{key}", frame, stmap(ways, frame, key))
        return [], [f"{key}:{folder}/stmap{key}/frame.####.exr" for key in KEYS]
    for frame in FRAMES:
        write(folder / called, frame, VECTORS[called](ways, frame))
    return [f"{folder}/{called}/frame.####.exr"], []


def merged(footage: Footage) -> float:
    """Return the l1log of the merged paint of the keys, over the frames between them."""
    with Progress("none") as report:
        found = survey(footage, KEYS, report)
    assert found is not None, "the trainer's OpenCV is installed"  # noqa: S101
    keys = tuple(
        Key.of(key, light(COURTYARD / "painted", key), footage.sight(key), found.tracks)
        for key in KEYS
    )
    between = [frame for frame in FRAMES if frame not in KEYS]
    carry = Carry(keys, found.tracks, found.fields, found.same)
    sights = {frame: footage.sight(frame) for frame in between}
    carry = replace(carry, agreement=agreement(carry, {f: sights[f] for f in between[::3]}))
    offs = [
        np.abs(carry.paint(f, sights[f]).planes[:3] - encoded(light(COURTYARD / "truth", f))).mean()
        for f in between
    ]
    return float(np.mean(offs))


def light(folder: Path, frame: int) -> FloatArray:
    """Return a picture's light, ``(3, H, W)``."""
    return np.ascontiguousarray(read_rgb(folder / FILE.format(frame)).rgb.transpose(2, 0, 1))


def main() -> int:
    """Write, survey, merge, compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("formats", nargs="*", default=["flow", *VECTORS, "stmap"])
    given = parser.parse_args()
    logging.basicConfig(format="    %(message)s", level=logging.INFO, stream=sys.stdout)
    worst = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for frame in FRAMES:
            write(folder / "plate", frame, strip(frame))
        plates = {frame: folder / "plate" / FILE.format(frame) for frame in FRAMES}
        for called in given.formats:
            motion = MotionFiles.parse(*named(folder, called), plates)
            start = time.process_time()
            off = merged(Footage(plates, Reading(), given=motion))
            print(f"{called}: l1log {off:.4f}, {time.process_time() - start:.1f} CPU-s", flush=True)
            worst = max(worst, off if motion else 0)
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
