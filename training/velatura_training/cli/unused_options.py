"""Options that a command was given and would not use: refused, never passed over in silence."""

from __future__ import annotations

from collections.abc import Mapping

from velatura.errors import TrainingError


def refuse(options: Mapping[str, object], why: str, do: str) -> None:
    """Raise TrainingError if any of some options was given.

    Args:
        options: by their names what was given; None, nothing and no where they were not.
        why: what the command does instead, that has no use for them.
        do: what the user can do.
    """
    unused = [
        name
        for name, value in options.items()
        if value is not None and value is not False and value not in ("", ())
    ]
    if unused:
        raise TrainingError(f"{', '.join(unused)} would not be used: {why}", do=do)
