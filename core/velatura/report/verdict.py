"""What figures mean in words: a verdict of a few of them, and a sentence for each one.

The limits lie between looks that were measured on the courtyard and the harbour (docs/learning.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Scores = Mapping[str, float]
"""Figures by name."""

Steps = tuple[tuple[float, str], ...]
"""Upper limits and what lies below each, rising."""

_PAINT: Steps = (  # l1log: merged paint .018 to .028, free looks .05, unstyled plates .11
    (0.03, "close to the paint"),
    (0.045, "near the paint"),
    (0.07, "in the paint's colours, not in its strokes"),
    (float("inf"), "far from the paint"),
)
_SHARP: Steps = (  # sharp: carried paint .9 to 1, free looks .6 to .85
    (0.85, "softer than it"),
    (1.15, "as sharp as it"),
    (float("inf"), "harsher than it"),
)
_CALM: Steps = (  # ewR: shot looks .73 to 1.2, free looks up to 1.5, EbSynth 2.3
    (1.25, "calm"),
    (1.75, "a little restless"),
    (float("inf"), "flickering"),
)
_STILL: Steps = (  # ewP: paint has more texture than a plate, so more than 1 is not yet flicker
    (1.0, "calmer than the plate"),
    (float("inf"), "livelier than the plate, as paint is"),
)

MEANINGS: Mapping[str, str] = {
    "l1log": "How far light and colour are from the paint, highlights too. Under .03 is close; an "
    "unstyled plate is at about .1. It rewards blur: look at sharp as well.",
    "psnr": "The same on the display, in dB: more is closer. 25 and more is close.",
    "flip": "What an eye notices when result and paint flip back and forth. .1 is close, .4 is an "
    "unstyled plate.",
    "lpips": "What a network notices: forms and strokes rather than single pixels. .05 is close. "
    "Compare only figures of the same eyes.",
    "msssim": "How alike the structures are, from fine to coarse; 1 is the same.",
    "edge": "The share of edges that lie where the paint has them, within a pixel; 1 is all.",
    "gram": "How far the texture is from the paint's, wherever it lies. Under .1 is close.",
    "swd": "The same of all features one by one; compare it between looks, not with a limit.",
    "sharp": "The strength of fine detail over the paint's: under 1 is softer, over 1 is harsher.",
    "ewR": "How much changes between frames that should not, over the paint's own: 1 is as calm as "
    "the painter, 2 flickers.",
    "msssimP": "How much of the plate's structure is kept; paint itself is below 1.",
    "edgeP": "The share of the plate's edges that are kept; paint itself is below 1.",
    "emboss": "Ripples along the plate's edges, which painters do not leave: 0 is none.",
    "ewP": "How much changes between frames over the plate's own. Paint has more texture than a "
    "plate, so more than 1 is not yet flicker.",
    "p999": "By how many stops the brightest thousandth was moved; 0 is not at all.",
    "over1": "The share of light above 1 that stays above 1.",
    "order": "Whether what was brighter stays brighter: 1 is everywhere.",
    "clipped": "The share of values at the result's ceiling though the plate had more; 0 is right.",
    "negative": "The share of values made negative; 0 is right.",
    "nonfinite": "The share of values made NaN or Inf; 0 is right.",
    "gramS": "How far the texture is from the style pictures'; less is nearer.",
    "swdS": "The same of all features one by one; less is nearer.",
    "gramS2": "gramS by the eyes of --perceptual, where --texture names others.",
    "swdS2": "swdS by the eyes of --perceptual, where --texture names others.",
    "coherenceS": "Whether strokes lie side by side as they do in the style; 0 is just so.",
    "lengthS": "How long strokes run over those of the style: less is dabs, more is streaks.",
}
"""What each figure tells, for people; docs/metrics.md has the formulas."""


def in_words(mean: Scores) -> str:
    """Return what the figures say, in a few words; "" where they say nothing that words can."""
    return "; ".join(_said(mean))


def explained(mean: Scores) -> list[tuple[str, float, str]]:
    """Return the name, value and meaning of every figure that is there."""
    return [(name, mean[name], text) for name, text in MEANINGS.items() if name in mean]


def _said(mean: Scores) -> Iterator[str]:
    for name, steps in (("l1log", _PAINT), ("sharp", _SHARP), ("ewR", _CALM)):
        if name in mean:
            yield _word(mean[name], steps)
    if "ewP" in mean and "ewR" not in mean:
        yield _word(mean["ewP"], _STILL)
    for name, said in (("negative", "with negative values"), ("nonfinite", "with broken values")):
        if mean.get(name, 0) > 0:
            yield f"{said} that the plate had not"


def _word(value: float, steps: Steps) -> str:
    return next(word for limit, word in steps if value <= limit)
