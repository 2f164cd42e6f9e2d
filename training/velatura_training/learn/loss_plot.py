"""The loss plot: how a training goes, drawn for people who would rather look than read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from velatura.atomic import replacing
from velatura.report.contact_sheet import GREY
from velatura_training.learn.history import Curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE, DPI = (9.6, 6.4), 100
"""Width and height in inches, and dots an inch: 960 by 640 px."""
MARGINS = {"left": 0.08, "right": 0.79, "bottom": 0.08, "top": 0.95, "hspace": 0.08}
"""Parts of the picture: fitting them to the texts each time would double the cost."""
GROUND, INK, FAINT = f"#{GREY:02x}{GREY:02x}{GREY:02x}", "#d8d8d8", "#484848"
COLOURS = ("#e69f00", "#56b4e9", "#3fc79a", "#f0e442", "#cc79a7", "#ff7f50", "#b0a0ff", "#ffffff")
"""After Okabe & Ito 2008, "Color Universal Design": apart for the colour-blind too; the dark ones
are lightened for the dark ground."""
STYLE = {
    **dict.fromkeys(("figure.facecolor", "axes.facecolor", "legend.facecolor"), GROUND),
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
    **dict.fromkeys(("axes.edgecolor", "grid.color"), FAINT),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
    "axes.grid": True,
    "axes.titlelocation": "left",
    "axes.formatter.min_exponent": 4,  # 0.001 rather than a power of ten
    "font.size": 10.0,
}


def draw(path: Path, curves: Curves, title: str, by_time: bool) -> None:
    """Write the plot of a training as a PNG, whole or not at all.

    Above the scores that reviews gave, with the best one marked; below the losses, smoothed.

    Args:
        path: where to.
        curves: what to draw; with a score at least.
        title: over it.
        by_time: whether the way is measured in minutes instead of steps.

    Raises:
        StorageError: the file cannot be written.
    """
    # Half a second of processor time, once, so not before there is something to draw. Not pyplot:
    # nothing global, no window, no back end to choose.
    import matplotlib.style
    from matplotlib.figure import Figure

    def way(points: Sequence[tuple[int, float, object]]) -> list[float]:
        return [seconds / 60 if by_time else float(steps) for steps, seconds, _ in points]

    # Reset first: a user's own matplotlibrc must not ask for LaTeX here.
    with matplotlib.style.context(STYLE, after_reset=True):
        figure = Figure(SIZE, DPI)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3), gridspec_kw=MARGINS)
        scores = [score for *_, score in curves.scores]
        _draw_scores(above, way(curves.scores), scores, curves.best)
        names = dict.fromkeys(name for *_, shown in curves.points for name in shown)
        for name, colour in zip(names, cycle(COLOURS), strict=False):
            points = [point for point in curves.points if name in point[2]]
            values = [shown[name] for *_, shown in points]
            label = f"{name}  {values[-1]:.3g}"
            below.plot(way(points), values, color=colour, lw=1.4, label=label)
        _draw_events(above, below, way(curves.events), [what for *_, what in curves.events])
        _finish(above, title, "score (0 is best)")
        _finish(below, "", "losses, smoothed")
        below.set_xlabel("minutes" if by_time else "steps")
        with replacing(path) as beside:
            figure.savefig(beside, format="png")


def _draw_scores(axes: Axes, way: list[float], scores: list[float], best: int) -> None:
    axes.plot(way, scores, color=INK, lw=1.4, marker=".", label=f"now  {scores[-1]:.3g}")
    label = f"best  {scores[best]:.3g}"
    axes.plot(way[best], scores[best], "o", ms=9, mfc="none", mec=COLOURS[0], mew=1.8, label=label)


def _draw_events(above: Axes, below: Axes, way: list[float], events: list[str]) -> None:
    for x, what in zip(way, events, strict=True):
        for axes in (above, below):
            axes.axvline(x, color=INK, lw=0.8, ls=":")
        above.annotate(
            what,
            (x, 1),
            xycoords=above.get_xaxis_transform(),
            xytext=(2, -2),
            textcoords="offset points",
            rotation=90,
            va="top",
            size=8,
        )


def _finish(axes: Axes, title: str, label: str) -> None:
    """Name the curves; make their axis logarithmic where nothing is 0 or less."""
    lines = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    values = [value for line in lines for value in np.asarray(line.get_ydata())]
    if values and min(values) > 0:
        axes.set_yscale("log")
    axes.set_title(title)
    axes.set_ylabel(label)
    axes.legend(handles=lines, loc="upper left", bbox_to_anchor=(1, 1))
