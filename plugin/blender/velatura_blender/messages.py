"""What velatura has to say to the artist: the last few messages, shown in the sidebar."""

from __future__ import annotations

import re
import sys
from collections import deque

_KEPT = 8  # as many as fit the sidebar

_NUMBER = re.compile(r"[0-9.]*[0-9]")

_messages: deque[str] = deque(maxlen=_KEPT)
_refusals: set[str] = set()


def add(text: str, *, once: bool = False) -> None:
    """Keep a message, and print it for those who read the console.

    Args:
        text: the message; one that is kept already is not kept again.
        once: nor is it if only its numbers are others: the frame's, and what was found there.
    """
    known = [_NUMBER.sub("", each) for each in _messages] if once else _messages
    if (_NUMBER.sub("", text) if once else text) not in known:
        _messages.append(text)
        sys.stderr.write(f"velatura: {text}\n")


def refuse(text: str) -> None:
    """Keep a message about what was refused, until what is wrong is put right: see `cured`."""
    _refusals.add(text)
    add(text)


def cured() -> None:
    """Forget what was refused: it has gone well since."""
    kept = [each for each in _messages if each not in _refusals]
    clear()
    _messages.extend(kept)


def latest() -> list[str]:
    """Return the messages, the newest first."""
    return list(reversed(_messages))


def clear() -> None:
    _messages.clear()
    _refusals.clear()
