"""Whether `--memory-mb` holds: peaks of the whole process tree, over formats, sizes and looks.

    python benchmarks/asked_memory.py [--sizes 1080 2160] [--kinds exr png mp4 guides] [--frames 4]

For each kind of plate, size, and one and two frames at a time, gain layer and picture: the least
memory that velatura takes the job with, twice that, and the peaks. Exits with 1 where a peak is
over what was asked by more than a tenth.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "core"))

from memory import peak

WIDE = 16 / 9
GRANTED = 1.1
"""How far a peak may be over what was asked: allocators keep some of what is freed."""

USUAL = ["exr", "png", "mp4", "guides"]
KINDS = ("exr", "png", "png16", "jpg", "tif", "mp4", "guides")


def main() -> int:
    """Make plates, run jobs, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1080, 2160], help="heights, px")
    parser.add_argument(
        "--kinds", nargs="+", choices=KINDS, default=["exr", "png", "mp4", "guides"]
    )
    parser.add_argument("--frames", type=int, default=4)
    options = parser.parse_args()
    import looks

    missed = 0
    print("| plate | frames at a time | asked, MiB | peak, MiB | s |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        free = looks.realistic(folder / "free.onnx")
        guided = looks.small(folder / "guided.onnx", guides=("normal", "depth", "albedo"))
        for kind in options.kinds:
            look = guided if kind == "guides" else free
            for height in options.sizes:
                size = round(height * WIDE), height
                plate = made(folder / f"{kind}{height}", kind, size, options.frames)
                missed += measured(f"{kind} {size[0]}x{height}", plate, look, folder / "out")
    return 1 if missed else 0


def made(folder: Path, kind: str, size: tuple[int, int], frames: int) -> str:
    """Make a shot; return its pattern."""
    import footage
    import plates

    folder.mkdir()
    if kind == "mp4":
        return str(footage.movie(folder / "a.mp4", frames, size=size))
    for frame in range(1, frames + 1):
        path = folder / f"a.{frame:04d}.{kind if kind != 'guides' else 'exr'}"
        if kind in ("exr", "guides"):
            planes = plates.rgba(size[1], size[0], frame)
            if kind == "guides":
                names = ("N.X", "N.Y", "N.Z", "Z", *(f"albedo.{c}" for c in "RGB"))
                noise = np.random.default_rng(frame).random((size[1], size[0]), np.float32)
                planes |= dict.fromkeys(names, noise)
            plates.exr.write(path, plates.Image((plates.part(planes),)))
        else:
            depth = "uint16" if kind in ("png16", "tif") else "uint8"
            still = path.with_suffix(".png") if kind == "png16" else path
            footage.still(still, footage.codes(frame, size), depth)
    return str(folder / f"a.####{'.png' if kind == 'png16' else path.suffix}")


def measured(what: str, plate: str, look: Path, out: Path) -> int:
    """Print the rows of one plate; return how many are over."""
    missed = 0
    for workers in (1, 2):
        given = (f"--workers={workers}", "--write=both", "--device=cpu")
        least = enough(plate, look, out / "none", *given)
        for asked in (least, 2 * least):
            done = out / f"{Path(plate).parent.name}.{workers}.{asked}"
            most, seconds = peak(plate, look, done, *given, f"--memory-mb={asked}")
            over = most > GRANTED * asked * 2**20
            missed += over
            mark = " **over**" if over else ""
            print(
                f"| {what} | {workers} | {asked} | {most >> 20}{mark} | {seconds:.0f} |", flush=True
            )
    return missed


def enough(plate: str, look: Path, out: Path, *given: str) -> int:
    """Return the least memory that velatura itself names for a job, in MiB."""
    from commands import velatura

    said = velatura("apply", plate, "--look", look, "--out", out, *given, "--memory-mb=1")
    hit = re.search(r"Allow (\d+) MiB", said.stderr)
    if not hit:
        raise SystemExit(said.stderr)
    return int(hit[1])


if __name__ == "__main__":
    sys.exit(main())
