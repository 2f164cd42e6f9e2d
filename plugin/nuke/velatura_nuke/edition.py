"""Nuke's editions: in Non-commercial and Indie Python is given ten nodes, and None from then on.

They are counted over the whole session, also those that a script has held before. There Tcl sets
what is inside a look node, and the guard is left to the node itself.
"""

from __future__ import annotations

from typing import Any

import nuke

_LIMITED = ("nc", "indie")


def limited() -> bool:
    """Say whether this Nuke counts the nodes that it gives to Python."""
    env: Any = getattr(nuke, "env", {})
    return any(env.get(name, False) for name in _LIMITED)
