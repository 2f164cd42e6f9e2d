"""The guard: no frame is rendered with a gain that is missing or of something else.

Nuke asks before each render and each frame. A frame outside a look's own range is left to GainRead,
which fails where it is really asked for: what is between may shift frames.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from typing import Callable

import nuke

from velatura import bakes
from velatura.errors import FrameError

from . import edition, graph_digest
from .graph_digest import Mark
from .looknode import LookNode, is_look

_marks: dict[str, list[tuple[LookNode, Mark]]] = {}
"""Full name of a Write -> the looks before it, with their marks as the render began."""


def register() -> None:
    """Ask from now on; not where Python is given few nodes: there a look node guards itself."""
    if not edition.limited():
        nuke.addBeforeRender(before_render, nodeClass="Write")
        nuke.addBeforeFrameRender(before_frame, nodeClass="Write")


def before_render() -> None:
    """Look at what a Write depends on, and at the frames it is limited to.

    Raises:
        FrameError: a gain is missing or out of date, or was never rendered.
    """
    _marks.clear()
    _refusing(_begin)


def before_frame() -> None:
    """Look at the frame that is about to be rendered.

    Raises:
        FrameError: its gain is missing or out of date.
    """
    _refusing(_frame)


def _refusing(ask: Callable[[], None]) -> None:
    """Let nothing end a render but a refusal: an error of the guard's own is printed."""
    try:
        ask()
    except FrameError:
        raise
    except Exception:  # noqa: BLE001  # nobody's render may fail over this
        traceback.print_exc()


def _begin() -> None:
    if not _has_looks():
        return
    writer = nuke.thisNode()
    _marks[writer.fullName()] = _looks(writer)
    if writer["use_limit"].value():
        first, last = (int(writer[name].value()) for name in ("first", "last"))
        _demand(writer, range(first, last + 1))


def _frame() -> None:
    if not _has_looks():
        return
    writer = nuke.thisNode()
    if writer.fullName() not in _marks:
        _marks[writer.fullName()] = _looks(writer)
    _demand(writer, [nuke.frame()])


def _has_looks() -> bool:
    """Say whether the script has any look: one without groups is not looked into."""
    return any(map(is_look, nuke.allNodes("Group", recurseGroups=True)))


def _looks(writer: nuke.Node) -> list[tuple[LookNode, Mark]]:
    nodes = (node for node in graph_digest.upstream([writer]) if node is not writer)
    looks = [LookNode(node) for node in nodes if is_look(node)]
    return [
        (look, graph_digest.mark(look) if look.node["refuse_stale"].value() else Mark())
        for look in looks
    ]


def _demand(writer: nuke.Node, frames: Iterable[int]) -> None:
    wanted = str(writer["views"].value()).split()
    views = [view for view in nuke.views() if view in wanted]
    for look, mark in _marks[writer.fullName()]:
        span, needed = look.span(), [frame for frame in frames if look.needs(frame)]
        if needed and not look.node["baked"].value():  # in the window Gate would show the plate
            raise _refusal(look, needed[0], bakes.MISSING)
        asked = [frame for frame in needed if frame in span]
        for frame, state in graph_digest.states(look, asked, mark, views).items():
            if state != bakes.BAKED:
                raise _refusal(look, frame, state)


def _refusal(look: LookNode, frame: int, state: str) -> FrameError:
    wrong = "was not rendered" if state == bakes.MISSING else "is out of date"
    return FrameError(
        f"The gain of {look.name} {wrong} for frame {frame}",
        found=f"{state}: {look.shown(frame, nuke.views()[0])}",
        do="Press Render gain, or disable the node if it is unused; to render with a gain of an"
        " older graph, switch refuse stale gain off in its tab Gain",
    )
