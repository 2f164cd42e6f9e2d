"""The views of a stereo picture: which there are, and one of them as a picture of its own.

OpenEXR's convention: ``multiView`` in the header lists the views; the first one's channels have
their usual names, the others' have the view's name in front, ``right.R``. In files of many parts,
each part's header may say its ``view``. Files that say neither are stereo where their parts, or the
fronts of their channels' names, are called left and right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from velatura.errors import PassError
from velatura.image.planes import Image, Part, Plane

_LIST, _OWN = "multiView", "view"  # header attributes
_EYES = ("left", "right")
_RGB = {"R", "G", "B"}


def names(image: Image) -> tuple[str, ...]:
    """Return the views of a picture, the main one first; none where it is not stereo."""
    listed = image.parts[0].attributes.get(_LIST)
    views = tuple(map(str, listed)) if isinstance(listed, (list, tuple)) else ()
    own = (str(part.attributes.get(_OWN, "")) for part in image.parts)
    found = dict.fromkeys([*views, *filter(None, own)])
    return tuple(found or _eyes(image)) if len(found) != 1 else ()


def _eyes(image: Image) -> list[str]:
    """Return left and right as a file that does not say that it is stereo spells them; else none.

    Each has red, green and blue: as a part of that name, or as channels with it in front. Where
    there is another picture without a name, they may be lights called left and right.
    """
    whole = [part.name for part in image.parts if {p.name for p in part.planes} >= _RGB]
    if not whole:
        names = [plane.name for part in image.parts for plane in part.planes]
        fronts = [name.removesuffix(".R") for name in names if name.endswith(".R")]
        fronts = [front for front in fronts if front.casefold() in _EYES]
        whole = [front for front in fronts if {f"{front}.{last}" for last in _RGB} <= set(names)]
    return whole if sorted(map(str.casefold, whole)) == sorted(_EYES) else []


def _view_of(part: Part, views: tuple[str, ...]) -> str | None:
    """Return the view that a part belongs to; None where it belongs to each."""
    own = part.attributes.get(_OWN)
    return part.name if own is None and part.name in views else own


def chosen(image: Image, wanted: str) -> tuple[str, ...]:
    """Return those views of a picture that are wanted; ``("",)`` where it has only one.

    Args:
        image: the picture.
        wanted: names with commas between; empty for all there are.

    Raises:
        PassError: it has no such view.
    """
    there = names(image)
    asked = tuple(filter(None, map(str.strip, wanted.split(","))))
    if unknown := [name for name in asked if name not in there]:
        raise PassError(
            f"{image.source} has no view {', '.join(unknown)}",
            found=", ".join(there) or "one view, without a name",
            do="Name those there are with --views, or omit it",
        )
    return asked or there or ("",)


def of(image: Image, view: str) -> Image:
    """Return one view as a picture: its channels by their usual names, pixels not copied.

    Parts that belong to no view belong to each. The picture itself where ``view`` is "".
    """
    if not view:
        return image
    views = names(image)
    others = tuple(f"{name}." for name in views if name != view)
    parts = []
    for part in image.parts:
        own = _view_of(part, views)
        if own is not None and own != view:
            continue
        planes = tuple(_planes(part, view, others, main=own is not None or view == views[0]))
        if planes:
            parts.append(replace(part, planes=planes))
    return Image(tuple(parts), image.source)


def merged(image: Image, view: Image, fresh: Image) -> Image:
    """Return a picture with the planes of one view exchanged.

    Args:
        image: the picture.
        view: one of its views, as `of` gives it.
        fresh: the same view with other planes.
    """
    if view is image:
        return fresh
    pairs = zip(view.planes(), fresh.planes(), strict=True)
    known = {id(old.pixels): new for (_, _, old), (_, _, new) in pairs}

    def exchanged(plane: Plane) -> Plane:
        new = known.get(id(plane.pixels))
        same = new is None or new.pixels is plane.pixels
        return plane if same or new is None else Plane(plane.name, new.pixels, new.lossy)

    parts = (replace(part, planes=tuple(map(exchanged, part.planes))) for part in image.parts)
    return replace(image, parts=tuple(parts))


def _planes(part: Part, view: str, others: tuple[str, ...], *, main: bool) -> Iterator[Plane]:
    for plane in part.planes:
        if plane.name.startswith(f"{view}."):
            yield replace(plane, name=plane.name.removeprefix(f"{view}."))
        elif main and not plane.name.startswith(others):
            yield plane
