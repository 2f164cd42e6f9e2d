"""A farm job for one machine: GNU parallel where it is there, else xargs."""

from __future__ import annotations

from collections.abc import Sequence

from velatura.farm import tasks
from velatura.farm.order import Order
from velatura.farm.steps import Step

_SCRIPT = """#!/usr/bin/env bash
# {name}: steps one after another, the tasks of a step side by side.
#   JOBS=4 ./run.sh     tasks at a time; default 1, as a task uses {cores} cores itself
#   ./run.sh --dry-run  print every command and run none
# Run it again after an interruption: what is done is kept.
here=$(cd "$(dirname "${{BASH_SOURCE[0]}}")" && pwd)
cd "$here" || exit 4

if [ "${{1:-}}" = --dry-run ]; then
    for step in {steps}; do echo "# $step"; cat "$step.tasks"; done
    exit 0
fi

attempt() {{  # STEP N: one task, again where another try may help
    local code tries=0
    while :; do
        ./{runner} "$1" "$2" >> "$1.$2.log" 2>&1
        code=$?
        case $code in {retry}) ;; *) break;; esac
        tries=$((tries + 1))
        [ "$tries" -le {retries} ] || break
    done
    echo "$1 $2: exit code $code"
    return "$code"
}}
export -f attempt

each() {{  # STEP: all its tasks; a task that fails leaves the others alone
    local numbers
    numbers=$(seq "$(wc -l < "$1.tasks")")
    if parallel --version 2> /dev/null | grep -q GNU; then
        parallel --jobs "${{JOBS:-1}}" --line-buffer attempt "$1" ::: $numbers
    else
        xargs -P "${{JOBS:-1}}" -I {{}} bash -c 'attempt "$@"' _ "$1" {{}} <<< "$numbers"
    fi || {{ echo "$1 is not done" >&2; exit 3; }}
}}

{calls}
"""


def files(order: Order, steps: Sequence[Step]) -> dict[str, str]:
    """Return ``run.sh`` and the tasks of each step."""
    script = _SCRIPT.format(
        name=order.name,
        cores=order.cores,
        steps=" ".join(step.name for step in steps),
        runner=tasks.RUNNER,
        retry=tasks.retried(),
        retries=order.retries,
        calls="\n".join(f"each {step.name}" for step in steps),
    )
    return {"run.sh": script, **tasks.files(order, steps)}
