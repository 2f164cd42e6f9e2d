"""The plate of one frame: its light as it is stored, and in the space that a network works in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from velatura.channels import parse_overrides
from velatura.half import HALF_MAX
from velatura.image.planes import FloatArray, Image, Part, Pixels, Window, strips, widen
from velatura.plate import colour, formats, linear
from velatura.plate.beauty import lit, pick_beauty
from velatura.plate.layers import listed
from velatura.plate.passes import Guides
from velatura.plate.reading import Reading

_EVERY = 4  # px: each fourth row and column tells enough of a picture's alpha
_INFINITY = {  # the bits of it: what is NaN, or has a sign, has higher ones
    np.dtype(np.float16): np.uint16(0x7C00),
    np.dtype(np.float32): np.uint32(0x7F800000),
}
_NEAR = 0.02  # of alpha and light: nearer is a rounding
_MOST = 0.3  # of the lit pixels that are not opaque: dark ones never exceed their alpha
_MANY = 0.005  # of the picture's pixels: a soft edge has so many, a highlight on it has not


@dataclass(frozen=True)
class Plate:
    """What a look is put on: the planes of a picture, found once.

    Attributes:
        image: the whole picture.
        part: the part that the beauty lies in.
        names: the addresses of red, green and blue.
        rgb: their pixels: as stored, or the light behind them where they are `coded`.
        alpha: the pixels of the alpha that they are multiplied by; None where there is none.
        guides: where the picture keeps its guides.
        space: the colour space of ``rgb``, linear, in the config's own words.
        config: the OCIO config, as `Reading` has it.
        coded: the log or display space that the picture is stored in; "" where it is ``space``.
        doubtful: whether that the beauty is multiplied by its alpha was neither said nor known.
    """

    image: Image
    part: Part
    names: tuple[str, str, str]
    rgb: tuple[Pixels, Pixels, Pixels]
    alpha: Pixels | None
    guides: Guides
    space: str
    config: str
    coded: str = ""
    doubtful: bool = False

    @classmethod
    def read(cls, path: Path, reading: Reading) -> Plate:
        """Return the plate in a file of any format, or in a movie's frame.

        Raises:
            ImageError, FrameError, PassError, ColourError: as `velatura.plate.formats.read`, and
                as `of`.
        """
        return cls.of(formats.read(path, told=bool(reading.space)), reading)

    @classmethod
    def of(cls, image: Image, reading: Reading) -> Plate:
        """Return the plate in a picture.

        Args:
            image: the picture.
            reading: how it is read, where the usual names and the metadata do not say it.

        Raises:
            PassError: no red, green and blue, or whole numbers in them, or a wrong override.
            ColourError: a colour space that the config does not know.
        """
        beauty = pick_beauty(image, reading.layer)
        part = image.find(beauty.rgb[0])[0]
        red, green, blue = (image.find(name)[1].pixels for name in lit(image, beauty))
        alpha = image.find(beauty.alpha)[1].pixels if beauty.alpha else None
        straight = reading.premultiplied == "auto" and formats.straight(part.attributes)
        if straight or reading.premultiplied == "no":
            alpha = None
        with colour.named(image.source):
            stored = colour.space_of(part.attributes, reading.space, reading.config)
            space = linear.linear_of(stored, reading.config)
        guides = Guides.of(image, parse_overrides(reading.passes))
        planes = beauty.rgb, (red, green, blue), alpha
        doubtful = reading.premultiplied == "auto"
        plate = cls(image, part, *planes, guides, space, reading.config, doubtful=doubtful)
        return plate if stored == space else plate._linearised(stored)

    def _linearised(self, stored: str) -> Plate:
        """Return the same with the light behind its codes."""
        found = np.empty((3, *self.size), np.float32)
        everywhere = slice(0, self.size[1])
        for rows in strips(slice(0, self.size[0]), self.size[1]):
            rgb, alpha = self.stored(rows, everywhere)
            with np.errstate(all="ignore"):
                light = linear.light(_divided(rgb, alpha), stored, self.space, self.config)
                found[:, rows] = _multiplied(light, alpha)
        red, green, blue = found
        return replace(self, rgb=(red, green, blue), coded=stored)

    def as_stored(self, light: FloatArray, alpha: FloatArray | float) -> FloatArray:
        """Return premultiplied light ``(3, h, w)`` in the plate's own encoding.

        The same array where that is linear.
        """
        if not self.coded:
            return light
        codes = linear.codes_of(_divided(light, alpha), self.coded, self.space, self.config)
        return _multiplied(codes, alpha)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the data window, px."""
        return self.part.data.height, self.part.data.width

    def stored(self, rows: slice, columns: slice) -> tuple[FloatArray, FloatArray | float]:
        """Return ``(3, h, w)`` pixels as stored (premultiplied) and ``(h, w)`` alpha, or 1.

        Negative alpha, the ring of a sharpening filter, is 0: a floor under it would take light.
        """
        size = self.rgb[0][rows, columns].shape
        rgb = np.empty((3, *size), np.float32)
        for plane, light in zip(self.rgb, rgb, strict=True):
            widen(plane[rows, columns], light)
        if self.alpha is None:
            return rgb, 1.0
        alpha = np.empty(size, np.float32)
        widen(self.alpha[rows, columns], alpha)
        if not alpha.min(initial=0) >= 0:  # or NaN
            np.copyto(alpha, 0, where=np.isfinite(alpha) & (alpha < 0))
        return rgb, alpha

    def plain(self, rows: slice, columns: slice) -> bool:
        """Say, by the bits alone, whether colour and alpha are finite, and no sign is negative."""
        return self._plain_throughout or self._plain_in(rows, columns)

    @cached_property
    def _plain_throughout(self) -> bool:
        """As `plain`, of the whole picture: most renders are."""
        return self._plain_in(slice(None), slice(None))

    def _plain_in(self, rows: slice, columns: slice) -> bool:
        planes = self.rgb if self.alpha is None else (*self.rgb, self.alpha)
        return all(_plain(plane[rows, columns]) for plane in planes)

    def seen(self, rows: slice, columns: slice, space: str) -> FloatArray:
        """Return the light in another colour space: ``(3, h, w)`` unpremultiplied, finite.

        NaN and Inf are seen as black. Where alpha is 0 there is nothing to divide by: light that
        is added there (fire, glows) is seen as it is.

        Args:
            rows: of the data window.
            columns: of the data window.
            space: the colour space, as the plate's config names it.

        Raises:
            ColourError: the config does not know the space.
        """
        rgb, alpha = self.stored(rows, columns)
        with np.errstate(all="ignore"):
            if not self.plain(rows, columns):
                rgb[:, ~usable(rgb, alpha)] = 0
            if not isinstance(alpha, float) and (alpha != 1).any():
                rgb /= np.where(alpha > 0, alpha, np.float32(1))
            seen = np.clip(rgb, -HALF_MAX, HALF_MAX, out=rgb)
            if self.space != space:
                seen = colour.convert(seen, self.space, space, self.config)
                seen = np.clip(np.nan_to_num(seen), -HALF_MAX, HALF_MAX)
        return seen

    def window(self, rows: slice, columns: slice) -> Window:
        """Return the window of the format that rows and columns of the data window cover."""
        data, height, width = self.part.data, rows.stop - rows.start, columns.stop - columns.start
        return Window(data.x + columns.start, data.y + rows.start, width, height)

    def brighter(self) -> bool:
        """Say whether colour exceeds alpha in many pixels, and nobody said what alpha means.

        Of a premultiplied picture that happens in highlights and glows. Where it happens in much
        of what is not opaque, colour was never multiplied by that alpha. Some rows are looked at.
        """
        if self.alpha is None or not self.doubtful:
            return False
        every = slice(None, None, _EVERY)
        alpha = self.alpha[every, every].astype(np.float32)
        if (alpha >= 1 - _NEAR).all():
            return False
        most = np.maximum.reduce([plane[every, every].astype(np.float32) for plane in self.rgb])
        with np.errstate(invalid="ignore"):
            lit = (alpha < 1 - _NEAR) & (most > _NEAR)
            over = lit & (most > alpha + _NEAR)
        return bool(over.sum() > max(_MANY * alpha.size, _MOST * lit.sum()))

    @property
    def layers(self) -> str:
        """The layers that the plate has, for people."""
        return listed(self.guides.layers)


def _divided(rgb: FloatArray, alpha: FloatArray | float) -> FloatArray:
    """Return unpremultiplied colour; where alpha is 0 there is nothing to divide by."""
    if isinstance(alpha, float):
        return rgb
    return np.divide(rgb, alpha, out=rgb.copy(), where=alpha > 0)


def _multiplied(rgb: FloatArray, alpha: FloatArray | float) -> FloatArray:
    """Return premultiplied colour: the inverse of `_divided`."""
    if isinstance(alpha, float):
        return rgb
    return np.where(alpha > 0, rgb * alpha, rgb)


def _plain(pixels: Pixels) -> bool:
    if pixels.dtype not in _INFINITY or not pixels.size:
        return False
    highest = pixels.view(f"u{pixels.itemsize}").max()
    return bool(highest < _INFINITY[pixels.dtype])


def usable(rgb: FloatArray, alpha: FloatArray | float) -> npt.NDArray[np.bool_]:
    """Return ``(h, w)``: True where a pixel has no NaN or Inf in any channel."""
    fit: npt.NDArray[np.bool_] = np.isfinite(rgb).all(axis=0) & np.isfinite(alpha)
    return fit
