"""Precision: whether plates are handed over as halves, which they often are, or as floats."""

from __future__ import annotations

import nuke

from velatura.look import Card

from . import edition
from .looknode import LookNode
from .panel import AS_PLATE, FLOATS, HALVES

_HALF = "16-bit half"  # how Nuke's metadata begin where a file's channels are halves
_SAME = {"Dot", "NoOp", "FrameRange", "FrameHold", "TimeOffset", "TimeClip", "Crop", "Input"}
"""Classes of nodes that leave values as they are."""


def datatype(look: LookNode, card: Card) -> str:
    """Return what SrcWrite is to write: halves only where they lose nothing, or the artist says.

    A half holds neither positions nor objects' numbers, so a look that reads passes gets floats.
    """
    chosen = str(look.node["datatype"].value())
    if card.passes:
        return FLOATS
    if chosen != AS_PLATE:
        return chosen
    return HALVES if not edition.limited() and _is_half(look.node.input(0)) else FLOATS


def _is_half(node: nuke.Node | None) -> bool:
    """Say whether a node shows the very halves of a file."""
    while node is not None and node.Class() in _SAME:
        above = node.parent() if node.Class() == "Input" else None
        node = above.input(int(node["number"].value())) if above else node.input(0)
    if node is None or node.Class() != "Read" or not node["raw"].value():
        return False
    return str(node.metadata("input/bitsperchannel") or "").startswith(_HALF)
