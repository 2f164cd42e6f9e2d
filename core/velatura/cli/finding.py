"""What the doctor has found: one line about one thing."""

from __future__ import annotations

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

    @property
    def told(self) -> str:
        """How it is, and the command."""
        if not self.add:
            return self.found
        return f"{self.found}; to {'mend' if self.trouble else 'add'} it: {self.add}"
