"""Doubts about a painted key: said before hours are spent on learning what was not meant.

What was saved wrong (see `saved_doubts`), a plate with NaN in it, a key that fits another frame
than the one it is numbered by, or its own if it is moved or turned. None of them stops a training:
the painter may have meant it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura.channels import parse_overrides
from velatura.errors import VelaturaError
from velatura.image.planes import Window
from velatura.plate import colour, formats
from velatura.plate.beauty import pick_beauty
from velatura.plate.passes import Guides
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura_training.data import offset, saved_doubts
from velatura_training.data.frame import Frame
from velatura_training.data.key_reading import AS_SAVED, KeyReading
from velatura_training.data.offset import Offset
from velatura_training.encoding import encode

REACH = 5
"""Frames to either side among which a key's own is looked for."""
SIDE, AROUND = 160, 6
"""Edges are compared on pictures this long, px, each measured by those this near."""
FITS, KNOWN, BETTER, TURNED = 0.6, 0.3, 1.25, 1.5
"""A key that fits its frame as well as the first needs no search; one that fits no frame as well as
the second cannot be placed; another frame must fit better by the third, a turned key by the
fourth. On two shots, keys painted to the edge fitted their own frame by 0.64 to 0.69 and others by
0.42 at most; with strokes that were displaced by 2 of 320 px by 0.34 to 0.43 and 0.34; by 8 px by
0.11, and others no worse. Of 220 misnumbered keys of the first two sorts all but one were placed
rightly."""


class KeyChecks:
    """What can be doubted about the keys of one shot.

    Args:
        plates: the shot's plates by frame number.
        reading: how they are read, as `velatura.plate.plate.Plate` takes it.
        space: the colour space of the keys' light.
        keys: how the keys were read.
    """

    def __init__(
        self,
        plates: Mapping[int, Path],
        reading: Reading,
        space: str,
        keys: KeyReading = AS_SAVED,
    ) -> None:
        self._plates, self._reading, self._space, self._keys = plates, reading, space, keys
        self._drawn: dict[int, Tensor | None] = {}

    def about(self, key: Frame, paint: Path, guides: tuple[str, ...]) -> list[str]:
        """Return sentences about a key; none if nothing is wrong with it.

        Args:
            key: painted.
            paint: the file it was read from.
            guides: the passes that are learnt from.

        Raises:
            ImageError, PassError: its plate cannot be read any more.
        """
        saved = list(saved_doubts.doubts(key, paint, self._space, self._keys.view))
        broken = list(self._not_numbers(key, guides))
        return saved + broken if saved else broken + list(self._misplaced(key, paint))

    def _not_numbers(self, key: Frame, guides: tuple[str, ...]) -> Iterator[str]:
        path = self._plates[key.frame]
        image = formats.read(path)
        there = Guides.of(image, parse_overrides(self._reading.passes))
        beauty = pick_beauty(image, self._reading.layer).rgb
        found = {f"the {name} pass": there.addresses(name) for name in guides}
        for what, channels in {"the picture": beauty, **found}.items():
            planes = [there.image.find(name)[1].pixels for name in channels]
            broken = int(np.isnan(planes).any(axis=0).sum())
            if broken:
                yield f"{path}: {what} is NaN in {broken} px, which count as 0 for learning"

    def _misplaced(self, key: Frame, paint: Path) -> Iterator[str]:
        """Say so if a key was turned or moved, or is of another frame, whichever is clearer."""
        assert key.paint is not None, "only painted keys are doubted"  # noqa: S101
        if turned := _turned(key, paint):
            yield turned
            return
        moved = offset.find(key.paint.numpy(), key.plate.numpy())
        if moved and moved.there >= FITS:
            yield _moved(key, paint, moved)
            return
        elsewhere = list(self._elsewhere(key, paint))
        yield from elsewhere
        if moved and not elsewhere:
            yield _moved(key, paint, moved)

    def _elsewhere(self, key: Frame, paint: Path) -> Iterator[str]:
        """Say so if the edges of the paint lie where those of another frame's plate are."""
        assert key.paint is not None, "only painted keys are doubted"  # noqa: S101
        wanted = edges(key.paint)
        own = likeness(wanted, edges(key.plate))
        if own >= FITS:
            return
        near = [frame for frame in self._plates if 0 < abs(frame - key.frame) <= REACH]
        drawn = {frame: self._edges(frame, key.window) for frame in near}
        found = {f: likeness(wanted, there) for f, there in drawn.items() if there is not None}
        best = max(found, key=found.__getitem__, default=key.frame)
        if found.get(best, 0) > max(KNOWN, BETTER * own):
            yield (
                f"The key painted on frame {key.frame}, {paint}, fits frame {best} better "
                f"({found[best]:.2f} against {own:.2f}; 1 is perfect): is it numbered right?"
            )

    def _edges(self, frame: int, window: Window) -> Tensor | None:
        """Return the edges of a plate in a window; None where it is another size, or unreadable."""
        if frame not in self._drawn:
            self._drawn[frame] = self._draw(self._plates[frame], window)
        return self._drawn[frame]

    def _draw(self, path: Path, window: Window) -> Tensor | None:
        try:
            plate = Plate.read(path, self._reading)
        except VelaturaError:  # not a frame that is learnt from
            return None
        if window.common(plate.part.data) != window:
            return None
        return edges(torch.from_numpy(plate.seen(*window.within(plate.part.data), colour.SCENE)))


