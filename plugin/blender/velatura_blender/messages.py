"""What velatura has to say to the artist: the last few messages, shown in the sidebar."""

from __future__ import annotations

import sys
from collections import deque

_KEPT = 8  # as many as fit the sidebar

_messages: deque[str] = deque(maxlen=_KEPT)


def add(text: str) -> None:
    """Keep a message, and print it for those who read the console."""
    if text not in _messages:
        _messages.append(text)
        sys.stderr.write(f"velatura: {text}\n")


def latest() -> list[str]:
    """Return the messages, the newest first."""
    return list(reversed(_messages))


def clear() -> None:
    _messages.clear()
