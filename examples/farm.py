"""A shot in chunks, as a farm's tasks: each is a command, and says whether another try helps.

    python examples/farm.py shot.####.exr ink.onnx out 1 48 12

`velatura farm` writes whole jobs of such tasks for OpenJD, Slurm and OpenCue: docs/farm.md.
"""

import shlex
import subprocess
import sys

from velatura.client import runtime
from velatura.job import Job

plate, look, out, *numbers = sys.argv[1:]
first, last, size = map(int, numbers)
chunks = [f"{begin}-{min(begin + size - 1, last)}" for begin in range(first, last + 1, size)]
jobs = [Job(plate, look, out, frames=chunk, write="both") for chunk in chunks]
tasks = [[*runtime(), *job.argv(), "--progress=openjd"] for job in jobs]
print(*map(shlex.join, tasks), sep="\n", flush=True)  # what a farm would be given, one task a line
codes = [subprocess.run(task, check=False).returncode for task in tasks]
sys.exit(
    max(codes)
)  # 0 done, 3 wrong input (do not retry), 4 this machine cannot (retry elsewhere)
