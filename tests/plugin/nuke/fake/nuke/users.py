"""Knobs that users add, between their words in a script and themselves: ``addUserKnob {7 mix}``."""

from __future__ import annotations

import nkwrite
import tcl
from table import table

from .knobs import FLAGS, STARTLINE, Enumeration_Knob, Knob
from .numberknobs import Array_Knob, Boolean_Knob
from .wordknobs import KINDS, Link_Knob, PyScript_Knob, Tab_Knob, Text_Knob

_NUMBERS = {kind: number for number, kind in table().users.items()}
_SAID = (Boolean_Knob, PyScript_Knob, Text_Knob)
_READ = {**FLAGS, "STARTLINE": STARTLINE}


def words_of(knob: Knob) -> list[str]:
    """Return the words behind ``addUserKnob`` for a knob."""
    words = [_NUMBERS[knob.Class()], knob.name()]
    words += ["l", knob.label()] if knob.label() else []
    words += ["t", knob.tooltip()] if knob.tooltip() else []
    begins = knob.getFlag(STARTLINE)  # a line of the panel: some say it always, others if not
    if isinstance(knob, _SAID) or not begins:
        words.append("+STARTLINE" if begins else "-STARTLINE")
    words += [f"+{name}" for name, flag in FLAGS.items() if knob.getFlag(flag)]
    if isinstance(knob, Array_Knob) and hasattr(knob, "range"):
        words += ["R", *(f"{end:g}" for end in knob.range)]
    if isinstance(knob, Enumeration_Knob):
        words += ["M", " ".join(nkwrite.quote(item) if item else '""' for item in knob.values())]
    if isinstance(knob, Tab_Knob) and knob.begins:
        words += ["n", str(knob.begins)]
    if isinstance(knob, (Text_Knob, PyScript_Knob)) and knob.toScript():
        words += ["T", knob.toScript()]
    return words + (["T", knob.getLink()] if isinstance(knob, Link_Knob) else [])


def knob_of(words: list[str]) -> Knob:
    """Return the knob that the words behind ``addUserKnob`` make.

    Raises:
        RuntimeError: its type, or a letter, is not in the table.
    """
    number, name, *rest = words
    if number not in table().users:
        raise RuntimeError(f"addUserKnob: unknown type {number}")
    knob = KINDS[table().users[number]](name)
    settings = _settings([word for word in rest if not _flagged(knob, word)])
    knob._label, knob._tooltip = settings.pop("l", [""])[0], settings.pop("t", [""])[0]
    for letter, values in settings.items():
        if not _taken(knob, letter, values):
            raise RuntimeError(f"addUserKnob {name}: {letter} {values} is not understood")
    return knob


def _settings(words: list[str]) -> dict[str, list[str]]:
    """Return the words behind each letter: two behind R, one behind all others."""
    found = {}
    while words:
        letter, count = words[0], 2 if words[0] == "R" else 1
        found[letter], words = words[1 : 1 + count], words[1 + count :]
    return found


def _taken(knob: Knob, letter: str, values: list[str]) -> bool:
    """Say whether a knob of this class can have this letter, and let it."""
    if isinstance(knob, Enumeration_Knob) and letter == "M":
        knob.setValues(tcl.words(values[0]))
        knob._text = (knob.values() or [""])[0]
    elif isinstance(knob, Array_Knob) and letter == "R":
        knob.setRange(*map(float, values))
    elif isinstance(knob, Link_Knob) and letter == "T":
        knob.setLink(values[0])
    elif isinstance(knob, (Text_Knob, PyScript_Knob)) and letter == "T":
        knob._text = values[0]
    elif isinstance(knob, Tab_Knob) and letter == "n":
        knob.begins = int(values[0])
    else:
        return False
    return True


def _flagged(knob: Knob, word: str) -> bool:
    if word[:1] in "+-" and word[1:] in _READ:
        (knob.setFlag if word[0] == "+" else knob.clearFlag)(_READ[word[1:]])
        return True
    return False
