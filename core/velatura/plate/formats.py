"""The files of plates in any format: EXR, still pictures, and frames of movies.

An EXR is read as it is. All else becomes one part of float planes R, G, B and A of codes, 0 to 1,
whose header says what they mean, in OpenImageIO's words: ``oiio:ColorSpace``,
``oiio:UnassociatedAlpha`` (the alpha is not multiplied in) and ``oiio:BitsPerSample``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from velatura import fingerprint, regular, signatures
from velatura.errors import ColourError, ImageError
from velatura.image import exr, movies
from velatura.image.planes import Extent, FloatArray, Image, Part, Plane, Window
from velatura.image.yuv import Format
from velatura.plate import colour, flat

SPACE, STRAIGHT, BITS = "oiio:ColorSpace", "oiio:UnassociatedAlpha", "oiio:BitsPerSample"
"""Header attributes of a picture that was no EXR, see above."""

STILLS = (
    *(".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dpx", ".cin", ".hdr"),
    *(".tga", ".bmp", ".webp", ".jp2", ".psd", ".gif"),
)
"""The names of still pictures that are no EXR end so; the formats of docs/inputs.md first."""

_SAY = "Name its colour space with --space"
_FLOAT = 4  # bytes of a movie's code, decoded
_HALF_BITS = 12  # a half keeps the codes of that many bits apart, whatever the curve
# AVColorPrimaries and AVColorTransferCharacteristic (ITU-T H.273) -> a colour space. Unknown
# counts as Rec.709; the camera's Rec.709 curve is shown as the painter sees it, which is sRGB.
_REC709, _REC2020, _P3 = {0, 1, 2, 5, 6}, {9}, {12}
_SRGB, _GAMMA22, _LINEAR, _PQ = {0, 1, 2, 6, 13, 14, 15}, {4}, {8}, {16}

log = logging.getLogger(__name__)


def read(path: Path, *, told: bool = False) -> Image:
    """Return the picture in a file of any format, or the frame of a movie.

    Args:
        path: the file, or a frame's address (`velatura.image.movies.frame_path`).
        told: whether its colour space is known otherwise, and its metadata say nothing.

    Raises:
        ImageError: as `velatura.image.exr.read`, or no picture.
        FrameError: a movie has no such frame.
        ColourError: metadata that name an unknown colour space.
    """
    if movies.parted(path):
        return _frame(path)
    if is_exr(path):
        return exr.read(path)
    return _still(path, told=told)


def extent(path: Path) -> Extent:
    """Return how large a picture claims to be, before it is decoded; see `read`.

    Raises:
        ImageError: as `read`.
    """
    if there := movies.parted(path):
        kind = movies.format_of(there[0])
        bytes_ = _FLOAT * (3 + kind.alpha) * kind.width * kind.height
        return Extent(kind.width, kind.height, bytes_, bytes_)
    return exr.extent(path) if is_exr(path) else flat.extent(path)


def is_exr(path: Path) -> bool:
    """Say whether a file is read as an EXR: it is one, or what it is cannot be told.

    A name that no other format has, and a file that cannot be read, are left to the EXR reader: it
    says best what is wrong.
    """
    if movies.parted(path):
        return False
    return path.suffix.lower() not in STILLS or _begins_as_exr(path)


def digest(path: Path) -> str:
    """Return the digest of a plate, see `velatura.fingerprint.of_file`.

    That of a movie's frame is the movie's, with the frame's place in it.

    Raises:
        ImageError: it cannot be read.
    """
    if there := movies.parted(path):
        movie, place = there
        try:
            state = movie.stat()
        except OSError as error:
            raise ImageError(f"{movie} cannot be read", found=error.strerror) from error
        return f"{_digest(movie, state.st_mtime_ns, state.st_size)}/{place}"
    return fingerprint.of_file(path)


def file_of(path: Path) -> Path:
    """Return the file that a plate's picture lies in: of a movie's frame the movie."""
    return there[0] if (there := movies.parted(path)) else path


class Depth(int):
    """Bits of a code of a picture that was no EXR: no header can say that of an EXR."""


def depth(attributes: Mapping[str, Any]) -> Depth | None:
    """Return the bits of a code of a picture that was no EXR; None of an EXR, whatever it says."""
    found = attributes.get(BITS)
    return found if isinstance(found, Depth) else None


def straight(attributes: Mapping[str, Any]) -> bool:
    """Say whether a picture that was no EXR has an alpha that is not multiplied in."""
    return depth(attributes) is not None and STRAIGHT in attributes


def half_suffices(bits: Depth) -> bool:
    """Say whether half floats hold the linear light of codes."""
    return bits <= _HALF_BITS


@lru_cache(maxsize=8)
def _digest(path: Path, _time: int, _size: int) -> str:
    return fingerprint.of_file(path)


def _begins_as_exr(path: Path) -> bool:
    try:
        regular.demand(path)
        with path.open("rb") as stream:
            return stream.read(len(signatures.EXR)) == signatures.EXR
    except (OSError, ValueError):  # a pipe would block
        return True


def _still(path: Path, *, told: bool) -> Image:
    try:
        read = flat.read_rgb(path, space=colour.PAINTED if told else "")
        space, rgb = read.space, np.moveaxis(read.rgb, -1, 0)
        if read.profile:  # what OCIO has no name for is light from here on
            space, rgb = colour.SCENE, _light(read)
    except ColourError as error:
        raise ColourError(error.what, found=error.found, do=_SAY) from error
    attributes: dict[str, Any] = {SPACE: space, BITS: Depth(_bits(path))}
    if read.alpha is not None and not read.premultiplied:
        attributes[STRAIGHT] = 1
    return _picture(path, rgb, read.alpha, attributes)


def _light(read: flat.Picture) -> FloatArray:
    """Return ``(3, H, W)`` light in `colour.SCENE`, multiplied by alpha where the codes are."""
    light = read.straight().light(colour.SCENE)
    if read.alpha is None or not read.premultiplied:
        return light
    return np.where(read.alpha > 0, light * read.alpha, light)


def _frame(path: Path) -> Image:
    codes, kind = movies.read(path)
    planes = np.moveaxis(codes, -1, 0)
    _tell_odd(file_of(path), kind)
    attributes = {
        SPACE: _space(kind),
        BITS: Depth(kind.bits),
        "framesPerSecond": kind.rate,
        "pixelAspectRatio": float(kind.aspect),
    }
    if kind.alpha:
        attributes[STRAIGHT] = 1
    return _picture(path, planes[:3], planes[3] if kind.alpha else None, attributes)


def _picture(
    path: Path, rgb: FloatArray, alpha: FloatArray | None, attributes: Mapping[str, Any]
) -> Image:
    planes = [Plane(name, np.ascontiguousarray(p)) for name, p in zip("RGB", rgb, strict=True)]
    if alpha is not None:
        planes.append(Plane("A", np.ascontiguousarray(alpha)))
    window = Window(0, 0, rgb.shape[2], rgb.shape[1])
    return Image((Part("", tuple(planes), window, window, attributes),), str(path))


def _bits(path: Path) -> int:
    import OpenImageIO as oiio  # noqa: N813  # the name its documentation uses

    source = oiio.ImageInput.open(str(path))
    if source is None:
        raise ImageError(f"{path} cannot be read", found=oiio.geterror())
    spec = source.spec()
    source.close()
    return int(spec.get_int_attribute(BITS, 8 * spec.format.size()))


def _space(kind: Format) -> str:
    """Return the colour space that a movie's tags mean; where none is known, the tags themselves.

    No config knows those, so that what is refused then is said in full, unless --space helps.
    """
    known = {
        colour.PAINTED: (_REC709, _SRGB),
        "g22_rec709_scene": (_REC709, _GAMMA22),
        colour.SCENE: (_REC709, _LINEAR),
        "srgb_p3d65_scene": (_P3, _SRGB),
        "rec2100_pq_display": (_REC2020, _PQ),
    }
    for space, (primaries, transfers) in known.items():
        if kind.primaries in primaries and kind.transfer in transfers:
            return space
    return f"with primaries {kind.primaries} and transfer {kind.transfer} of ITU-T H.273"


@lru_cache
def _tell_odd(movie: Path, kind: Format) -> None:
    """Say once what is odd about a movie."""
    for remark in kind.remarks:
        log.warning("%s %s", movie, remark)


def frame_rate(attributes: Mapping[str, Any]) -> Fraction | None:
    """Return the frames a second that a header tells; None where it does not."""
    rate = attributes.get("framesPerSecond")
    return rate if isinstance(rate, Fraction) and rate > 0 else None
