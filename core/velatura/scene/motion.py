"""How the pixels of a shot move from each frame to the next, looked at once and kept at hand.

Motion is the artist's where some is given, else the renderer's (the Vector pass); what neither
tells is seen in the pictures. Frames whose plates are bit-equal are one frame here, so that held
frames get the same paint. Where a shot is cut, nothing is followed across.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray
from velatura.scene import opencv, optical_flow, refined_flow, residual, vectors
from velatura.scene.artist_motion import ArtistMotion
from velatura.scene.cuts import Cuts
from velatura.scene.footage import Footage
from velatura.scene.gbuffer import NOTHING, Bools, Sight
from velatura.scene.planes import Planes
from velatura.scene.residual import Residual
from velatura.scene.st_maps import STMaps
from velatura.system.progress import Report
from velatura.system.scratch import Kept, Scratch

MOVING = 0.5
"""Part of the pixels of motion 0 that move in the pictures, from which on the 0 means nothing."""


class Motion:
    """A shot's light and its motion between neighbouring frames; planes wait in a scratch file.

    Args:
        footage: the shot.
        painted: the key frames.
        report: told of each frame that has been looked at.
        scratch: where planes wait.
        told: is told how much of the search for cuts is done after that, 0..1.

    Attributes:
        frames: every frame number, rising.
        size: height and width of the first, px; light of frames of another size is brought to it.
        same: each frame to the frame that stands for it: of bit-equal plates a painted one, or else
            the first. A painted frame stands for itself.
        standing: the frames that stand for some, rising; what follows speaks of these alone.
        cuts: frames that do not follow from the one before them.

    Raises:
        PassError, FrameError, ImageError: motion that an artist gives and that does not fit, see
            `velatura.scene.artist_motion.ArtistMotion.of` and `velatura.scene.st_maps.STMaps`.
    """

    def __init__(
        self,
        footage: Footage,
        painted: Sequence[int],
        report: Report,
        scratch: Scratch,
        told: Callable[[float], None] = lambda _: None,
    ) -> None:
        self.frames = footage.frames
        self.size = footage.sight(footage.frames[0]).size
        self._footage = footage
        self._scratch = scratch
        self._lights: dict[int, Kept] = {}
        self._vectors: dict[int, Kept] = {}
        self._items: dict[int, Kept] = {}
        self._flows: dict[tuple[int, int], Kept] = {}
        self._pictured: dict[tuple[int, int], Kept] = {}
        self._flat = Planes()
        self._losses: dict[tuple[int, int], Kept] = {}
        self.same = self._look(painted, report)
        self.standing = tuple(sorted(set(self.same.values())))
        self._artist, self._maps = self._given(painted)
        self.cuts = self._find_cuts(told)

    def light(self, frame: int) -> FloatArray:
        """Return a frame's encoded light ``(3, H, W)``, 0 outside the data window."""
        return self._scratch.read(self._lights[frame]).astype(np.float32)

    def items(self, frame: int) -> npt.NDArray[np.int64] | None:
        """Return the object that each pixel of a frame shows; None without an id pass."""
        found = self._items.get(frame)
        return None if found is None else self._scratch.read(found)

    def way(self, frame: int, to: int) -> FloatArray:
        """Return where each pixel of a frame is in another one: ``(2, H, W)`` px."""
        if (frame, to) not in self._flows:
            self._flows[frame, to] = self._moved(frame, to)
        moved: FloatArray = self._scratch.read(self._flows[frame, to])
        return vectors.start(*moved.shape[1:]) + moved

    def mapped(self, frame: int, key: int) -> FloatArray | None:
        """Return where an artist's STMap says that a frame's pixels lie in a key.

        ``(2, H, W)`` px, NaN where unknown; None where there is no STMap.
        """
        return None if self._maps is None else self._maps.places(frame, key)

    def lost(self, frame: int, to: int) -> Bools:
        """Return ``(H, W)``: where the way to another frame and back does not lead home."""
        if (frame, to) not in self._losses:
            kept = self.items(frame), self.items(to)
            items = None if kept[0] is None or kept[1] is None else (kept[0], kept[1])
            lost = ~vectors.home(self.way(frame, to), self.way(to, frame), items)
            self._losses[frame, to] = self._scratch.keep(lost)
        lost_before: Bools = self._scratch.read(self._losses[frame, to])
        return lost_before

    def parted(self, one: int, other: int) -> bool:
        """Return whether the shot is cut between two neighbouring standing frames."""
        return max(one, other) in self.cuts

    def _look(self, painted: Sequence[int], report: Report) -> dict[int, int]:
        """Read every frame once; return which frame stands for which."""
        seen: dict[bytes, int] = {}
        twin: dict[int, bytes] = {}
        report.started(len(self.frames))
        for frame in self.frames:
            light, sight = self._footage.light(frame), self._footage.sight(frame)
            digest = hashlib.sha256(light.tobytes())
            for plane in (sight.position, sight.vector, sight.objects):
                digest.update(b"" if plane is None else plane.tobytes())
            twin[frame] = digest.digest()
            known = seen.get(twin[frame])
            if known is None or (frame in painted and known not in painted):
                seen[twin[frame]] = frame
            if known is None or frame in painted:
                self._keep(frame, light, sight)
            report.finished(str(frame), skipped=False)
        return {f: f if f in painted else seen[twin[f]] for f in self.frames}

    def _keep(self, frame: int, light: FloatArray, sight: Sight) -> None:
        if sight.size != self.size:  # its pictures tell its motion: a proxy among full frames
            light, sight = _fitted(light, *self.size), replace(sight, objects=None, vector=None)
        self._lights[frame] = self._scratch.keep(light.astype(np.float16))
        if sight.objects is not None:
            self._items[frame] = self._scratch.keep(sight.items().astype(np.int64))
        if sight.vector is not None:
            known = np.where(_moves(sight), sight.vector, np.float32(np.nan))
            self._vectors[frame] = self._scratch.keep(known.astype(np.float32))

    def _moved(self, frame: int, to: int) -> Kept:
        """Return the motion to another frame, px: what one rung does not tell is of the next."""
        found = self._by_artist(frame, to)
        if found is None or not np.isfinite(found).all():
            found = _filled(found, self._by_vector(frame, to))
        if found is not None and np.isfinite(found).all():
            return self._scratch.keep(found.astype(np.float32))
        if found is None and (returning := self._by_artist(to, frame)) is not None:
            found = vectors.turned(returning, self._seen(frame, to))
        if found is None:
            return self._looked_at(frame, to)
        told = np.where(np.isfinite(found), found, self._seen(frame, to))
        return self._scratch.keep(told.astype(np.float32))

    def _by_artist(self, frame: int, to: int) -> FloatArray | None:
        """Return the motion that an artist gives; NaN where it is not known, None without any."""
        if self._artist is None:
            return None
        for one, other in sorted(self._twins(frame, to), key=lambda pair: abs(pair[1] - pair[0])):
            if (found := self._artist.moved(one, other)) is not None:
                return found
        return None

    def _twins(self, frame: int, to: int) -> list[tuple[int, int]]:
        """Return the pairs of frames that two standing ones stand for."""
        ones, others = (
            [f for f, standing in self.same.items() if standing == one] for one in (frame, to)
        )
        return [(one, other) for one in ones for other in others]

    def _given(self, painted: Sequence[int]) -> tuple[ArtistMotion | None, STMaps | None]:
        """Return what an artist gives: vectors, and STMaps of keys."""
        given = self._footage.given
        if given is None:
            return None, None

        def light(frame: int) -> FloatArray:
            return self.light(self.same[frame])

        artist = ArtistMotion.of(given, self.frames, light) if given.vectors else None
        maps = STMaps(given.stmaps, self.frames, painted, light) if given.stmaps else None
        return artist, maps

    def _by_vector(self, frame: int, to: int) -> FloatArray | None:
        """Return the motion that a pass tells; NaN where it does not, None where there is none."""
        kept = self._vectors.get(frame)
        if kept is None:
            return None
        vector = self._scratch.read(kept)
        twins = [f for f, standing in self.same.items() if standing == to]
        if frame - 1 in twins:
            return self._believed(vectors.to_before(vector), frame, to)
        if frame + 1 in twins:
            return self._believed(vectors.to_after(vector), frame, to)
        return None

    def _believed(self, told: FloatArray, frame: int, to: int) -> FloatArray:
        """Return a pass's motion; where it says 0 and the pictures say that all moves, theirs.

        Blender writes 0 behind all things, and without ids nothing else tells where that is.
        """
        still = (told == 0).all(axis=0)
        if not still.any() or still.all():
            return told
        seen = self._seen(frame, to)
        places = np.where(still, vectors.start(*still.shape) + seen, np.float32(np.nan))
        here, there = (residual.grey(self.light(each)) for each in (frame, to))
        found = Residual.of(here, there, places)
        moves = found.pixels > MOVING * still.sum() and found.explains
        return np.where(still, seen, told) if moves else told

    def _seen(self, frame: int, to: int) -> FloatArray:
        """Return the motion that the pictures show, px."""
        seen: FloatArray = self._scratch.read(self._looked_at(frame, to))
        return seen

    def _looked_at(self, frame: int, to: int) -> Kept:
        """Return the same as it is kept; both ways are found at once.

        Motion between neighbours is refined, and planes move as planes. A leap over frames only
        finds again what the way by neighbours has lost: there the refinement doubles the time, and
        paint is no better for it.
        """
        if (frame, to) not in self._pictured:
            apart = abs(self.standing.index(frame) - self.standing.index(to))
            lights = self.light(frame), self.light(to)
            if apart == 1:
                found = optical_flow.mended(*lights, refined_flow.both(*lights), self._flat.mended)
            else:
                found = optical_flow.both(*lights)
            for pair, flow in zip(((frame, to), (to, frame)), found, strict=True):
                self._pictured[pair] = self._scratch.keep(flow)
        return self._pictured[frame, to]

    def _find_cuts(self, told: Callable[[float], None]) -> frozenset[int]:
        cuts = Cuts()
        for at, (before, now) in enumerate(pairwise(self.standing)):
            told(at / len(self.standing))
            way, lost = self.way(now, before), self.lost(now, before)
            cuts.look(now, self.light(now), self.light(before), way, lost)
        return cuts.found()


def _fitted(light: FloatArray, height: int, width: int) -> FloatArray:
    """Return a picture at another size."""
    scale = np.array([light.shape[2] / width, light.shape[1] / height], np.float32)[:, None, None]
    half = np.float32(0.5)
    return opencv.warped(light, (vectors.start(height, width) + half) * scale - half)


def _filled(told: FloatArray | None, other: FloatArray | None) -> FloatArray | None:
    """Return a motion with another one where it is not known; None where there is neither."""
    if told is None or other is None:
        return other if told is None else told
    return np.where(np.isfinite(told), told, other)


def _moves(sight: Sight) -> Bools:
    """Return where a vector can be believed: behind all things Blender writes 0, and means nothing.

    If nothing moves at all, 0 is the truth there as well.
    """
    assert sight.vector is not None, "the sight has vectors"  # noqa: S101
    still = ~sight.vector.any(axis=0)
    behind = sight.items() == NOTHING if sight.objects is not None else np.zeros_like(still)
    return np.asarray(still.all() | ~(still & behind))
