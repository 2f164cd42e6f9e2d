"""`velatura evaluate`: how good results are, as a table or as JSON.

torch is imported inside the command: its help must not wait for it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from velatura_training.recipe import PerceptualName


def evaluate(
    *,
    result: str,
    painted: str = "",
    plate: str = "",
    style: Annotated[tuple[Path, ...], Parameter(consume_multiple=True)] = (),
    perceptual: PerceptualName = "efficientnet",
    perceptual_weights: Path | None = None,
    texture: PerceptualName | None = None,
    texture_weights: Path | None = None,
    layer: str = "",
    passes: str = "",
    space: str = "",
    sheet: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Measure results: against painted frames, against the plate, against a style, in motion.

    Give all you have. Painted frames that the look has not seen tell most; the plate tells whether
    content, highlights and calm are kept; style pictures tell whether the manner is met.

    Example::

        velatura evaluate --result out/plate.####.exr --painted truth/paint.####.exr

        velatura evaluate --result out/a.####.exr --plate a.####.exr --style sky.jpg --sheet a.png

    Args:
        result: the finished pictures.
        painted: the truth: what the painter would have painted; every frame there is measured.
        plate: the unstyled plate; its vector pass tells how things move.
        style: pictures painted in the wanted manner.
        perceptual: eyes of the lpips, gram and swd scores; squeezenet and vgg19 need a file.
        perceptual_weights: that file, with torchvision's key names.
        texture: other eyes for gram and swd.
        texture_weights: their weights file, where they need one.
        layer: the layer of plate and result, where it is not the usual one.
        passes: layers of the plate's passes, where they are not the usual ones: vector=Motion.
        space: the colour space of plate and result, where their metadata do not tell.
        sheet: write the worst, median and best frame as a PNG: plate, result, truth, error.
        as_json: print JSON instead of a table.
    """
    from velatura_training.losses import backbones
    from velatura_training.metrics import worst_frames
    from velatura_training.metrics.evaluate import evaluate as judge
    from velatura_training.metrics.eyes import Eyes
    from velatura_training.metrics.frames import Frames

    second = backbones.load(texture, texture_weights) if texture else None
    eyes = Eyes(backbones.load(perceptual, perceptual_weights), second)
    results = Frames.of(result, layer, space)
    truths = Frames.of(painted) if painted else None
    plates = Frames.of(plate, layer, space, passes) if plate else None
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
        print(json.dumps({**about, **{n: v.as_json() for n, v in verdicts.items()}}))  # noqa: T201
    else:
        from velatura_training.metrics.table import show

        show(verdicts)
    if sheet is not None:
        print(f"wrote {sheet}", file=sys.stderr if as_json else sys.stdout)
