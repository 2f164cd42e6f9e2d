"""The next step to type, said at the end of a command."""

from __future__ import annotations

import logging
import shlex

log = logging.getLogger("velatura")


def next_step(*words: object) -> None:
    """Say on stderr what to type next.

    Args:
        words: the command; those in capitals are to be filled in.
    """
    log.info("next: %s", shlex.join(map(str, words)))
