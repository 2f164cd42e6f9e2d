"""Draw how good a look is after how much learning, beside the anchors: docs/quality.png.

    python benchmarks/shotfolder.py core/velatura/courtyard/plate rgb/courtyard_rgb/plate
    cp -r core/velatura/courtyard/painted rgb/courtyard_rgb
    cp core/velatura/courtyard/truth/* rgb/courtyard_rgb/painted
    eyes="--squeezenet FILE --vgg19 FILE"
    motion="--motion core/velatura/courtyard/plate"
    for s in 15 30 60 120; do
        learn="python benchmarks/recipes.py RUNS.jsonl --seconds $s --seeds 0 $eyes"
        $learn --only raw shot free
        $learn --only raw shot --shot rgb/courtyard_rgb $motion
    done
    python docs/quality.py RUNS.jsonl docs/quality.png

Some twenty minutes of one processor. What has no line in RUNS.jsonl is left out; the curve of a
shot look begins with its merged paint (`raw`), which has learnt nothing. The anchors are others'
programs on the same shot, keys and frames, measured by the same definitions.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

import matplotlib as mpl
import numpy as np

from velatura_training.learn.loss_plot import COLOURS, FAINT, INK, STYLE

mpl.use("Agg")
from matplotlib import pyplot as plt

FIGURES = {
    "l1log": "light (l1log): less is closer",
    "lpips": "features (lpips): less is closer",
    "gram": "texture (gram): less is closer",
    "sharp": "sharpness: 1 is the painter's",
}
MODES = {
    ("courtyard", "shot"): "shot look",
    ("courtyard_rgb", "shot"): "shot look, plates without passes",
    ("courtyard", "free"): "free look, keys only",
    ("courtyard", "free, guides"): "free look and passes",
}
"""Shot and variant -> what it is called."""

ANCHORS: dict[str, tuple[float, tuple[float, float, float, float]]] = {
    "plate": (0, (0.108, 0.306, 0.633, 0.43)),
    "Texler et al.": (120, (0.071, 0.243, 0.330, 0.56)),
    "Texler et al. ": (600, (0.055, 0.193, 0.250, 0.65)),
    "L1 U-Net": (120, (0.076, 0.256, 0.407, 0.46)),
    "L1 U-Net ": (600, (0.052, 0.215, 0.290, 0.58)),
    "EbSynth": (0, (0.074, 0.182, 0.142, 0.85)),
    "EbSynth + Position": (0, (0.039, 0.073, 0.070, 0.90)),
    "key moved by vectors": (0, (0.045, 0.133, 0.141, 0.86)),
}
"""CPU-seconds of training and l1log, lpips, gram, sharp: an independent measurement."""


def main(runs: Path, out: Path) -> None:
    curves = read(runs)
    with plt.rc_context(STYLE):
        figure, panels = plt.subplots(2, 2, figsize=(11, 7.5), sharex=True)
        for place, (panel, (name, title)) in enumerate(
            zip(panels.flat, FIGURES.items(), strict=True)
        ):
            draw(panel, place, name, title, curves)
        for panel in panels[1]:
            panel.set_xlabel("CPU-seconds of learning, one thread")
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="upper center", ncol=len(labels))
        figure.tight_layout(rect=(0, 0, 1, 0.95))
        figure.savefig(out, dpi=100)


Curves = dict[tuple[str, str], dict[float, list[dict[str, float]]]]
"""Shot and variant -> CPU-seconds of learning -> figures of each training."""


def read(runs: Path) -> Curves:
    """Return the courtyard's lines."""
    curves: Curves = defaultdict(lambda: defaultdict(list))
    for line in map(json.loads, runs.read_text().splitlines()):
        learns = line["variant"] != "raw"
        mode = (line["shot"], line["variant"] if learns else "shot")
        if mode in MODES:
            curves[mode][line["seconds"] if learns else 0].append(line)
    return curves


def draw(
    panel: plt.Axes,
    place: int,
    name: str,
    title: str,
    curves: Curves,
) -> None:
    """Draw one figure's panel: our curves, and the anchors as points or lines."""
    panel.set_title(title)
    for (mode, label), colour in zip(MODES.items(), COLOURS, strict=False):
        if mode not in curves:
            continue
        seconds = sorted(curves[mode])
        means = [np.mean([line[name] for line in curves[mode][s]]) for s in seconds]
        panel.plot(seconds, means, color=colour, marker="o", label=label)
    for label, (seconds, values) in ANCHORS.items():
        if seconds:
            panel.plot([seconds], [values[place]], color=INK, marker="x", linestyle="none")
            panel.annotate(
                label.strip(),
                (seconds, values[place]),
                xytext=(-5, 5),
                textcoords="offset points",
                ha="right",
                fontsize=8,
                color=INK,
            )
        else:
            panel.axhline(values[place], color=FAINT, linestyle="--", linewidth=1)
            panel.annotate(
                label,
                (0.66 if label == "EbSynth" else 1, values[place]),
                xycoords=("axes fraction", "data"),
                xytext=(-3, 2),
                textcoords="offset points",
                ha="right",
                fontsize=8,
                color=INK,
            )
    panel.set_xlim(left=0)
    panel.set_ylim(bottom=0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
