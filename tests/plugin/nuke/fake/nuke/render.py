"""Rendering: the script's text, as it would be saved, goes to the evaluator and becomes EXRs."""

from __future__ import annotations

from typing import Any

import nk
from evaluator import Evaluator, RenderError
from picture import Picture, expand

from . import callbacks, scripts, tree
from .nodes import Node
from .ranges import FrameRange, FrameRanges
from .session import SESSION


def execute(
    nameOrNode: str | Node,
    start: int | FrameRanges | None = None,
    end: int | None = None,
    incr: int = 1,
    views: list[str] | None = None,
    continueOnError: bool = False,
) -> None:
    """Render a Write; return when it is done, or raise RuntimeError.

    Raises:
        RuntimeError: something else renders, a callback raised, a file is missing or cannot be
            written, or the artist cancelled.
    """
    SESSION.demand_main("execute")
    if SESSION.rendering:
        raise RuntimeError("I'm already executing something else")
    node = tree.find(nameOrNode) if isinstance(nameOrNode, str) else nameOrNode
    if node is None:
        raise RuntimeError(f"{nameOrNode}: no such node")
    if node.Class() != "Write":
        raise RuntimeError(f"{node.fullName()} is not executable")
    if node["disable"].value():
        raise RuntimeError(f"{node.fullName()} is disabled")
    _render(node, _frames(start, end, incr), views or tree_views(), continueOnError)


def executeMultiple(
    nodes: list[Node],
    ranges: list[tuple[int, int, int]],
    views: list[str] | None = None,
    continueOnError: bool = False,
) -> None:
    for node in nodes:
        for first, last, step in ranges:
            execute(node, first, last, step, views, continueOnError)


def tree_views() -> list[str]:
    """Return the names of the script's views; `nuke.views`."""
    text = str(tree.root()["views"].toScript())
    return [line.split()[0].strip("{}") for line in text.splitlines() if line.split()] or ["main"]


def _frames(start: int | FrameRanges | None, end: int | None, incr: int) -> list[int]:
    if isinstance(start, FrameRanges):
        return start.toFrameList()
    if not isinstance(start, int) or not isinstance(end, int):
        raise TypeError(f"execute wants frames, not {start!r} and {end!r}")
    return list(range(start, end + 1, incr))


def _render(node: Node, frames: list[int], views: list[str], carry_on: bool) -> None:
    before = SESSION.frame
    SESSION.rendering = True
    try:
        _called("BeforeRender", node)
        for frame in frames:
            SESSION.frame = frame
            _called("BeforeFrameRender", node)
            for view in views:
                _write(node, frame, view, carry_on)
            _called("AfterFrameRender", node)
        _called("AfterRender", node)
    finally:
        SESSION.rendering, SESSION.frame = False, before


def _write(node: Node, frame: int, view: str, carry_on: bool) -> None:
    root = _parsed()
    try:
        Evaluator(root, view).write(root.node(node.fullName()), frame)
    except RenderError as error:
        if not carry_on:
            raise RuntimeError(str(error)) from error


def _called(event: str, node: Node) -> None:
    try:
        callbacks.run(event, node)
    except Exception as error:
        raise RuntimeError(f"{error}") from error  # an exception in a callback ends the render


def _parsed() -> nk.Node:
    """Return the script as another Nuke would read it from disk."""
    root = nk.parse(scripts.text_of(tree.root()))
    root.gui = SESSION.gui
    return root


def shown(node: Node) -> Picture:
    """Return what a node shows now; empty where nothing is or a file is missing."""
    root = _parsed()
    try:
        return Evaluator(root).picture(root.node(node.fullName()), SESSION.frame)
    except RenderError:
        return Picture()


def has_error(node: Node) -> bool:
    root = _parsed()
    try:
        Evaluator(root).picture(root.node(node.fullName()), SESSION.frame)
    except RenderError:
        return True
    return False


def frame_range(node: Node) -> FrameRange:
    """Return the frames that a node says it has: of its file, its FrameRange, or the script."""
    if node.Class() == "Read":
        return FrameRange(node["first"].value(), node["last"].value())
    if node.Class() == "FrameRange":
        return FrameRange(node["first_frame"].value(), node["last_frame"].value())
    if node is tree.root():
        return FrameRange(node["first_frame"].value(), node["last_frame"].value())
    fed = [node.source(index) for index in range(node.inputs())]
    found = [frame_range(each) for each in fed if each is not None]
    return found[0] if found else FrameRange(tree.root().firstFrame(), tree.root().lastFrame())


def sample(node: Node, channel: str, x: float, y: float) -> float:
    """Return the pixel at a place whose y runs up from the format's lower edge."""
    picture = shown(node)
    column = int(x) - picture.bbox.x
    row = picture.size.height - 1 - int(y) - picture.bbox.y
    inside = 0 <= column < picture.bbox.width and 0 <= row < picture.bbox.height
    found: Any = picture.plane(expand(channel)[0])[row, column] if inside else 0.0
    return float(found)
