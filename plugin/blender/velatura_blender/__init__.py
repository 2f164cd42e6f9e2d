"""velatura for Blender: trained looks as native nodes in the compositor.

`register` and `unregister` are Blender's; the rest is for scripts, see `api`. Licence:
GPL-3.0-or-later, as Blender asks.
"""

from __future__ import annotations

from . import chooser, hook, kiln, operators, panel, properties, shelf, tally, walk
from .api import bake, create, set_even, set_look, set_strength, status

__all__ = [
    "bake",
    "create",
    "register",
    "set_even",
    "set_look",
    "set_strength",
    "status",
    "unregister",
]

_PARTS = (properties, tally, operators, walk, chooser, panel, hook)


def register() -> None:
    for part in _PARTS:
        part.register()


def unregister() -> None:
    for part in reversed(_PARTS):
        part.unregister()
    shelf.close()
    kiln.close()
