"""The demo: learn a look from three painted frames, glaze a shot with it, measure what it missed.

Every step is one of the commands that an artist or a farm would type, run as a process of its own,
on the courtyard shot that comes with velatura (12 frames, own work, CC0).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from rich.rule import Rule

from velatura.cli.options import basic, learning
from velatura.errors import InputError
from velatura.image.planes import FloatArray
from velatura.plate import flat
from velatura.report import contact_sheet
from velatura.system import terminal
from velatura.system.next_step import PART

FRAMES = "frame.####.exr"

MARK = ".velatura-demo"
"""Lies in a folder that a demo has filled, so that the next one knows what it may clear."""

SHOWN = (3, 8, 10)
"""Frames on the contact sheet: none of them was painted for the training."""


def demo(
    *,
    out: Annotated[Path, basic("FOLDER")] = Path("demo-out"),
    seconds: Annotated[float, basic("NUMBER")] = 150.0,
    perceptual: Annotated[Literal["efficientnet", "squeezenet", "vgg19"], learning()] = (
        "efficientnet"
    ),
    perceptual_weights: Annotated[Path | None, learning("FILE")] = None,
) -> None:
    """Learn a look from three painted frames, glaze a shot with it, and show what came out.

    Leaves in OUT: the look (courtyard.onnx), the training run, the shot with its gain layers and
    finished pictures, and contact_sheet.png (plate, result, what the painter painted).

    For example:

        velatura demo --out demo-out

    Args:
        out: the folder to write into.
        seconds: how long to learn.
        perceptual: eyes of the figures at the end: efficientnet comes with the trainer; squeezenet
            and vgg19 need a file.
        perceptual_weights: that file, with torchvision's key names.
    """
    console = terminal.console(stderr=True)
    courtyard = Path(str(files("velatura"))) / "courtyard"
    plate, painted, truth = (
        str(courtyard / kind / FRAMES) for kind in ("plate", "painted", "truth")
    )
    run, look, shot = out / "run", out / "courtyard.onnx", out / "shot"
    _clear(out, run, shot, look)

    eyes = ["--perceptual", perceptual]
    if perceptual_weights is not None:
        eyes += ["--perceptual-weights", str(perceptual_weights)]
    budget = f"--minutes={seconds / 60:g}"
    steps = (
        (
            "Learn the look from frames 1, 6 and 12",
            ["train", plate, "--painted", painted, "--out", run, budget],
        ),
        (
            "Export it",
            ["export", run, "--out", look, "--author", "velatura", "--licence", "CC0-1.0"],
        ),
        ("Glaze the shot", ["apply", plate, "--look", look, "--out", shot, "--write", "both"]),
        (
            "Measure the nine frames it has not seen",
            ["evaluate", "--result", shot / FRAMES, "--painted", truth, "--plate", plate, *eyes],
        ),
    )
    for title, arguments in steps:
        console.print(Rule(title, align="left"))
        started = time.monotonic()
        _velatura(*map(str, arguments))
        console.print(f"[dim]{time.monotonic() - started:.0f} s[/]")

    contact = out / "contact_sheet.png"
    sources = (courtyard / "plate", shot, courtyard / "truth")
    rows = [[_read(folder, frame) for folder in sources] for frame in SHOWN]
    titles = ("plate", "result", "paint")
    labels = [f"frame {frame}, left out: the look has not seen its paint" for frame in SHOWN]
    contact_sheet.write(contact, rows, "lin_rec709_scene", titles, labels)
    sys.stdout.write(f"wrote {contact}\n")
    velatura = Path(os.path.relpath(Path(sys.executable).parent)) / "velatura"
    console.print(
        f"\n[bold]Open next[/]\n"
        f"  {contact}: plate, result, paint, for frames {', '.join(map(str, SHOWN))}\n"
        f"  {shot}: frame.####.exr is finished, frame.gain.####.exr is the gain layer, in stops\n"
        f"  {velatura} info {look}\n"
        f"  {velatura} apply PLATE --look {look} --out FOLDER --write picture --strength 0.5",
        soft_wrap=True,
        highlight=False,
    )


def _clear(out: Path, run: Path, shot: Path, look: Path) -> None:
    """Remove an earlier demo's run and shot, and nothing that a demo did not leave there."""
    there = [folder for folder in (run, shot) if folder.exists()]
    if there and not (out / MARK).exists():
        raise InputError(
            f"{out} holds {' and '.join(folder.name for folder in there)}, but not from a demo",
            do="Name another folder with --out",
        )
    for folder in there:
        shutil.rmtree(folder)
    look.unlink(missing_ok=True)
    shot.mkdir(parents=True, exist_ok=True)
    (out / MARK).touch()


def _velatura(*arguments: str) -> None:
    """Run one velatura command; what it prints is seen, and if it fails the demo ends likewise."""
    line = [sys.executable, "-m", "velatura", *arguments]
    finished = subprocess.run(line, check=False, env={**os.environ, PART: "1"})  # noqa: S603
    if finished.returncode:
        sys.exit(finished.returncode)


def _read(folder: Path, frame: int) -> FloatArray:
    read = flat.read_rgb(folder / f"frame.{frame:04d}.exr")
    return np.ascontiguousarray(read.rgb)
