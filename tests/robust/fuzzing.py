"""Runs damaged inputs in processes that may die, and tells how each ended.

As a program: ``python tests/robust/fuzzing.py 10000`` (and a seed) prints a table.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).parent
PATIENCE = 200.0
"""Seconds that a case may take: a trial of a look is given 120 on a busy machine."""

_TAIL = 3000  # bytes of what a child that died said last


@dataclass(frozen=True)
class Ended:
    """How a case ended: its exit code, or "hang", or the signal that killed it."""

    number: int
    kind: str
    how: str
    said: str = ""

    @property
    def fine(self) -> bool:
        """Whether it was a success or a refusal, and no forged or torn line."""
        return (
            self.how in {"0", "3", "4"} and "Traceback" not in self.said and "\x1b" not in self.said
        )


def cases(first: int, last: int, seed: int, folder: Path) -> Iterator[Ended]:
    """Run cases in child processes; a child that dies is followed by another."""
    while first < last:
        for ended in _child(first, last, seed, folder):
            yield ended
            first = ended.number + 1


def _child(first: int, last: int, seed: int, folder: Path) -> Iterator[Ended]:
    arguments = map(str, (HERE / "cases.py", first, last, seed, folder))
    errors = folder / f"stderr.{first}"  # libraries say a lot there
    with errors.open("wb") as stream:
        child = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
            cwd=folder,  # where a job that names no whole path may write
            env=_environment(folder),
        )
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_pump, args=(child, lines), daemon=True).start()
    number = first
    try:
        while line := lines.get(timeout=PATIENCE):
            said = json.loads(line)
            number = said.get("begins", number)
            if "ends" in said:
                yield Ended(number, said["kind"], str(said["code"]), said["said"])
                number += 1
        if child.wait() or number < last:
            last_words = errors.read_bytes()[-_TAIL:].decode(errors="replace")
            yield Ended(number, "?", f"died of {child.returncode}", last_words)
    except queue.Empty:
        yield Ended(number, "?", "hang")
    finally:
        child.kill()
        child.wait()


def _pump(child: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    with child.stdout or contextlib.nullcontext(()) as stream:
        for line in stream:
            lines.put(line)
    lines.put("")


def _environment(folder: Path) -> dict[str, str]:
    helpers = os.pathsep.join(str(HERE.parent / name) for name in ("robust", "core", "training"))
    path = os.pathsep.join(filter(None, (helpers, os.environ.get("PYTHONPATH", ""))))
    home = {"XDG_DATA_HOME": str(folder / "home"), "PYTHONPATH": path}
    return os.environ | home | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def fuzz(count: int, seed: int, folder: Path, lanes: int = 2) -> list[Ended]:
    """Run that many cases, some side by side."""
    subprocess.run(
        [sys.executable, str(HERE / "inputs.py"), str(folder)],
        check=True,
        env=_environment(folder),
    )
    cuts = [count * lane // lanes for lane in range(lanes + 1)]
    with ThreadPoolExecutor(lanes) as pool:
        parts = pool.map(
            lambda ends: [_told(each) for each in cases(*ends, seed, folder)], pairwise(cuts)
        )
        return [ended for part in parts for ended in part]


def _told(ended: Ended) -> Ended:
    """Print a case that ended badly at once: a run of ten thousand takes its time."""
    if not ended.fine:
        print(f"--- case {ended.number}: {ended.kind} {ended.how}\n{ended.said}", flush=True)
    elif ended.number % 100 == 0:
        print(f"case {ended.number}", flush=True)
    return ended


def main() -> int:
    """Print how all cases ended, and the story of those that ended badly."""
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 0
    with tempfile.TemporaryDirectory() as folder:
        found = fuzz(count, seed, Path(folder))
    bad = [ended for ended in found if not ended.fine]
    for (kind, how), times in sorted(Counter((e.kind, e.how) for e in found).items()):
        print(f"{kind:8} {how:6} {times}")
    print(f"{len(found)} cases of seed {seed}, {len(bad)} bad")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
