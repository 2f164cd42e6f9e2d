"""Dataclasses made of what a file says: each value is of the type that the class wants."""

from __future__ import annotations

import types
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Made = TypeVar("Made")


def built(kind: type[Made], values: Any) -> Made:
    """Return a dataclass made of plain values.

    Raises:
        TypeError: one of them is of another type, is missing, or is not known.
    """
    made = kind(**values)
    for name, hint in get_type_hints(kind).items():
        if not _fits(getattr(made, name), hint):
            raise TypeError(f"{name} should be {hint}")
    return made


def _fits(value: Any, hint: Any) -> bool:
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind is types.UnionType:
        return any(_fits(value, each) for each in inner)
    if kind in {int, float} and isinstance(value, bool):
        return False
    if not isinstance(value, (int, float) if kind is float else kind):
        return False
    return _holds(value, kind, inner)


def _holds(value: Any, kind: Any, inner: tuple[Any, ...]) -> bool:
    """Say whether what is inside a list, a dictionary or a tuple is of the types it should be."""
    if kind is list:
        return all(_fits(each, inner[0]) for each in value)
    if kind is dict:
        return all(_fits(k, inner[0]) and _fits(v, inner[1]) for k, v in value.items())
    if kind is tuple and inner and inner[-1] is not ...:
        return len(value) == len(inner) and all(map(_fits, value, inner))
    return True
