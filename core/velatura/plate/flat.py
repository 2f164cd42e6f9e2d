"""Flat pictures of any format: painted keys, mattes and contact sheets.

EXR through `velatura.image.exr`; PNG, JPEG, TIFF and all others through OpenImageIO.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813  # the name its documentation uses

from velatura.errors import ImageError
from velatura.image import exr
from velatura.image.exr_errors import MAX_PIXELS
from velatura.image.planes import FloatArray, Window
from velatura.plate import colour
from velatura.plate.beauty import pick_beauty


@dataclass(frozen=True)
class Picture:
    """Red, green and blue of one picture, with what is known about them.

    Attributes:
        rgb: ``(H, W, 3)`` float32, values as stored; integer formats scaled to 0..1.
        alpha: ``(H, W)`` float32, None where there is none.
        premultiplied: whether ``rgb`` is multiplied by ``alpha``: EXR is, PNG with alpha is not.
        space: the colour space of ``rgb`` by the file's metadata, else by its kind: integers are
            `colour.PAINTED`, floats `colour.SCENE`.
        data: where the pixels lie.
        display: what the artist calls the format.
    """

    rgb: FloatArray
    alpha: FloatArray | None
    premultiplied: bool
    space: str
    data: Window
    display: Window


def read_rgb(path: Path, layer: str = "", max_pixels: int = MAX_PIXELS) -> Picture:
    """Read a picture of any format.

    Args:
        path: the file; grey pictures come as three equal channels, rotated photos upright.
        layer: of an EXR, see `velatura.plate.beauty.pick_beauty`.
        max_pixels: a larger picture is refused before anything is allocated.

    Raises:
        ImageError: no file, no picture, truncated, or too large.
        PassError: an EXR without red, green and blue.
        ColourError: metadata that name an unknown colour space.
    """
    if path.suffix.lower() == ".exr":
        return _read_exr(path, layer, max_pixels)
    return _read_other(path, max_pixels)


def _read_exr(path: Path, layer: str, max_pixels: int) -> Picture:
    image = exr.read(path, max_pixels)
    beauty = pick_beauty(image, layer)
    part = image.find(beauty.rgb[0])[0]
    rgb = np.stack([image.find(name)[1].pixels for name in beauty.rgb], -1, dtype=np.float32)
    alpha = np.asarray(image.find(beauty.alpha)[1].pixels, np.float32) if beauty.alpha else None
    return Picture(rgb, alpha, True, colour.space_of(part.attributes), part.data, part.display)


def _read_other(path: Path, max_pixels: int) -> Picture:
    wish = oiio.ImageSpec()
    wish.attribute("oiio:UnassociatedAlpha", 1)  # as stored: do not multiply by alpha
    source = oiio.ImageInput.open(str(path), wish)
    if source is None:
        raise ImageError(f"{path} cannot be read", found=_reason(path, oiio.geterror()))
    spec = source.spec()
    if spec.width * spec.height > max_pixels:
        raise ImageError(
            f"{path} is larger than {max_pixels} pixels", found=f"{spec.width}x{spec.height}"
        )
    pixels = source.read_image(0, 0, 0, spec.nchannels, oiio.FLOAT)
    if pixels is None or (source.format_name() == "jpeg" and _cut_jpeg(path)):
        raise ImageError(
            f"{path} is truncated or damaged", found=source.geterror(), do="Export it again"
        )
    source.close()
    pixels = _upright(pixels, spec.get_int_attribute("Orientation", 1))
    height, width, channels = pixels.shape
    coloured = channels >= 3  # noqa: PLR2004  # else grey, with or without alpha
    rgb = pixels[..., :3] if coloured else np.repeat(pixels[..., :1], 3, -1)
    # Of a GIF, OpenImageIO counts from 1.
    alpha = pixels[..., min(spec.alpha_channel, channels - 1)] if spec.alpha_channel >= 0 else None
    straight = alpha is not None and spec.get_int_attribute("oiio:UnassociatedAlpha") == 1
    window = Window(0, 0, width, height)
    return Picture(np.ascontiguousarray(rgb), alpha, not straight, _space(spec), window, window)


def _cut_jpeg(path: Path) -> bool:
    """Say whether the last scan (FF DA) has no end (FF D9); OpenImageIO would fill it with grey."""
    data = path.read_bytes()
    return data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda")


def _space(spec: oiio.ImageSpec) -> str:
    said = spec.get_string_attribute("oiio:ColorSpace")
    integer = spec.format.basetype not in (oiio.HALF, oiio.FLOAT, oiio.DOUBLE)
    return colour.canonical(said or (colour.PAINTED if integer else colour.SCENE))


def _upright(pixels: FloatArray, orientation: int) -> FloatArray:
    """Undo a camera's rotation (Exif orientation 1 to 8)."""
    if orientation >= 5:  # noqa: PLR2004  # 5 to 8 lie on their side
        pixels = pixels.transpose(1, 0, 2)
    rows, columns = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}.get(
        orientation, (1, 1)
    )
    return np.ascontiguousarray(pixels[::rows, ::columns])


def _reason(path: Path, error: str) -> str:
    if not path.exists():
        return "no such file"
    return error.strip() if path.stat().st_size else "an empty file"
