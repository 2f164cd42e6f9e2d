"""`velatura glaze`: from footage and painted frames to the finished shot, in one go.

Each step is one of the commands that an artist would type, run as a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

from rich.rule import Rule

from velatura import library
from velatura.cli.options import Deliver, Space, Start, basic, picture
from velatura.errors import InputError
from velatura.job import demand_strength
from velatura.system import terminal
from velatura.system.next_step import PART, next_step


def glaze(
    *plate: Annotated[str, basic()],
    painted: Annotated[tuple[str, ...], basic("KEYS", consume_multiple=True)] = (),
    look: Annotated[str, basic("LOOK")] = "",
    out: Annotated[Path, basic("FOLDER")],
    minutes: Annotated[float, basic("NUMBER")] = 5.0,
    deliver: Deliver = None,
    strength: Annotated[float, picture("NUMBER")] = 1.0,
    space: Space = "",
    start: Start = 0,
) -> None:
    r"""Learn a look from painted frames of a shot, and put it on the whole shot: all in one go.

    It is `velatura train`, `export` and `apply` one after another, with their usual settings; with
    --look, a look that is there already is put on the shot. The same command again goes on where it
    was stopped.

    For example:

        velatura glaze clip.mp4 --painted paint.####.png \
            --out glazed --minutes 5 --as mp4
        velatura glaze clip.mp4 --look "Ink and Wash" \
            --out inked --as mp4

    Args:
        plate: the frames of one shot: a movie, shot.####.exr, a folder, or its files.
        painted: the painted frames, numbered as those: paint.####.png. A movie's first frame is 0.
        look: instead of painted frames, a look: a file, or the name of a published one, as
            `velatura looks` lists it.
        out: the folder to write into: the finished frames and gain layers as EXR, the look
            (look.onnx), and the training (run).
        minutes: how long to learn.
        strength: of the look, 0 to 4; 1 is as painted.
    """
    from velatura.image import gathering

    demand_strength(strength, "--strength")  # before minutes go by, not after
    if not plate or bool(painted) == bool(look):
        given = {"shot": plate, "painted": painted, "look": (look,) if look else ()}
        raise InputError(
            "A shot is wanted, and either frames of it that are painted over, or a look",
            found="; ".join(f"{name}: {' '.join(said) or 'none'}" for name, said in given.items()),
            do="Write it like: velatura glaze clip.mp4 --painted paint.0004.png --out glazed",
        )
    console = terminal.console(stderr=True)
    run, file = out / "run", library.find(look) if look else out / "look.onnx"
    means = [f"--space={space}"] if space else []
    means += [f"--start={start}"] if start else []
    learn = ["--painted", *painted, f"--out={run}", f"--minutes={minutes:g}", "--resume"]
    write = [f"--look={file}", f"--out={out}", "--write=both", f"--strength={strength:g}"]
    write += [f"--as={deliver}"] if deliver else []
    made = (
        ("Learn the look", ["train", *plate, *learn, *means]),
        ("Export it", ["export", str(run), f"--out={file}"]),
    )
    for title, arguments in (
        *(() if look else made),
        ("Glaze the shot", ["apply", *plate, *write, *means]),
    ):
        console.print(Rule(title, align="left"))
        finished = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "velatura", *arguments],
            check=False,
            env={**os.environ, PART: "1"},
        )
        if finished.returncode:
            sys.exit(finished.returncode)
    shot = gathering.only(plate)
    next_step("velatura", "report", out, "--plate", shot, "--look", file, *means)
