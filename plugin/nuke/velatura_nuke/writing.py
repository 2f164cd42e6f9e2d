"""Writing: what is wired into a look node becomes EXRs, in Nuke's main thread, which waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

import nuke

from velatura.errors import CancelledError, MachineError, VelaturaError

from . import undo
from .looknode import LookNode

_LAST = "Passes4"  # what SrcWrite is wired to, but while it writes keys and maps


def write(look: LookNode, frames: Sequence[int], views: Sequence[str]) -> None:
    """Let SrcWrite write some frames to the files that its knobs name.

    Raises:
        MachineError: Nuke could not write them.
        CancelledError: the artist stopped Nuke.
    """
    with undo.none():
        look.put("SrcWrite", "disable", value=False)
        try:
            for view in views:
                look.put("SrcWrite", "views", view)  # one from before there were views knows none
                for first, last in runs(frames):
                    nuke.execute(f"{look.name}.SrcWrite", first, last, 1, [view])
        except RuntimeError as error:  # how Nuke says that it could not, or was not to
            raise _unwritten(look, error) from error
        finally:
            look.put("SrcWrite", "disable", value=True)


@contextmanager
def wired(look: LookNode, source: nuke.Node) -> Iterator[None]:
    """Let SrcWrite write another node meanwhile."""
    writer = look.inner("SrcWrite")
    writer.setInput(0, source)
    try:
        yield
    finally:
        writer.setInput(0, look.inner(_LAST))


def runs(frames: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of frames without a hole."""
    found = []
    for _, run in groupby(enumerate(sorted(set(frames))), key=lambda pair: pair[1] - pair[0]):
        members = [frame for _, frame in run]
        found.append((members[0], members[-1]))
    return found


def _unwritten(look: LookNode, error: RuntimeError) -> VelaturaError:
    if "cancel" in str(error).casefold():
        return CancelledError(f"Writing what is wired into {look.name} was stopped")
    return MachineError(
        f"What is wired into {look.name} could not be written",
        found=str(error),
        do="View the node before it at that frame; see that there is room on the disk",
    )
