"""A farm job for Slurm: an array of tasks for each step, and a script that submits them all."""

from __future__ import annotations

from collections.abc import Sequence

from velatura.farm import tasks
from velatura.farm.order import Order
from velatura.farm.steps import Step

_NOTICE = 30  # seconds before a time limit: velatura stops within two

_STEP = """#!/usr/bin/env bash
#SBATCH --job-name={name}
#SBATCH --array=1-{count}
#SBATCH --cpus-per-task={cores}
#SBATCH --mem={memory}M
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output={name}.%a.log
#SBATCH --signal=B:TERM@{notice}
{gpu}# What a machine could not do is queued again, {retries} times at most; other failures are not.
{launch} &
child=$!
trap 'kill -TERM "$child" 2> /dev/null' TERM INT
wait "$child"
code=$?
if kill -0 "$child" 2> /dev/null; then wait "$child"; code=$?; fi
echo "{name} $SLURM_ARRAY_TASK_ID: exit code $code, start ${{SLURM_RESTART_COUNT:-0}}"
case $code in
{retry})
    if [ "${{SLURM_RESTART_COUNT:-0}}" -lt {retries} ]; then
        scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID"
        sleep 60  # Slurm ends this task meanwhile
    fi;;
esac
exit "$code"
"""

_SUBMIT = """#!/usr/bin/env bash
# {name}: submits every step with what it waits for; prints step and job number.
#   ./submit.sh [further options of sbatch, such as --partition=render or --hold]
set -euo pipefail
cd "$(dirname "${{BASH_SOURCE[0]}}")"
{calls}
"""


def files(order: Order, steps: Sequence[Step]) -> dict[str, str]:
    """Return ``submit.sh``, a batch script for each step, and its tasks."""
    names = {step.name for step in steps}
    scripts = {f"{step.name}.sbatch": _script(order, step) for step in steps}
    calls = "\n".join(_call(step, names) for step in steps)
    submit = _SUBMIT.format(name=order.name, calls=calls)
    return {"submit.sh": submit, **scripts, **tasks.files(order, steps)}


def _script(order: Order, step: Step) -> str:
    run = f'bash ./{tasks.RUNNER} {step.name} "$SLURM_ARRAY_TASK_ID"'
    return _STEP.format(
        name=step.name,
        count=len(step.chunks(order.chunk)),
        cores=step.need.cores * step.processes,
        memory=step.need.memory_mb * step.processes,
        notice=_NOTICE,
        gpu=f"#SBATCH --gres=gpu:{step.processes}\n" if step.need.gpu else "",
        retries=order.retries,
        retry=tasks.retried(),
        launch=f"srun --ntasks=1 {run}" if step.processes > 1 else run,
    )


def _call(step: Step, names: set[str]) -> str:
    waits = [_variable(name) for name in step.after if name in names]
    after = f" --dependency=afterok:{':'.join(f'${name}' for name in waits)}" if waits else ""
    kill = " --kill-on-invalid-dep=yes" if waits else ""
    name = _variable(step.name)
    submitted = f'{name}=$(sbatch --parsable{after}{kill} "$@" {step.name}.sbatch)'
    return f'{submitted}\necho "{step.name} ${name}"'


def _variable(name: str) -> str:
    return "job_" + name.replace("-", "_")
