"""Frames on disk as the figures want them: light in one colour space, and the motion in between."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from velatura.channels import parse_overrides
from velatura.errors import FrameError, ImageError
from velatura.image import exr, gathering, movies
from velatura.image.gathering import find
from velatura.plate import flat, formats, passes
from velatura.plate.beauty import pick_beauty
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura.scene import optical_flow
from velatura_training.encoding import HALF_MAX, display
from velatura_training.metrics import motion, truth
from velatura_training.metrics.motion import Motion
from velatura_training.metrics.truth import Truth

SPACE = "lin_rec709_scene"
"""Pictures are compared as a Rec.709 screen would show them."""

NO_MOTION = (
    "the plate has no vector pass, and OpenCV, which could see the motion, is missing: install the "
    "trainer again"
)


@dataclass(frozen=True)
class Frames:
    """Pictures of a shot, by frame number.

    Attributes:
        files: any format, in the colour space that their metadata tell.
        layer: of an EXR, where the beauty is not the usual one.
        space: the colour space, where metadata do not tell; empty to believe them.
        passes: layers of the passes, where they are not the usual ones, by guide.
        under: the plates that painted layers lie over; None where there are only whole pictures.
    """

    files: Mapping[int, Path]
    layer: str = ""
    space: str = ""
    passes: Mapping[str, str] | None = None
    under: Frames | None = None

    @classmethod
    def of(cls, pattern: str, layer: str = "", space: str = "", named_passes: str = "") -> Frames:
        """Return the frames of ``name.####.exr`` that lie on disk, of a folder, or of one file.

        One file that has no number set apart by dots counts by the last digits of its name.

        Raises:
            FrameError: there is none.
            PassError: ``named_passes`` makes no sense.
        """
        files = find(gathering.pattern(pattern))
        if files.keys() == {0}:
            files = {gathering.number_of(files[0]): files[0]}
        return cls(files, layer, space, parse_overrides(named_passes))

    def paired(self, other: Frames) -> Frames:
        """Return the same, numbered as the other where both are one file, and one has no number."""
        one_each = len(self.files) == len(other.files) == 1
        if not one_each or 0 not in (*self.files, *other.files):
            return self
        return replace(self, files=dict(zip(other.files, self.files.values(), strict=True)))

    def read(self, frame: int) -> Tensor:
        """Return a frame, ``(1, 3, H, W)`` scene-linear Rec.709, NaN and Inf as they are.

        Raises:
            FrameError: there is no such frame.
            ImageError: an unreadable file, or a layer and no plate that it lies over.
        """
        return self.truth(frame).light

    def truth(self, frame: int) -> Truth:
        """Return a frame, and where it is painted: all over, unless it is a layer.

        Raises:
            FrameError, ImageError: as `read`; TrainingError: a layer does not fit its plate.
        """
        path = self.path(frame)
        if movies.parted(path):
            plate = self.plate(frame)
            rows, columns = (slice(0, size) for size in plate.size)
            return Truth.whole(torch.from_numpy(plate.seen(rows, columns, SPACE))[None])
        read = flat.read_rgb(path, self.layer, space=self.space)
        if read.alpha is not None and read.alpha.min() < 1:
            if self.under is not None and (
                layer := truth.laid(path, self.under.plate(frame), SPACE, self.space)
            ):
                return layer
            if self.under is None and not read.premultiplied:
                raise ImageError(
                    f"{path} is a transparent layer, and what lies under it is not known",
                    do="Name the plate too (--plate): the layer is then measured over it, where it "
                    "is painted.",
                )
        return Truth.whole(torch.from_numpy(read.light(SPACE))[None])

    def plate(self, frame: int) -> Plate:
        """Return a frame as a plate, or raise FrameError or ImageError."""
        return Plate.read(self.path(frame), Reading(self.layer, space=self.space))

    def only(self, frames: Collection[int]) -> Frames:
        """Return those of the frames that it has."""
        return replace(self, files={f: path for f, path in self.files.items() if f in frames})

    def path(self, frame: int) -> Path:
        """Return the file of a frame, or raise FrameError."""
        if frame not in self.files:
            raise FrameError(
                f"There is no frame {frame} among {', '.join(self._named())}",
                found=listed(self.files),
                do="Name each file with the number of its frame, as in out.0007.exr",
            )
        return self.files[frame]

    def _named(self) -> list[str]:
        """Return the first and the last file, for messages."""
        paths = [self.files[frame].name for frame in sorted(self.files)]
        return list(dict.fromkeys(paths[:1] + paths[-1:]))

    def has_motion(self) -> bool:
        """Say whether `motion` can be had: by the first frame's passes, or by OpenCV."""
        first = self.files[min(self.files)]
        return optical_flow.available() or "vector" in self._passes(first)

    def motion(self, frame: int) -> Motion | None:
        """Return how a frame follows from the one before; None where that cannot be known.

        Raises:
            FrameError, ImageError: as `read`; PassError: a pass that is not as it was named.
        """
        before, now = (self._passes(self.path(f)) for f in (frame - 1, frame))
        surface = now["depth"][0] > 0 if "depth" in now else None
        if "vector" in before and "vector" in now:
            return motion.of_vectors(before["vector"], now["vector"], surface)
        if not optical_flow.available():
            return None
        was, seen = (display(clean(self.read(f))) for f in (frame - 1, frame))
        same_size({self.path(frame - 1): was, self.path(frame): seen})
        return motion.of_flow(was, seen, surface)

    def _passes(self, path: Path) -> dict[str, Tensor]:
        """Return the vector and depth passes that a plate has; their sizes are its beauty's."""
        if not formats.is_exr(path):
            return {}
        image = exr.read(path)
        window = image.find(pick_beauty(image, self.layer).rgb[0])[0].data
        found = passes.pick_guides(image, ("vector", "depth"), self.passes, window)
        return {name: torch.from_numpy(planes) for name, planes in found.items()}


def clean(light: Tensor) -> Tensor:
    """Return light that every figure can take: NaN as black, Inf as the brightest half float."""
    return torch.nan_to_num(light, nan=0.0, posinf=HALF_MAX, neginf=0.0)


def same_size(pictures: Mapping[Path, Tensor]) -> None:
    """Raise ImageError where pictures differ in size."""
    sizes = {path: f"{t.shape[3]}x{t.shape[2]}" for path, t in pictures.items()}
    if len(set(sizes.values())) > 1:
        names = " and ".join(map(str, sizes))
        raise ImageError(f"{names} differ in size", found=" and ".join(sizes.values()))


def listed(frames: Mapping[int, object]) -> str:
    """Return frame numbers for a message."""
    return "frames " + (", ".join(map(str, sorted(frames))) or "none")
