"""What carried paint costs: the paint guide of a frame, and the look over a shot before training.

    OMP_NUM_THREADS=1 python benchmarks/carry.py [--rounds 2]

Twice: the courtyard as it is, 320x180, and enlarged to 1920x1080, with its keys 1, 6 and 12. Each
of the enlarged pixels sees the surface that the nearest pixel of the render sees, where its own ray
meets it. So motions, holes and objects are the courtyard's, and only outlines have steps. The
fields are those of the small shot.

CPU-seconds of one thread, medians over the nine frames without paint. Exits with 1 where the guide
of a 1080p frame costs more than .9 with passes, or .45 without any.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

import velatura
from velatura.carry import packing, survey
from velatura.carry.paint import Carry
from velatura.carry.painted_key import Key
from velatura.image import exr
from velatura.image.planes import FloatArray, Image, Part, Plane, Window
from velatura.plate.flat import read_rgb
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura.scene import tracks
from velatura.scene.footage import Footage
from velatura.scene.gbuffer import Sight
from velatura.system.progress import Progress

COURTYARD = Path(velatura.__file__).parent / "courtyard"
FRAMES, KEYS = range(1, 13), (1, 6, 12)
WANTED = ("Combined", "Position", "Vector", "CryptoObject00")
NORMAL = [f"ViewLayer.Normal.{axis}" for axis in "XYZ"]
TIMES = 6  # as large as it is, enlarged: 1920x1080
LIMIT, BARE_LIMIT = 0.9, 0.45
BENT = 0.1  # of its distance: how far from its neighbour a pixel's surface is believed to go on

Made = TypeVar("Made")


@dataclass(frozen=True)
class Costs:
    """CPU-seconds, and what came of them.

    Attributes:
        survey: a frame of the look over the shot, its file read and unpacked.
        unpack: all keys and motions out of the look's file, once a look.
        passes: the passes of a frame, once it is read.
        known: to see that a frame is of the shot.
        guide: its carried paint, by Position, ids and fields.
        alone: the same of footage, whose frames and keys have no passes, by fields alone.
        worth: what the paint is worth, the mean over the frame.
    """

    survey: float
    unpack: float
    passes: float
    known: float
    guide: float
    alone: float
    worth: float


def main() -> int:
    """Measure, print, compare with the limit."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    show("320x180", measure(COURTYARD / "plate", 1, given.rounds))
    with tempfile.TemporaryDirectory() as folder:
        for frame in FRAMES:
            image = exr.read(COURTYARD / f"plate/frame.{frame:04d}.exr")
            exr.write(Path(folder) / f"frame.{frame:04d}.exr", enlarged(image, TIMES))
        costs = measure(Path(folder), TIMES, given.rounds)
    show("1920x1080", costs)
    return int(costs.guide > LIMIT or costs.alone > BARE_LIMIT)


def measure(folder: Path, times: int, rounds: int) -> Costs:
    """Look over a shot, pack its keys as a look has them, and carry them into its frames."""
    footage = Footage({f: folder / f"frame.{f:04d}.exr" for f in FRAMES}, Reading())

    small = Footage({f: COURTYARD / f"plate/frame.{f:04d}.exr" for f in FRAMES}, Reading())

    def look_over() -> Carry:
        with Progress("none") as report:
            found = survey.survey(small, KEYS, report)
        if found is None:
            raise SystemExit("the survey found nothing: OpenCV is missing")
        keys = tuple(key(footage, frame, times, found.tracks) for frame in KEYS)
        return Carry(keys, found.tracks, found.fields, found.same)

    spent, carry = timed(look_over)
    text = packing.pack(carry)
    unpacked, carry = timed(lambda: packing.unpack(text, "the courtyard"))
    footage_keys = tuple(without_passes(key) for key in carry.keys)
    bare_carry = replace(carry, keys=footage_keys)
    rows = []
    for frame in [frame for frame in FRAMES if frame not in KEYS] * rounds:
        plate = Plate.of(exr.read(footage.plates[frame]), footage.reading)
        window = plate.window(*(slice(0, size) for size in plate.size))
        passes, sight = timed(lambda: Sight.of(plate, window, motion=False))  # noqa: B023  # called at once
        known, _ = timed(lambda: carry.misfit(frame, [sight]))  # noqa: B023
        guide, paint = timed(lambda: carry.paint(frame, sight))  # noqa: B023
        bare = replace(sight, position=None, objects=None)
        alone, _ = timed(lambda: bare_carry.paint(frame, bare))  # noqa: B023
        rows.append((passes, known, guide, alone, float(paint.planes[3].mean())))
    return Costs(spent / len(FRAMES), unpacked, *map(statistics.median, zip(*rows, strict=True)))


