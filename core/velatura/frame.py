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

from velatura import colour, exr, gain, passes, picture
from velatura.errors import CancelledError, ImageError, PassError
from velatura.image import FloatArray, Image, Part, Pixels, Window, cast, place
from velatura.job import Job
from velatura.look import Card
from velatura.session import Session
from velatura.tile import tiles

Stops = npt.NDArray[np.float16]
"""A gain layer, ``(3, H, W)`` half, stops: what is baked and what the law is applied with."""

JOB_KEY = "velatura/job"
"""Header attribute with the fingerprint of what a file was made from."""

_STRIP = 2**17  # px worked on at a time, so that temporaries stay in the processor's cache
_CARRIED = (  # of the plate's header, into the gain layer's
    *("pixelAspectRatio", "screenWindowCenter", "screenWindowWidth"),
    *("framesPerSecond", "timeCode"),
)
_MASK_CHANNELS = ("R", "Y", "A")  # of a mask file, the first that is there


@dataclass(frozen=True)
class Target:
    """A file to write: its final name, and the fingerprint of what it is made from."""

    path: Path
    fingerprint: str


@dataclass(frozen=True)
class Frame:
    """One frame's files.

    Attributes:
        plate: the picture to glaze.
        mask: a file that says where; None where the job has no mask file.
        gain: the gain layer to write, or None.
        picture: the finished picture to write, or None.
    """

    plate: Path
    mask: Path | None
    gain: Target | None
    picture: Target | None


def glaze(
    frame: Frame,
    job: Job,
    session: Session,
    budget: int,
    cancelled: Callable[[], bool] = lambda: False,
) -> list[Path]:
    """Write one frame's gain layer and finished picture, each whole or not at all.

    Args:
        frame: the files.
        job: strength, mask, layer and colour space.
        session: the loaded look.
        budget: memory of the network, in bytes.
        cancelled: asked between tiles and before each file.

    Returns:
        What was written.

    Raises:
        ImageError, PassError, ColourError, LookError: the frame or the look does not fit.
        StorageError: a file cannot be written.
        CancelledError: ``cancelled`` said yes, or the session was terminated.
    """
    image = exr.read(frame.plate)
    plate = _Plate.of(image, job, session.look.card)
    mask = _mask(plate, job, frame.mask) if frame.picture else None
    stops = _bake(plate, session, budget, cancelled)
    written = []
    if frame.gain:
        _stop_if(cancelled)
        exr.write(frame.gain.path, _gain_image(plate, stops, session, frame.gain))
        written.append(frame.gain.path)
    if frame.picture:
        _stop_if(cancelled)
        finished = _finished(plate, stops, job.strength, mask, session.look.card.floor)
        marks = {**_marks(session, frame.picture), "velatura/strength": f"{job.strength:g}"}
        exr.write(frame.picture.path, _marked(image.replace(finished), marks))
        written.append(frame.picture.path)
    return written


@dataclass(frozen=True)
class _Plate:
    """The plate's planes, found once; ``space`` is its colour space, ``target`` the look's."""

    image: Image
    part: Part
    names: tuple[str, str, str]
    rgb: tuple[Pixels, Pixels, Pixels]
    alpha: Pixels | None
    space: str
    target: str

    @classmethod
    def of(cls, image: Image, job: Job, card: Card) -> _Plate:
        beauty = passes.pick_beauty(image, job.layer)
        part = image.find(beauty.rgb[0])[0]
        red, green, blue = (image.find(name)[1].pixels for name in beauty.rgb)
        alpha = image.find(beauty.alpha)[1].pixels if beauty.alpha else None
        if {red.dtype.kind, green.dtype.kind, blue.dtype.kind} != {"f"}:
            raise PassError(
                f"{image.source}: {', '.join(beauty.rgb)} hold whole numbers, not light",
                do="Name the layer to glaze with --layer",
            )
        space = colour.space_of(part.attributes, job.space)
        target = colour.canonical(card.colour_space)
        return cls(image, part, beauty.rgb, (red, green, blue), alpha, space, target)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the data window, px."""
        return self.part.data.height, self.part.data.width

    def stored(self, rows: slice, columns: slice) -> tuple[FloatArray, FloatArray | float]:
        """Return ``(3, h, w)`` pixels as stored (premultiplied) and ``(h, w)`` alpha, or 1."""
        rgb = np.stack([plane[rows, columns] for plane in self.rgb]).astype(np.float32, copy=False)
        if self.alpha is None:
            return rgb, 1.0
        return rgb, self.alpha[rows, columns].astype(np.float32)

    def seen(self, rows: slice, columns: slice) -> FloatArray:
        """Return what the network sees: ``(3, h, w)`` unpremultiplied, finite, in its space.

        NaN and Inf are seen as black. Where alpha is 0 there is nothing to divide by: light that
        is added there (fire, glows) is seen as it is.
        """
        rgb, alpha = self.stored(rows, columns)
        with np.errstate(all="ignore"):
            rgb[:, ~_usable(rgb, alpha)] = 0
            if not isinstance(alpha, float):
                np.divide(rgb, alpha, out=rgb, where=alpha > 0)
            seen = np.clip(rgb, -gain.HALF_MAX, gain.HALF_MAX)
            if self.space != self.target:
                seen = colour.convert(seen, self.space, self.target)
                seen = np.clip(np.nan_to_num(seen), -gain.HALF_MAX, gain.HALF_MAX)
        return seen

    def guides(self, rows: slice, columns: slice, card: Card) -> FloatArray | None:
        """Return the ``(G, h, w)`` guides that the look reads, 0 for those that are not there."""
        if not card.guides:
            return None
        data = self.part.data
        height, width = rows.stop - rows.start, columns.stop - columns.start
        window = Window(data.x + columns.start, data.y + rows.start, width, height)
        found = passes.pick_guides(self.image, card.guides, window=window)
        return passes.stack_guides(found, card.guides, height, width)


def _bake(plate: _Plate, session: Session, budget: int, cancelled: Callable[[], bool]) -> Stops:
    """Return the plate's gain layer, 0 where the plate is NaN or Inf."""
    card = session.look.card

    def fetch(rows: slice, columns: slice) -> tuple[FloatArray, FloatArray | None]:
        _stop_if(cancelled)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        rgb = np.empty((3, height, width), np.float32)
        for strip in _strips(rows, width):
            inside = slice(strip.start - rows.start, strip.stop - rows.start)
            rgb[:, inside] = plate.seen(strip, columns)
        return rgb, plate.guides(rows, columns, card)

    baked = np.empty((3, *plate.size), np.float16)
    for (rows, columns), tile in tiles(session, *plate.size, fetch, budget):
        for strip in _strips(rows, columns.stop - columns.start):
            stops = tile[:, strip.start - rows.start : strip.stop - rows.start]
            baked[:, strip, columns] = _gained(plate, stops, strip, columns, card)
    return baked


