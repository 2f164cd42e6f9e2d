"""Several processes that learn one look together, started by torchrun: one rank each.

Every rank draws the same batch, learns from its own share of it, and takes the mean of all ranks'
gradients: so all hold the same weights, which are those of one process with the whole batch, up to
the rounding of sums. Rank 0 alone decides what time tells, and writes into the run's folder. In a
process that torchrun did not start, all of this does nothing.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor, distributed, nn
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from velatura.errors import TrainingError
from velatura_training import run_folder
from velatura_training.data.augment import Batch


def join(out: Path, device: str) -> Path:
    """Meet the other ranks; return the folder that this one writes into.

    By gloo on CPUs, by nccl on CUDA, where each rank of a machine takes a GPU of its own. Ranks but
    the first say nothing, and write into a scratch folder that holds what the run has come to.

    Args:
        out: the run's folder.
        device: "auto", "cpu" or "cuda".
    """
    gpu = torch.cuda.is_available() and device != "cpu"
    if gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    store, number, size = next(rendezvous("env://"))
    # torchrun keeps one store for all its starts: addresses of ranks that were killed lie in it.
    start = PrefixStore(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"), store)
    backend = "nccl" if gpu else "gloo"
    distributed.init_process_group(backend, store=start, rank=number, world_size=size)
    atexit.register(distributed.destroy_process_group)
    if rank() == 0:
        distributed.barrier()  # the others have their copies
        return out
    logging.getLogger("velatura").setLevel(logging.ERROR)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    scratch = Path(tempfile.mkdtemp(prefix="velatura-rank-"))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    for name in (run_folder.CHECKPOINT, run_folder.RECIPE, run_folder.LESSON):
        if (out / name).exists():
            shutil.copy2(out / name, scratch / name)
    distributed.barrier()
    return scratch


def count() -> int:
    """Return how many ranks learn together; 1 for a process of its own."""
    there = distributed.is_available() and distributed.is_initialized()
    return distributed.get_world_size() if there else 1


def rank() -> int:
    """Return which of them this is, from 0."""
    return distributed.get_rank() if count() > 1 else 0


def demand_shares(batch: int) -> None:
    """Raise TrainingError unless a batch can be cut into equal shares."""
    if batch % count():
        raise TrainingError(
            f"A batch of {batch} patches cannot be shared by {count()} processes",
            do=f"Name a multiple of {count()} with --batch.",
        )


def share(batch: Batch) -> Batch:
    """Return this rank's part of a batch."""
    size = len(batch.plate) // count()
    own = slice(rank() * size, (rank() + 1) * size)
    cover = None if batch.cover is None else batch.cover[own]
    return Batch(batch.plate[own], batch.guides[own], batch.paint[own], cover)


def average(weights: Iterable[nn.Parameter]) -> None:
    """Replace the gradients of weights by the mean of all ranks'."""
    if count() == 1:
        return
    found = [each.grad for each in weights if each.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in found])
    distributed.all_reduce(flat)
    flat /= count()
    parts = torch.split(flat, [gradient.numel() for gradient in found])
    for gradient, part in zip(found, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def means(figures: Mapping[str, float]) -> dict[str, float]:
    """Return the mean of all ranks' figures, by name; all have the same names."""
    if count() == 1:
        return dict(figures)
    names = sorted(figures)
    values = _told([figures[name] for name in names])
    distributed.all_reduce(values)
    return dict(zip(names, (values / count()).tolist(), strict=True))


def first(value: float) -> float:
    """Return rank 0's value: a clock, or a score that decides something."""
    if count() == 1:
        return value
    told = _told([value])
    distributed.broadcast(told, 0)
    return float(told[0])


def most(value: float) -> float:
    """Return the largest of all ranks' values."""
    if count() == 1:
        return value
    told = _told([value])
    distributed.all_reduce(told, distributed.ReduceOp.MAX)
    return float(told[0])


def _told(values: list[float]) -> Tensor:
    """Return values as a tensor where the ranks' backend takes it."""
    nccl = distributed.get_backend() == "nccl"
    return torch.tensor(values, dtype=torch.float64, device="cuda" if nccl else "cpu")
