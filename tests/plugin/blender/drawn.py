"""Runs inside Blender: draws panels and menus without a window, on Blender's own layouts.

Blender fills a popup before it looks for the window to show it in, and crashes where there is none.
So the process ends as soon as what was drawn has been told: `say` is a script's last line.
"""

from __future__ import annotations

import os
import weakref
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import bpy
import stage

Row = tuple[str, str]
"""What is to be read, and the operator or property behind it."""


def editor(region: str = "WINDOW", kind: str = "CompositorNodeTree") -> AbstractContextManager[Any]:
    """Return a context in which the window's first area is a node editor."""
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type, area.ui_type = "NODE_EDITOR", kind
    found = next(each for each in area.regions if each.type == region)
    override: AbstractContextManager[Any] = bpy.context.temp_override(
        window=window, area=area, region=found
    )
    return override


def say(*what: Any, kind: str = "CompositorNodeTree", **found: object) -> None:
    """Draw classes of panels and menus, or functions like them; tell what is read; end.

    What is not to be seen, by its poll, is told as None.
    """

    class TEST_PT_all(bpy.types.Panel):  # noqa: N801  # as Blender names classes
        bl_label, bl_space_type, bl_region_type = "all", "NODE_EDITOR", "UI"

        def draw(self, context: bpy.types.Context) -> None:
            drawn = {each.__name__: _drawn(each, self.layout, context) for each in what}
            stage.say(**drawn, **found)
            weakref.finalize._exitfunc()  # temporary folders go, as at any other end
            os._exit(0)

    bpy.utils.register_class(TEST_PT_all)
    with editor("UI", kind):
        bpy.ops.wm.call_panel(name="TEST_PT_all", keep_open=False)


class Stand:
    """Stands for an instance of a panel or menu, which Blender alone can make."""

    def __init__(self, cls: type, layout: bpy.types.UILayout) -> None:
        self.layout, self._cls = layout, cls

    def __getattr__(self, name: str) -> Any:
        return partial(getattr(self._cls, name), self)


def _drawn(what: Any, layout: bpy.types.UILayout, context: bpy.types.Context) -> list[Row] | None:
    column = layout.column()
    if not isinstance(what, type):
        what(Stand(object, column), context)
    elif getattr(what, "poll", lambda _: True)(context):  # a menu need not have one
        what.draw(Stand(what, column), context)
    else:
        return None
    return [row for each in column.introspect() for row in _rows(each)]


def _rows(item: dict[str, Any]) -> list[Row]:
    if "items" in item:
        return [row for each in item["items"] for row in _rows(each)]
    behind = item.get("operator", item.get("rna", ""))
    return [(item["draw_string"], behind)] if item["draw_string"] or behind else []
