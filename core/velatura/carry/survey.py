"""A whole shot looked over once, so that painted keys can be carried into each of its frames.

What can be done depends on the passes; each step down is said:

1. Position, ids and Vector: cameras, the motion of every rigid object; what bends by its vectors.
2. Position without Vector: what stands still; what moves is left to the network.
3. Vector, or optical flow where OpenCV is installed: followed from frame to frame.
4. Nothing: the network alone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from velatura.carry import fields, packing
from velatura.carry.paint import Carry
from velatura.errors import LookError
from velatura.image.planes import FloatArray
from velatura.scene import optical_flow, tracks
from velatura.scene.footage import Footage
from velatura.scene.gbuffer import Sight
from velatura.scene.tracks import Tracks
from velatura.system import cache
from velatura.system.progress import Report

log = logging.getLogger(__name__)

FORMAT = 1
"""Of remembered surveys: raised when one would come out otherwise."""

_KIND = "surveys"
_BLURRED = 0.5  # px by which cameras and Position may disagree


@dataclass(frozen=True)
class Survey:
    """What a look over a shot has found: see `velatura.carry.paint.Carry`."""

    tracks: Tracks
    fields: Mapping[tuple[int, int], FloatArray]

    @property
    def passes(self) -> tuple[str, ...]:
        """The passes that a frame of the shot needs for paint to be carried into it."""
        needed = {"position": any(self.tracks.cameras), "id": bool(self.tracks.objects.any())}
        return tuple(name for name, wanted in needed.items() if wanted)


def survey(footage: Footage, painted: Sequence[int], report: Report) -> Survey | None:
    """Return how everything in a shot moves; None where nothing tells it.

    A shot that has been looked over before, and has not changed on disk, is not read again.

    Args:
        footage: the shot.
        painted: the key frames.
        report: told of each frame that has been looked at.

    Raises:
        ImageError, PassError, ColourError: as `velatura.image.exr.read` and
        `velatura.plate.plate.Plate.of`.
    """
    first = next(footage.sights(footage.frames[:1]))
    if first.position is None and first.vector is None:
        if not optical_flow.available():
            _tell_nothing("The plate has neither a Position nor a Vector pass")
            return None
        footage = replace(footage, flowing=True)
    found = _looked(footage, painted, first, report)
    if not found.fields and not any(found.tracks.cameras):
        if footage.flowing or first.vector is not None or not optical_flow.available():
            _tell_nothing("Neither a camera nor motion can be told from the plate")
            return None
        footage = replace(footage, flowing=True)
        found = _looked(footage, painted, first, report)
    _tell(footage, first, found.tracks)
    return found


def _looked(footage: Footage, painted: Sequence[int], first: Sight, report: Report) -> Survey:
    """Return what a look through all frames finds, or has found before."""
    found = _remembered(footage, ())
    if found is None:
        motion = tracks.solve(footage.frames, footage.sights(footage.frames), report)
        found = _noted(footage, (), Survey(motion, {}))
    else:
        log.info("the shot has been looked over before, and is as it was")
    motion = found.tracks
    followed = bool(motion.bends.any()) or any(camera is None for camera in motion.cameras)
    if not followed or not (footage.flowing or first.vector is not None):
        return found
    places = _remembered(footage, painted)
    return places or _noted(
        footage, painted, Survey(motion, fields.solve(footage, motion, painted))
    )


def _noted(footage: Footage, painted: Sequence[int], found: Survey) -> Survey:
    """Return what was found, remembered, and rounded as it will be when it is remembered."""
    text = packing.pack(Carry((), found.tracks, found.fields))
    cache.write(_KIND, _key(footage, painted), text)
    return _read(text)


def _remembered(footage: Footage, painted: Sequence[int]) -> Survey | None:
    """Return how everything moves, and the fields to painted frames if some are named; or None."""
    text = cache.read(_KIND, _key(footage, painted))
    try:
        return None if text is None else _read(text)
    except LookError:  # cut off, or from a version that packed otherwise
        return None


def _read(text: str) -> Survey:
    carry = packing.unpack(text, "a survey")
    return Survey(carry.tracks, carry.fields)


def _key(footage: Footage, painted: Sequence[int]) -> str:
    """Return all that a survey depends on."""
    files = [
        (frame, str(path.resolve()), stat.st_size, stat.st_mtime_ns)
        for frame, path in sorted(footage.plates.items())
        for stat in (path.stat(),)
    ]
    return json.dumps([FORMAT, footage.flowing, sorted(painted), asdict(footage.reading), files])


def _tell_nothing(why: str) -> None:
    by_eye = (
        "" if optical_flow.available() else ', or have it seen by eye: pip install "velatura[flow]"'
    )
    log.warning(
        "%s: the painted keys cannot be carried along, the look learns from the plate alone. "
        "Render Position, Vector and an id pass%s",
        *(why, by_eye),
    )


def _tell(footage: Footage, first: Sight, found: Tracks) -> None:
    """Say by what means the paint is carried, and what it cannot follow."""
    if footage.flowing:
        log.info("painted keys are carried by optical flow, for the plate's passes tell no motion")
        return
    if first.position is None:
        log.info(
            "painted keys are carried by Vector alone, from frame to frame; Position and an id "
            "pass would keep them sharper"
        )
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
        if bending and first.vector is not None:
            things += ", so that Vector has to follow all that moves"
    else:
        things = f"{len(found.objects)} objects"
        if bending:
            by = "are followed by Vector" if first.vector is not None else "get no paint"
            things += f"; {bending} of them bend and {by}"
    log.info("painted keys are carried by camera and motion (%s)", things)
    if first.vector is None:
        log.warning("Without a Vector pass, paint is carried on what stands still only")
