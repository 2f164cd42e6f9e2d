"""The matte of a job: where the look goes, from a channel of the plate or from a file."""

from __future__ import annotations

from pathlib import Path

from velatura.errors import ImageError, PassError
from velatura.image import exr
from velatura.image.planes import Image, Part, Pixels, Window, place
from velatura.plate import flat

_CHANNELS = ("R", "Y", "A")  # of a mask file, the first that is there


def of_plate(image: Image, name: str, beauty: Part) -> Pixels:
    """Return the plate's channel ``name`` over the beauty's data window, 0 outside its own.

    Raises:
        PassError: there is no such channel.
    """
    part, plane = image.find(name)
    return place(plane.pixels, part.data, beauty.data)


def of_file(path: Path, beauty: Part) -> Pixels:
    """Return a mask file over the beauty's data window, ``(H, W)``, 0 outside its own.

    Raises:
        ImageError: no picture, or not of the plate's format.
        PassError: an EXR of several channels, none of them R, Y or A.
    """
    shown = beauty.display
    if path.suffix.lower() == ".exr":
        image = exr.read(path)
        part, plane = image.find(_channel(image))
        pixels, window, format_ = plane.pixels, part.data, part.display
    else:
        pixels = flat.read_rgb(path).rgb[..., 0]
        window = format_ = Window(shown.x, shown.y, pixels.shape[1], pixels.shape[0])
    if (format_.width, format_.height) != (shown.width, shown.height):
        raise ImageError(
            f"The mask {path} is not of the plate's size",
            found=f"{format_.width}x{format_.height}, the plate is {shown.width}x{shown.height}",
        )
    return place(pixels, window, beauty.data)


def _channel(image: Image) -> str:
    names = image.names
    known = [n for last in _CHANNELS for n in names if n.rpartition(".")[2].upper() == last]
    if not known and len(names) != 1:
        raise PassError(f"The mask {image.source} has no R, Y or A", found=", ".join(names))
    return (known or names)[0]