def _turned(key: Frame, paint: Path) -> str:
    """Return a sentence about a key that is mirrored or turned; empty: it is neither."""
    assert key.paint is not None, "only painted keys are doubted"  # noqa: S101
    painted, plain = edges(key.paint), edges(key.plate)
    own = likeness(painted, plain)
    if own >= FITS:
        return ""
    ways = {
        "mirrored left to right": painted.flip(1),
        "mirrored top to bottom": painted.flip(0),
        "turned upside down": painted.flip(0, 1),
    }
    if painted.shape[0] == painted.shape[1]:
        ways |= {"turned to the left": painted.rot90(-1), "turned to the right": painted.rot90(1)}
    found = {how: likeness(other, plain) for how, other in ways.items()}
    best = max(found, key=found.__getitem__)
    if found[best] <= max(KNOWN, TURNED * own):
        return ""
    return (
        f"The key of frame {key.frame}, {paint}, is {best}: turned back, its edges fit the plate's "
        f"({found[best]:.2f} against {own:.2f}; 1 is perfect). Save it as its plate lies"
    )


def _moved(key: Frame, paint: Path, moved: Offset) -> str:
    return (
        f"The key of frame {key.frame}, {paint}, lies {moved}: there its edges fit the plate's "
        f"({moved.there:.2f} against {moved.here:.2f}; 1 is perfect); --align moves it back"
    )


def edges(light: Tensor) -> Tensor:
    """Return how much of an edge each place is, of ``(3, H, W)`` scene-linear light.

    Returns:
        ``(h, w)``, the longer one `SIDE`: gradient magnitude of the encoded light over its mean
        around the place, so that soft and hard, bright and dark edges count alike; at most 3.
    """
    scale = max(1.0, max(light.shape[1:]) / SIDE)
    size = [max(2, round(side / scale)) for side in light.shape[1:]]
    small = F.interpolate(encode(light)[None], size=size, mode="area")
    down, across = torch.gradient(small[0], dim=(1, 2))
    steep = (down.square() + across.square()).sum(0).sqrt()
    around = F.avg_pool2d(steep[None], 2 * AROUND + 1, 1, AROUND, count_include_pad=False)[0]
    return (steep / (around + 0.01)).clamp(max=3)


def likeness(one: Tensor, other: Tensor) -> float:
    """Return the correlation of two pictures ``(h, w)``: 1 the same, 0 nothing in common."""
    a, b = (edges - edges.mean() for edges in (one, other))
    return float((a * b).sum() / (a.square().sum() * b.square().sum()).sqrt().clamp_min(1e-12))
