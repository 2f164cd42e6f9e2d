"""The fields of a look's card: which values JSON may hold for each, and what becomes of them.

Standard library only, Python 3.9 and later: host adapters import this module.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from velatura.errors import LookError

__all__ = ["demand", "parsed", "refuse_constant"]


def demand(holds: bool, key: str, found: object, wanted: str) -> None:
    """Raise LookError, naming the field, what was found and what is wanted, unless it holds."""
    if not holds:
        raise LookError(f"In the look's card, {key} should be {wanted}", found=repr(found))


def refuse_constant(name: str) -> None:
    """Raise ValueError: NaN and Infinity are not JSON, though Python's parser takes them."""
    raise ValueError(f"the number {name}")


def _is_number(value: object) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value)  # type: ignore[arg-type]  # a number, as just seen


def _is_all(test: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(map(test, value))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_KINDS: Mapping[str, tuple[Callable[[object], bool], Callable[[Any], object], str]] = {
    "str": (_is_text, str, "text"),
    "bool": (lambda value: isinstance(value, bool), bool, "true or false"),
    "int": (lambda value: type(value) is int and abs(value) < 2**53, int, "a whole number"),
    "float": (_is_number, float, "a finite number"),
    "tuple[str, ...]": (_is_all(_is_text), tuple, "a list of texts"),
    "tuple[float, ...]": (_is_all(_is_number), lambda v: tuple(map(float, v)), "numbers"),
    "dict[str, Any]": (lambda value: isinstance(value, dict), dict, "an object"),
    "dict[str, float]": (
        lambda value: isinstance(value, dict) and all(map(_is_number, value.values())),
        lambda value: {key: float(number) for key, number in value.items()},
        "an object of numbers",
    ),
}


def parsed(annotation: object, key: str, value: object) -> Any:
    """Return a JSON value as a field of that annotation has it, or raise LookError."""
    test, convert, wanted = _KINDS[str(annotation)]
    demand(test(value), key, value, wanted)
    return convert(value)
