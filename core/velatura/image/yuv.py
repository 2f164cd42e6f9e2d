"""The codes of movies: red, green and blue of luma and chroma, and back."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

# Kr and Kb by AVColorSpace: ITU-R BT.709-6, FCC 73.682, BT.601-7, SMPTE 240M, BT.2020-2.
MATRICES = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    **dict.fromkeys((5, 6), (0.299, 0.114)),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
"""Weights of red and blue in luma, by the number that FFmpeg has for a movie's matrix."""


@dataclass(frozen=True)
class Format:
    """What a movie says about its pictures.

    Attributes:
        width: px, as they are shown (upright).
        height: px.
        rate: frames a second, on average.
        aspect: width of a pixel by its height.
        bits: of a channel.
        alpha: whether there is one.
        primaries: as FFmpeg counts them (AVColorPrimaries, which is ITU-T H.273), 2 unknown.
        transfer: AVColorTransferCharacteristic, 2 unknown.
        matrix: AVColorSpace, one that `MATRICES` has; 0 for RGB.
        full: whether codes use the full range.
        steady: whether all frames last equally long.
        remarks: what is odd about it, for people, see `velatura.image.movie_remarks`.
    """

    width: int
    height: int
    rate: Fraction
    aspect: Fraction
    bits: int
    alpha: bool
    primaries: int
    transfer: int
    matrix: int
    full: bool
    steady: bool
    remarks: tuple[str, ...] = ()


def codes_of(frame: VideoFrame, kind: Format) -> FloatArray:
    """Return a frame's codes, black 0 and white 1, as it lies in the file."""
    alpha = "a" if kind.alpha else ""
    if kind.matrix == 0:
        deep = "rgba64le" if alpha else "rgb48le"
        shallow = "rgba" if alpha else "rgb24"
        flat = kind.bits <= 8  # noqa: PLR2004
        pixels = frame.reformat(format=shallow if flat else deep).to_ndarray()
        return np.divide(pixels, 255 if flat else 65535, dtype=np.float32)
    span = 2 if kind.full else 1  # named on both sides: FFmpeg then leaves the range as it is
    raised = frame.reformat(
        format=f"yuv{alpha}444p16le",
        interpolation="BILINEAR",
        src_color_range=span,
        dst_color_range=span,
    )
    return _rgb(np.asarray(raised.to_ndarray(), np.uint16), kind)


def _rgb(raised: npt.NDArray[np.uint16], kind: Format) -> FloatArray:
    """Return red, green and blue of 16-bit luma and chroma: the inverse of `yuv`."""
    kr, kb = MATRICES[kind.matrix]
    black, white, middle, swing = _levels(kind)
    planes = raised.astype(np.float32)
    luma = (planes[..., 0] - np.float32(black)) * np.float32(1 / (white - black))
    blueness, redness = (
        (planes[..., index] - np.float32(middle)) * np.float32(1 / swing) for index in (1, 2)
    )
    codes = np.empty((*luma.shape, 3 + kind.alpha), np.float32)
    codes[..., 0] = luma + np.float32(2 * (1 - kr)) * redness
    codes[..., 2] = luma + np.float32(2 * (1 - kb)) * blueness
    green = luma - np.float32(kr) * codes[..., 0] - np.float32(kb) * codes[..., 2]
    codes[..., 1] = green * np.float32(1 / (1 - kr - kb))
    if kind.alpha:
        codes[..., 3] = planes[..., 3] / np.float32(65535)
    return codes


def yuv(codes: FloatArray, kind: Format) -> npt.NDArray[np.uint16]:
    """Return the 16-bit luma and chroma of codes, rounded to the format's bits: see `_rgb`.

    Args:
        codes: ``(H, W, 3 or 4)``, black 0 and white 1.
        kind: a format with a matrix.
    """
    kr, kb = MATRICES[kind.matrix]
    black, white, middle, swing = _levels(kind)
    luma = codes[..., 0] * kr + codes[..., 1] * (1 - kr - kb) + codes[..., 2] * kb
    planes = np.empty(codes.shape, np.float32)
    planes[..., 0] = black + luma * (white - black)
    planes[..., 1] = middle + (codes[..., 2] - luma) * (swing / (2 * (1 - kb)))
    planes[..., 2] = middle + (codes[..., 0] - luma) * (swing / (2 * (1 - kr)))
    if kind.alpha:
        planes[..., 3] = codes[..., 3] * 65535
    # FFmpeg cuts bits off and does not round: what it cuts off is made nothing here.
    step = np.float32(_step(kind))
    return np.asarray(np.clip(np.rint(planes / step), 0, 2**kind.bits - 1) * step, np.uint16)


def _levels(kind: Format) -> tuple[float, float, float, float]:
    """Return the 16-bit codes of black, white and no colour, and how far colour reaches."""
    if kind.full:  # codes are repeated to fill 16 bits
        step = _step(kind)
        top = 2**kind.bits - 1
        return 0.0, top * step, 2 ** (kind.bits - 1) * step, top * step
    return 16 * 256.0, 235 * 256.0, 128 * 256.0, 224 * 256.0  # ITU-R BT.709-6, item 4.6, x 256


def _step(kind: Format) -> float:
    """Return how many 16-bit codes one code of the format takes."""
    return 65535 / (2**kind.bits - 1) if kind.full else 2.0 ** (16 - kind.bits)
