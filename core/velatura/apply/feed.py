"""What a look's network is fed of a plate: light, and after it guides, canvas and carried paint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from velatura.apply import canvas, degrain
from velatura.carry.paint import CHANNELS, Carried, Carry
from velatura.half import HALF_MAX
from velatura.image.planes import FloatArray
from velatura.job import Job
from velatura.look import Card
from velatura.plate import colour
from velatura.plate.passes import GUIDES, stack_guides
from velatura.plate.plate import Plate
from velatura.scene.gbuffer import MARGIN, Sight


def fed(card: Card) -> int:
    """Return how many channels a look's second input has: guides, canvas and carried paint."""
    guides = sum(GUIDES[name] for name in card.guides)
    return guides + canvas.CHANNELS * card.canvas + CHANNELS * bool(card.keys_digest)


def guides_of(
    plate: Plate, guides: Sequence[str], rows: slice, columns: slice, *, with_canvas: bool = False
) -> FloatArray | None:
    """Return the ``(G, h, w)`` float32 guides of some rows and columns of a plate.

    A guide that the plate lacks is 0. None where there is nothing to be read.

    Args:
        plate: the plate.
        guides: names from `velatura.plate.passes.GUIDES`.
        rows: of its data window.
        columns: of its data window.
        with_canvas: whether the canvas follows the guides.

    Raises:
        PassError: as `velatura.plate.passes.Guides.read`.
    """
    if not guides and not with_canvas:
        return None
    window = plate.window(rows, columns)
    found = plate.guides.read(guides, window)
    stack = stack_guides(found, guides, window.height, window.width)
    return np.concatenate([stack, canvas.patch(window)]) if with_canvas else stack


@dataclass(frozen=True)
class Feed:
    """A plate as a look's network is fed it; rows and columns are those of its data window.

    Attributes:
        plate: the plate.
        card: what the look reads.
        space: the look's colour space, as the plate's config names it.
        exposure: stops by which the network is shown the plate brighter.
        grain: standard deviation of the grain that the network is not shown, stops.
        carry: the painted keys of a shot look; None for a free look.
        frame: the number of the frame that they are carried into; None leaves their planes black.
    """

    plate: Plate
    card: Card
    space: str
    exposure: float = 0.0
    grain: float = 0.0
    carry: Carry | None = None
    frame: int | None = None

    @classmethod
    def of(cls, plate: Plate, card: Card, job: Job) -> Feed:
        """Return a plate as a job shows it to a look, without painted keys.

        Raises:
            ColourError: the plate's config does not know the look's colour space.
        """
        do = f"Give a config like {card.config} with --config or $OCIO, or none"
        with colour.named(f"The look {card.name}", do):
            space = colour.canonical(card.colour_space, plate.config)
        return cls(plate, card, space, job.exposure, job.degrain)

    def carrying(self, carry: Carry | None, frame: int | None) -> Feed:
        """Return the same with the painted keys of a shot look, carried into a frame."""
        return replace(self, carry=carry, frame=frame)

    @property
    def layered(self) -> bool:
        """Whether a part of its painted keys was left transparent, and stays as the plate is."""
        return self.frame is not None and self.carry is not None and self.carry.layered

    def seen(self, rows: slice, columns: slice) -> FloatArray:
        """Return the plate's light in the look's space: see `velatura.plate.plate.Plate.seen`."""
        return self.plate.seen(rows, columns, self.space)

    def light(self, rows: slice, columns: slice) -> FloatArray:
        """Return the network's first input ``(3, h, w)``: `seen`, degrained and exposed."""
        light = self._clean(rows, columns) if self.grain else self.seen(rows, columns)
        if self.exposure:
            light = np.clip(light * np.float32(2**self.exposure), -HALF_MAX, HALF_MAX)
        return light

    def guides(
        self, rows: slice, columns: slice, painted: Carried | None = None
    ) -> FloatArray | None:
        """Return the network's second input, ``(G, h, w)``; None where the look reads none.

        Args:
            rows: of the plate.
            columns: of the plate.
            painted: what `painted` gave for them.

        Raises:
            PassError: as `velatura.plate.passes.Guides.read`.
        """
        names = self.card.guides
        guides = guides_of(self.plate, names, rows, columns, with_canvas=self.card.canvas)
        if painted is None:
            return guides
        return painted.planes if guides is None else np.concatenate([guides, painted.planes])

    def sight(self, rows: slice, columns: slice) -> Sight:
        """Return what the passes tell about where things are."""
        return Sight.of(self.plate, self.plate.window(rows, columns), motion=False)

    def _clean(self, rows: slice, columns: slice) -> FloatArray:
        """Return `seen` without its grain; beyond the frame its edges are repeated."""
        inside, beyond = [], []
        for part, size in zip((rows, columns), self.plate.size, strict=True):
            start, stop = part.start - degrain.REACH, part.stop + degrain.REACH
            inside.append(slice(max(0, start), min(size, stop)))
            beyond.append((max(0, -start), max(0, stop - size)))
        seen = np.pad(self.seen(*inside), ((0, 0), *beyond), mode="edge")
        return degrain.smooth(seen, self.grain)

    def painted(self, rows: slice, columns: slice) -> Carried | None:
        """Return the carried paint of a shot look; None for a free one."""
        if self.carry is None:
            return None
        if self.frame is None:
            height, width = rows.stop - rows.start, columns.stop - columns.start
            return Carried(np.zeros((CHANNELS, height, width), np.float32), None)
        height, width = self.plate.size
        high, wide = _wider(rows, height), _wider(columns, width)
        inner = (
            slice(rows.start - high.start, rows.stop - high.start),
            slice(columns.start - wide.start, columns.stop - wide.start),
        )
        return self.carry.paint(self.frame, self.sight(high, wide)).inside(*inner)


def _wider(span: slice, size: int) -> slice:
    """Return rows or columns and what is beside them: a silhouette there counts."""
    return slice(max(0, span.start - MARGIN), min(size, span.stop + MARGIN))
