"""How gain layers change from frame to frame: plots, and how fast they were written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from velatura.report.gathered import SEEN, Layer


def plots(layers: Sequence[Layer]) -> Iterator[dict[str, Any]]:
    """Yield the plots of each sequence: how much is covered, and how much changes in time."""
    covered: dict[str, list[tuple[int, float]]] = {}
    flicker: dict[str, list[tuple[int, float]]] = {}
    for lead, group in groupby(layers, key=lambda layer: layer.lead):
        before: Layer | None = None
        for layer in (each for each in group if each.stops and each.number):
            number = int(layer.number)
            covered.setdefault(lead, []).append((number, 100 * layer.coverage))
            change = None if before is None else _change(before, layer)
            if change is not None:
                flicker.setdefault(lead, []).append((number, change))
            before = layer
    across = "frames"
    if flicker:
        title = "Flicker: how much the gain changes from the frame before, stops"
        yield {"name": "flicker", "title": title, "across": across, "lines": flicker}
    if any(len(line) > 1 for line in covered.values()):
        title = f"Coverage: % of the picture that it changes by {SEEN:g} stops or more"
        yield {"name": "coverage", "title": title, "across": across, "lines": covered}


def _change(before: Layer, now: Layer) -> float | None:
    """Return the mean change of the gain, stops; None across a gap or where sizes differ."""
    if before.small is None or now.small is None or before.small.shape != now.small.shape:
        return None
    if int(now.number) != int(before.number) + 1:
        return None
    return float(np.abs(now.small - before.small).mean())


def timing(layers: Sequence[Layer]) -> Iterator[tuple[str, str]]:
    """Yield how fast the layers were written, as far as their files tell."""
    times = sorted(layer.path.stat().st_mtime for layer in layers)
    if len(times) > 1:
        gaps = np.diff(times)
        yield "pace", f"one every {np.median(gaps):.2f} s, by when the files were written"
