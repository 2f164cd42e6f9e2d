"""One frame: the plate goes in, its gain layer and its finished picture come out.

Only red, green and blue are ever touched; every other channel, part, window and attribute is
carried over as it was read. The finished picture is made from the very gain layer that a host
would read, so that the two agree. All arithmetic runs in strips of rows, so that a frame costs
little more memory than its own pixels and the network's budget.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from velatura import strength
from velatura.apply import delivery
from velatura.apply.delivery import Encoding
from velatura.apply.feed import Feed
from velatura.apply.halves import narrow
from velatura.apply.notices import About
from velatura.apply.picture import finished
from velatura.apply.session import Session
from velatura.apply.targets import Frame, Target
from velatura.apply.tile import tiles
from velatura.carry.paint import shown
from velatura.errors import BrokenLookError, LookError
from velatura.gain import law, layer
from velatura.gain.layer import Marks, Stops
from velatura.image import exr
from velatura.image.planes import FloatArray, Image, Pixels, strips
from velatura.job import Job
from velatura.look import Card
from velatura.plate import beauty, colour, formats, views
from velatura.plate import matte as mask
from velatura.plate.plate import Plate, usable
from velatura.plate.reading import Reading
from velatura.system.stopping import stop_if

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Glazed:
    """What became of a frame.

    Attributes:
        written: its new files.
        about: what there is to say about it.
        seconds: how long it took.
    """

    written: tuple[Path, ...] = ()
    about: About = field(default_factory=About)
    seconds: float = 0.0


@dataclass(frozen=True)
class Loaded:
    """A frame's pictures, decoded.

    Attributes:
        image: the plate's picture.
        views: what is glazed of it; one of a picture that is not stereo.
    """

    image: Image
    views: tuple[View, ...]

    @property
    def plate(self) -> Plate:
        """The main view's plate."""
        return self.views[0].feed.plate

    def about(self, card: Card) -> About:
        """Return what there is to say about the frame before it is glazed."""
        plate = self.plate
        glazed = {view.name for view in self.views}
        unused = [name for name in views.names(self.image) if name not in glazed]
        unused += beauty.others(plate.image, plate.names)
        return About(
            plate.guides.lacking(card.passes), plate.layers, "", plate.brighter(), tuple(unused)
        )


@dataclass(frozen=True)
class View:
    """One view of a frame.

    Attributes:
        name: "" of a picture that is not stereo.
        feed: its plate, as the look will see it; painted keys are not there yet.
        matte: ``(H, W)`` over the plate's data window; None where the look goes everywhere.
    """

    name: str
    feed: Feed
    matte: Pixels | None


def encoding_of(plate: Path, job: Job) -> Encoding:
    """Return how a job's finished pictures are encoded for other formats, by one of its plates.

    Raises:
        ImageError, PassError, ColourError: as `load`.
    """
    image = formats.read(plate, told=bool(job.space))
    view = views.chosen(image, job.views)[0]
    return Encoding.of(Plate.of(views.of(image, view), _reading(job)), job.deliver, view)


@lru_cache
def _tell_one_view(folder: Path, kind: str, view: str, others: str) -> None:
    log.warning(
        "Of the stereo plates in %s, --as %s writes one view, %s. --views takes another: %s",
        *(folder, kind, view, others),
    )


def _reading(job: Job) -> Reading:
    return Reading(job.layer, job.passes, job.space, job.config, job.premultiplied)


def load(frame: Frame, job: Job, card: Card) -> Loaded:
    """Return a frame's plate, and its matte where it has one and needs it.

    Raises:
        ImageError, PassError, ColourError: as `glaze`.
    """
    reading = _reading(job)
    image = formats.read(frame.plate, told=bool(job.space))

    def view(name: str) -> View:
        plate = Plate.of(views.of(image, name), reading)
        matte = _matte(image, plate, job, frame) if frame.picture else None
        return View(name, Feed.of(plate, card, job), matte)

    first, *others = views.chosen(image, job.views)
    if others and job.deliver:
        _tell_one_view(frame.plate.parent, job.deliver, first, ", ".join(others))
    return Loaded(image, tuple(map(view, (first, *others))))


def glaze(
    frame: Frame,
    loaded: Loaded,
    job: Job,
    session: Session,
    budget: int,
    cancelled: Callable[[], bool] = lambda: False,
) -> Glazed:
    """Write one frame's gain layer and finished picture, each whole or not at all.

    Args:
        frame: the files.
        loaded: the frame's pictures.
        job: the strength that is asked for.
        session: the loaded look.
        budget: memory of the network, in bytes.
        cancelled: asked between tiles and before each file.

    Raises:
        ImageError, PassError, ColourError, LookError: the frame or the look does not fit.
        StorageError: a file cannot be written.
        CancelledError: ``cancelled`` said yes, or the session was terminated.
    """
    card, plate = session.card, loaded.plate
    why = misfit(loaded.views[0].feed, session, frame)
    amount = strength.even(() if job.raw_strength else card.strength_lut, job.strength)
    layers, picture = {}, loaded.image
    for view in loaded.views:
        feed = view.feed.carrying(session.carry, None if why else frame.number)
        try:
            stops = bake(feed, session, budget, cancelled)
        except BrokenLookError:
            raise
        except LookError as error:  # of this frame's light or passes: the probe had neither
            what = f"{frame.plate}: {error.what}"
            raise LookError(what, found=error.found, do=error.do) from error
        layers[view.name] = stops, feed.plate.part
        if frame.picture:
            glazed = finished(feed.plate, stops, amount, view.matte, card.floor)
            picture = views.merged(picture, views.of(picture, view.name), glazed)
    written = []
    if frame.gain:
        stop_if(cancelled)
        exr.write(frame.gain.path, layer.of_views(layers, _marks(session, frame.gain)))
        written.append(frame.gain.path)
    if frame.picture:
        stop_if(cancelled)
        marks = _marks(session, frame.picture, job.strength)
        exr.write(frame.picture.path, layer.marked(picture, marks))
        written.append(frame.picture.path)
    if frame.delivered and frame.picture:
        stop_if(cancelled)
        delivery.still(
            frame.delivered, picture, Encoding.of(plate, job.deliver, loaded.views[0].name)
        )
        written.append(frame.delivered)
    return Glazed(tuple(written), replace(loaded.about(card), misfit=why))


