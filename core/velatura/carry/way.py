"""How the pixels of a frame come by the paint of one key: by passes where they tell, or by a field.

What passes tell is exact, to a fraction of a pixel. Where it leads to something hidden, or nowhere,
the field goes on (`velatura.carry.fields`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from velatura.carry import key_edge
from velatura.carry.fields import Field
from velatura.carry.laid import Laid
from velatura.carry.outline import Led, Outlines
from velatura.carry.painted_key import CODES, Key
from velatura.carry.reproject import RIM, Road, Samples
from velatura.image import doubled
from velatura.image.planes import FloatArray
from velatura.image.sampling import cubic, linear
from velatura.scene.camera import Doubles
from velatura.scene.gbuffer import Indices, Sight
from velatura.scene.tracks import Tracks

STRANGER = 0.05
"""What paint is worth, of its agreement, where it lies on another object or its place is known to
be hidden: less than any other, yet better than none."""

_WHOLE = 0.97  # part of a square: where it shows one object, a rim is of a step within that
MOVED, BESIDE = 0.51, 0.8
"""What paint is worth that is fetched from beside ink, and that lies beside it: on two shots it was
wrong by .04 to .07 and .03, where paint of a rim was wrong by .06 to .25."""

_LEAST = 1e-4  # share of a key that is worth nothing, at its own frame; there is always paint
_FULL = 1.004  # odds of worth 1 stay finite
_HINT = 1e-3  # of the odds: whose key is shown where no key is chosen


@dataclass(frozen=True)
class Lines:
    """Some rows of a frame.

    Attributes:
        v: ``(n,)`` place of each row.
        start: how many pixels of the frame lie before these.
        pixels: the ``n * W`` pixels, row by row.
        least: ``(N,)``: what paint has to be worth more than: on a rim it may be ink, which belongs
            beside silhouettes alone.
    """

    v: Doubles
    start: int
    pixels: Samples
    least: FloatArray


@dataclass(frozen=True)
class Found:
    """Where some pixels lie in a key, and how much its paint counts there.

    Attributes:
        x: ``(N,)`` columns, px, inside of the key.
        y: ``(N,)`` rows.
        worth: how well plates agree, 0..1.
        odds: share of the key among all, times any factor.
        share: the same where one key is to be shown.
    """

    x: FloatArray
    y: FloatArray
    worth: FloatArray
    odds: FloatArray
    share: FloatArray


@dataclass(frozen=True)
class Way:
    """How a frame's pixels come by the paint of one key.

    Attributes:
        key: where it leads.
        road: by cameras and rigid motion.
        field: by the motion of the pictures.
        exact: whether the frame is the key's own: what was not painted there is worth nothing.
        late: frames between.
        outline: where ink of outlines lies in the key; None where nothing tells it.
    """

    key: Key
    road: Road
    field: Laid
    exact: bool
    late: int
    outline: Led | None = None

    @classmethod
    def of(
        cls, tracks: Tracks, key: Key, frame: int, sight: Sight, field: Field, *, exact: bool
    ) -> Way:
        """Return the way from a frame, of which a part may be seen, to a key.

        Args:
            tracks: the shot's.
            key: where it leads.
            frame: the frame's number.
            sight: its pixels.
            field: the field that leads there.
            exact: whether a key on its own frame is left to `velatura.carry.own`.
        """
        laid = Laid.of(field, key.index.shape, sight.u, sight.v)
        road, late = Road.of(tracks, frame, key, None), abs(frame - key.frame)
        return cls(key, road, laid, exact and road.arrived, late)

    def along(self, outlines: Outlines) -> Way:
        """Return the same for a frame with outlines: their ink goes along with edges."""
        if self.road.arrived or self.road.there is None:
            return self
        return replace(self, outline=outlines.led(self.road, self.field))

    def found(self, lines: Lines) -> Found:
        """Return where pixels lie in the key, and how much its paint counts."""
        x, y, worth, choice = self._places(lines)
        part = odds(worth, self.late)
        share = np.minimum(part, np.ones_like(part))
        share *= np.float32(_HINT)
        share += choice
        height, width = self.key.index.shape
        return Found(_mirrored(x, width), _mirrored(y, height), worth, part, share)

    def read(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return ``(3, N)`` paint, in `CODES`, at places inside of the key."""
        if self.key.doubled is not None:
            return doubled.read(self.key.doubled, len(self.key.paint), x, y)
        paint = np.maximum(cubic(self.key.paint, x, y), 0)  # beside an edge it overshoots
        paint *= np.float32(CODES)
        return paint

    def cover(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return ``(N,)`` how much was painted at places inside of the key, 0..1."""
        if self.key.cover is None:
            return np.ones(len(x), np.float32)
        covered: FloatArray = linear(self.key.cover[None], x, y)[0]
        return covered

    def _places(self, lines: Lines) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return places in the key, px; what paint there is worth, and the key's choice."""
        if self.exact or not self.road.leads(lines.pixels):
            x, y, worth, choice = self.field.rows(lines.v)
            there = self._shown(lines.pixels.items, lines.least, x, y)
            if self.exact:
                there[:] = 0
            return x, y, worth * there, choice * there
        worth, choice = self.field.worths(lines.v)
        x, y, there = self.road.places(lines.pixels)
        self._dry(lines, x, y, there)
        missing = np.flatnonzero(there <= lines.least)
        row, column = np.divmod(missing, len(there) // len(lines.v))
        x[missing], y[missing] = field = self.field.at(column, lines.v.take(row))
        items, least = lines.pixels.items.take(missing), lines.least.take(missing)
        there[missing] = shown = self._shown(items, least, *field)
        choice[missing] *= shown
        if self.outline is not None:
            led = self.outline.known(lines.start, len(there))
            x[led.at], y[led.at], there[led.at] = led.x, led.y, led.worth
        worth *= there
        return x, y, worth, choice

    def _dry(self, lines: Lines, x: FloatArray, y: FloatArray, there: FloatArray) -> None:
        """Move places on the key's rims to where no ink is, for pixels that are on no rim."""
        rim = np.flatnonzero((there == np.float32(RIM)) & (lines.least == np.float32(RIM)))
        items = lines.pixels.items.take(rim)
        dry_x, dry_y, part = key_edge.dry(self.key, items, x.take(rim), y.take(rim))
        hit = (self.road.matched(items, dry_x, dry_y) > 0) & (part < _WHOLE)
        rim, part = rim[hit], part[hit]
        x[rim], y[rim] = dry_x[hit], dry_y[hit]
        there[rim] = np.where(
            part < np.float32(key_edge.DRY), np.float32(MOVED), np.float32(BESIDE)
        )

    def _shown(self, items: Indices, least: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return 1 where a place in the key shows the same object, less on others and edges."""
        worth = self.road.matched(items, x, y)
        return np.where(worth > least, worth, np.float32(STRANGER))


def odds(worth: FloatArray, late: int) -> FloatArray:
    """Return the share of a key among all, times any factor.

    Args:
        worth: what its paint is worth, 0..1.
        late: frames between.
    """
    found: FloatArray = worth / (np.float32(_FULL) - worth)
    found += np.float32(_LEAST / (1 + late))
    return found


def _mirrored(at: FloatArray, size: int) -> FloatArray:
    """Return places in px with those beyond the first and last pixel mirrored there.

    More than a picture further out, and where there is no place, that is the first pixel.
    """
    mirrored = np.abs(at)
    np.minimum(mirrored, np.float32(2 * (size - 1)) - mirrored, out=mirrored)
    return np.fmax(mirrored, np.zeros_like(mirrored), out=mirrored)
