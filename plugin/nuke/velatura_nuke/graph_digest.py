"""The graph digest: whether the graph before a look has changed since its gain was rendered.

A mark is a digest of the nodes before the look, of those that their expressions name, and of what
the environment and graph scope variables put into them; and another one of the files they read.
What changes in those files is not in it: *Verify gain* looks at pixels.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import nuke

from velatura import bakes

from . import edition, moved, scopes
from .looknode import LookNode, is_look, number, premultiplied

_SETTINGS = ("passes", "datatype")
_STOPS = ("exposure", "degrain")
_LIVE = ("strength", "even", "mix", "invert_mask", "uid", "digest", "disable")
_NO_SOURCE = {"Root", "Viewer"}  # an expression may name them; what it takes there is evaluated
_BRACES = r"\{(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*\}"  # four deep
_WORD = rf"(?:{_BRACES}|\"(?:[^\"\\]|\\.)*\"|\S+)"
_DRAWN = (  # where a node stands, how it is drawn, its tools; and scopes, which are told by name
    r"name|xpos|ypos|selected|label|tile_color|gl_color|note_font\w*|hide_input|cached|bookmark"
    r"|postage_stamp\w*|dope_sheet|indicators|icon|help|toolbox|toolbar_\w+|panelDropped|panel"
    r"|version|reload|gsv"
)
_TEXT = re.compile(_DRAWN)


@dataclass(frozen=True)
class Mark:
    """What is wired into a look.

    Attributes:
        text: as it is remembered for each frame; "" where nothing is compared.
        paths: the files that the graph reads, as they are called here.
    """

    text: str = ""
    paths: tuple[str, ...] = ()


def mark(look: LookNode) -> Mark:
    """Return the mark of all that is wired into a look's picture, and of its own settings.

    Where Python is given few nodes nothing is compared.
    """
    if edition.limited():
        return Mark()
    ends = [look.node.input(place) for place in (0, 2)]
    own = [look.node[name].value() for name in _SETTINGS]
    if (alpha := premultiplied(look.node)) != "auto":
        own.append(alpha)
    own += [value for name in _STOPS if (value := number(look.node, name))]
    root = nuke.root()
    colour = [root[name].value() for name in ("colorManagement", "OCIO_config", "workingSpaceLUT")]
    wired = list(upstream(ends))
    span = look.span()
    frames = sorted({span.start, max(span.start, span.stop - 1)})
    told = [own, colour, scopes.told(look.node, wired), _told(ends, wired, frames)]
    paths = tuple(path for node in wired if not is_look(node) for path in _paths(node, frames))
    graph = hashlib.sha256(repr(told).encode()).hexdigest()
    return Mark(f"{graph}:{moved.digest(paths)}", paths)


def upstream(ends: Iterable[nuke.Node | None]) -> Iterator[nuke.Node]:
    """Yield nodes and all that feeds them, the nearest first; in and out of groups."""
    ring = [node for node in ends if node is not None]
    seen: set[str] = set()
    while ring:
        node = ring.pop(0)
        if node.fullName() not in seen:
            seen.add(node.fullName())
            yield node
            ring += _sources(node)


def states(
    look: LookNode,
    frames: Iterable[int],
    now: Mark,
    views: Sequence[str] = (),
    *,
    made: bool = False,
) -> dict[int, str]:
    """Return for each frame "baked", "missing", or "stale": made with another look or graph.

    Args:
        look: the look.
        frames: frame numbers.
        now: its `mark`; an empty one not to compare the graph.
        views: the views that count; all of the script if omitted. The worst one is returned.
        made: look at the gain that the next rendering makes, not at what GainRead reads.
    """
    counted = views or nuke.views()
    where = look.gain if made else look.shown
    gains = {frame: [where(frame, view) for view in counted] for frame in frames}
    folder = where(0, counted[0]).parents[1]
    found = bakes.states(folder, gains, look.digest())
    marks = bakes.recall(folder) if now.text else {}
    graph, _, _ = now.text.partition(":")
    right: dict[str, bool] = {}
    for frame, state in found.items():
        if state == bakes.BAKED and frame in marks:
            then, _, paths = marks[frame].partition(":")
            if marks[frame] not in right:
                right[marks[frame]] = then == graph and moved.same(folder, paths, now.paths)
            found[frame] = state if right[marks[frame]] else bakes.STALE
    return found


def _sources(node: nuke.Node) -> list[nuke.Node]:
    """Return what feeds a node: of an Input what is wired to its group, of a group its output."""
    if node.Class() == "Input":
        fed = [node.parent().input(int(node["number"].value()))]
    else:
        fed = [node.input(place) for place in range(node.inputs())]
    if isinstance(node, nuke.Group) and not is_look(node):
        fed += [inner for inner in node.nodes() if inner.Class() == "Output"]
    return [each for each in fed if each is not None]


def _linked(wired: Sequence[nuke.Node]) -> list[nuke.Node]:
    """Return the nodes that expressions lead to, and are not among those that are wired in."""
    seen = {node.fullName() for node in wired}
    ring, found = list(wired), []
    while ring:
        for node in ring.pop(0).dependencies(nuke.EXPRESSIONS):
            if node.fullName() not in seen and node.Class() not in _NO_SOURCE:
                seen.add(node.fullName())
                found.append(node)
                ring.append(node)
    return found


def _told(
    ends: Sequence[nuke.Node | None], wired: Sequence[nuke.Node], frames: Sequence[int]
) -> list[object]:
    """Return what decides the values of some nodes, each by its place in that order."""
    places = {node.fullName(): place for place, node in enumerate(wired)}

    def place(node: nuke.Node | None) -> int | None:
        return places[node.fullName()] if node else None

    told: list[object] = [[place(end) for end in ends]]
    told += [[*_knobs(n, frames), *map(place, _sources(n))] for n in wired]
    return told + [_knobs(node, frames) for node in _linked(wired)]


def _knobs(node: nuke.Node, frames: Sequence[int]) -> list[object]:
    if is_look(node):
        return [node[name].toScript() for name in _LIVE]
    flags = nuke.TO_SCRIPT | nuke.WRITE_USER_KNOB_DEFS | nuke.WRITE_NON_DEFAULT_ONLY
    left = "|".join([_DRAWN, *(re.escape(knob.name()) for knob in _files(node))])
    text = re.sub(rf"(?<!\S)(?:{left}) {_WORD}", "", node.writeKnobs(flags))
    return [node.Class(), " ".join(text.split()), *_evaluated(node, frames)]


def _evaluated(node: nuke.Node, frames: Sequence[int]) -> Iterator[object]:
    """Yield what Tcl and the script's root put into a node's numbers and texts.

    But for what differs between the window and a farm on purpose, as $gui does.
    """
    for name, knob in sorted(node.knobs().items()):
        text = str(knob.toScript() or "")
        active = "[" in text or "root." in text
        if not active or "$gui" in text or _TEXT.fullmatch(name) or knob.Class() == "File_Knob":
            continue
        if isinstance(knob, nuke.Array_Knob):
            yield [name, *(knob.getValueAt(frame) for frame in frames)]
        elif isinstance(knob, nuke.EvalString_Knob):
            yield [name, knob.evaluate()]


def _files(node: nuke.Node) -> list[nuke.Knob]:
    return [knob for knob in node.allKnobs() if knob.Class() == "File_Knob"]


def _paths(node: nuke.Node, frames: Sequence[int]) -> Iterator[str]:
    """Yield the files that a node reads at some frames, in each view, as studios' filters leave it.

    A Write on the way reads none.
    """
    context = nuke.OutputContext()
    for knob in [] if node.Class() == "Write" else _files(node):
        if not knob.value():
            continue
        for view in nuke.views():
            for frame in frames:
                context.setFrame(frame)
                context.setView(context.viewFromName(view))
                path = str(knob.getEvaluatedValue(context) or "")  # type: ignore[attr-defined]
                yield str(nuke.filenameFilter(path) or path)  # type: ignore[no-untyped-call]
