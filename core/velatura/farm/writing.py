"""Writing a farm job's files, or printing them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from velatura.atomic import replacing
from velatura.errors import StorageError
from velatura.farm import opencue, openjd, shell, slurm
from velatura.farm.order import Order
from velatura.farm.steps import Step

Farm = Literal["openjd", "slurm", "opencue", "shell"]

_FARMS = {
    "openjd": openjd.files,
    "slurm": slurm.files,
    "opencue": opencue.files,
    "shell": shell.files,
}
_RUN = (".sh", ".sbatch")


def files(farm: Farm, order: Order, steps: Sequence[Step]) -> dict[str, str]:
    """Return a farm's files by name.

    Raises:
        InputError: as `velatura.farm.openjd.files`.
    """
    return _FARMS[farm](order, steps)


def write(folder: Path, texts: Mapping[str, str]) -> Iterator[Path]:
    """Write a farm's files into a folder, made if need be; yield each.

    Raises:
        StorageError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made", found=error.strerror) from error
    for name, text in texts.items():
        path = folder / name
        with replacing(path) as beside:
            beside.write_text(text, encoding="utf-8", newline="\n")
            if path.suffix in _RUN:
                beside.chmod(0o755)
        yield path


def outline(order: Order, steps: Sequence[Step]) -> Iterator[str]:
    """Yield a line for each step: its tasks, what they need, and what it waits for."""
    for step in steps:
        tasks = _counted(len(step.chunks(order.chunk)) if step.frames else 1, "task")
        if step.frames:
            tasks = f"{_counted(len(step.frames), 'frame')} in {tasks}"
        need = f"{_counted(step.need.cores, 'core')}, {step.need.memory_mb} MiB"
        need += ", GPU" * step.need.gpu
        waits = f", after {', '.join(step.after)}" if step.after else ""
        yield f"{step.name}: {tasks}, {need}{waits}"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" + "s" * (number != 1)
