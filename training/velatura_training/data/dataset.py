"""What a direct look is learnt from and tested on: paintings by one hand, and footage.

A painting that comes twice, at another size or in another file format, would count twice: one is
left out. Of five paintings and more every fifth tests the look, as do frames of the footage that it
has not learnt from (`velatura_training.data.plates`). RUN/manifest.json says all of it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura_training.data.frame import Frame
from velatura_training.data.paintings import Painting
from velatura_training.data.plates import Plates

TESTED = 5
"""From so many paintings on, one of so many is kept for the test."""

THUMB = 16
"""Side of the small pictures by which paintings are compared."""

ALIKE = 0.99
"""Correlation of two such pictures from which on they are of one file in another format or size."""

log = logging.getLogger("velatura.training")


@dataclass(frozen=True)
class Dataset:
    """Pictures to learn from, and pictures to test with.

    Attributes:
        plates: the footage, with its own test frames.
        paintings: to learn from.
        tested: paintings that are not learnt from; none of fewer than `TESTED`.
        twins: paintings that were left out, and the name of the one that each equals.
    """

    plates: Plates
    paintings: tuple[Painting, ...]
    tested: tuple[Painting, ...] = ()
    twins: tuple[tuple[Painting, str], ...] = ()

    @classmethod
    def of(cls, plates: Plates, paintings: Sequence[Painting]) -> Dataset:
        """Return the data set of some footage and paintings."""
        kept: list[tuple[Painting, Tensor]] = []
        twins: list[tuple[Painting, str]] = []
        for painting in paintings:
            thumb = _thumb(painting)
            twin = next((one for one, other in kept if float(thumb @ other) > ALIKE), None)
            if twin is None:
                kept.append((painting, thumb))
            else:
                twins.append((painting, twin.name))
                log.warning("%s is left out: it is %s again", painting.name, twin.name)
        # By digest: the split stays when files are renamed, and is no choice of ours.
        ordered = sorted((painting for painting, _ in kept), key=lambda one: one.digest)
        tested = tuple(ordered[TESTED - 1 :: TESTED])
        kept_back = {painting.digest for painting in tested}
        learnt = tuple(painting for painting, _ in kept if painting.digest not in kept_back)
        return cls(plates, learnt, tested, tuple(twins))

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of the files that are learnt from, by name."""
        footage = {n: d for frame in self.plates.frames for n, d in frame.digests.items()}
        return footage | {f"style/{p.name}": p.digest for p in self.paintings}

    def manifest(self) -> str:
        """Return what was taken and how, as JSON: RUN/manifest.json."""
        space, split = self.plates.space, {"train": self.paintings, "test": self.tested}
        entries = [_painting(p, use) for use, group in split.items() for p in group]
        entries += [_painting(p, "left out", f"it is {name} again") for p, name in self.twins]
        frames = {"train": self.plates.frames, "test": self.plates.tested}
        entries += [_frame(f, use) for use, group in frames.items() for f in group]
        entries += [
            Entry(name, "frame", "left out", note=f"its pixels are those of {twin}")
            for name, twin in self.plates.twins.items()
        ]
        told: dict[str, Any] = {
            "paintings": f"display values 0 to 1, sRGB curve, primaries of {space}",
            "frames": f"scene-linear, unpremultiplied, {space}",
            "files": [asdict(entry) for entry in entries],
        }
        return json.dumps(told, indent=2)


@dataclass(frozen=True)
class Entry:
    """A file in the manifest.

    Attributes:
        name: the file's.
        kind: painting or frame.
        use: what it is for.
        digest: SHA-256 of the file; empty for a frame that equals another.
        found: width and height that were read, px, after `--crop`.
        taken: width and height that are learnt at, px.
        note: why it was left out, or that it has a key.
    """

    name: str
    kind: Literal["painting", "frame"]
    use: str
    digest: str = ""
    found: tuple[int, ...] = ()
    taken: tuple[int, ...] = ()
    note: str = ""


def _painting(painting: Painting, use: str, note: str = "") -> Entry:
    height, width = painting.shown.shape[2:]
    name, digest = painting.name, painting.digest
    return Entry(name, "painting", use, digest, painting.found, (width, height), note)


def _frame(frame: Frame, use: str) -> Entry:
    name, digest = next(iter(frame.digests.items()))
    size = frame.window.width, frame.window.height
    note = "" if frame.paint is None else "its key teaches"
    return Entry(name, "frame", use, digest, size, size, note)


def _thumb(painting: Painting) -> Tensor:
    """Return a painting's brightness in few cells, ``(THUMB * THUMB,)``, of length 1 about 0."""
    cells = F.interpolate(painting.shown, (THUMB, THUMB), mode="area").mean(1).flatten()
    varied = cells - cells.mean()
    size: Tensor = varied / torch.linalg.norm(varied).clamp_min(1e-6)
    return size
