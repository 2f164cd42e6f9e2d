"""`velatura evaluate`: how good results are, as a table or as JSON.

torch is imported inside the command: its help must not wait for it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from velatura.cli.options import AsJson, Layer, Passes, Space, basic, eyes
from velatura.image import gathering
from velatura_training.cli import openmp
from velatura_training.recipe import PerceptualName


def evaluate(
    *,
    result: Annotated[str, basic("PICTURES")],
    painted: Annotated[str, basic("KEYS")] = "",
    plate: Annotated[str, basic("PLATE")] = "",
    style: Annotated[tuple[Path, ...], basic("PAINTING", consume_multiple=True)] = (),
    perceptual: Annotated[PerceptualName, eyes()] = "efficientnet",
    perceptual_weights: Annotated[Path | None, eyes("FILE")] = None,
    texture: Annotated[PerceptualName | None, eyes()] = None,
    texture_weights: Annotated[Path | None, eyes("FILE")] = None,
    layer: Layer = "",
    passes: Passes = "",
    space: Space = "",
    sheet: Annotated[Path | None, basic("FILE")] = None,
    explain: Annotated[bool, basic()] = False,
    as_json: AsJson = False,
) -> None:
    r"""Measure results: against painted frames, against the plate, against a style, in motion.

    Give all you have. Painted frames that the look has not seen tell most; the plate tells whether
    content, highlights and calm are kept; style pictures tell whether the manner is met.

    For example:

        velatura evaluate --result final/shot.####.exr \
            --painted truth.####.png --sheet worst.png
        velatura evaluate --result final/shot.####.exr \
            --plate shot.####.exr --style storm.jpg

    Args:
        result: the finished pictures.
        painted: the truth: what the painter would have painted; every frame there is measured. A
            transparent layer is measured where it is painted, over --plate.
        plate: the unstyled plate; its vector pass tells how things move.
        style: pictures painted in the wanted manner.
        perceptual: eyes of the lpips, gram and swd scores: efficientnet comes with the trainer;
            vgg16 is added as `velatura doctor` says; squeezenet and vgg19 need a file.
        perceptual_weights: that file, with torchvision's key names.
        texture: other eyes for gram and swd: efficientnet, vgg16, squeezenet or vgg19, as above.
        texture_weights: their weights file, where they need one.
        explain: say what each figure tells, in a sentence or two.
        sheet: write the worst, median and best frame as a PNG: plate, result, truth, error.
    """
    openmp.spin_briefly()
    from velatura.report.verdict import in_words
    from velatura_training.learn import threads
    from velatura_training.losses import backbones
    from velatura_training.metrics import table, worst_frames
    from velatura_training.metrics.evaluate import evaluate as judge
    from velatura_training.metrics.eyes import Eyes
    from velatura_training.metrics.frames import Frames

    threads.alone_if_busy()
    second = backbones.load(texture, texture_weights) if texture else None
    eyes = Eyes(backbones.load(perceptual, perceptual_weights), second)
    results = Frames.of(result, layer, space)
    plates = Frames.of(plate, layer, space, passes).paired(results) if plate else None
    truths = None
    if painted:
        truths = Frames.of(*gathering.keys([painted])).paired(results)
        truths = replace(truths, under=plates)
    verdicts = {"result": judge(results, eyes, truths, plates, style)}
    if plates is not None and (truths is not None or style):
        unstyled = plates.only(results.files.keys())
        verdicts["plate"] = judge(unstyled, eyes, truths, plates, style)
    if plates is not None and truths is not None:
        verdicts["truth"] = judge(truths, eyes, None, plates)
    if sheet is not None:
        worst_frames.write(sheet, verdicts["result"], results, truths, plates)
    if as_json:
        first = verdicts["result"]
        about = {"backbone": eyes.label, "motion": first.motion, "notes": first.notes}
        about["in_words"] = in_words(first.mean)
        print(json.dumps({**about, **{n: v.as_json() for n, v in verdicts.items()}}))  # noqa: T201
    else:
        table.show(verdicts)
        if explain:
            table.explain(verdicts["result"])
    if sheet is not None:
        print(f"wrote {sheet}", file=sys.stderr if as_json else sys.stdout)
