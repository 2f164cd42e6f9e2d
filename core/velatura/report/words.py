"""What every figure of a look means, in plain words: tables and pages say the same."""

from __future__ import annotations

from collections.abc import Mapping

Line = tuple[str, str, str]
"""A figure's name, what its best value is, and what it tells."""

FIGURES: Mapping[str, tuple[Line, ...]] = {
    "against the truth": (
        ("l1log", "0", "light, even highlights"),
        ("psnr", "more", "display values, dB"),
        ("flip", "0", "what an eye notices"),
        ("lpips", "0", "what the network notices"),
        ("msssim", "1", "structure, five scales"),
        ("edge", "1", "edges met within 1 px"),
        ("gram", "0", "texture"),
        ("swd", "0", "texture, in full"),
        ("sharp", "1", "less is blur"),
        ("ewR", "1", "more is flicker"),
    ),
    "against the plate": (
        ("msssimP", "1", "structure kept"),
        ("edgeP", "1", "edges kept"),
        ("emboss", "0", "ripples along the plate's edges"),
        ("ewP", "", "flicker over the plate's"),
        ("p999", "", "highlights moved, stops"),
        ("over1", "1", "light above 1 kept"),
        ("order", "1", "brighter stays brighter"),
        ("clipped", "0", "share clipped"),
        ("negative", "0", "share made negative"),
        ("nonfinite", "0", "share made NaN or Inf"),
    ),
    "against the style": (
        ("gramS", "0", "texture"),
        ("swdS", "0", "texture, in full"),
        ("gramS2", "0", "texture, by the other eyes"),
        ("swdS2", "0", "texture in full, by the other eyes"),
        ("coherenceS", "0", "strokes side by side as in the style"),
        ("lengthS", "1", "strokes as long as in the style"),
    ),
}
"""All figures, in the order of the table; docs/metrics.md has their formulas."""

_PLAIN = {name: (best, tells) for lines in FIGURES.values() for name, best, tells in lines}


def told(name: str, value: float) -> str:
    """Return a figure with its meaning: ``0.012 (light, even highlights; best is 0)``."""
    if name not in _PLAIN:
        return f"{value:.4g}"
    best, tells = _PLAIN[name]
    return f"{value:.4g} ({tells}" + (f"; best is {best})" if best else ")")
