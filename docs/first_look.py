"""Run the commands of docs/first-look.md, and make its pictures of what came out.

    python docs/first_look.py [FOLDER] [--short]

Everything happens in FOLDER (default: first-look). --short takes a small clip and learns for two
steps: it tries the commands, and makes no pictures for the page.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own idiom

from velatura.image import drawing, movies
from velatura.image.planes import FloatArray
from velatura.plate import colour, flat
from velatura.report import contact_sheet

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "first-look.md"
QUALITY = 88  # of a JPEG
WIDTH = 320  # px of a frame on a sheet
KEYS, SHOWN = (4, 18), (0, 9, 14, 23)
SHORT = {  # what a short run does instead
    r"--minutes \d+": "--steps 2",
    r"docs/clip\.py first": "docs/clip.py first --frames 6 --size 96 64",
}


def main() -> None:
    """Run the page's commands in a folder; then draw its sheets."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("first-look"))
    parser.add_argument("--short", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if not (given.folder / "docs").exists():
        (given.folder / "docs").symlink_to(DOCS)  # the page's commands begin in velatura's folder
    for command in commands():
        run(shortened(command) if given.short else command, given.folder)
    if not given.short:
        draw(given.folder / "first")


def commands() -> list[str]:
    """Return the page's commands, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def shortened(command: str) -> str:
    """Return a command as a short run has it."""
    for pattern, instead in SHORT.items():
        command = re.sub(pattern, instead, command)
    return command


def run(command: str, folder: Path) -> None:
    """Run a command as it would be typed; one that fails ends it all."""
    sys.stdout.write(f"$ {command}\n")
    sys.stdout.flush()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    shell = ["/bin/sh", "-c", command]
    done = subprocess.run(shell, cwd=folder, env={**os.environ, "PATH": path}, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"ended with {done.returncode}: {command}")


def draw(first: Path) -> None:
    """Draw the page's sheets of what lies in the tutorial's folder."""
    clip = str(first / "clip.mp4")
    plates = {frame: of_movie(clip, frame) for frame in {*KEYS, *SHOWN}}
    painted = [shown(first / f"paint.{frame:04d}.png") for frame in KEYS]
    rows = [[plates[frame] for frame in KEYS], painted]
    write(DOCS / "first_look_keys.jpg", rows, [f"frame {f}" for f in KEYS], ["clip", "painted"])
    names = {"half strength": "half", "result": "glazed"}
    rows = [[plates[frame] for frame in SHOWN]] + [
        [shown(first / folder / f"clip.{frame:04d}.exr") for frame in SHOWN]
        for folder in names.values()
    ]
    write(DOCS / "first_look_result.jpg", rows, [f"frame {f}" for f in SHOWN], ["clip", *names])


def of_movie(clip: str, frame: int) -> FloatArray:
    """Return a frame of the clip as a screen shows it: its codes, `WIDTH` wide."""
    codes, _ = movies.read(movies.frame_path(clip, frame))
    height, width = codes.shape[:2]
    return drawing.resize(codes[..., :3], WIDTH, round(height * WIDTH / width))


def shown(path: Path) -> FloatArray:
    """Return a picture as a screen shows it: ``(H, W, 3)``, 0..1, `WIDTH` wide."""
    picture = flat.read_rgb(path)
    height, width = picture.rgb.shape[:2]
    light = drawing.resize(picture.rgb, WIDTH, round(height * WIDTH / width))
    planes = np.ascontiguousarray(light.transpose(2, 0, 1))
    return colour.convert(planes, picture.space, colour.PAINTED).transpose(1, 2, 0)


def write(path: Path, rows: list[list[FloatArray]], titles: list[str], names: list[str]) -> None:
    """Write a sheet as a JPEG."""
    sheet = contact_sheet.lay_out(rows, titles, names)
    spec = oiio.ImageSpec(sheet.shape[1], sheet.shape[0], 3, oiio.UINT8)
    spec.attribute("Compression", f"jpeg:{QUALITY}")
    output = oiio.ImageOutput.create(str(path))
    if not (output and output.open(str(path), spec) and output.write_image(sheet)):
        raise SystemExit(f"{path} cannot be written: {oiio.geterror()}")
    output.close()
    sys.stdout.write(f"wrote {path}\n")


if __name__ == "__main__":
    main()