def timed(work: Callable[[], Made]) -> tuple[float, Made]:
    """Return the CPU-seconds of some work, and what it made."""
    start = time.process_time()
    made = work()
    return time.process_time() - start, made


def key(footage: Footage, frame: int, times: int, found: tracks.Tracks) -> Key:
    """Return a painted frame of the courtyard as it is carried, as large as its plate."""
    light = read_rgb(COURTYARD / f"painted/frame.{frame:04d}.exr").rgb.transpose(2, 0, 1)
    return Key.of(frame, repeated(light, times), footage.sight(frame), found)


def without_passes(painted: Key) -> Key:
    """Return a key as it is of footage: nothing tells objects or depths."""
    nothing = np.zeros_like(painted.index)
    return replace(painted, index=nothing, depth=None, rim=nothing.astype(bool))


def enlarged(image: Image, times: int) -> Image:
    """Return the courtyard's render as if it had been made so many times as large."""
    parts = [part for part in image.parts if part.name.endswith(WANTED)]
    data = parts[0].data
    whole = Window(0, 0, times * data.width, times * data.height)
    seen = dict(zip(("X", "Y", "Z"), surfaces(image, times), strict=True))

    def larger(part: Part, plane: Plane) -> Plane:
        pixels = repeated(plane.pixels, times)
        if part.name.endswith("Position"):
            pixels = seen[plane.name[-1]]
        if part.name.endswith("Vector"):
            pixels = pixels * np.float16(times)
        return replace(plane, pixels=pixels)

    made = [replace(p, planes=tuple(larger(p, plane) for plane in p.planes)) for p in parts]
    return Image(tuple(replace(part, data=whole, display=whole) for part in made))


def surfaces(image: Image, times: int) -> FloatArray:
    """Return the enlarged Position: where rays meet what the nearest pixel of the render sees."""
    plate = Plate.of(image, Reading())
    window = plate.window(*(slice(0, size) for size in plate.size))
    sight = Sight.of(plate, window, motion=False)
    camera, normal = sight.camera(), np.stack([image.find(name)[1].pixels for name in NORMAL])
    if camera is None or sight.position is None:
        raise SystemExit("the courtyard's Position pass is gone")
    back = np.linalg.inv(camera.matrix[:, :3])
    eye = -back @ camera.matrix[:, 3]
    height, width = (times * size for size in sight.size)
    across, down = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    rays = np.tensordot(back, np.stack([across, down, np.ones_like(across)]), 1)
    away = sight.position - eye[:, None, None]
    ahead = repeated(np.tensordot(camera.axis[:3], away, 1), times)  # its distance: a ray's is 1
    with np.errstate(divide="ignore", invalid="ignore"):
        met = repeated((normal * away).sum(0), times) / (repeated(normal, times) * rays).sum(0)
    met = np.where(np.abs(met - ahead) < BENT * ahead, met, ahead)
    points = eye[:, None, None] + met * rays
    return np.where(repeated(sight.surface(), times), points, 0).astype(np.float32)


def repeated(pixels: npt.NDArray[Any], times: int) -> npt.NDArray[Any]:
    """Return ``(..., H, W)`` with each pixel so many times across and down."""
    return pixels.repeat(times, axis=-2).repeat(times, axis=-1)


def show(size: str, costs: Costs) -> None:
    """Print what was measured."""
    print(
        f"{size}: a frame's guide {costs.guide:.3f} CPU-s, without passes {costs.alone:.3f}; "
        f"its passes {costs.passes:.3f}, to "
        f"know it {costs.known:.3f}; a look's keys {costs.unpack:.2f}; the survey "
        f"{costs.survey:.2f} a frame, its keys read; worth {costs.worth:.2f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
