"""How much memory one frame takes: peak resident size of a whole `velatura apply` process.

    python benchmarks/memory.py [--look LOOK.onnx]

Prints it for a half RGBA frame of 1920x1080 (target: under 600 MB) and of 7680x4320 (under 2.5 GB),
for the gain layer and for the finished picture. Exits with 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "core"))

TARGETS = {(1080, 1920): 600e6, (4320, 7680): 2.5e9}  # height, width -> bytes


def main() -> int:
    """Make the frames, run the jobs, print the peaks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--look", type=Path)
    options = parser.parse_args()
    import looks
    import plates

    missed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        look = options.look or looks.realistic(folder / "realistic.onnx")
        for (height, width), target in TARGETS.items():
            plate = plates.plain(folder / f"plate{width}.exr", height, width)
            for write in ("gain", "both"):
                bytes_, seconds = peak(plate, look, folder / f"{write}{width}", write)
                verdict = "ok" if bytes_ < target else "TOO MUCH"
                missed += bytes_ >= target
                print(
                    f"{width}x{height} {write:4}: {bytes_ / 1e6:6.0f} MB of {target / 1e6:.0f}, "
                    f"{seconds:.1f} s, {verdict}",
                    flush=True,
                )
    return 1 if missed else 0


def peak(plate: Path, look: Path, out: Path, write: str) -> tuple[int, float]:
    """Run one job in a process of its own; return its largest resident size and its time."""
    from commands import started

    start = time.perf_counter()
    process = started("apply", plate, "--look", look, "--out", out, "--write", write)
    watched = psutil.Process(process.pid)
    largest = 0
    talk = threading.Thread(target=process.communicate)
    talk.start()
    while talk.is_alive():
        try:
            largest = max(largest, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.005)
    talk.join()
    if process.returncode:
        raise SystemExit(f"velatura ended with {process.returncode}")
    return largest, time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
