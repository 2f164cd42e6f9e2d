"""Figures in words: the verdict follows the figures, and each figure is explained."""

from __future__ import annotations

import pytest

from velatura.report import verdict, words


@pytest.mark.parametrize(
    ("mean", "said"),
    [
        ({"l1log": 0.0173, "sharp": 0.98, "ewR": 0.74},
         "close to the paint; as sharp as it; calm"),  # the courtyard's shot look
        ({"l1log": 0.055, "sharp": 0.6, "ewR": 0.86},
         "in the paint's colours, not in its strokes; softer than it; calm"),  # a free one
        ({"l1log": 0.0431, "sharp": 0.9, "ewR": 2.3},
         "near the paint; as sharp as it; flickering"),  # EbSynth
        ({"l1log": 0.1084, "sharp": 0.43}, "far from the paint; softer than it"),  # the plate
        ({"ewP": 1.4, "negative": 0.1},
         "livelier than the plate, as paint is; with negative values that the plate had not"),
        ({"gramS": 0.4}, ""),
    ],
)  # fmt: skip
def test_the_verdict_follows_the_figures(mean: dict[str, float], said: str) -> None:
    assert verdict.in_words(mean) == said


def test_every_figure_of_the_table_is_explained() -> None:
    names = [name for lines in words.FIGURES.values() for name, *_ in lines]
    assert sorted(names) == sorted(verdict.MEANINGS)
    assert [name for name, _, _ in verdict.explained({"flip": 0.1, "l1log": 0.02})] == [
        "l1log",
        "flip",
    ]
