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


def refuse_painters(given: Mapping[str, object]) -> None:
    """Refuse what is said of how to paint keys, for keys that are painted already."""
    do = "Omit it, or give --style instead of --painted."
    refuse(given, "the keys are painted already", do)


def refuse_keys(given: Mapping[str, object]) -> None:
    """Refuse what is said of a shot look's keys, for looks that the machine's own keys teach."""
    do = "Omit it, or learn from one shot without --free."
    refuse(given, "with --free, or several shots, the machine's own keys teach, whole", do)


def refuse_motion(given: tuple[str, ...], shots: int, *, free: bool) -> None:
    """Refuse motion vectors for looks that no paint is carried for."""
    if given and (free or shots != 1):
        raise TrainingError(
            "Motion vectors carry the painted keys of one shot along, and this look carries none",
            found="a free look" if free else f"{shots} shots",
            do="Omit --motion and --stmap, or learn a shot look from one shot.",
        )
