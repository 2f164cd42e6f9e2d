"""Callbacks, by the moment they wait for and the class of node they are about."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .session import SESSION

if TYPE_CHECKING:
    from .knobs import Knob
    from .nodes import Node

_EVENTS = (
    *("OnUserCreate", "OnCreate", "OnDestroy", "KnobChanged", "UpdateUI"),
    *("OnScriptLoad", "OnScriptSave", "OnScriptClose"),
    *("BeforeRender", "BeforeFrameRender", "AfterFrameRender", "AfterRender", "RenderProgress"),
)

_registered: dict[str, list[tuple[str, Callable[..., object], tuple[Any, ...], dict[str, Any]]]]
_registered = {event: [] for event in _EVENTS}
_knobs: list[Knob] = []


def clear() -> None:
    """Forget every callback: Nuke has just started; no part of Nuke."""
    for each in _registered.values():
        each.clear()


def run(event: str, node: Node, knob: Knob | None = None) -> None:
    """Call what waits for this moment of this node; no part of Nuke."""
    SESSION.this.append(node)
    if knob is not None:
        _knobs.append(knob)
    try:
        for kind, call, args, kwargs in list(_registered[event]):
            if kind in {"*", node.Class()}:
                call(*args, **kwargs)
    finally:
        SESSION.this.pop()
        if knob is not None:
            _knobs.pop()


def this_knob() -> Knob | None:
    return _knobs[-1] if _knobs else None


def _functions(event: str) -> dict[str, Callable[..., None]]:
    waiting = _registered[event]

    def add(
        call: Callable[..., object],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        nodeClass: str = "*",
    ) -> None:
        waiting.append((nodeClass, call, args, kwargs or {}))

    def remove(
        call: Callable[..., object],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        nodeClass: str = "*",
    ) -> None:
        if (nodeClass, call, args, kwargs or {}) in waiting:
            waiting.remove((nodeClass, call, args, kwargs or {}))

    return {f"add{event}": add, f"remove{event}": remove}


FUNCTIONS = {name: each for event in _EVENTS for name, each in _functions(event).items()}
"""addOnCreate, removeOnCreate and so on: all take the same arguments."""
