"""What the file of a flat picture says of its colour: profile, chunks, Exif and film headers.

OpenImageIO tells most of it. What it leaves out is read here, from the first bytes of the file.
"""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from velatura import signatures
from velatura.errors import ColourError, ImageError
from velatura.plate import icc, primaries

if TYPE_CHECKING:
    import OpenImageIO as oiio  # noqa: N813  # the name its documentation uses

SPACE = "oiio:ColorSpace"
"""OpenImageIO's attribute for a colour space."""

# ITU-T H.273, tables 2 and 3: primaries and transfer characteristics, as a PNG's cICP has them. A
# curve for cameras (1, 6, 14, 15) is shown as the painter sees it, which is sRGB, as in movies:
# frames that were exported from one agree with it.
_GAMUTS = {1: "rec709", 9: "rec2020", 11: "p3dci", 12: "p3d65"}
_CURVES = {4: "g22", 5: "g28", 8: "lin", **dict.fromkeys((1, 6, 13, 14, 15), "srgb")}

FLOATS = ("half", "float", "double")
"""OpenImageIO's names of pixels that are no whole numbers."""

_HEAD = 1 << 17  # bytes of a file in which its Exif and a header lie
_PNG_CHUNKS = 64  # before the pixels, at most

# TIFF 6.0 and TIFF/EP: pictures that are neither RGB nor grey, and come as stored.
_MODELS = {4: "a mask", 8: "CIE Lab", 9: "ICC Lab", 10: "ITU Lab", 32803: "raw camera data"}

# Exif 2.32, 4.6.5: "uncalibrated", with R03 in the interoperability IFD, is Adobe RGB (DCF 2.0).
_UNCALIBRATED, _ADOBE = 65535, 2
_R03 = (b"\x01\0\x02\0\x04\0\0\0R03\0", b"\0\x01\0\x02\0\0\0\x04R03\0")

# SMPTE 268M: printing density is what film scanners write, Cineon's log.
_DENSITY = "printing density"
_DPX_TELLS = ("linear", "logarithmic", _DENSITY, "smpte 274m", "itu-r 709", "itu-r 601")

# OpenImageIO's names of formats whose alpha is not multiplied in, which it does not say of them:
# bitmaps, icons, GIF's one clear colour, and JPEG 2000 and XL as painting programs save them.
_NOT_MULTIPLIED = {"bmp", "ico", "gif", "jpeg2000", "jpegxl", "targa"}
# Truevision TGA 2.0, attributes type: no alpha, or none that means anything; multiplied in.
_TGA_NONE, _TGA_MULTIPLIED = (0, 1, 2), 4
_COLOURS = 3

log = logging.getLogger(__name__)


def refuse_other_models(path: Path, spec: oiio.ImageSpec) -> None:
    """Raise ImageError for a TIFF whose numbers are no red, green and blue."""
    model = _MODELS.get(spec.get_int_attribute("tiff:PhotometricInterpretation", -1))
    if model:
        raise ImageError(f"{path} is no RGB picture", found=model, do="Convert it to RGB")


def space(path: Path, spec: oiio.ImageSpec, kind: str) -> str:
    """Return the name of the colour space that a file tells; empty: none.

    Args:
        path: the file.
        spec: what OpenImageIO says of it.
        kind: its name of the format.

    Raises:
        ColourError: a colour space that nobody has a name for.
    """
    coded = spec.getattribute("CICP")
    if coded is not None:
        return _coded(coded)
    pfm = kind == "pnm" and str(spec.format) in FLOATS  # it tells nothing
    said = "" if pfm else str(spec.get_string_attribute(SPACE))
    if kind == "png":
        return _with_primaries(said, *_png_primaries(path))
    if kind == "hdr":
        _tell_exposure(path, spec)
        return _with_primaries(said, _hdr_primaries(path))
    if kind == "dpx" and not said:
        return _dpx(path, str(spec.get_string_attribute("dpx:Transfer")))
    exif = spec.get_int_attribute("Exif:ColorSpace", 1)
    if exif == _ADOBE or (exif == _UNCALIBRATED and any(r in _head(path) for r in _R03)):
        return "g22_adobergb_scene"
    return said


def profile(spec: oiio.ImageSpec, *, grey: bool) -> bytes:
    """Return the ICC profile that tells what the pixels are; empty: none, or a cICP wins."""
    found = spec.getattribute("ICCProfile")
    if found is None or spec.getattribute("CICP") is not None:
        return b""
    data = bytes(bytearray(found))
    return data if icc.describes(data, grey=grey) else b""


