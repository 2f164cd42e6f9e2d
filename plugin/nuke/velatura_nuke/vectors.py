"""Vectors: SmartVectors become STMaps, which the trainer carries paint by.

NukeX's VectorDistort writes for each frame of the range where in a keyframe each pixel lies. What
was written is taken again as long as the graph before the node and the files that it reads are as
they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import nuke

from velatura import bakes

from . import graph_digest, keyframes, refusals, undo, writing
from .graph_digest import Mark
from .looknode import LookNode
from .panel import FLOATS

_INPUTS = ((0, "img"), (2, "guides"))


def bake(look: LookNode) -> str:
    """Write the STMaps of all keyframes, whatever is there; return what lies on disk, in words.

    Raises:
        InputError: nothing is wired to img or guides; the script has no name.
        FrameError: no keyframes, or not in the frame range.
        MachineError: Nuke could not write; NukeX is needed.
        CancelledError: the artist stopped Nuke.
    """
    keys = keyframes.read(look)
    refusals.demand_teaching(look, keys, _INPUTS)
    now = graph_digest.mark(look)
    for key in keys:
        _write(look, key, now)
    return f"{told(look)}: Train takes them where motion is SmartVectors"


def provide(look: LookNode, keys: Sequence[int]) -> None:
    """Write the STMaps of some keyframes that are not there, or of another graph.

    Raises:
        InputError, FrameError, MachineError, CancelledError: as of `bake`.
    """
    refusals.demand_teaching(look, keys, _INPUTS)
    now = graph_digest.mark(look)
    known = bakes.recall(_folder(look))
    for key in keys:
        if known.get(key) != now.text or not _fresh(look, key, now):
            _write(look, key, now)


def files(look: LookNode, key: int) -> str:
    """Return the STMaps of a keyframe as the trainer is told them."""
    return str(_folder(look) / f"key{key}.####.exr")


def told(look: LookNode) -> str:
    """Return how many STMaps lie on disk, how large they are, and where; "" for none."""
    sizes = [path.stat().st_size for path in _folder(look).glob("*.exr")]
    where = f"in {_folder(look)}"
    return f"{len(sizes)} maps, {sum(sizes) / 1e6:.0f} MB {where}" if sizes else ""


def _folder(look: LookNode) -> Path:
    return look.lesson / "maps"


def _written(look: LookNode, key: int) -> list[Path]:
    return [_folder(look) / f"key{key}.{frame:04d}.exr" for frame in look.span()]


def _fresh(look: LookNode, key: int, now: Mark) -> bool:
    """Say whether all maps are there, and newer than the files that the graph reads."""
    try:
        oldest = min(path.stat().st_mtime_ns for path in _written(look, key))
    except OSError:
        return False
    read = [path.stat().st_mtime_ns for path in map(Path, now.paths) if path.exists()]
    return oldest >= max(read, default=0)


def _write(look: LookNode, key: int, now: Mark) -> None:
    _folder(look).mkdir(parents=True, exist_ok=True)
    for old in _folder(look).glob(f"key{key}.*.exr"):
        with suppress(OSError):
            old.unlink()
    look.put("SrcWrite", "datatype", FLOATS)
    look.put("SrcWrite", "file", f"{_folder(look).as_posix()}/key{key}.%04d.exr")
    with undo.none(), _distorted(look, key) as node, writing.wired(look, node):
        writing.write(look, look.span(), nuke.views()[:1])
    bakes.remember(_folder(look), [key], now.text)


@contextmanager
def _distorted(look: LookNode, key: int) -> Iterator[nuke.Node]:
    """Yield NukeX's VectorDistort, showing where in a key each pixel of a frame lies."""
    with look.node:
        node = nuke.nodes.VectorDistort()
    try:
        node.setInput(0, look.inner("img"))
        node.setInput(1, look.inner("guides"))
        node["referenceFrame"].setValue(key)
        node["outputMode"].setValue("st-map inverse")
        yield node
    finally:
        nuke.delete(node)
