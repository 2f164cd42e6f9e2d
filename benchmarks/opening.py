"""How long a look takes to open: the first time, which has its trial, and once it is known.

    python benchmarks/opening.py [--look LOOK.onnx] [--times 9]

Prints medians of processor time and of wall time for what opening has beside loading the network:
its graph, read and measured; its trial in a process of its own (target: 1 s at the first time), or
finding that it has passed one (target for both: 15 ms). Exits with 1 where processor time misses a
target: on a busy machine wall time is that of the machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "core"))

FIRST, KNOWN = 1.0, 0.015  # seconds


def main() -> int:
    """Open a look again and again, and print what that took."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--look", type=Path)
    parser.add_argument("--times", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_DATA_HOME"] = name  # where trials are remembered
        return measure(options.look, Path(name), options.times)


def measure(path: Path | None, folder: Path, times: int) -> int:
    """Print the figures of one look; return the exit code."""
    import looks

    from velatura import look
    from velatura.apply import contract, session, trial

    found = look.read(path or looks.realistic(folder / "realistic.onnx"))
    session.open_session(found, "cpu")  # what is imported and read from disk once
    first, known, loaded = [], [], []
    for _ in range(times):
        for kept in folder.rglob("trials/*"):
            kept.unlink()
        trial._judgements.clear()  # noqa: SLF001  # as in a process that begins
        first.append(taken(lambda: trial.demand(found)))
        trial._judgements.clear()  # noqa: SLF001
        known.append(taken(lambda: (trial.demand(found), contract.network(found))))
        loaded.append(taken(lambda: session.open_session(found, "cpu")))
    told("the network alone, loaded and probed", loaded, None)
    missed = told("first time, with its trial", first, FIRST)
    missed += told("known: graph read, trial remembered", known, KNOWN)
    return 1 if missed else 0


def taken(work: Callable[[], object]) -> tuple[float, float]:
    """Return the processor time of this process and its children, and the wall time, in seconds."""
    begun, children, clock = time.process_time(), sum(os.times()[2:4]), time.perf_counter()
    work()
    children = sum(os.times()[2:4]) - children
    return time.process_time() - begun + children, time.perf_counter() - clock


def told(what: str, figures: list[tuple[float, float]], target: float | None) -> bool:
    """Print medians; return whether processor time misses the target."""
    processor, wall = (statistics.median(each) * 1000 for each in zip(*figures, strict=True))
    verdict = "" if target is None else f" (target {target * 1000:.0f})"
    print(f"{what}: {processor:.1f} ms of processor time, {wall:.1f} ms{verdict}", flush=True)
    return target is not None and processor > target * 1000


if __name__ == "__main__":
    sys.exit(main())
