"""Scores as a table for people."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rich import box
from rich.table import Table

from velatura.report.verdict import explained, in_words
from velatura.report.words import FIGURES
from velatura.system import terminal
from velatura_training.metrics.scores import Scores, Verdict

BY_FRAME = ("l1log", "flip", "lpips", "gram", "sharp", "msssimP", "edgeP", "gramS", "ewR", "ewP")
"""Figures listed frame by frame; --json has them all."""

COARSE = ("psnr", "sharp", "ewR", "ewP", "p999")
"""Figures whose third digit says nothing."""


def show(verdicts: Mapping[str, Verdict], stderr: bool = False) -> None:
    """Print the mean scores of each verdict, and each frame's of the first, for people."""
    first = next(iter(verdicts.values()))
    console = terminal.console(stderr=stderr)
    console.print(_means(verdicts, len(first.frames)))
    console.print(_frames(first))
    if said := in_words(first.mean):
        console.print(f"In words: {said}.", highlight=False)
    eyes = re.sub(r"(sha256:[0-9a-f]{8})[0-9a-f]+", r"\1", first.backbone)
    for note in (f"eyes: {eyes}", *_motion(first), *first.notes):
        console.print(f"[dim]{note}[/]", highlight=False)


def explain(verdict: Verdict) -> None:
    """Print what each figure of a verdict tells, a sentence or two each, for people."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for name, _, text in explained(verdict.mean):
        table.add_row(name, _digits(verdict.mean, name), text)
    terminal.console().print(table)


def _means(verdicts: Mapping[str, Verdict], frames: int) -> Table:
    table = Table(title=f"{frames} frame{'s' * (frames != 1)}", box=box.SIMPLE_HEAD)
    table.add_column("")
    table.add_column("best", style="dim", justify="right")
    for label in verdicts:
        table.add_column(label, justify="right", style="bold" if label == "result" else "")
    table.add_column("", style="dim")
    means = [verdict.mean for verdict in verdicts.values()]
    for group, lines in FIGURES.items():
        there = [line for line in lines if any(line[0] in mean for mean in means)]
        if there:
            table.add_row(group, style="italic")
        for name, best, tells in there:
            table.add_row(name, best, *(_digits(mean, name) for mean in means), tells)
        table.add_section()
    return table


def _frames(verdict: Verdict) -> Table:
    there = [name for name in BY_FRAME if name in verdict.mean]
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("frame")
    for name in there:
        table.add_column(name, justify="right")
    for frame, scores in verdict.frames.items():
        table.add_row(str(frame), *(_digits(scores, name, 3) for name in there))
    return table


def _motion(verdict: Verdict) -> tuple[str, ...]:
    how = {"vector": "the plate's vectors", "flow": "optical flow of the plate"}
    return (f"motion by {how[verdict.motion]}",) if verdict.motion else ()


def _digits(scores: Scores, name: str, digits: int = 4) -> str:
    if name not in scores:
        return ""
    return f"{scores[name]:.{2 if name in COARSE else digits}f}"
