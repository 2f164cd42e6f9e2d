"""velatura for Blender: trained looks as native nodes in the compositor.

`register` and `unregister` are Blender's; the rest is for scripts, see `api`. Licence:
GPL-3.0-or-later, as Blender asks.
"""

from __future__ import annotations

from . import hook, kiln, properties
from .api import add_look, bake, set_strength, status

__all__ = ["add_look", "bake", "register", "set_strength", "status", "unregister"]


def register() -> None:
    properties.register()
    hook.register()


def unregister() -> None:
    hook.unregister()
    properties.unregister()
    kiln.close()
