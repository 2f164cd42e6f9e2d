"""The fields of a look's card: which values JSON may hold for each, and what becomes of them.

Standard library only, Python 3.9 and later: host adapters import this module.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from velatura.errors import LookError

__all__ = ["LONGEST", "decoded", "demand", "parsed"]

LONGEST = 2**20
"""Letters of a card: ours have 50 000, most of them of the thumbnail."""

_DEEPEST = 32  # objects and lists inside each other
_TEXT = 1000  # letters of a text; a thumbnail is one, too
_MANY = 4096  # entries of a list or an object
_LONG = {"name": 200, "thumbnail": LONGEST}  # letters of these


def demand(holds: bool, key: str, found: object, wanted: str) -> None:
    """Raise LookError, naming the field, what was found and what is wanted, unless it holds."""
    if not holds:
        raise LookError(f"In the look's card, {key} should be {wanted}", found=repr(found)[:_TEXT])


def decoded(text: str) -> object:
    """Return the JSON value of a card that is no longer, deeper or stranger than cards are.

    Raises:
        LookError: it is.
    """
    if len(text) > LONGEST:
        raise LookError("The look's card is too long", found=f"{len(text)} letters")
    try:
        found = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        depth = _depth(found)
    except (ValueError, RecursionError) as error:
        raise LookError("The look's card is not JSON", found=str(error)) from error
    if depth > _DEEPEST:
        raise LookError("The look's card is nested too deeply", found=f"{depth} levels")
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        odd = str(error.object)[error.start : error.start + 1]
        raise LookError("The look's card holds half a letter", found=odd) from error
    return found


def _refuse(name: str) -> None:
    """Raise ValueError: NaN and Infinity are not JSON, though Python's parser takes them."""
    raise ValueError(f"the number {name}")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"the number {digits[:20]}")
    return value


def _depth(value: object) -> int:
    """Return how many objects and lists are inside each other."""
    deepest, left = 0, [(value, 1)]
    while left:
        item, depth = left.pop()
        if isinstance(item, (dict, list)):
            deepest = max(deepest, depth)
            inner = item.values() if isinstance(item, dict) else item
            left += [(each, depth + 1) for each in inner]
    return deepest


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of four hundred digits
        return False


def _is_all(test: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and len(value) <= _MANY and all(map(test, value))


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
    most = _LONG.get(key, _TEXT)
    texts = value if isinstance(value, list) else [value]
    longest = max((len(text) for text in texts if isinstance(text, str)), default=0)
    demand(longest <= most, key, f"{longest} letters", f"{most} letters at most")
    return convert(value)
