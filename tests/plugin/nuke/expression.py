"""Nuke's expressions, as far as our nodes use them: arithmetic, comparisons, ``?:``, functions.

One language for knobs, whose values are numbers, and for the pixels of Expression and
MergeExpression, which are float32 arrays. This is our reading of Nuke's documentation; it tests
that our formulas mean what we think, not what Nuke does with them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from curve import Number
from tcl import NkError

Names = Callable[[str], Number]
"""Gives the value of a name, such as ``Ar``, ``frame`` or ``parent.strength``."""

Lookup = Callable[[str, Number], Number]
"""Gives the value of an animated knob at a frame: ``parent.curve(12)``."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)"
    r"|(?P<name>[A-Za-z_$]\w*(?:\.\w+)*)"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/%()<>!?:,]))"
)
_LEVELS = [("||",), ("&&",), ("==", "!=", "<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%")]

_FUNCTIONS: dict[str, Callable[..., object]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "clamp": lambda x, low=0.0, high=1.0: np.minimum(np.maximum(x, low), high),
    "exp": np.exp,
    "floor": np.floor,
    "int": np.trunc,
    "lerp": lambda a, b, x: a + (b - a) * x,
    "log": np.log,
    "max": lambda *each: _reduced(np.maximum, each),
    "min": lambda *each: _reduced(np.minimum, each),
    "pow": np.power,
    "rint": np.rint,
    "sqrt": np.sqrt,
    "step": lambda edge, x: np.where(np.asarray(x) < edge, 0.0, 1.0),
}
_SIGNS: dict[str, Callable[[Number, Number], object]] = {
    "||": lambda a, b: (np.asarray(a) != 0) | (np.asarray(b) != 0),
    "&&": lambda a, b: (np.asarray(a) != 0) & (np.asarray(b) != 0),
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
}


def evaluate(text: str, names: Names, lookup: Lookup) -> Number:
    """Return the value of an expression: a number, or float32 pixels where a name stands for such.

    Raises:
        NkError: it is none, or uses what is not there.
    """
    parser = _Parser(_tokens(text), names, lookup, text)
    with np.errstate(all="ignore"):
        value = parser.ternary()
    if parser.next:
        raise NkError(f"{parser.next} is too much in {text}")
    return value


def names_in(text: str) -> set[str]:
    """Return every name and function in an expression."""
    return {token for token in _tokens(text) if token[0].isalpha() or token[0] in "_$"}


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if not found:
            raise NkError(f"{text[at:].strip()} is not understood in {text}")
        tokens.append(found[0].strip())
        at = found.end()
    return tokens


@dataclass
class _Parser:
    """Reads and computes at once, from the loosest operator to the tightest."""

    tokens: list[str]
    names: Names
    lookup: Lookup
    text: str
    at: int = 0

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        word = self.next
        if not word or (wanted and word != wanted):
            raise NkError(f"{wanted or 'More'} is missing in {self.text}")
        self.at += 1
        return word

    def ternary(self) -> Number:
        condition = self.binary(0)
        if self.next != "?":
            return condition
        self.take("?")
        yes = self.ternary()
        self.take(":")
        no = self.ternary()
        if isinstance(condition, float):
            return yes if condition else no
        return _plain(np.where(condition != 0, yes, no))

    def binary(self, level: int) -> Number:
        if level == len(_LEVELS):
            return self.unary()
        value = self.binary(level + 1)
        while self.next in _LEVELS[level]:
            value = _plain(_SIGNS[self.take()](value, self.binary(level + 1)))
        return value

    def unary(self) -> Number:
        if self.next == "-":
            self.take()
            return -self.unary()
        if self.next == "!":
            self.take()
            return _plain(np.asarray(self.unary()) == 0)
        return self.atom()

    def atom(self) -> Number:
        word = self.take()
        if word == "(":
            value = self.ternary()
            self.take(")")
            return value
        if word[0].isdigit() or word[0] == ".":
            return float(word)
        if not (word[0].isalpha() or word[0] in "_$"):
            raise NkError(f"{word} stands where a value should be in {self.text}")
        if self.next == "(":
            return self.call(word)
        return math.pi if word == "pi" else self.names(word)

    def call(self, name: str) -> Number:
        given = []
        self.take("(")
        while self.next != ")":
            given.append(self.ternary())
            if self.next != ")":
                self.take(",")
        self.take(")")
        if name in _FUNCTIONS:
            return _plain(_FUNCTIONS[name](*given))
        if len(given) != 1:
            raise NkError(f"{name} in {self.text} is no function that is known here")
        return self.lookup(name, given[0])


def _plain(value: object) -> Number:
    """Return pixels as float32, as Nuke has them, and a single number as a float."""
    return float(np.asarray(value)) if np.ndim(value) == 0 else np.asarray(value, np.float32)


def _reduced(function: np.ufunc, each: tuple[Number, ...]) -> object:
    value: object = each[0]
    for other in each[1:]:
        value = function(value, other)
    return value