def _gained(
    plate: _Plate, stops: FloatArray, rows: slice, columns: slice, card: Card
) -> FloatArray:
    """Return the look's stops as the plate's own space has them, 0 where it is NaN or Inf."""
    rgb, alpha = plate.stored(rows, columns)
    with np.errstate(all="ignore"):
        usable = _usable(rgb, alpha)
        if plate.space != plate.target:
            seen = plate.seen(rows, columns)
            glazed = gain.apply(seen, stops, floor=card.floor)
            glazed = colour.convert(glazed, plate.target, plate.space)
            if not isinstance(alpha, float):
                glazed = np.where(alpha > 0, glazed * alpha, glazed)
            stops = gain.derive(rgb, glazed, alpha, card.floor, card.bound)
        return np.where(usable, stops, np.float32(0))


def _finished(
    plate: _Plate, stops: Stops, strength: float, mask: Pixels | None, floor: float
) -> Mapping[str, Pixels]:
    """Return the glazed planes by name, in the plate's own types."""
    fresh = {name: np.empty_like(old) for name, old in zip(plate.names, plate.rgb, strict=True)}
    everywhere = slice(0, plate.size[1])
    for rows in _strips(slice(0, plate.size[0]), plate.size[1]):
        rgb, alpha = plate.stored(rows, everywhere)
        amount = np.full(rgb.shape[1:], strength, np.float32)
        if mask is not None:
            amount *= _finite(mask[rows])
        gains = stops[:, rows].astype(np.float32)
        glazed = gain.apply(rgb, gains, amount, alpha, floor)
        touched = amount * gains != 0
        for index, (name, old) in enumerate(zip(plate.names, plate.rgb, strict=True)):
            # The plate's own bits where nothing happens: a half NaN may not survive a round trip.
            new = cast(glazed[index], old.dtype)
            fresh[name][rows] = np.where(touched[index], new, old[rows])
    return fresh


def _gain_image(plate: _Plate, stops: Stops, session: Session, target: Target) -> Image:
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
        "velatura/digest": look.digest,
        "velatura/floor": repr(look.card.floor),
        JOB_KEY: target.fingerprint,
    }


def _marked(image: Image, marks: Mapping[str, str]) -> Image:
    first = replace(image.parts[0], attributes={**image.parts[0].attributes, **marks})
    return replace(image, parts=(first, *image.parts[1:]))


def _mask(plate: _Plate, job: Job, file: Path | None) -> Pixels | None:
    """Return the job's mask over the plate's data window, 0 outside its own; None without one."""
    if file is None:
        if not job.mask:
            return None
        part, plane = plate.image.find(job.mask)
        return place(plane.pixels, part.data, plate.part.data)
    if file.suffix.lower() == ".exr":
        image = exr.read(file)
        name = _mask_channel(image)
        part, plane = image.find(name)
        pixels, window, format_ = plane.pixels, part.data, part.display
    else:
        pixels = picture.read_rgb(file).rgb[..., 0]
        shown = plate.part.display
        window = format_ = Window(shown.x, shown.y, pixels.shape[1], pixels.shape[0])
    shown = plate.part.display
    if (format_.width, format_.height) != (shown.width, shown.height):
        raise ImageError(
            f"The mask {file} is not of the plate's size",
            found=f"{format_.width}x{format_.height}, the plate is {shown.width}x{shown.height}",
        )
    return place(pixels, window, plate.part.data)


def _mask_channel(image: Image) -> str:
    names = image.names
    known = [n for last in _MASK_CHANNELS for n in names if n.rpartition(".")[2].upper() == last]
    if not known and len(names) != 1:
        raise PassError(f"The mask {image.source} has no R, Y or A", found=", ".join(names))
    return (known or names)[0]


def _usable(rgb: FloatArray, alpha: FloatArray | float) -> npt.NDArray[np.bool_]:
    """Return ``(h, w)``: True where a pixel has no NaN or Inf in any channel."""
    usable: npt.NDArray[np.bool_] = np.isfinite(rgb).all(axis=0) & np.isfinite(alpha)
    return usable


def _finite(mask: Pixels) -> FloatArray:
    return np.nan_to_num(mask.astype(np.float32), nan=0, posinf=0, neginf=0)


def _strips(rows: slice, width: int) -> Iterator[slice]:
    step = max(1, _STRIP // width)
    for start in range(rows.start, rows.stop, step):
        yield slice(start, min(start + step, rows.stop))


def _stop_if(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise CancelledError("The job was stopped on request")
