"""velatura for Blender: trained looks as native nodes in the compositor.

`register` and `unregister` are Blender's; the rest is for scripts, see `api`. Licence:
GPL-3.0-or-later, as Blender asks.
"""

from __future__ import annotations

from velatura import resident
from velatura.errors import VelaturaError

from .api import bake, create, set_even, set_look, set_strength, status
from .nodes import properties
from .render import hook
from .teach import settings, training
from .ui import (
    badge,
    bake_status,
    look_menu,
    modal_bake,
    operators,
    panel,
    previews,
    teach_buttons,
    teach_panel,
)

__all__ = [
    "VelaturaError",
    "bake",
    "create",
    "register",
    "set_even",
    "set_look",
    "set_strength",
    "status",
    "unregister",
]

_PARTS = (
    *(properties, settings, bake_status, operators, modal_bake, look_menu, panel, hook, badge),
    *(teach_buttons, teach_panel),
)


def register() -> None:
    for part in _PARTS:
        part.register()


def unregister() -> None:
    for part in reversed(_PARTS):
        part.unregister()
    training.close()
    previews.close()
    resident.close()
