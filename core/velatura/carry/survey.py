"""A whole shot looked over once, so that painted keys can be carried into each of its frames.

What can be done depends on the passes; what one does not tell is filled from the next:

1. Position and ids: cameras, and the motion of every rigid object; what lay there is known exactly.
2. Vector: followed from frame to frame.
3. Optical flow, where no pass tells how the pixels move.
4. Looks: where motion has led plainly wrong, the key is searched for what is seen.

Motion that an artist gives (`velatura.scene.motion_files`) comes before 2 and 3.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from velatura.carry import fields, packing
from velatura.carry.fields import Field
from velatura.carry.outline import Outlines
from velatura.carry.paint import Carry, strips
from velatura.carry.painted_key import Key
from velatura.carry.reproject import Road, Samples
from velatura.errors import LookError
from velatura.image.planes import FloatArray
from velatura.plate import formats, pass_files
from velatura.scene import optical_flow, tracks
from velatura.scene.footage import Footage
from velatura.scene.gbuffer import Sight
from velatura.scene.motion import Motion
from velatura.scene.motion_files import MotionFiles
from velatura.scene.tracks import Tracks
from velatura.system import cache
from velatura.system.progress import Progress, Report
from velatura.system.scratch import Scratch

log = logging.getLogger(__name__)

FORMAT = 10
"""Of remembered surveys: raised when one would come out otherwise."""

_KIND = "surveys"
_BLURRED = 0.5  # px by which cameras and Position may disagree

CUTS = 0.4
"""Share of all flows between frames that are found while cuts are looked for: of 24 frames and two
keys without passes."""

DETOURS = 4
"""Frames that are painted from a key, by way of which it is carried back to itself."""


@dataclass(frozen=True)
class Survey:
    """What a look over a shot has found: see `velatura.carry.paint.Carry`.

    Attributes:
        tracks: cameras and motions.
        fields: from every frame to the keys near it, and from the keys to their detours.
        same: each frame to the one that stands for it.
    """

    tracks: Tracks
    fields: Mapping[tuple[int, int], Field]
    same: Mapping[int, int] = field(default_factory=dict)

    @property
    def passes(self) -> tuple[str, ...]:
        """The passes that a frame of the shot needs for paint to be carried into it."""
        needed = {"position": any(self.tracks.cameras), "id": bool(self.tracks.objects.any())}
        return tuple(name for name, wanted in needed.items() if wanted)


Followed = Callable[[float], None]
"""Is told how much of the paint's ways through the shot has been found, 0..1."""


def _untold(share: float) -> None:
    """Tell nobody."""


def survey(
    footage: Footage, painted: Sequence[int], report: Report, followed: Followed = _untold
) -> Survey | None:
    """Return how everything in a shot moves; None where nothing tells it.

    A shot that has been looked over before, and has not changed on disk, is not read again.

    Args:
        footage: the shot.
        painted: the key frames.
        report: told of each frame that has been looked at.
        followed: told of what comes after that, and takes longer.

    Raises:
        ImageError, PassError, ColourError: as `velatura.image.exr.read` and
        `velatura.plate.plate.Plate.of`.
    """
    first = footage.sight(footage.frames[0])
    if not optical_flow.available():
        _tell_nothing()
        return None
    found = _remembered(footage, painted)
    if found is None:
        found = _noted(footage, painted, _looked(footage, painted, report, followed))
    else:
        log.info("the shot has been looked over before, and is as it was")
    _tell(first, found.tracks, footage.given)
    return found


def detours(frames: Sequence[int], painted: Sequence[int]) -> list[tuple[int, int]]:
    """Return pairs of a painted frame and another that is nearest to it: `DETOURS` of each.

    A key that is nearest to none has those that are nearest to itself.

    Paint that is carried there and back meets what paint of the shot's other frames has met.
    """
    found: list[tuple[int, int]] = []
    between = [f for f in frames if f not in painted]
    for key in painted:
        near = [f for f in between if fields.nearest(f, painted)[0] == key]
        near = near or sorted(between, key=lambda f: abs(f - key))[:DETOURS]
        picked = np.linspace(0, len(near) - 1, min(DETOURS, len(near))).round().astype(int)
        found += [(key, near[place]) for place in picked]
    return found


def _looked(footage: Footage, painted: Sequence[int], report: Report, followed: Followed) -> Survey:
    """Return what a look through all frames finds."""
    with Progress("none") as silent:
        solved = tracks.solve(footage.frames, map(footage.sight, footage.frames), silent)
    with Scratch() as scratch:
        motion = Motion(footage, painted, report, scratch, lambda share: followed(CUTS * share))
        for cut in sorted(motion.cuts):
            log.warning("The shot is cut at frame %d: no paint is carried across", cut)
        around = [
            (key, motion.same[frame])
            for key, frame in detours(footage.frames, painted)
            if motion.same[frame] != key
        ]
        exact = _Known(footage, solved, motion.size) if any(solved.cameras) else _unknown

        def outward(share: float) -> None:
            followed(CUTS + (1 - CUTS) * share)

        return Survey(solved, fields.solve(motion, painted, around, exact, outward), motion.same)


