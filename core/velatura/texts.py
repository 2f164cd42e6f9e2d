"""Texts that came out of a file, as a terminal, a log, a host's panel may show them.

A look's card, a plate's channel, a file's name may hold anything: escape codes that a terminal
obeys, a line break that forges a second line, marks that turn the reading order round.

Standard library only, Python 3.9 and later: host adapters import this module by way of the errors.
"""

from __future__ import annotations

import re

__all__ = ["ACTIVE", "LONGEST", "fit", "inert", "shown"]

ACTIVE = frozenset("[]$\\#%")
"""What Nuke's file knobs obey in a path: Tcl runs what stands in brackets, # and % are a frame."""

LONGEST = 4000
"""Letters of one sentence that are shown."""

_GAPS = re.compile("[\t\n\v\f\r\u2028\u2029]+")
# C0, C1, DEL; line and paragraph separators; lone surrogates; what turns the reading order
# (Unicode's Bidi_Control) or is not seen (zero-width space, tags, the byte order mark). The
# joiners U+200C and U+200D are letters of some scripts.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u061c\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def shown(text: str, most: int = LONGEST, gap: str = " ") -> str:
    """Return a text as one line that nothing obeys.

    Every character that is not seen, or that acts, becomes a ``?``.

    Args:
        text: from anywhere.
        most: letters; of a longer text the middle is left out.
        gap: what becomes of tabs and line breaks.
    """
    if len(text) > most:
        text = f"{text[: most * 2 // 3]} [...] {text[-most // 4 :]}"
    return _HIDDEN.sub("?", _GAPS.sub(gap, text))


def fit(text: str) -> bool:
    """Say whether a text holds none of the characters that `shown` replaces."""
    return not _HIDDEN.search(text)


def inert(text: str) -> str:
    """Return a text without what Tcl, a Nuke knob or HTML would take for more than text.

    Brackets become round ones, the others what is most like them.
    """
    return shown(text).translate(_LIKE)


_LIKE = str.maketrans('[]{}<>\\$&"', "()()()/S+'")
