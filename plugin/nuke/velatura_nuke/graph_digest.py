"""The graph digest: whether the graph before a look has changed since its gain was rendered.

A mark is a digest of the nodes before the look and of their knobs. What changes in the files that
they read is not in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

import nuke

from velatura import bakes

from . import edition
from .looknode import LookNode, is_look, number, premultiplied

_SETTINGS = ("passes", "datatype")
_STOPS = ("exposure", "degrain")
_LIVE = ("strength", "even", "mix", "invert_mask", "uid", "digest", "disable")
_WORD = r"(?:\{[^{}]*\}|\"(?:[^\"\\]|\\.)*\"|\S+)"
_DRAWN = re.compile(  # where a node stands and how it is drawn
    r"(?<!\S)(?:name|xpos|ypos|selected|label|tile_color|gl_color|note_font\w*|hide_input|cached"
    rf"|postage_stamp\w*|dope_sheet|bookmark|indicators|icon|help) {_WORD}"
)


def mark(look: LookNode) -> str:
    """Return the digest of all that is wired into a look's picture, and of its own settings.

    Where Python is given few nodes there is none, "": nothing is compared.
    """
    if edition.limited():
        return ""
    ends = [look.node.input(place) for place in (0, 2)]
    own = [look.node[name].value() for name in _SETTINGS]
    if (alpha := premultiplied(look.node)) != "auto":  # marks from before there was such stay right
        own.append(alpha)
    own += [value for name in _STOPS if (value := number(look.node, name))]
    root = nuke.root()
    colour = [root[name].value() for name in ("colorManagement", "OCIO_config", "workingSpaceLUT")]
    return hashlib.sha256(repr([own, colour, _told(ends)]).encode()).hexdigest()


def upstream(ends: Iterable[nuke.Node | None]) -> Iterator[nuke.Node]:
    """Yield nodes and all that they depend on, the nearest first; in and out of groups."""
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
    now: str,
    views: Sequence[str] = (),
    *,
    made: bool = False,
) -> dict[int, str]:
    """Return for each frame "baked", "missing", or "stale": made with another look or graph.

    Args:
        look: the look.
        frames: frame numbers.
        now: its `mark`; "" not to compare the graph.
        views: the views that count; all of the script if omitted. The worst one is returned.
        made: look at the gain that the next rendering makes, not at what GainRead reads.
    """
    counted = views or nuke.views()
    where = look.gain if made else look.shown
    gains = {frame: [where(frame, view) for view in counted] for frame in frames}
    folder = where(0, counted[0]).parents[1]
    return bakes.states(folder, gains, look.digest(), now)


def _sources(node: nuke.Node) -> list[nuke.Node]:
    """Return what feeds a node: of an Input what is wired to its group, of a group its output."""
    if node.Class() == "Input":
        fed = [node.parent().input(int(node["number"].value()))]
    else:
        fed = [node.input(place) for place in range(node.inputs())]
    if isinstance(node, nuke.Group) and not is_look(node):
        fed += [inner for inner in node.nodes() if inner.Class() == "Output"]
    return [each for each in fed if each is not None]


def _told(ends: Sequence[nuke.Node | None]) -> list[object]:
    """Return what decides the values of some nodes, each by its place in that order."""
    order = list(upstream(ends))
    places = {node.fullName(): place for place, node in enumerate(order)}

    def place(node: nuke.Node | None) -> int | None:
        return places[node.fullName()] if node else None

    return [[place(end) for end in ends], *([*_knobs(n), *map(place, _sources(n))] for n in order)]


def _knobs(node: nuke.Node) -> list[object]:
    if is_look(node):
        return [node[name].toScript() for name in _LIVE]
    flags = nuke.TO_SCRIPT | nuke.WRITE_USER_KNOB_DEFS | nuke.WRITE_NON_DEFAULT_ONLY
    return [node.Class(), " ".join(_DRAWN.sub("", node.writeKnobs(flags)).split())]
