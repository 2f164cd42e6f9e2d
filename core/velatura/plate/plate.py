"""The plate of one frame: its light as it is stored, and as a look's network sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura.apply import canvas, degrain
from velatura.errors import ColourError, PassError
from velatura.half import HALF_MAX
from velatura.image.planes import FloatArray, Image, Part, Pixels, Window
from velatura.job import Job
from velatura.look import Card
from velatura.plate import colour, passes
from velatura.plate.layers import group, listed
from velatura.scene.gbuffer import Sight


@dataclass(frozen=True)
class Plate:
    """What a look is put on: the planes of a picture, found once.

    Attributes:
        image: the whole picture.
        part: the part that the beauty lies in.
        names: the addresses of red, green and blue.
        rgb: their pixels, as stored.
        alpha: the pixels of their alpha; None where there is none.
        overrides: guide -> layer to take it from instead of the usual ones.
        space: the plate's colour space.
        target: the look's.
        config: the OCIO config that both are names in, as the job has it.
        exposure: stops by which the network is shown it brighter.
        grain: standard deviation of the grain that the network is not shown, stops.
    """

    image: Image
    part: Part
    names: tuple[str, str, str]
    rgb: tuple[Pixels, Pixels, Pixels]
    alpha: Pixels | None
    overrides: Mapping[str, str]
    space: str
    target: str
    config: str
    exposure: float = 0.0
    grain: float = 0.0

    @classmethod
    def of(cls, image: Image, job: Job, card: Card) -> Plate:
        """Return the plate that a job means in a picture.

        Raises:
            PassError: no red, green and blue, or whole numbers in them, or a wrong override.
            ColourError: a colour space that the config does not know.
        """
        beauty = passes.pick_beauty(image, job.layer)
        part = image.find(beauty.rgb[0])[0]
        red, green, blue = (image.find(name)[1].pixels for name in beauty.rgb)
        alpha = image.find(beauty.alpha)[1].pixels if beauty.alpha else None
        if {red.dtype.kind, green.dtype.kind, blue.dtype.kind} != {"f"}:
            raise PassError(
                f"{image.source}: {', '.join(beauty.rgb)} hold whole numbers, not light",
                do="Name the layer to glaze with --layer",
            )
        with _named(image.source):
            space = colour.space_of(part.attributes, job.space, job.config)
        with _named(
            f"The look {card.name}",
            f"Give a config like {card.config} with --config or $OCIO, or none",
        ):
            target = colour.canonical(card.colour_space, job.config)
        overrides = passes.parse_overrides(job.passes)
        planes = beauty.rgb, (red, green, blue), alpha
        spaces = space, target, job.config
        return cls(image, part, *planes, overrides, *spaces, job.exposure, job.degrain)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the data window, px."""
        return self.part.data.height, self.part.data.width

    def stored(self, rows: slice, columns: slice) -> tuple[FloatArray, FloatArray | float]:
        """Return ``(3, h, w)`` pixels as stored (premultiplied) and ``(h, w)`` alpha, or 1.

        Negative alpha, the ring of a sharpening filter, is 0: a floor under it would take light.
        """
        rgb = np.stack([plane[rows, columns] for plane in self.rgb]).astype(np.float32, copy=False)
        if self.alpha is None:
            return rgb, 1.0
        alpha = self.alpha[rows, columns].astype(np.float32)
        np.copyto(alpha, 0, where=np.isfinite(alpha) & (alpha < 0))
        return rgb, alpha

    def seen(self, rows: slice, columns: slice) -> FloatArray:
        """Return the light in the network's space: ``(3, h, w)`` unpremultiplied, finite.

        NaN and Inf are seen as black. Where alpha is 0 there is nothing to divide by: light that
        is added there (fire, glows) is seen as it is.
        """
        rgb, alpha = self.stored(rows, columns)
        with np.errstate(all="ignore"):
            rgb[:, ~usable(rgb, alpha)] = 0
            if not isinstance(alpha, float):
                np.divide(rgb, alpha, out=rgb, where=alpha > 0)
            seen = np.clip(rgb, -HALF_MAX, HALF_MAX)
            if self.space != self.target:
                seen = colour.convert(seen, self.space, self.target, self.config)
                seen = np.clip(np.nan_to_num(seen), -HALF_MAX, HALF_MAX)
        return seen

    def shown(self, rows: slice, columns: slice) -> FloatArray:
        """Return what the network sees: `seen`, without its grain and brighter, as the job asks."""
        shown = self._clean(rows, columns) if self.grain else self.seen(rows, columns)
        if self.exposure:
            shown = np.clip(shown * np.float32(2**self.exposure), -HALF_MAX, HALF_MAX)
        return shown

    def _clean(self, rows: slice, columns: slice) -> FloatArray:
        """Return `seen` without its grain; beyond the frame its edges are repeated."""
        inside, beyond = [], []
        for part, size in zip((rows, columns), self.size, strict=True):
            start, stop = part.start - degrain.REACH, part.stop + degrain.REACH
            inside.append(slice(max(0, start), min(size, stop)))
            beyond.append((max(0, -start), max(0, stop - size)))
        seen = np.pad(self.seen(*inside), ((0, 0), *beyond), mode="edge")
        return degrain.smooth(seen, self.grain)

    def guides(self, rows: slice, columns: slice, card: Card) -> FloatArray | None:
        """Return the ``(G, h, w)`` guides that the look reads, 0 for those that are not there.

        After them comes the canvas, if the look reads it.
        """
        if not card.guides and not card.canvas:
            return None
        window = self._window(rows, columns)
        found = passes.pick_guides(self.image, card.guides, self.overrides, window)
        stack = passes.stack_guides(found, card.guides, window.height, window.width)
        return np.concatenate([stack, canvas.patch(window)]) if card.canvas else stack

    def lacking(self, card: Card) -> tuple[str, ...]:
        """Return the passes that the look reads and the plate has not."""
        return passes.lacking(self.image, card.passes, self.overrides)

    def sight(self, rows: slice, columns: slice) -> Sight:
        """Return what the passes tell about where things are, for some rows and columns."""
        window = self._window(rows, columns)
        return Sight.of(self.image, self.part, self.overrides, window, motion=False)

    def _window(self, rows: slice, columns: slice) -> Window:
        data, height, width = self.part.data, rows.stop - rows.start, columns.stop - columns.start
        return Window(data.x + columns.start, data.y + rows.start, width, height)

    @property
    def layers(self) -> str:
        """The layers that the plate has, for people."""
        return listed(group(self.image))


@contextmanager
def _named(whose: str, do: str = "") -> Iterator[None]:
    """Let an error about a colour space say whose it is, and what to do where that differs."""
    try:
        yield
    except ColourError as error:
        what = f"{whose}: {error.what}"
        raise ColourError(what, found=error.found, do=do or error.do) from error


def usable(rgb: FloatArray, alpha: FloatArray | float) -> npt.NDArray[np.bool_]:
    """Return ``(h, w)``: True where a pixel has no NaN or Inf in any channel."""
    fit: npt.NDArray[np.bool_] = np.isfinite(rgb).all(axis=0) & np.isfinite(alpha)
    return fit
