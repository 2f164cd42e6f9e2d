"""One frame: the plate goes in, its gain layer and its finished picture come out.

Only red, green and blue are ever touched; every other channel, part, window and attribute is
carried over as it was read. The finished picture is made from the very gain layer that a host
would read, so that the two agree. All arithmetic runs in strips of rows, so that a frame costs
little more memory than its own pixels and the network's budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from velatura import strength
from velatura.apply.session import Session
from velatura.apply.targets import Frame, Target
from velatura.apply.tile import tiles
from velatura.carry.paint import CHANNELS
from velatura.errors import CancelledError, LookError
from velatura.fingerprint import JOB_KEY, LOOK_KEY
from velatura.gain import law
from velatura.image import exr
from velatura.image.planes import FloatArray, Image, Pixels, cast
from velatura.job import MOST_STRENGTH, Job
from velatura.look import Card
from velatura.plate import colour
from velatura.plate import matte as mask
from velatura.plate.plate import Plate, usable
from velatura.scene.gbuffer import MARGIN

Stops = npt.NDArray[np.float16]
"""A gain layer, ``(3, H, W)`` half, stops: what is baked and what the law is applied with."""

_STRIP = 2**17  # px worked on at a time, so that temporaries stay in the processor's cache
_CARRIED = (  # of the plate's header, into the gain layer's
    *("pixelAspectRatio", "screenWindowCenter", "screenWindowWidth"),
    *("framesPerSecond", "timeCode"),
)


@dataclass(frozen=True)
class Glazed:
    """What became of a frame.

    Attributes:
        written: its new files.
        lacking: passes that the look reads and the plate has not; they were taken as 0.
        layers: those the plate has, for people.
        astray: why the look's painted keys could not be carried into it; empty where they were.
    """

    written: tuple[Path, ...] = ()
    lacking: tuple[str, ...] = ()
    layers: str = ""
    astray: str = ""


def load(frame: Frame, job: Job, card: Card) -> tuple[Plate, Pixels | None]:
    """Return a frame's plate, and its matte where it has one and needs it.

    Raises:
        ImageError, PassError, ColourError: as `glaze`.
    """
    plate = Plate.of(exr.read(frame.plate), job, card)
    return plate, _matte(plate, job, frame.mask) if frame.picture else None


def glaze(
    frame: Frame,
    job: Job,
    session: Session,
    budget: int,
    cancelled: Callable[[], bool] = lambda: False,
) -> Glazed:
    """Write one frame's gain layer and finished picture, each whole or not at all.

    Args:
        frame: the files.
        job: strength, mask, layer, passes and colour space.
        session: the loaded look.
        budget: memory of the network, in bytes.
        cancelled: asked between tiles and before each file.

    Raises:
        ImageError, PassError, ColourError, LookError: the frame or the look does not fit.
        StorageError: a file cannot be written.
        CancelledError: ``cancelled`` said yes, or the session was terminated.
    """
    card = session.look.card
    plate, matte = load(frame, job, card)
    astray = _astray(plate, session, frame)
    try:
        number = None if astray else frame.number
        stops = _bake(plate, session, number, budget, cancelled)
    except LookError as error:  # of this frame's light or passes: the probe had neither
        what = f"{frame.plate}: {error.what}"
        raise LookError(what, found=error.found, do=error.do) from error
    written = []
    if frame.gain:
        _stop_if(cancelled)
        exr.write(frame.gain.path, _gain_image(plate, stops, session, frame.gain))
        written.append(frame.gain.path)
    if frame.picture:
        _stop_if(cancelled)
        amount = strength.even(() if job.raw_strength else card.strength_lut, job.strength)
        finished = _finished(plate, stops, amount, matte, card.floor)
        marks = {**_marks(session, frame.picture), "velatura/strength": f"{job.strength:g}"}
        exr.write(frame.picture.path, _marked(plate.image.replace(finished), marks))
        written.append(frame.picture.path)
    return Glazed(tuple(written), plate.lacking(card), plate.layers, astray)


def _astray(plate: Plate, session: Session, frame: Frame) -> str:
    """Return why a shot look's painted keys do not belong into this frame; empty if they do."""
    if session.carry is None:
        return ""
    height, width = plate.size
    strips = (plate.sight(rows, slice(0, width)) for rows in _strips(slice(0, height), width))
    reason = session.carry.misfit(frame.number, strips)
    if reason and not session.look.card.free:
        raise LookError(
            f"{frame.plate} is not of the shot that {session.look.card.name} was painted for",
            found=reason,
            do="Put it on its own shot, with the passes it had there, or train a look for this one",
        )
    return reason


def _matte(plate: Plate, job: Job, file: Path | None) -> Pixels | None:
    """Return the job's mask over the plate's data window; None where the look goes everywhere."""
    if file is not None:
        return mask.of_file(file, plate.part)
    return mask.of_plate(plate.image, job.mask, plate.part) if job.mask else None


def _bake(
    plate: Plate,
    session: Session,
    number: int | None,
    budget: int,
    cancelled: Callable[[], bool],
) -> Stops:
    """Return the plate's gain layer, 0 where the plate is NaN or Inf.

    A shot look's paint is carried into the frame of that number; None leaves it out.
    """
    card = session.look.card

    def fetch(rows: slice, columns: slice) -> tuple[FloatArray, FloatArray | None]:
        _stop_if(cancelled)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        rgb = np.empty((3, height, width), np.float32)
        for strip in _strips(rows, width):
            inside = slice(strip.start - rows.start, strip.stop - rows.start)
            rgb[:, inside] = plate.shown(strip, columns)
        return rgb, _guides(plate, session, number, rows, columns)

    baked = np.empty((3, *plate.size), np.float16)
    for (rows, columns), tile in tiles(session, *plate.size, fetch, budget):
        for strip in _strips(rows, columns.stop - columns.start):
            stops = tile[:, strip.start - rows.start : strip.stop - rows.start]
            baked[:, strip, columns] = _gained(plate, stops, strip, columns, card)
    return baked


