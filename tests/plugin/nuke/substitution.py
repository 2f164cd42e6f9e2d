"""What Nuke fills into texts: frame numbers, views, and Tcl in brackets, ``[value parent.file]``.

Only the commands that our nodes and tests use: ``value`` and ``knob``, ``exists``, ``getenv``,
``file dirname``, ``metadata -n``, ``string length`` and ``string equal``.
"""

from __future__ import annotations

import os
import re
from pathlib import PurePosixPath

import tcl
from scope import Readable, Scope
from tcl import NkError

_HASHES = re.compile(r"#+")
_PRINTF = re.compile(r"%0?(\d*)d")
_SCOPE = re.compile(r"%(?:\{([\w.]+)\}|([A-Za-z_]\w*))")
_INNERMOST = re.compile(r"\[([^\[\]]*)\]")


def filled(text: str, node: Readable, frame: float, view: str = "main") -> str:
    """Return a file name with its brackets, ``%V``, ``####`` and ``%04d`` filled in.

    Raises:
        NkError: it holds Tcl that is not understood here.
    """
    text = (
        scoped(substituted(text, Scope(node, frame)), node)
        .replace("%V", view)
        .replace("%v", view[:1])
    )
    text = _PRINTF.sub(lambda found: f"{int(frame):0{int(found[1] or 0)}d}", text)
    return _HASHES.sub(lambda found: f"{int(frame):0{len(found[0])}d}", text)


def scoped(text: str, node: Readable) -> str:
    """Return a text with its graph scope variables filled in: ``%{shot}``, ``%shot``.

    The nearest group that has one decides; what no group has stays as it is.
    """

    def told(found: re.Match[str]) -> str:
        above: Readable | None = node
        while above is not None:
            known = variables(above.text("gsv") or "").get(found[1] or found[2])
            if known is not None:
                return known
            above = above.above()
        return found[0]

    return _SCOPE.sub(told, text)


def variables(text: str) -> dict[str, str]:
    """Return what a knob of graph scope variables holds: ``shot``, and ``set.shot``, by name."""
    found = {}
    for name, held in _pairs(text):
        for variable, value in _pairs(held):
            found[variable if name == "__default__" else f"{name}.{variable}"] = value
    return found


def _pairs(text: str) -> list[tuple[str, str]]:
    words = tcl.words(text)
    return list(zip(words[::2], words[1::2], strict=True))


def substituted(text: str, scope: Scope) -> str:
    """Return a text with what each bracket's command returns, the innermost first."""
    while found := _INNERMOST.search(text):
        text = text[: found.start()] + _result(found[1], scope) + text[found.end() :]
    return text


def _result(command: str, scope: Scope) -> str:
    verb, _, rest = command.strip().partition(" ")
    rest = rest.strip()
    if verb in {"value", "knob"}:
        return _value(scope, rest)
    if verb == "metadata" and rest.startswith("-n "):
        return scope.node.metadatum(*rest.removeprefix("-n ").split(), scope.frame)
    if verb == "string":
        return _string(rest)
    if verb == "getenv":
        return os.environ.get(rest, "")
    if verb == "exists":
        return str(int(scope.exists(rest)))
    if verb == "file" and rest.split(" ")[0] == "dirname":  # of nothing it is ".", as Tcl says
        return str(PurePosixPath(rest.removeprefix("dirname").strip()).parent)
    raise NkError(f"The Tcl [{command}] is not understood here")


def _string(rest: str) -> str:
    """Return what Tcl's ``string length`` and ``string equal`` return of words without braces."""
    verb, _, words = rest.partition(" ")
    if verb == "length":
        return str(len(words.strip()))
    if verb == "equal":
        one, _, other = words.partition(" ")
        return str(int(one == other.strip()))
    raise NkError(f"The Tcl [string {rest}] is not understood here")


def _value(scope: Scope, path: str) -> str:
    deeper, knob = scope.deeper().resolved(path)
    text = deeper.node.text(knob)
    if text is None:
        raise NkError(f"{deeper.node.name} has no knob {knob}, which [value {path}] names")
    return f"{deeper.number(knob):g}" if text.startswith("{") else substituted(text, deeper)
