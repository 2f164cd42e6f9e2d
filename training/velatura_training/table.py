"""Scores as a table for people."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from velatura_training.evaluate import Verdict

BEST = {"l1log": "0", "psnr": "more", "lpips": "0", "gram": "0", "sharp": "1"}
"""What the best value of each score is."""


def show(verdicts: Mapping[str, Verdict]) -> None:
    """Print the mean scores of each verdict, and each frame's of the first, to stdout."""
    first = next(iter(verdicts.values()))
    table = Table(title=f"{len(first.frames)} held-out frames", caption=f"eyes: {first.backbone}")
    table.add_column("")
    for name in BEST:
        table.add_column(name, justify="right")
    table.add_row("best is", *BEST.values(), style="dim", end_section=True)
    for label, verdict in verdicts.items():
        table.add_row(label, *(_digits(verdict.mean, name) for name in BEST), style="bold")
    for frame, scores in first.frames.items():
        table.add_row(f"frame {frame}", *(_digits(scores, name) for name in BEST))
    Console().print(table)


def _digits(scores: Mapping[str, float], name: str) -> str:
    return f"{scores[name]:.2f}" if name in {"psnr", "sharp"} else f"{scores[name]:.4f}"