def alpha(path: Path, spec: oiio.ImageSpec, kind: str) -> tuple[int, bool]:
    """Return which channel is alpha, -1 for none, and whether colour is not multiplied by it.

    Args:
        path: the file.
        spec: what OpenImageIO says of it.
        kind: its name of the format.
    """
    channel = int(spec.alpha_channel)
    if kind == "targa" and spec.get_int_attribute("targa:version", 1) > 1:
        type_ = spec.get_int_attribute("targa:alpha_type", 0)
        if type_ in _TGA_NONE:
            return -1, False
        return channel, type_ != _TGA_MULTIPLIED
    if channel < 0 and spec.nchannels > _COLOURS:
        _tell(
            path.parent,
            path.suffix,
            f"hold {spec.nchannels} channels, and none is said to be alpha: red, green and blue "
            "are read",
        )
    said = spec.get_int_attribute("oiio:UnassociatedAlpha") == 1
    return channel, channel >= 0 and (said or kind in _NOT_MULTIPLIED)


def _coded(cicp: tuple[int, ...]) -> str:
    curve, gamut = _CURVES.get(cicp[1], ""), _GAMUTS.get(cicp[0], "")
    if not curve or not gamut:
        raise ColourError(
            "its cICP chunk names a colour space that is not read",
            found=f"primaries {cicp[0]}, transfer {cicp[1]} (ITU-T H.273)",
        )
    return f"{curve}_{gamut}_scene"


def _with_primaries(said: str, xy: primaries.Chromaticities | None, whose: str = "header") -> str:
    """Return the colour space of a curve, as it was said, with primaries of its own."""
    known = primaries.name_of(xy) if xy else ""
    if known in {"", "lin_rec709_scene"} or (xy and _sums(xy)):
        return said
    curve = said.partition("_")[0] or "srgb"
    if known not in primaries.KNOWN:
        if curve == "lin" and known:
            return known
        raise ColourError(
            f"its {whose} names primaries of no colour space that is known",
            found=", ".join(f"{value:.4f}" for value in xy or ()),
        )
    return f"{curve}{known.removeprefix('lin')}"


def _sums(xy: primaries.Chromaticities) -> bool:
    """Say whether a writer left most of the numbers empty."""
    return sum(value != 0 for value in xy) <= len(xy) // 2


def _png_primaries(path: Path) -> tuple[primaries.Chromaticities | None, str]:
    """Return a PNG's cHRM chunk (ISO/IEC 15948, 11.3.3.1) where nothing else wins over it."""
    chunks = _png_chunks(path)
    xy = chunks.get(b"cHRM", b"")
    if len(xy) != struct.calcsize(">8I") or chunks.keys() & {b"iCCP", b"sRGB"}:
        return None, ""
    white_x, white_y, *rest = (value / 100_000 for value in struct.unpack(">8I", xy))
    return (*rest, white_x, white_y), "cHRM chunk"


def _png_chunks(path: Path) -> Mapping[bytes, bytes]:
    """Return the first bytes of the chunks before a PNG's pixels, by their names."""
    found: dict[bytes, bytes] = {}
    with path.open("rb") as stream:
        if stream.read(len(signatures.PNG)) != signatures.PNG:
            return found
        for _ in range(_PNG_CHUNKS):
            head = stream.read(8)
            if len(head) < 8 or head[4:] == b"IDAT":  # noqa: PLR2004
                break
            size = struct.unpack(">I", head[:4])[0]
            found[head[4:]] = stream.read(min(size, 32))
            stream.seek(max(0, size - 32) + 4, 1)  # and its checksum
    return found


def _hdr_primaries(path: Path) -> primaries.Chromaticities | None:
    """Return the PRIMARIES of a Radiance header: red, green, blue and white."""
    hit = re.search(rb"^PRIMARIES=\s*((?:[-+.\deE]+\s+){7}[-+.\deE]+)", _head(path), re.MULTILINE)
    try:
        return tuple(map(float, hit[1].split())) if hit else None
    except ValueError:
        return None


def _tell_exposure(path: Path, spec: oiio.ImageSpec) -> None:
    exposure = spec.get_float_attribute("hdr:exposure", 1.0)
    if exposure != 1:
        _tell(path.parent, path.suffix, f"say EXPOSURE={exposure:g}: the light is taken as stored")


def _dpx(path: Path, transfer: str) -> str:
    if transfer.casefold() == _DENSITY:
        return "KodakLog"
    if not transfer.casefold().startswith(_DPX_TELLS):
        _tell(
            path.parent,
            path.suffix,
            f"do not say which curve they have ({transfer or 'nothing'}): they are taken as sRGB. "
            "--space names another, of painted keys --painted-space",
        )
    return ""


@lru_cache
def _tell(folder: Path, suffix: str, what: str) -> None:
    """Say something of a folder's files, once."""
    log.warning("The %s files in %s %s", suffix.lstrip(".").upper(), folder, what)


@lru_cache
def tell(path: Path, what: str) -> None:
    """Say something of a file, once."""
    log.warning("%s %s", path, what)


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEAD)
