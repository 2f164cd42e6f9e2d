"""The trainer's commands: train, export, evaluate.

`velatura.cli.main` finds them by name when they are asked for. torch is imported inside the
commands: their help must not wait for it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from velatura.errors import TrainingError
from velatura.system.progress import Progress, Style
from velatura_training.recipe import (
    FREE,
    PAINTING,
    SHOT,
    AdversarialName,
    Budget,
    DiscriminatorName,
    GeneratorName,
    PerceptualName,
    Tier,
)

DEFAULT_MINUTES = 5.0
"""Training time where nothing is said: enough for a look at 2K on a laptop."""

Guide = Literal["normal", "depth", "albedo", "id", "position", "vector", "none"]
Device = Literal["auto", "cpu", "cuda"]


def train(
    *plates: str,
    painted: Annotated[tuple[str, ...], Parameter(consume_multiple=True)] = (),
    style: Annotated[tuple[Path, ...], Parameter(consume_multiple=True)] = (),
    stroke: float | None = None,
    out: Path,
    minutes: float | None = None,
    steps: int | None = None,
    free: Annotated[bool, Parameter(negative="")] = False,
    tier: Tier | None = None,
    generator: GeneratorName | None = None,
    discriminator: DiscriminatorName | None = None,
    adversarial: AdversarialName | None = None,
    perceptual: PerceptualName | None = None,
    perceptual_weights: Path | None = None,
    weights: Annotated[dict[str, float] | None, Parameter(name="--weight")] = None,
    guides: Annotated[tuple[Guide, ...], Parameter(consume_multiple=True)] = (),
    hold_out: Annotated[tuple[int, ...], Parameter(consume_multiple=True)] = (),
    layer: str = "",
    passes: str = "",
    space: str = "",
    rate: float | None = None,
    patch: int | None = None,
    batch: int | None = None,
    exposure: float | None = None,
    grain: float | None = None,
    seed: int | None = None,
    device: Device = "auto",
    threads: int = 0,
    resume: bool = False,
    progress: Style = "auto",
) -> None:
    """Learn a look from painted frames of a shot, or from a painting.

    Watch OUT/contact_sheet.png: plate, result and paint, renewed while it learns; OUT/losses.png
    shows how it goes. Keys that are repainted meanwhile are taken up. Ctrl-C keeps the best so far.
    When it is done, make a look of it with `velatura export OUT`.

    Example::

        velatura train shot/plate.####.exr --painted shot/paint.####.png --out runs/ink --minutes 5

        velatura train shot/plate.####.exr --style storm.jpg --out runs/storm --minutes 30

    Args:
        plates: the plate's frames: name.####.exr, name.%04d.exr or name.$F4.exr; several shots may
            be named, and teach one free look.
        painted: the painted keys, numbered like the plate frames they were painted on (EXR: linear;
            PNG, JPG, TIFF: sRGB); as many as there are shots, in their order.
        style: instead of painted keys, one or more paintings whose manner the shot shall have.
        stroke: how large their strokes shall be: 1 for a painting of 600 px on its shorter side.
        out: the run's folder.
        minutes: how long to learn (5 where neither this nor --steps is given).
        steps: how many steps to learn, instead of --minutes.
        free: learn from the plate alone, for any shot. Else the painted keys are carried along into
            each frame of their shot, where its passes (Position, ids, Vector) allow it: closer to
            the paint, and calmer.
        tier: size of the network: draft (quick to run, softer), standard, or fine.
        generator: unet, or resnet (faster to run, less detail).
        discriminator: patch, or multiscale for frames of 1080p and more.
        adversarial: the critic's loss.
        perceptual: eyes of the content and style losses; squeezenet and vgg19 need a file.
        perceptual_weights: that file, with torchvision's key names.
        weights: how hard each loss pulls, e.g. --weight.l1 4 --weight.adversarial 0.
        guides: passes to read beside the beauty; where nothing is said normal, depth, albedo and
            id, if all painted frames have them; `none` for a look that needs no passes.
        hold_out: painted frames not to learn from: the figures at the end are theirs.
        layer: the beauty's layer, where it is not the usual one.
        passes: layers of the guides, where they are not the usual ones: normal=N,depth=Z.
        space: the plate's colour space, where its metadata do not tell.
        rate: learning rate at its height.
        patch: side of a training patch, px.
        batch: patches a step.
        exposure: vary the exposure by up to this many stops while learning.
        grain: add fresh grain of up to this part of a value while learning.
        seed: of everything random.
        device: where to learn.
        threads: processor threads; 0 tries how many learn fastest. With 1 and --steps, runs repeat
            bit for bit.
        resume: go on with the run in OUT, if there is one, with its own settings; --minutes and
            --steps count the whole run.
        progress: a bar, lines for Open Job Description or Tractor, or nothing.
    """
    # How long OpenMP's threads spin before they sleep, in loops: by default so long that on a busy
    # machine they mostly spin, and with none at all a step takes twice as long on a quiet one.
    # OpenMP reads this once, when torch is imported.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    from velatura_training.data.key_files import pair
    from velatura_training.data.plates import load
    from velatura_training.data.watched_keys import Easel
    from velatura_training.learn import run

    if minutes is None and steps is None:
        minutes = DEFAULT_MINUTES
    if bool(style) == bool(painted):
        raise TrainingError(
            "A look is learnt either from painted keys or from paintings",
            found="both" if style else "neither",
            do="Give --painted or --style.",
        )
    budget, where = Budget(minutes, steps), run.pick_device(device)
    settings: dict[str, Any] = {
        "stroke": stroke,
        "tier": tier,
        "generator": generator,
        "discriminator": discriminator,
        "adversarial": adversarial,
        "perceptual": perceptual,
        "perceptual_weights": None if perceptual_weights is None else str(perceptual_weights),
        "weights": weights,
        "patch": patch,
        "batch": batch,
        "rate": rate,
        "exposure": exposure,
        "grain": grain,
        "seed": seed,
    }
    if style:
        recipe = PAINTING.but(**settings)
        run.imitate(
            load(plates, layer, space), style, out, recipe, budget, where, progress, threads, resume
        )
        return
    wanted = tuple(name for name in guides if name != "none") if guides else None
    shots = pair(plates, painted)
    easel = Easel(shots, wanted, layer, passes, space, hold_out)
    if not free:
        with Progress(progress, "frames looked at") as report:
            easel.carry(report)
    recipe = (FREE if easel.lesson.carry is None else SHOT).but(**settings)
    run.train(easel.lesson, out, recipe, budget, where, progress, threads, resume, easel)


def export(
    run: Path,
    /,
    *,
    out: Path | None = None,
    torchscript: Path | None = None,
    name: str = "",
    author: str = "",
    licence: str = "",
) -> None:
    """Make a look, one ONNX file, of a training run; or a live node for NukeX.

    What is written is proved first: ONNX Runtime or TorchScript must agree with the network that
    was trained, and strength 0 must give the plate back bit for bit.

    Example::

        velatura export runs/ink --out looks/ink.onnx --author "M. Rossi"

        velatura export runs/ink --torchscript ~/.nuke/Cattery

    Args:
        run: the folder that `velatura train` wrote.
        out: the look's file.
        torchscript: a Cattery folder; in it comes one of the look's own, with what a NukeX needs to
            make a .cat for its Inference node.
        name: what artists will call it; the name of the file, or of the run, where nothing is said.
        author: who made it.
        licence: under which terms it may be used.
    """
    from velatura_training.export import onnx_file
    from velatura_training.export.trained import load

    if out is None and torchscript is None:
        raise TrainingError(
            "Where should the look go?", do="Give --out LOOK.onnx, --torchscript FOLDER, or both."
        )
    called = name or (out.stem if out is not None else run.resolve().name)
    trained = load(run, called, author, licence)
    if out is not None:
        card = onnx_file.write(trained, out).card
        print(f"wrote {out}")  # noqa: T201 - stdout carries machine lines
        print(  # noqa: T201
            f"cost {card.kflop_px:.1f} kFLOP/px, {card.parameters} parameters, "
            f"receptive field {card.receptive_field} px, halo {card.halo} px"
        )
    if torchscript is not None:
        from velatura_training.export import cattery

        print(f"wrote {cattery.write(trained, torchscript)}")  # noqa: T201


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

    Give what there is: painted frames that the look has not seen tell most; the plate tells
    whether content, highlights and calm are kept; style pictures whether the manner is met.

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
