"""Finished pictures in other formats than EXR, in the encoding of the plate that they came from.

A PNG plate gives a PNG of the same curve and bits, a log DPX a log DPX, a movie a movie. Of a
linear EXR, which no screen shows as it is, come pictures for looking: sRGB.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np

from velatura.atomic import replacing
from velatura.errors import ImageError, StorageError
from velatura.image import exr, movie_file, movies
from velatura.image.planes import FloatArray, Image, place
from velatura.image.yuv import Format
from velatura.plate import colour, formats, linear, views
from velatura.plate.plate import Plate

RATE = Fraction(24)
"""Frames a second of a movie whose plates do not say it."""

_BITS = {"png": (8, 16), "tiff": (8, 16, 32), "dpx": (10, 12, 16)}
_LOOKING = {"png": 8, "tiff": 16, "dpx": 10, "mp4": 8, "mov": 10}  # bits of what comes of an EXR
_FLOAT = 32  # bits
_STRAIGHT = ("png", "tiff")  # these keep alpha, and it is not multiplied in
_REC709 = 1  # AVColorSpace, AVColorPrimaries and AVColorTransferCharacteristic alike

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Encoding:
    """How finished pictures become codes.

    Attributes:
        names: the addresses of red, green, blue and perhaps alpha in the finished EXR.
        held: the colour space that the EXR holds them in.
        space: that of the codes.
        bits: of a code; 32 for floats.
        config: the OCIO config that names the spaces.
        rate: frames a second.
        aspect: width of a pixel by its height.
        view: which view of a stereo picture is shown; "" of others.
        multiplied: whether PNG and TIFF codes are multiplied by alpha, as the plate's are.
    """

    names: tuple[str, ...]
    held: str
    space: str
    bits: int
    config: str
    rate: Fraction
    aspect: Fraction
    view: str = ""
    multiplied: bool = False

    @classmethod
    def of(cls, plate: Plate, kind: str, view: str = "") -> Encoding:
        """Return how a plate's finished picture is encoded in a kind of file, such as ``png``.

        Args:
            plate: the plate; of a stereo picture that of one view.
            kind: the file's.
            view: that view.
        """
        header = plate.part.attributes
        known_bits = formats.depth(header)
        foreign, bits = known_bits is not None, int(known_bits or _LOOKING[kind])
        held = plate.space if foreign or not plate.coded else plate.coded
        space = plate.coded or plate.space
        if not plate.coded and not (kind == "tiff" and foreign and bits == _FLOAT):
            space = colour.canonical(colour.PAINTED, plate.config)
            bits = _LOOKING[kind] if bits == _FLOAT else bits
        alpha = "A" in plate.image.names if foreign else plate.alpha is not None
        names = ("R", "G", "B") if foreign else plate.names
        aspect = Fraction(float(header.get("pixelAspectRatio", 1.0))).limit_denominator(10_000)
        return cls(
            (*names, *_alpha(plate, foreign=foreign)) if alpha else names,
            held,
            space,
            next((known for known in _BITS.get(kind, (8, 16)) if known >= bits), bits),
            plate.config,
            formats.frame_rate(header) or RATE,
            aspect,
            view,
            foreign and plate.alpha is not None,
        )


def still(path: Path, image: Image, encoding: Encoding) -> None:
    """Write a finished picture as PNG, TIFF or DPX, by the name's end, whole or not at all.

    Raises:
        StorageError: it cannot be written.
        ColourError: OpenColorIO cannot encode it.
    """
    import OpenImageIO as oiio  # noqa: N813  # the name its documentation uses

    kind = path.suffix[1:]
    codes = _codes(image, encoding, straight=kind in _STRAIGHT)
    if encoding.multiplied and kind in _STRAIGHT:
        whole = codes[..., 3:]
        codes[..., :3] = np.where(whole > 0, codes[..., :3] * whole, codes[..., :3])
    height, width, channels = codes.shape
    depth = {8: "uint8", 10: "uint16", 12: "uint16", 16: "uint16", _FLOAT: "float"}[encoding.bits]
    spec = oiio.ImageSpec(width, height, channels, depth)
    spec.attribute(formats.BITS, encoding.bits)
    spec.attribute("PixelAspectRatio", float(encoding.aspect))
    # PNG has no other alpha: there, codes that are multiplied by it are stored as they are.
    if channels > len("RGB") and not (encoding.multiplied and kind == "tiff"):
        spec.attribute(formats.STRAIGHT, 1)
    interop = linear.interop_id(encoding.space, encoding.config)
    spec.attribute(formats.SPACE, interop or encoding.space)
    if encoding.bits < _FLOAT:
        top = 2**encoding.bits - 1
        codes = np.rint(np.clip(np.nan_to_num(codes), 0, 1) * top) / np.float32(top)
    with replacing(path) as beside:
        out = oiio.ImageOutput.create(kind)
        assert out is not None, "OpenImageIO writes all kinds"  # noqa: S101
        written = (
            out.open(str(beside), spec)
            and out.write_image(np.ascontiguousarray(codes))
            and out.close()
        )
        # OpenImageIO says nothing of a full disk: what cannot be read again was not written.
        again = oiio.ImageInput.open(str(beside)) if written else None
        if again is None or again.read_image(0, 0, 0, 1, oiio.UINT8) is None:
            raise StorageError(
                f"{path} cannot be written",
                found=out.geterror() or "a file that cannot be read again",
                do="Check that the folder has space left",
            )


def movie(path: Path, pictures: Sequence[Path], plates: Sequence[Path], encoding: Encoding) -> None:
    """Write finished pictures as a movie, whole or not at all.

    Of a movie's frames it has their rate, or where that varies their times; if all of them are
    there, it has the movie's sound, too.

    Args:
        path: ends in ``.mp4`` or ``.mov``.
        pictures: the finished EXRs, in order.
        plates: what each of them was made from.
        encoding: that of the first plate.

    Raises:
        StorageError: it cannot be written.
        ImageError: a picture is gone, or they are not all of one size.
    """
    straight = path.suffix == ".mov"
    images = map(exr.read, pictures)
    coded = (
        _codes(i, replace(encoding, held=h), straight=straight) for i, h in _held(images, encoding)
    )
    first = next(coded)
    kind, times, sound = _timing(_kind(first, encoding), plates)
    frames = _alike(path, chain([first], coded), pictures)
    movie_file.write(path, kind, frames, times, sound)


def _held(images: Iterable[Image], encoding: Encoding) -> Iterator[tuple[Image, str]]:
    """Yield finished pictures with the colour space that each is in, by its own header.

    Where the header of the first one does not say what is known of it, no header is believed.
    """
    believed: bool | None = None
    for image in images:
        shown = views.of(image, encoding.view)
        header = shown.find(encoding.names[0])[0].attributes
        own = colour.told(header, encoding.config)
        if believed is None:
            believed = own == encoding.held
        elif believed and own and own != encoding.held:
            _tell_spaces(Path(image.source).parent, encoding.held, own)
        yield image, (own or encoding.held) if believed else encoding.held


@lru_cache
def _tell_spaces(folder: Path, first: str, other: str) -> None:
    log.warning(
        "The finished pictures in %s are in more than one colour space, %s and %s: each is "
        "converted for the movie",
        *(folder, first, other),
    )


def _alike(
    path: Path, frames: Iterable[FloatArray], pictures: Sequence[Path]
) -> Iterator[FloatArray]:
    """Yield a movie's frames, or raise ImageError where one is of another size than the first."""
    size = ""
    for codes, picture in zip(frames, pictures, strict=True):
        own = f"{codes.shape[1]}x{codes.shape[0]}"
        size = size or own
        if own != size:
            raise ImageError(
                f"{path} cannot be written: its frames are not all of one size",
                found=f"{size} of {pictures[0].name}, and {own} of {picture.name}",
                do="Name frames of one size with --frames, or write --as png",
            )
        yield codes


