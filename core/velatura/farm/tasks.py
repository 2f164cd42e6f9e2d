"""Tasks as lines of shell: what Slurm, OpenCue and a plain shell run, one line a task."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import PurePath

from velatura.farm.order import Order
from velatura.farm.steps import RETRY, Step

RUNNER = "task.sh"
"""The script that runs one line; see `files`."""

_RUNNER = """#!/usr/bin/env bash
# Runs task N of a step:  task.sh STEP N
# Ends with velatura's exit code. 0: done. 4, or killed: another try may help. 1, 2, 3: none will.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command=$(sed -n "$2p" "$here/$1.tasks")
[ -n "$command" ] || { echo "$1 has no task $2" >&2; exit 2; }
eval "exec $command"
"""


def files(order: Order, steps: Sequence[Step]) -> dict[str, str]:
    """Return the runner, and for each step a file of its tasks."""
    lines = {f"{step.name}.tasks": _lines(order, step) for step in steps}
    return {RUNNER: _RUNNER, **lines}


def command(order: Order, step: Step, frames: str) -> list[str]:
    """Return the whole command of a task; several processes of a training by torchrun."""
    if step.processes == 1:
        return [order.velatura, *step.task(frames)]
    beside = PurePath(order.velatura)
    torchrun = str(beside.with_name("torchrun")) if beside.parent.name else "torchrun"
    start = [torchrun, "--standalone", f"--nproc-per-node={step.processes}", "--module", "velatura"]
    return [*start, *step.task(frames)]


def retried() -> str:
    """Return the exit codes after which a task is tried again, as a shell's `case` has them."""
    return "|".join(map(str, RETRY))


def _lines(order: Order, step: Step) -> str:
    commands = (command(order, step, frames) for frames in step.chunks(order.chunk))
    return "".join(f"{' '.join(map(_quoted, words))}\n" for words in commands)


def _quoted(word: str) -> str:
    """Return a word as bash reads it, on one line."""
    if "\n" not in word:
        return shlex.quote(word)
    escaped = word.replace("\\", r"\\").replace("'", r"\'").replace("\n", r"\n")
    return f"$'{escaped}'"
