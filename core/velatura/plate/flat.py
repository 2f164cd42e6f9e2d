"""Flat pictures of any format: painted keys, mattes and contact sheets.

EXR through `velatura.image.exr`; PNG, JPEG, TIFF and all others through OpenImageIO.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from velatura import regular
from velatura.errors import ImageError
from velatura.image import exr
from velatura.image.exr_errors import MAX_PIXELS
from velatura.image.planes import Extent, FloatArray, Window
from velatura.plate import colour, icc, inks, tags
from velatura.plate.beauty import lit, others, pick_beauty

if TYPE_CHECKING:
    import OpenImageIO as oiio  # noqa: N813  # the name its documentation uses

LARGER = 16
"""Times its plate's pixels that a key, a mask or a truth may have: twice as wide and high, and as
much overscan again. What is larger is refused by its header."""

_SAY = (
    "Say what it is, of a painted key with --painted-space, of a finished picture with --space; or "
    "convert it, as to an sRGB PNG"
)
_FLOAT = 4  # bytes of a number that is read
_USUAL = "Save it as PNG, TIFF, PSD, JPG or EXR"


@dataclass(frozen=True)
class Picture:
    """Red, green and blue of one picture, with what is known about them.

    Attributes:
        rgb: ``(H, W, 3)`` float32, values as stored; integer formats scaled to 0..1.
        alpha: ``(H, W)`` float32, None where there is none.
        premultiplied: whether ``rgb`` is multiplied by ``alpha``: EXR is, PNG with alpha is not.
        space: the colour space of ``rgb`` by the file's metadata, else by its kind: integers are
            `colour.PAINTED`, floats `colour.SCENE`. A `profile` wins over it.
        told: whether that is known; of floats that say nothing it is a guess.
        data: where the pixels lie.
        display: what the artist calls the format.
        profile: the ICC profile of ``rgb``; empty: none.
        source: the file, for messages.
    """

    rgb: FloatArray
    alpha: FloatArray | None
    premultiplied: bool
    space: str
    told: bool
    data: Window
    display: Window
    profile: bytes = b""
    source: str = ""

    def light(self, space: str) -> FloatArray:
        """Return ``(3, H, W)`` float32 in a linear colour space.

        Codes that are premultiplied are taken as they are: see `straight`.

        Raises:
            ColourError: an unknown space, or a damaged ICC profile.
        """
        planes = np.ascontiguousarray(self.rgb.transpose(2, 0, 1))
        if self.profile:
            return colour.convert(icc.light(planes, self.profile, self.source), colour.SCENE, space)
        return colour.convert(planes, self.space, space)

    def straight(self) -> Picture:
        """Return the picture unpremultiplied; where alpha is 0 there is nothing to divide by."""
        if self.alpha is None or not self.premultiplied:
            return self
        alpha = self.alpha[..., None]
        with np.errstate(all="ignore"):  # NaN and Inf are the reader's to judge
            rgb = np.divide(self.rgb, alpha, out=self.rgb.copy(), where=alpha > 0)
        return replace(self, rgb=rgb, premultiplied=False)


def read_rgb(path: Path, layer: str = "", max_pixels: int = MAX_PIXELS, space: str = "") -> Picture:
    """Read a picture of any format.

    Args:
        path: the file; grey pictures come as three equal channels, rotated photos upright.
        layer: of an EXR, see `velatura.plate.beauty.pick_beauty`.
        max_pixels: a larger picture is refused before anything is allocated.
        space: its colour space, whatever the file tells; empty: as the file tells.

    Raises:
        ImageError: no file, no picture, truncated, or too large.
        PassError: an EXR without red, green and blue, or with whole numbers in them.
        ColourError: metadata, or ``space``, that name an unknown colour space.
    """
    if path.suffix.lower() == ".exr":
        return _read_exr(path, layer, max_pixels, space)
    return _read_other(path, max_pixels, space)


def extent(path: Path) -> Extent:
    """Return how large a picture claims to be, as it is shown: nothing of it is decoded.

    Raises:
        ImageError: no file, or no picture.
    """
    if path.suffix.lower() == ".exr":
        return exr.extent(path)
    import OpenImageIO as oiio  # noqa: N813  # the name its documentation uses

    source = _opened(path, oiio.ImageSpec(), MAX_PIXELS)
    spec = source.spec()
    source.close()
    sides = spec.width, spec.height
    width, height = reversed(sides) if _sideways(_orientation(spec)) else sides
    channels = {1: 3, 2: 4}.get(spec.nchannels, spec.nchannels)  # grey becomes three
    bytes_ = _FLOAT * width * height * channels
    return Extent(width, height, bytes_, bytes_)


def _read_exr(path: Path, layer: str, max_pixels: int, flag: str) -> Picture:
    image = exr.read(path, max_pixels)
    beauty = pick_beauty(image, layer)
    if unused := others(image, beauty.rgb):
        tags.tell(path, f"holds other pictures, which are not read: {', '.join(unused)}")
    part = image.find(beauty.rgb[0])[0]
    rgb = np.stack(
        [image.find(name)[1].pixels for name in lit(image, beauty)], -1, dtype=np.float32
    )
    alpha = np.asarray(image.find(beauty.alpha)[1].pixels, np.float32) if beauty.alpha else None
    with colour.named(str(path), _SAY):
        told = colour.canonical(flag) if flag else colour.told(part.attributes)
        space = told or colour.canonical(colour.SCENE)
    windows = part.data, part.display
    return Picture(rgb, alpha, True, space, bool(told), *windows, source=str(path))


def _read_other(path: Path, max_pixels: int, flag: str) -> Picture:
    import OpenImageIO as oiio  # noqa: N813  # the name its documentation uses

    wish = oiio.ImageSpec()
    wish.attribute("oiio:UnassociatedAlpha", 1)  # as stored: do not multiply by alpha
    source = _opened(path, wish, max_pixels)
    spec = source.spec()
    tags.refuse_other_models(path, spec)
    pixels = source.read_image(0, 0, 0, spec.nchannels, oiio.FLOAT)
    if pixels is None or (source.format_name() == "jpeg" and _cut_jpeg(path)):
        raise ImageError(
            f"{path} is truncated or damaged", found=source.geterror(), do="Export it again"
        )
    if source.format_name() != "psd" and source.seek_subimage(1, 0):  # a PSD's are its layers
        tags.tell(path, "holds more pictures than one: the first is read")
    source.close()
    if inks.printed(spec):
        pixels = inks.seen(path, pixels)
    pixels = _upright(pixels, _orientation(spec))
    height, width, channels = pixels.shape
    coloured = channels >= 3  # noqa: PLR2004  # else grey, with or without alpha
    rgb = pixels[..., :3] if coloured else np.repeat(pixels[..., :1], 3, -1)
    channel, straight = tags.alpha(path, spec, source.format_name())
    # Of a GIF, OpenImageIO counts from 1.
    alpha = pixels[..., min(channel, channels - 1)] if channel >= 0 else None
    window = Window(0, 0, width, height)
    with colour.named(str(path), _SAY):
        said = flag or tags.space(path, spec, source.format_name())
        told = colour.canonical(said) if said else ""
        integer = str(spec.format) not in tags.FLOATS
        space = told or colour.canonical(colour.PAINTED if integer else colour.SCENE)
    return Picture(
        *(np.ascontiguousarray(rgb), alpha, not straight, space, bool(told) or integer),
        *(window, window),
        profile=b"" if flag else tags.profile(spec, grey=not coloured),
        source=str(path),
    )


def _opened(path: Path, wish: oiio.ImageSpec, max_pixels: int) -> oiio.ImageInput:
    with suppress(OSError):  # one that is not there has its own words below
        _refuse_pipe(path)
    import OpenImageIO as oiio  # noqa: N813  # the name its documentation uses

    source = oiio.ImageInput.open(str(path), wish)
    if source is None:
        raise ImageError(f"{path} cannot be read", found=_reason(path, oiio.geterror()), do=_USUAL)
    width, height = source.spec().width, source.spec().height
    if width * height > max_pixels:
        raise ImageError(f"{path} is larger than {max_pixels} pixels", found=f"{width}x{height}")
    return source


def _refuse_pipe(path: Path) -> None:
    try:
        regular.demand(path)
    except ValueError as error:  # OpenImageIO would wait for somebody to write into it
        raise ImageError(f"{path} cannot be read", found=str(error), do=_USUAL) from error


def _cut_jpeg(path: Path) -> bool:
    """Say whether the last scan (FF DA) has no end (FF D9); OpenImageIO would fill it with grey."""
    data = path.read_bytes()
    return data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda")


def _upright(pixels: FloatArray, orientation: int) -> FloatArray:
    """Undo a camera's rotation (Exif orientation 1 to 8)."""
    if _sideways(orientation):
        pixels = pixels.transpose(1, 0, 2)
    rows, columns = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}.get(
        orientation, (1, 1)
    )
    return np.ascontiguousarray(pixels[::rows, ::columns])


def _orientation(spec: oiio.ImageSpec) -> int:
    return int(spec.get_int_attribute("Orientation", 1))


def _sideways(orientation: int) -> bool:
    return orientation >= 5  # noqa: PLR2004  # 5 to 8 lie on their side


def _reason(path: Path, error: str) -> str:
    if not path.exists():
        return "no such file"
    return error.strip() if path.stat().st_size else "an empty file"
