"""The gain layer: a look's stops for one frame as an EXR picture, and what marks say made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from velatura.fingerprint import DIGEST_KEY, JOB_KEY
from velatura.image import exr
from velatura.image.planes import FloatArray, Image, Part, Pixels, Window

Stops = npt.NDArray[np.float16]
"""A gain layer, ``(3, H, W)`` half, stops: what is baked and what the law is applied with."""

LOOK_KEY = "velatura/look"
"""Header attribute: the look's name. Its file's SHA-256 is `velatura.fingerprint.DIGEST_KEY`."""

FLOOR_KEY, STRENGTH_KEY = "velatura/floor", "velatura/strength"
"""Header attributes: the look's floor, and of a finished picture only, the strength asked for."""

_CARRIED = (  # of the plate's header
    *("pixelAspectRatio", "screenWindowCenter", "screenWindowWidth"),
    *("framesPerSecond", "timeCode"),
)


@dataclass(frozen=True)
class Marks:
    """What a file was made with, as its header says it.

    Attributes:
        look: the look's name.
        digest: SHA-256 of the look's file, hexadecimal.
        floor: the look's floor ``k``, scene-linear.
        job: the fingerprint of plate, look and settings, see `velatura.fingerprint`.
        strength: of a finished picture; None in a gain layer, which is made at every strength.
    """

    look: str
    digest: str
    floor: float
    job: str
    strength: float | None = None

    def attributes(self) -> dict[str, str]:
        """Return the header attributes that hold the marks."""
        marks = {
            LOOK_KEY: self.look,
            DIGEST_KEY: self.digest,
            FLOOR_KEY: repr(self.floor),
            JOB_KEY: self.job,
        }
        return marks if self.strength is None else {**marks, STRENGTH_KEY: f"{self.strength:g}"}


def picture(
    stops: Stops, data: Window, display: Window, header: Mapping[str, Any], marks: Marks
) -> Image:
    """Return a gain layer as a picture, half R, G and B: the inverse of `stops_of`.

    Args:
        stops: ``(3, H, W)`` half, as large as ``data``.
        data: the plate's data window.
        display: the plate's display window.
        header: the plate's attributes; pixel aspect, screen window and time go along.
        marks: what it was made with.
    """
    attributes = {key: header[key] for key in _CARRIED if key in header}
    attributes |= {"colorInteropID": "data", **marks.attributes()}
    planes: dict[str, Pixels] = dict(zip("RGB", stops, strict=True))
    return Image((exr.new_part(planes, data, display, attributes),))


def of_views(layers: Mapping[str, tuple[Stops, Part]], marks: Marks) -> Image:
    """Return the gain layer of a picture with several views, as `velatura.plate.views` has them.

    Args:
        layers: by view, the main one first: stops, and the part that its beauty lies in.
        marks: what it was made with.
    """
    made = {
        view: picture(stops, part.data, part.display, part.attributes, marks).parts[0]
        for view, (stops, part) in layers.items()
    }
    first = next(iter(made.values()))
    if len(made) == 1:
        return Image((first,))
    alike = all((part.data, part.display) == (first.data, first.display) for part in made.values())
    if not alike:  # planes of a part share their windows
        parts = (
            replace(part, name=view, attributes={**part.attributes, "view": view})
            for view, part in made.items()
        )
        return Image(tuple(parts))
    others = list(made.items())[1:]
    named = (replace(p, name=f"{view}.{p.name}") for view, part in others for p in part.planes)
    attributes = {**first.attributes, "multiView": list(made)}
    return Image((replace(first, planes=(*first.planes, *named), attributes=attributes),))


def stops_of(image: Image) -> FloatArray:
    """Return the stops that a gain layer holds, ``(3, H, W)`` float32: the inverse of `picture`.

    Raises:
        PassError: a picture without R, G or B.
    """
    return np.stack([image.find(name)[1].pixels for name in "RGB"], dtype=np.float32)


def marked(image: Image, marks: Marks) -> Image:
    """Return a picture whose first part says what it was made with."""
    first = image.parts[0]
    first = replace(first, attributes={**first.attributes, **marks.attributes()})
    return replace(image, parts=(first, *image.parts[1:]))
