"""A farm job for OpenCue: an outline, a script for pyoutline that launches it."""

from __future__ import annotations

from collections.abc import Sequence

from velatura.farm import tasks
from velatura.farm.order import Order
from velatura.farm.steps import RETRY, Step

_SCRIPT = '''#!/usr/bin/env python
"""{name}: an OpenCue job. Run it where pyoutline is installed (opencue-pyoutline).

    python outline_job.py               launch it
    python outline_job.py --print       print the job's XML, which no server is asked for

Each frame of a layer is one task, a chunk of the shot's frames. Cuebot tries a frame again that
ended with any exit code but 0. After {codes} that helps; 1, 2 and 3 fail again.
"""

import os
import sys

import outline
from outline import cuerun
from outline.depend import DependType
from outline.modules.shell import Shell

HERE = os.path.dirname(os.path.abspath(__file__))
LAYERS = (
    # name, tasks, cores, memory, GPUs, waits for
{layers}
)


def job():
    """Return the outline."""
    made = outline.Outline({name!r}, current=True)
    layers = {{}}
    for name, count, cores, memory, gpus, after in LAYERS:
        layer = Shell(
            name,
            command=["bash", os.path.join(HERE, {runner!r}), name, "#IFRAME#"],
            range="1-%d" % count,
            chunk=1,
            cores=cores,
            memory=memory,
            **({{"gpus": gpus}} if gpus else {{}}),
        )
        for other in after:
            layer.depend_on(layers[other], DependType.LayerOnLayer)
        layers[name] = layer
        if layer not in made.get_layers():
            made.add_layer(layer)
    return made


if __name__ == "__main__":
    launcher = cuerun.OutlineLauncher(job(), maxretries={retries})
    if "--print" in sys.argv:
        print(launcher.serialize(use_pycuerun=False))
    else:
        launcher.launch(use_pycuerun=False)
'''


def files(order: Order, steps: Sequence[Step]) -> dict[str, str]:
    """Return ``outline_job.py``, and the tasks of each step."""
    names = {step.name for step in steps}
    layers = "\n".join(f"    {_layer(order, step, names)!r}," for step in steps)
    script = _SCRIPT.format(
        name=order.name,
        layers=layers,
        runner=tasks.RUNNER,
        retries=order.retries,
        codes=", ".join(map(str, RETRY)),
    )
    return {"outline_job.py": script, **tasks.files(order, steps)}


def _layer(order: Order, step: Step, names: set[str]) -> tuple[object, ...]:
    return (
        step.name,
        len(step.chunks(order.chunk)),
        step.need.cores * step.processes,
        f"{step.need.memory_mb * step.processes}m",
        step.processes if step.need.gpu else 0,
        tuple(name for name in step.after if name in names),
    )