def _guides(
    plate: Plate, session: Session, number: int | None, rows: slice, columns: slice
) -> FloatArray | None:
    """Return the look's second input: the plate's passes, and carried paint after them."""
    guides = plate.guides(rows, columns, session.look.card)
    if session.carry is None:
        return guides
    if number is None:
        paint = np.zeros(
            (CHANNELS, rows.stop - rows.start, columns.stop - columns.start), np.float32
        )
    else:
        wide, high = _wider(columns, plate.size[1]), _wider(rows, plate.size[0])
        inner = (
            slice(rows.start - high.start, rows.stop - high.start),
            slice(columns.start - wide.start, columns.stop - wide.start),
        )
        paint = session.carry.paint(number, plate.sight(high, wide))[:, *inner]
    return paint if guides is None else np.concatenate([guides, paint])


def _wider(span: slice, size: int) -> slice:
    """Return rows or columns and what is beside them: a silhouette there counts."""
    return slice(max(0, span.start - MARGIN), min(size, span.stop + MARGIN))


def _gained(plate: Plate, stops: FloatArray, rows: slice, columns: slice, card: Card) -> FloatArray:
    """Return the look's stops for the plate as it is, 0 where it is NaN or Inf.

    The look may have seen it in another colour space, or under another exposure. Of a degrained
    plate it is the gain that counts: put on the plate with its grain, it leaves the grain there.
    """
    rgb, alpha = plate.stored(rows, columns)
    with np.errstate(all="ignore"):
        fit = usable(rgb, alpha)
        if plate.space != plate.target or plate.exposure:
            brighter = np.float32(2**plate.exposure)
            seen = plate.seen(rows, columns) * brighter
            glazed = law.apply(seen, stops, floor=card.floor) / brighter
            if plate.space != plate.target:
                glazed = colour.convert(glazed, plate.target, plate.space, plate.config)
            if not isinstance(alpha, float):
                glazed = np.where(alpha > 0, glazed * alpha, glazed)
            stops = law.derive(rgb, glazed, alpha, card.floor, card.bound)
        return np.where(fit, stops, np.float32(0))


def _finished(
    plate: Plate, stops: Stops, evened: float, matte: Pixels | None, floor: float
) -> Mapping[str, Pixels]:
    """Return the glazed planes by name, in the plate's own types."""
    fresh = {name: np.empty_like(old) for name, old in zip(plate.names, plate.rgb, strict=True)}
    everywhere = slice(0, plate.size[1])
    for rows in _strips(slice(0, plate.size[0]), plate.size[1]):
        rgb, alpha = plate.stored(rows, everywhere)
        amount = np.full(rgb.shape[1:], evened, np.float32)
        if matte is not None:
            # However bright the matte, no stronger than a job may ask: its light stays finite.
            amount = np.minimum(amount * _positive(matte[rows]), np.float32(MOST_STRENGTH))
        gains = stops[:, rows].astype(np.float32)
        glazed = law.apply(rgb, gains, amount, alpha, floor)
        touched = amount * gains != 0
        for index, (name, old) in enumerate(zip(plate.names, plate.rgb, strict=True)):
            # The plate's own bits where nothing happens: a half NaN may not survive a round trip.
            new = cast(glazed[index], old.dtype)
            fresh[name][rows] = np.where(touched[index], new, old[rows])
    return fresh


def _gain_image(plate: Plate, stops: Stops, session: Session, target: Target) -> Image:
    """Return the gain layer as a picture: half R, G, B in stops, in the plate's windows."""
    header = plate.part.attributes
    attributes = {key: header[key] for key in _CARRIED if key in header}
    attributes |= {"colorInteropID": "data", **_marks(session, target)}
    planes: dict[str, Pixels] = dict(zip("RGB", stops, strict=True))
    return Image((exr.new_part(planes, plate.part.data, plate.part.display, attributes),))


def _marks(session: Session, target: Target) -> dict[str, str]:
    """Return the attributes that say what a file was made with."""
    look = session.look
    return {
        "velatura/look": look.card.name,
        LOOK_KEY: look.digest,
        "velatura/floor": repr(look.card.floor),
        JOB_KEY: target.fingerprint,
    }


def _marked(image: Image, marks: Mapping[str, str]) -> Image:
    first = replace(image.parts[0], attributes={**image.parts[0].attributes, **marks})
    return replace(image, parts=(first, *image.parts[1:]))


def _positive(matte: Pixels) -> FloatArray:
    """Return a matte as the law takes it: 0 where it is negative (filter rings), NaN or Inf."""
    finite = np.nan_to_num(matte.astype(np.float32), nan=0, posinf=0, neginf=0)
    return np.maximum(finite, 0)


def _strips(rows: slice, width: int) -> Iterator[slice]:
    step = max(1, _STRIP // width)
    for start in range(rows.start, rows.stop, step):
        yield slice(start, min(start + step, rows.stop))


def _stop_if(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise CancelledError("The job was stopped on request")
