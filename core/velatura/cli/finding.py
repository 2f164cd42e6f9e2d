"""What the doctor has found: one line about one thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: the thing.
        found: how it is.
        trouble: what is wrong with it, one sentence; empty if nothing is.
        add: the command that mends it, or adds what is missing; empty if nothing is.
    """

    what: str
    found: str
    trouble: str = ""
    add: str = ""


def commands(findings: Sequence[Finding]) -> list[str]:
    """Return the commands that mend or add things, each on a line by itself, to be copied."""
    things: dict[tuple[str, str], list[str]] = {}
    for each in findings:
        if each.add:
            things.setdefault(("mend" if each.trouble else "add", each.add), []).append(each.what)
    lines = []
    for (how, command), names in things.items():
        lines += [f"to {how} {', '.join(names)}:", f"    {command}"]
    return lines