class _Known:
    """Where cameras and motions tell that pixels of a frame lie in a key."""

    def __init__(self, footage: Footage, tracks: Tracks, size: tuple[int, int]) -> None:
        self._footage, self._tracks, self._size = footage, tracks, size
        self._keys: dict[int, Key] = {}

    def __call__(self, frame: int, key: int) -> FloatArray | None:
        """Return places ``(2, H, W)``, px, NaN where they are hidden.

        None without cameras, and where one of the frames is of another size than the shot.
        """
        cameras, frames = self._tracks.cameras, self._tracks.frames
        if any(cameras[frames.index(f)] is None for f in (frame, key)):
            return None
        sight = self._footage.sight(frame)
        if {sight.size, self._key(key).index.shape} != {self._size}:
            return None
        road = Road.of(self._tracks, frame, self._key(key), None)
        places = np.empty((2, *sight.size), np.float32)
        for rows in strips(*sight.size):
            x, y, worth = road.places(Samples.of(sight.strip(rows), self._tracks))
            places[:, rows] = np.where(worth > 0, np.stack([x, y]), np.nan).reshape(
                2, -1, sight.size[1]
            )
        outlines = Outlines.of(sight, self._tracks, cameras[frames.index(frame)])
        if outlines is not None and frame != key:
            led = outlines.led(road, None).known(0, places[0].size)
            places.reshape(2, -1)[:, led.at] = led.x, led.y
        return places

    def _key(self, frame: int) -> Key:
        if frame not in self._keys:
            sight = self._footage.sight(frame)
            blank = np.zeros((3, *sight.size), np.float32)
            self._keys[frame] = Key.of(frame, blank, sight, self._tracks)
        return self._keys[frame]


def _unknown(frame: int, key: int) -> None:  # noqa: ARG001 - where no camera is known
    return None


def _noted(footage: Footage, painted: Sequence[int], found: Survey) -> Survey:
    """Return what was found, remembered, and rounded as it will be when it is remembered."""
    text = packing.pack(Carry((), found.tracks, found.fields, found.same), packing.FAST)
    cache.write(_KIND, _key(footage, painted), text)
    return _read(text)


def _remembered(footage: Footage, painted: Sequence[int]) -> Survey | None:
    """Return what was found before, for the same painted frames; None where nothing was."""
    text = cache.read(_KIND, _key(footage, painted))
    try:
        return None if text is None else _read(text)
    except LookError:  # cut off, or from a version that packed otherwise
        return None


def _read(text: str) -> Survey:
    carry = packing.unpack(text, "a survey")
    return Survey(carry.tracks, carry.fields, carry.same)


def _key(footage: Footage, painted: Sequence[int]) -> str:
    """Return all that a survey depends on."""
    files = [
        (frame, str(path.resolve()), stat.st_size, stat.st_mtime_ns)
        for frame, plate in sorted(footage.plates.items())
        for path in (plate, *pass_files.beside(plate, footage.reading.passes))
        for stat in (formats.file_of(path).stat(),)
    ]
    given = [] if footage.given is None else footage.given.stamps()
    return json.dumps([FORMAT, sorted(painted), asdict(footage.reading), files, *given])


def _tell_nothing() -> None:
    log.warning(
        "OpenCV is missing, which sees how the plates move: the painted keys cannot be carried "
        "along, and the look learns from the plate alone. Install the trainer again"
    )


def _tell(first: Sight, found: Tracks, given: MotionFiles | None) -> None:
    """Say by what means the paint is carried, and what it cannot follow."""
    if first.position is None or not any(found.cameras):
        by = "optical flow" if first.vector is None else "Vector"
        if given is not None:
            by = "the given vectors" if given.vectors else "STMaps"
        log.info("painted keys are carried by %s, from frame to frame", by)
        if first.position is None:
            return
    _tell_things(first, found)
    lost = [f for f, camera in zip(found.frames, found.cameras, strict=True) if camera is None]
    if lost:
        log.warning(
            "The camera cannot be solved from the Position pass of %d of %d frames (%s): "
            "all that they show lies in one plane, or the lens is no pinhole",
            *(len(lost), len(found.frames), ", ".join(map(str, lost[:8]))),
        )
    width = first.size[1]
    off = max((camera.error * width for camera in found.cameras if camera), default=0.0)
    if off > _BLURRED:
        log.warning(
            "The Position pass is only true to %.1f px, and so is the paint that it carries. "
            "Is it rendered without antialiasing, and stored in 32 bits?",
            off,
        )


def _tell_things(first: Sight, found: Tracks) -> None:
    bending = int(found.bends.sum())
    if first.objects is None:
        things = "no id pass"
        if bending:
            things += ", so that all that moves is followed from frame to frame"
    else:
        things = f"{len(found.objects)} objects"
        if bending:
            by = "Vector" if first.vector is not None else "optical flow"
            things += f"; {bending} of them bend and are followed by {by}"
    log.info("painted keys are carried by camera and motion (%s)", things)
