"""Passes in files of their own beside the plate's: a roto matte as an id pass, say.

``--passes id=roto.####.exr`` takes for each plate the file of the same number.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from velatura.channels import dump_overrides, parse_overrides
from velatura.errors import FrameError, PassError
from velatura.image import exr
from velatura.image.numbered import Pattern, names_files, number_of
from velatura.image.planes import Image, Part, Plane

PREFIX = "files."
"""Before the names of planes from another file, beside the plate's own."""


def beside(plate: Path, passes: str) -> list[Path]:
    """Return the files that a plate's passes are read from, but the plate itself.

    Args:
        plate: the plate's file.
        passes: as `velatura.channels.parse_overrides` takes them.

    Raises:
        PassError, FrameError: as `parse_overrides` and `file_of`.
    """
    named = parse_overrides(passes).values()
    return [file_of(str(plate), pattern) for pattern in named if names_files(pattern)]


def rooted(root: Path, passes: str) -> str:
    """Return passes whose files are seen from a folder; what names a layer stays as it is.

    Raises:
        PassError: as `parse_overrides`.
    """
    named = parse_overrides(passes).items()
    return dump_overrides({n: str(root / of) if names_files(of) else of for n, of in named})


def folders(passes: str) -> list[Path]:
    """Return the folders of files that passes are read from.

    Raises:
        PassError: as `parse_overrides`.
    """
    return [Path(of).parent for of in parse_overrides(passes).values() if names_files(of)]


def file_of(plate: str, pattern: str) -> Path:
    """Return the file of a pattern, or its only one, that belongs to a plate.

    Raises:
        FrameError: there is none of the plate's number.
    """
    files = Pattern.parse(pattern)
    number = files.single
    if number is None:
        number = files.written(number_of(plate))
    path = files.path(number)
    if not path.is_file():
        raise FrameError(
            f"There is no file {path} with a pass of {plate}",
            do="Number it as the plate is, and give it a file for each frame",
        )
    return path


def read(plate: Image, pattern: str) -> Image:
    """Return the picture of a plate's pass.

    Raises:
        FrameError: as `file_of`.
        ImageError: it cannot be read.
        PassError: it is not of the plate's size.
    """
    image = exr.read(file_of(plate.source, pattern))
    sizes = [(p.display.width, p.display.height) for p in (image.parts[0], plate.parts[0])]
    if sizes[0] != sizes[1]:
        (width, height), wanted = sizes
        raise PassError(
            f"{image.source} is not of its plate's size",
            found=f"{width}x{height}, not {wanted[0]}x{wanted[1]}",
        )
    return image


def joined(plate: Image, other: Image) -> Image:
    """Return a plate with the planes of another picture behind its own, `PREFIX` before them."""
    named = {id(plane): name for _, name, plane in other.planes()}

    def renamed(part: Part) -> Part:
        planes = (Plane(PREFIX + named[id(plane)], plane.pixels) for plane in part.planes)
        return replace(part, planes=tuple(planes))

    return replace(plate, parts=plate.parts + tuple(map(renamed, other.parts)))
