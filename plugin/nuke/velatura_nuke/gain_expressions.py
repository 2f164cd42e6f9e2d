"""The gain law as Nuke computes it: expressions for one MergeExpression and for the slider.

With ``x`` the plate (scene-linear, premultiplied), ``a`` its alpha, ``r`` the gain layer in stops
and ``g = even(strength) x mask``::

    y = x + mix (clamp(x, 0, 65504) + k a [r > 0]) (2^(g r) - 1)

``mix`` is Nuke's: between the plate and the look, in light. Where ``g r`` is 0 the plate comes out
bit for bit, NaN and Inf included. The formula is `velatura.gain.law.apply`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from velatura.half import HALF_MAX
from velatura.job import MOST_STRENGTH

from .nodespec import Knobs

_LARGE = (
    "1e30"  # a matte from here on is Inf, which is no matte; `velatura.apply.picture` takes it as 0
)


def pixels() -> Knobs:
    """Return the law as knobs of a MergeExpression: plate on B, stops and matte on A.

    A matte that is NaN is none either: no comparison holds for it.
    """
    return (
        ("temp_name0", "matte"),
        ("temp_expr0", f"Aa > 0 && Aa < {_LARGE} ? min(Aa, 1) : 0"),
        ("temp_name1", "gain"),
        ("temp_expr1", f"min(parent.amount * matte, {MOST_STRENGTH:g})"),
        ("temp_name2", "lift"),
        ("temp_expr2", "parent.gain_floor * (parent.opaque ? 1 : (Ba > 0 ? Ba : 0))"),
        *((f"expr{at}", _channel(name)) for at, name in enumerate("rgb")),
        ("channel3", "none"),
    )


def amount(lut: Sequence[float] = ()) -> str:
    """Return the expression of the law's gain for the slider: ``even(strength)``.

    Below 1 it is 16 clipped ramps, added, as `velatura.strength` says.

    Args:
        lut: the look's calibration; empty for raw stops.
    """
    raw = "max(strength, 0)"
    if not lut:
        return raw
    last = len(lut) - 1
    ramps = [
        f"{high - low!r} * clamp({last} * strength{f' - {knot}' if knot else ''})"
        for knot, (low, high) in enumerate(zip(lut, lut[1:]))
    ]
    return f"even && strength < 1 ? {' + '.join(ramps)} : {raw}"


def _channel(name: str) -> str:
    base = f"clamp(B{name}, 0, {HALF_MAX:.0f}) + (A{name} > 0 ? lift : 0)"
    change = f"B{name} + parent.mix * ({base}) * (pow(2, gain * A{name}) - 1)"
    return f"gain * A{name} == 0 ? B{name} : {change}"