def misfit(feed: Feed, session: Session, frame: Frame) -> str:
    """Return why a shot look's painted keys do not belong into this frame; empty if they do."""
    if session.carry is None:
        return ""
    height, width = feed.plate.size
    sights = (feed.sight(rows, slice(0, width)) for rows in strips(slice(0, height), width))
    reason = session.carry.misfit(frame.number, sights)
    if reason and not session.card.free:
        raise LookError(
            f"{frame.plate} is not of the shot that {session.card.name} was painted for",
            found=reason,
            do="Put it on its own shot, with the passes it had there, or train a look for this one",
        )
    return reason


def _marks(session: Session, target: Target, amount: float | None = None) -> Marks:
    """Return what a file is marked with; ``amount`` is the strength of a finished picture."""
    card = session.card
    return Marks(card.name, session.digest, card.floor, target.fingerprint, amount)


def _matte(image: Image, plate: Plate, job: Job, frame: Frame) -> Pixels | None:
    """Return the job's mask over the plate's data window; None where the look goes everywhere."""
    if frame.mask is not None:
        return mask.of_file(frame.mask, frame.channel, plate.part)
    if not job.mask:
        return None
    own = job.mask in plate.image.names  # of this view; else one matte holds for all
    return mask.of_plate(plate.image if own else image, job.mask, plate.part)


def bake(
    feed: Feed, session: Session, budget: int, cancelled: Callable[[], bool] = lambda: False
) -> Stops:
    """Return the plate's gain layer, 0 where the plate is NaN or Inf.

    Args:
        feed: the plate as the look sees it.
        session: the loaded look.
        budget: memory of the network, in bytes; it decides the tiles, and no bit of the answer.
        cancelled: asked between tiles.

    Raises:
        LookError, MachineError, CancelledError: as `glaze`.
    """

    def fetch(rows: slice, columns: slice, rgb: FloatArray) -> FloatArray | None:
        stop_if(cancelled)
        for strip in strips(rows, columns.stop - columns.start):
            inside = slice(strip.start - rows.start, strip.stop - rows.start)
            rgb[:, inside] = feed.light(strip, columns)
        painted = feed.painted(rows, columns)
        if painted is not None and painted.cover is not None:
            cover[rows, columns] = painted.cover
        return feed.guides(rows, columns, painted)

    cover = np.ones(feed.plate.size if feed.layered else (0, 0), np.float32)
    baked = np.empty((3, *feed.plate.size), np.float16)
    for (rows, columns), tile in tiles(session, *feed.plate.size, fetch, budget):
        for strip in strips(rows, columns.stop - columns.start):
            stops = tile[:, strip.start - rows.start : strip.stop - rows.start]
            if feed.layered:
                stops = stops * shown(cover[strip, columns])
            gained = _gained(feed, stops, strip, columns)
            baked[:, strip, columns] = narrow(gained, bounded=True)
    return baked


def _gained(feed: Feed, stops: FloatArray, rows: slice, columns: slice) -> FloatArray:
    """Return the look's stops for the plate as it is, 0 where it is NaN or Inf.

    The look may have seen it in another colour space, or under another exposure. Of a degrained
    plate it is the gain that counts: put on the plate with its grain, it leaves the grain there.
    """
    plate, card = feed.plate, feed.card
    as_seen = plate.space == feed.space and not feed.exposure
    if as_seen and plate.plain(rows, columns):
        return stops
    rgb, alpha = plate.stored(rows, columns)
    with np.errstate(all="ignore"):
        fit = usable(rgb, alpha)
        if not as_seen:
            brighter = np.float32(2**feed.exposure)
            seen = feed.seen(rows, columns) * brighter
            raised = law.raised(seen, stops, 1.0, card.floor, card.bound)
            glazed = law.apply(seen, raised, floor=card.floor) / brighter
            if plate.space != feed.space:
                glazed = colour.convert(glazed, feed.space, plate.space, plate.config)
            if not isinstance(alpha, float):
                glazed = np.where(alpha > 0, glazed * alpha, glazed)
            stops = law.derive(rgb, glazed, alpha, card.floor, card.bound)
        else:
            stops = law.raised(rgb, stops, alpha, card.floor, card.bound)
        return np.where(fit, stops, np.float32(0))
