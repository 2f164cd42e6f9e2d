"""What grows with frames, pixels, keys and looks: three sizes of each, and the formula.

    OMP_NUM_THREADS=1 python benchmarks/scale.py

CPU-seconds of one thread and peak memory, each in a process of its own: an application of a look
of 20 kFLOP a pixel (as the tests have it) on procedural plates, and the survey of the courtyard
with its painted keys on board. The formula is a straight line through the three, by least squares.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "core"))
COURTYARD = ROOT / "core/velatura/courtyard"
SIZES = ((640, 360), (1280, 720), (1920, 1080))


def main() -> None:
    """Measure each in a process of its own, print a table."""
    if len(sys.argv) > 1:
        kind, number, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
        print(json.dumps(globals()[kind](number, folder)))
        return
    print("| what | three sizes | CPU-s | MiB at most | CPU-s = |\n|---|---|---|---|---|")
    for kind, numbers, unit in (
        ("pixels", range(3), "megapixels a frame"),
        ("frames", (2, 4, 8), "frames of 640x360"),
        ("looks", (1, 2, 3), "looks on a frame of 640x360"),
        ("keys", (1, 2, 3), "painted keys, survey of 12 frames of 320x180"),
    ):
        found = [measured(kind, number) for number in numbers]
        sizes, seconds, peaks = (np.array([f[at] for f in found]) for at in range(3))
        slope, start = np.polyfit(sizes, seconds, 1)
        print(
            f"| {unit} | {_listed(sizes)} | {_listed(seconds)} | {_listed(np.round(peaks))} "
            f"| {start:.2f} + {slope:.2f} n |",
            flush=True,
        )
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")


def measured(kind: str, number: int) -> list[float]:
    """Return size, CPU-seconds and MiB of one measurement."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, __file__, kind, str(number), folder]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        return [float(value) for value in json.loads(done.stdout.splitlines()[-1])]


def pixels(number: int, folder: Path) -> list[float]:
    """Apply a look to one frame of some size."""
    width, height = SIZES[number]
    return [width * height / 1e6, *_applied(folder, 1, (height, width), 1)]


def frames(number: int, folder: Path) -> list[float]:
    """Apply a look to some frames."""
    return [number, *_applied(folder, number, (360, 640), 1)]


def looks(number: int, folder: Path) -> list[float]:
    """Apply some looks to one frame."""
    return [number, *_applied(folder, 1, (360, 640), number)]


def keys(number: int, folder: Path) -> list[float]:  # noqa: ARG001
    """Look over the courtyard for some painted keys, and pack them."""
    from velatura.carry import packing
    from velatura.carry.paint import Carry
    from velatura.carry.painted_key import Key
    from velatura.carry.survey import survey
    from velatura.image.gathering import find
    from velatura.plate import flat
    from velatura.plate.reading import Reading
    from velatura.scene.footage import Footage
    from velatura.system.progress import Progress

    painted = (1, 6, 12)[:number]
    shot = Footage(find(str(COURTYARD / "plate/frame.####.exr")), Reading())
    started = time.process_time()
    found = survey(shot, painted, Progress("none"))
    seconds = time.process_time() - started
    paints = {
        f: np.moveaxis(flat.read_rgb(COURTYARD / f"painted/frame.{f:04d}.exr").rgb, -1, 0)
        for f in painted
    }
    made = tuple(Key.of(f, paints[f], shot.sight(f), found.tracks) for f in painted)
    text = packing.pack(Carry(made, found.tracks, found.fields, found.same))
    print(f"{len(text) / 2**20:.1f} MiB on board", file=sys.stderr)
    return [number, seconds, len(text) / 2**20]


def _applied(folder: Path, count: int, size: tuple[int, int], looks_: int) -> list[float]:
    import looks as small_looks
    import plates

    from velatura.apply import sequence
    from velatura.job import Job
    from velatura.system.progress import Progress

    plate = plates.shot(folder / "in", count, *size)
    look = small_looks.realistic(folder / "look.onnx")
    started = time.process_time()
    for number in range(looks_):
        job = Job(str(plate), str(look), str(folder / f"out{number}"), device="cpu", workers=1)
        sequence.run(job, Progress("none"))
    seconds = time.process_time() - started
    return [seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]


def _listed(values: np.ndarray) -> str:
    return ", ".join(f"{value:.3g}" for value in values)


if __name__ == "__main__":
    main()
