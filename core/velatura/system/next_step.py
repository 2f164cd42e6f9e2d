"""The next step to type, said at the end of a command."""

from __future__ import annotations

import logging
import os
import shlex

PART = "VELATURA_PART"
"""Set in the environment of a command that is a part of a longer one, which goes on by itself."""

log = logging.getLogger("velatura")


def needed(**values: object) -> list[str]:
    """Return the options of a command that the next one needs as well; unset ones are left out."""
    return [f"--{name}={value}" for name, value in values.items() if value]


def next_step(*words: object) -> None:
    """Say on stderr what to type next, unless this is a part of a longer command.

    Args:
        words: the command; those in capitals are to be filled in.
    """
    if PART not in os.environ:
        log.info("next: %s", shlex.join(map(str, words)))
