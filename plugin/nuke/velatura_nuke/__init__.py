"""velatura for Nuke: trained looks as Groups of native nodes.

::

    import velatura_nuke

    look = velatura_nuke.create("looks/ink.onnx")
    velatura_nuke.bake(look, range(1001, 1049))

`velatura_nuke.api` says what there is. They are imported when they are first asked for: the
text of the Group, `velatura_nuke.nkscript`, is made without a Nuke.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import bake, create, set_even, set_look, set_strength, status, train, write_job
    from .buttons import press

__all__ = [
    "bake",
    "create",
    "press",
    "set_even",
    "set_look",
    "set_strength",
    "status",
    "train",
    "write_job",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{'buttons' if name == 'press' else 'api'}"), name)
