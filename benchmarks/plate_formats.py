"""What reading a plate costs in each format, as a ratio to decoding an EXR of the same picture.

    OMP_NUM_THREADS=1 python benchmarks/plate_formats.py [--size 1920 1080] [--rounds 9]

Prints for each format the CPU time of `Plate.read`, and its ratio to that of `image.exr.read` alone
for a half RGBA EXR, taken in turns; the medians count. All that the loader of formats adds to an
EXR is the first ratio's distance from 1. Exits with 1 where that is more than 1.05.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "core"))

MOST = 1.05  # of decoding an EXR: the noise of the clock


def main() -> int:
    """Make the pictures, read them in turns, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, nargs=2, default=(1920, 1080))
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    import footage
    import plates

    from velatura.image import exr, movies
    from velatura.plate.plate import Plate
    from velatura.plate.reading import Reading

    size = tuple(options.size)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plate = plates.plain(folder / "a.exr", size[1], size[0])
        picture = footage.codes(3, size)
        files = {
            "EXR, half": plate,
            "PNG, 8 bit": footage.still(folder / "a.png", picture),
            "PNG, 16 bit": footage.still(folder / "b.png", picture, "uint16"),
            "TIFF, 16 bit": footage.still(folder / "a.tif", picture, "uint16"),
            "DPX, 10 bit": footage.still(
                folder / "a.dpx", picture, "uint16", oiio__BitsPerSample=10
            ),
            "JPG": footage.still(folder / "a.jpg", picture),
        }
        frames = options.rounds + 1
        clips = [footage.movie(folder / f"a.{end}", frames, size=size) for end in ("mp4", "mov")]
        space = {"DPX, 10 bit": Reading(space="srgb_rec709_scene")}

        def jobs(turn: int) -> dict[str, Callable[[], object]]:
            made: dict[str, Callable[[], object]] = {
                kind: lambda path=path, kind=kind: Plate.read(path, space.get(kind, Reading()))
                for kind, path in files.items()
            }
            for clip in clips:
                frame = movies.frame_path(str(clip), turn)
                made[f"{clip.suffix[1:].upper()}, next frame"] = lambda at=frame: Plate.read(
                    at, Reading()
                )
            return {"exr.read": lambda: exr.read(plate), **made}

        taken: dict[str, list[float]] = {}
        for turn in range(options.rounds + 1):
            for kind, work in jobs(turn).items():
                seconds = _cpu(work)
                if turn:  # the first one of each warms caches
                    taken.setdefault(kind, []).append(seconds)
    base = median(taken.pop("exr.read"))
    print(f"exr.read: {1e3 * base:.0f} ms of CPU for {size[0]}x{size[1]}")
    for kind, seconds in taken.items():
        print(f"{kind:18} {1e3 * median(seconds):5.0f} ms {median(seconds) / base:6.2f}")
    return 0 if median(taken["EXR, half"]) / base <= MOST else 1


def _cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
