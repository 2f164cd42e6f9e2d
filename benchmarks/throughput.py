"""How many frames a second a sequence makes: two frame workers beside one, in the same run.

    python benchmarks/throughput.py [--look LOOK.onnx] [--frames 16] [--rounds 3] [--device NAME]

Makes 1080p half RGBA ZIP frames, applies the look with one worker and with two, in turn, and
prints frames per second and their ratio. Without --look, the look of the tests with about 20 kFLOP
a pixel. The target is a ratio of 1.8 on two processors that have nothing else to do.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "core"))


def main() -> None:
    """Make the frames, run the jobs, print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--look", type=Path)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", choices=("cpu", "cuda", "tensorrt"), default="cpu")
    options = parser.parse_args()
    import looks
    import plates

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        look = options.look or looks.realistic(folder / "realistic.onnx")
        plate = plates.shot(folder / "in", options.frames, 1080, 1920)
        rates: dict[int, list[float]] = {1: [], 2: []}
        for round_ in range(options.rounds):
            for workers, found in rates.items():
                wall, cpu = timed(
                    plate, look, folder / f"out{workers}.{round_}", workers, options.device
                )
                found.append(options.frames / wall)
                told = f"{options.device}, {workers} workers: {found[-1]:.2f} frames/s"
                print(f"{told}, {cpu:.1f} CPU-s", flush=True)
    one, two = (statistics.median(found) for found in rates.values())
    ratios = [b / a for a, b in zip(*rates.values(), strict=True)]
    print(f"one worker {one:.2f}, two workers {two:.2f} frames/s (medians)")
    print(f"ratio {statistics.median(ratios):.2f} (best {max(ratios):.2f}); {load()}")


class Silence:
    """A report that tells nobody."""

    def started(self, total: int) -> None:
        """See `velatura.system.progress.Report`."""

    def wrote(self, path: str) -> None:
        """See `velatura.system.progress.Report`."""

    def finished(self, frame: str, *, skipped: bool) -> None:
        """See `velatura.system.progress.Report`."""


def timed(plate: Path, look: Path, out: Path, workers: int, device: str) -> tuple[float, float]:
    """Run one job in this process; return wall and CPU seconds."""
    from velatura.apply import sequence
    from velatura.job import Job

    job = Job(str(plate), str(look), str(out), device=device, workers=workers)
    wall, cpu = time.perf_counter(), time.process_time()
    sequence.run(job, Silence())
    return time.perf_counter() - wall, time.process_time() - cpu


def load() -> str:
    """Return how busy the machine is, where it says so."""
    if not hasattr(os, "getloadavg"):
        return f"{os.cpu_count()} processors"
    return f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