def _kind(codes: FloatArray, encoding: Encoding) -> Format:
    """Return the format of a movie of such codes."""
    height, width, channels = codes.shape
    return Format(
        *(width, height, encoding.rate, encoding.aspect, encoding.bits),
        alpha=channels > len("RGB"),
        primaries=_REC709,
        transfer=_REC709,
        matrix=_REC709,
        full=False,
        steady=True,
    )


def _timing(
    kind: Format, plates: Sequence[Path]
) -> tuple[Format, tuple[Fraction, ...], Path | None]:
    """Return what of a movie's format, times and sound goes on, where the plates are its frames."""
    there = [place for plate in plates if (place := movies.parted(plate))]
    if not there:
        return kind, (), None
    source = there[0][0]
    known, every = movies.format_of(source), movies.times_of(source)
    times = () if known.steady else tuple(every[place] for _, place in there)
    whole = len(there) == len(every)
    kind = replace(
        kind,
        bits=known.bits,
        primaries=known.primaries,
        transfer=known.transfer,
        matrix=known.matrix,
    )
    return kind, times, source if whole else None


def _alpha(plate: Plate, *, foreign: bool) -> tuple[str, ...]:
    if foreign:
        return ("A",)
    names = (name for name in plate.image.names if plate.image.find(name)[1].pixels is plate.alpha)
    return tuple(names)[:1]


def _codes(image: Image, encoding: Encoding, *, straight: bool) -> FloatArray:
    """Return the codes of a finished picture's format, ``(H, W, 3 or 4)`` float32."""
    image = views.of(image, encoding.view)
    shown = image.find(encoding.names[0])[0].display
    planes = []
    for name in encoding.names:
        part, plane = image.find(name)
        planes.append(place(plane.pixels, part.data, shown).astype(np.float32))
    rgb, alpha = np.stack(planes[:3]), planes[3:]
    if alpha and straight:
        rgb = np.divide(rgb, alpha[0], out=rgb.copy(), where=alpha[0] > 0)
    coded = colour.convert(rgb, encoding.held, encoding.space, encoding.config)
    return np.moveaxis(np.concatenate([coded, alpha]) if alpha and straight else coded, 0, -1)
