"""Damage to bytes and to JSON, as transfers, editors and people with bad intentions do it."""

from __future__ import annotations

import random
from typing import Any

ODD = (
    *(0, -1, 1, 2**31, 2**63, 10**400, 1e308, -1e308, True, None, [], {}, [[]], "", "x" * 5000),
    *("\x1b[2J", "\u202egnp.exe", "\ud800", "a\nERROR forged", "../../x", "[python 1]", "\0"),
)
"""Values where others are expected."""

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF)


def damaged(data: bytes, rng: random.Random, head: int = 0) -> bytes:
    """Return bytes with one to eight kinds of damage; ``head`` of them get half of it."""
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        if not made:
            break
        end = min(head, len(made)) if head and rng.random() < 0.5 else len(made)
        at = rng.randrange(end)
        kind = rng.randrange(7)
        if kind == 0:
            made[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            made[at] = rng.choice(_NUMBERS)
        elif kind == 2:
            made[at : at + 4] = rng.randbytes(4)
        elif kind == 3:
            del made[at:]
        elif kind == 4:
            del made[at : at + rng.randrange(1, 64)]
        elif kind == 5:
            made[at:at] = rng.randbytes(rng.randrange(1, 32))
        else:
            other = rng.randrange(len(made))
            made[at : at + 16] = made[other : other + 16]
    return bytes(made)


def changed(value: Any, rng: random.Random) -> Any:
    """Return a JSON value with one thing in it changed."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        rest = dict(value)
        if rng.random() < 0.1:
            del rest[key]
        elif rng.random() < 0.1:
            rest[str(rng.choice(ODD))] = rng.choice(ODD)
        else:
            rest[key] = changed(value[key], rng)
        return rest
    if isinstance(value, list) and value and rng.random() < 0.5:
        at = rng.randrange(len(value))
        return [*value[:at], changed(value[at], rng), *value[at + 1 :]]
    if rng.random() < 0.05:
        nested: Any = 0
        for _ in range(500):
            nested = [nested]
        return nested
    return rng.choice(ODD)
