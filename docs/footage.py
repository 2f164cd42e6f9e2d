"""Draw frames of a shot below each other, a row for each way to make them: docs/footage_*.jpg.

    python docs/footage.py OUT FRAME... --row NAME FOLDER [--row ...]
        [--crop X Y WIDTH HEIGHT] [--scale 0.5]

FOLDER has frame.####.exr: a plate, a painter's frames, or what benchmarks/recipes.py left in
--keep.
Without --scale every pixel is one of the frame's.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own idiom

from velatura.image import drawing
from velatura.image.planes import FloatArray
from velatura.plate import colour, flat
from velatura.report import contact_sheet

QUALITY = 88
"""Of a JPEG: grain and strokes are large as PNG."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("frames", type=int, nargs="+")
    parser.add_argument("--row", nargs=2, action="append", required=True)
    parser.add_argument("--crop", type=int, nargs=4)
    parser.add_argument("--scale", type=float, default=1.0)
    given = parser.parse_args()
    rows = [
        [shown(Path(folder, f"frame.{f:04d}.exr"), given.crop, given.scale) for f in given.frames]
        for _, folder in given.row
    ]
    titles = [str(frame) for frame in given.frames]
    sheet = contact_sheet.lay_out(rows, titles, [name for name, _ in given.row])
    spec = oiio.ImageSpec(sheet.shape[1], sheet.shape[0], 3, oiio.UINT8)
    spec.attribute("Compression", f"jpeg:{QUALITY}")
    output = oiio.ImageOutput.create(str(given.out))
    if not (output and output.open(str(given.out), spec) and output.write_image(sheet)):
        raise SystemExit(f"{given.out} cannot be written: {oiio.geterror()}")
    output.close()


def shown(path: Path, crop: list[int] | None, scale: float) -> FloatArray:
    """Return a frame, or a part of it, as a screen shows it: ``(H, W, 3)``, 0..1."""
    picture = flat.read_rgb(path)
    light = picture.rgb
    if crop:
        x, y, width, height = crop
        light = light[y : y + height, x : x + width]
    if scale != 1:
        height, width = (max(1, round(side * scale)) for side in light.shape[:2])
        light = drawing.resize(light, width, height)
    planes = np.ascontiguousarray(light.transpose(2, 0, 1))
    return colour.convert(planes, picture.space, colour.PAINTED).transpose(1, 2, 0)


if __name__ == "__main__":
    main()
