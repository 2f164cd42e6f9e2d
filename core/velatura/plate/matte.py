"""The matte of a job: where the look goes, from a channel of the plate or from a file."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

import numpy as np

from velatura.channels import component
from velatura.errors import ImageError, PassError
from velatura.image import movies
from velatura.image.numbered import Pattern
from velatura.image.planes import Image, Part, Pixels, Window, place
from velatura.plate import flat, formats

_CHANNELS = ("R", "Y", "A")  # of a mask file, the first that is there
_LARGEST = 2**25  # px of a mask, whatever the plate: 8K
_ASPECT = 0.01  # how far the shape of a mask may be off, as a part: rounded sizes are

log = logging.getLogger(__name__)


def file_channel(mask: str) -> tuple[str, str]:
    """Return the file or files that a job's mask names, and the channel: ``FILE:CHANNEL``.

    The channel is "" where none is named.
    """
    file, _, channel = mask.rpartition(":")
    whole = not file or movies.named(mask) is not None or Path(mask).is_file()
    if whole or "/" in channel or "\\" in channel:  # the latter is C:\matte.png
        return mask, ""
    return file, channel


def like_file(text: str) -> bool:
    """Say whether a mask's name, without a channel, can only be a file's: `matte.R` is none."""
    path = Path(text)
    endings = (".exr", *formats.STILLS, *movies.SUFFIXES)
    return path.name != text or path.suffix.lower() in endings or Pattern.parse(text).single is None


def file_in(root: Path, mask: str) -> Path | None:
    """Return the file, files or folder that a job's mask names, as seen from a folder.

    Args:
        root: what the name is relative to, if it is not whole.
        mask: as `velatura.job.Job.mask` has it; its channel stays behind it.

    Returns:
        None for a channel of the plate, and for no mask.
    """
    text, channel = file_channel(mask)
    named = mask and (channel or like_file(text) or (root / text).exists())
    return root / mask if named else None


def of_plate(image: Image, name: str, beauty: Part) -> Pixels:
    """Return the plate's channel ``name`` over the beauty's data window, 0 outside its own.

    Raises:
        PassError: there is no such channel.
    """
    if name not in image.names:
        raise PassError(
            f"{image.source} has no channel {name} for a mask",
            found=", ".join(image.names),
            do="Name one of these with --mask, or a file or folder: roto.####.exr, roto/",
        )
    part, plane = image.find(name)
    return place(plane.pixels, part.data, beauty.data)


def of_file(path: Path, channel: str, beauty: Part) -> Pixels:
    """Return a mask file over the beauty's data window, ``(H, W)``, 0 outside its own.

    A mask of another size is scaled if its shape is the plate's.

    Args:
        path: any format.
        channel: of the file; empty: red, or alpha if red, green and blue are the same everywhere.
        beauty: the part of the plate's beauty.

    Raises:
        ImageError: no picture, or not of the plate's shape.
        PassError: no such channel, or an EXR of several channels, none of them R, Y or A.
    """
    shown = beauty.display
    _demand_size(path, shown)
    image = formats.read(path, told=True)  # coverage has no colour: a profile bends nothing
    name = _named(image, channel) if channel else _usual(image)
    part, plane = image.find(name)
    pixels, window, format_ = plane.pixels, part.data, part.display
    if not formats.is_exr(path):
        window = format_ = Window(shown.x, shown.y, format_.width, format_.height)
    if (format_.width, format_.height) != (shown.width, shown.height):
        pixels, window = _scaled(path, place(pixels, window, format_), shown), shown
    return place(pixels, window, beauty.data)


def _demand_size(path: Path, shown: Window) -> None:
    """Raise ImageError if a mask is far larger than the plate, before it is decoded.

    Of zeros, 300 kilobytes decode to a gigabyte.
    """
    found = formats.extent(path)
    if found.pixels > max(_LARGEST, flat.LARGER * shown.width * shown.height):
        raise ImageError(
            f"The mask {path} is far larger than the plate",
            found=f"{found.width}x{found.height}, plate {shown.width}x{shown.height}",
            do="Render it at the plate's size",
        )


def _named(image: Image, channel: str) -> str:
    wanted = channel.rpartition(".")
    for name in image.names:
        layer, _, last = name.rpartition(".")
        if name == channel or (layer, component(last)) == (wanted[0], component(wanted[2])):
            return name
    raise PassError(
        f"The mask {image.source} has no channel {channel}",
        found=", ".join(image.names),
        do="Name one of these behind the file, as in matte.exr:A",
    )


def _usual(image: Image) -> str:
    names = image.names
    known = [n for last in _CHANNELS for n in names if n.rpartition(".")[2].upper() == last]
    if not known and len(names) != 1:
        raise PassError(
            f"The mask {image.source} has no R, Y or A",
            found=", ".join(names),
            do="Name its channel behind the file, as in matte.exr:matte.X",
        )
    if "A" in names and _flat(image) and not _one_value(image.find("A")[1].pixels):
        _tell_alpha(Path(image.source).parent)
        return "A"
    bare = [name for name in known if "." not in name]
    chosen = (bare or known or names)[0]
    layers = dict.fromkeys(name.rpartition(".")[0] for name in known)
    if not bare and len(layers) > 1:
        _tell_layers(Path(image.source).parent, chosen, ", ".join(layers))
    return chosen


def _flat(image: Image) -> bool:
    """Say whether red, green and blue are each the same everywhere."""
    there = [name for name in ("R", "G", "B", "Y") if name in image.names]
    return all(_one_value(image.find(name)[1].pixels) for name in there)


def _one_value(pixels: Pixels) -> bool:
    return bool((pixels == pixels.flat[0]).all())


def _scaled(path: Path, pixels: Pixels, shown: Window) -> Pixels:
    import OpenImageIO as oiio  # noqa: N813  # the name its documentation uses

    height, width = pixels.shape
    if abs(width * shown.height / (height * shown.width) - 1) > _ASPECT:
        raise ImageError(
            f"The mask {path} does not have the plate's shape",
            found=f"{width}x{height}, the plate is {shown.width}x{shown.height}",
            do="Render the mask as the plate is framed",
        )
    _tell_scaled(path.parent, f"{width}x{height}", f"{shown.width}x{shown.height}")
    source = oiio.ImageBuf(np.ascontiguousarray(pixels[..., None], np.float32))
    roi = oiio.ROI(0, shown.width, 0, shown.height, 0, 1, 0, 1)
    scaled = oiio.ImageBufAlgo.resize(source, filtername="triangle", roi=roi)
    return np.asarray(scaled.get_pixels(oiio.FLOAT))[..., 0]


@lru_cache
def _tell_alpha(folder: Path) -> None:
    log.warning(
        "The mask in %s has nothing in red, green and blue: its alpha is taken. Another channel is "
        "named behind the file, as in matte.exr:R",
        folder,
    )


@lru_cache
def _tell_layers(folder: Path, chosen: str, layers: str) -> None:
    log.warning(
        "The mask in %s holds several layers, %s: %s is taken. Another channel is named behind the "
        "file, as in matte.exr:matte.R",
        *(folder, layers, chosen),
    )


@lru_cache
def _tell_scaled(folder: Path, before: str, after: str) -> None:
    log.warning("The mask in %s is scaled from %s to the plate's %s", folder, before, after)
