"""Colour spaces by name, through OpenColorIO: what a plate is in, and how to get to the look's.

Without a studio's own config the one below is used, which is built into OpenColorIO.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import PyOpenColorIO as ocio  # type: ignore[import-untyped]  # noqa: N813

from velatura.errors import ColourError
from velatura.image.numbered import few
from velatura.image.planes import FloatArray
from velatura.plate import configs, primaries

CONFIG = configs.CONFIG

SCENE = "lin_rec709_scene"
"""Taken for a plate that does not say: linear, Rec.709 primaries; what Blender renders."""

PAINTED = "srgb_rec709_scene"
"""Taken for 8-bit pictures that do not say: the sRGB curve, as textures are painted."""

# What colour pictures say when they say nothing; and the names of OpenImageIO and of painting
# programs, where the config has none such. PNM files should be in Rec.709's curve, and are in sRGB.
_SAYS_NOTHING = {"", "unknown", "data"}
_OTHER_NAMES = {
    "linear": SCENE,
    "srgb": PAINTED,
    "srgb iec61966-2.1": PAINTED,
    "rec709": PAINTED,
    "display p3": "srgb_p3d65_scene",
    "adobe rgb": "g22_adobergb_scene",
    "adobe rgb (1998)": "g22_adobergb_scene",
}

_NEAR, _FEW = 4, 8  # names that an error suggests, and lists where none is near

log = logging.getLogger(__name__)


def space_of(attributes: Mapping[str, Any], flag: str = "", config: str = "") -> str:
    """Return the canonical name of a picture's colour space.

    The flag wins, then what `told` finds in the file; one that says nothing is taken for `SCENE`,
    which is logged once.

    Args:
        attributes: the header of the part that holds the beauty.
        flag: what the user says.
        config: an OCIO config: a built-in's name or a file; empty: $OCIO, else `CONFIG`.

    Raises:
        ColourError: nobody knows the space, or no space can have the primaries.
    """
    said = canonical(flag, config) if flag else told(attributes, config)
    if said:
        return said
    _say_default()
    return canonical(SCENE, config)


def told(attributes: Mapping[str, Any], config: str = "") -> str:
    """Return the colour space that a header tells, by its canonical name; empty: none.

    ``colorInteropID`` comes first, then ``chromaticities`` and ``oiio:ColorSpace``.

    Raises:
        ColourError: as `space_of`.
    """
    for name in _said(attributes):
        if name.casefold() not in _SAYS_NOTHING:
            return canonical(name, config)
    return ""


def canonical(name: str, config: str = "") -> str:
    """Return the config's own name of a colour space, given that, an alias or a role.

    What the config lacks goes by its name in the built-in config of `velatura.plate.configs`, if
    the two share a space; or by the primaries that the name holds.

    Raises:
        ColourError: there is no such space; near matches are named.
    """
    key = configs.chosen(config)
    for wanted in (name, _OTHER_NAMES.get(name.casefold(), "")):
        found = configs.find(wanted, key) if wanted else ""
        if found:
            return found
    there = configs.load(key)
    scene = there.getColorSpaceNames(ocio.SEARCH_REFERENCE_SPACE_SCENE, ocio.COLORSPACE_ACTIVE)
    shown = name.encode(errors="backslashreplace").decode()  # half a character cannot be printed
    raise ColourError(
        f"The OCIO config {key[0]} has no colour space {shown}",
        found=", ".join(_near(name, key)) or few(list(scene), _FEW),
        do="Name one of these, for example with --space, or with --config or $OCIO a config that "
        "has it",
    )


def convert(rgb: FloatArray, source: str, target: str, config: str = "") -> FloatArray:
    """Return ``(3, H, W)`` float32 in another colour space; the same object where both are one.

    Values beyond 0..1 are kept. A NaN spreads over the channels of its own pixel. Releases the
    GIL; several threads may call this at once.

    Raises:
        ColourError: nobody knows one of the spaces.
    """
    before, after = canonical(source, config), canonical(target, config)
    return rgb if before == after else run(_processor(before, after, configs.chosen(config)), rgb)


def run(way: ocio.CPUProcessor, rgb: FloatArray) -> FloatArray:
    """Return what OCIO's way makes of ``(3, H, W)`` float32."""
    converted: FloatArray = np.array(rgb, np.float32, order="C")
    _, height, width = converted.shape
    # OCIO works in place on the arrays' own memory.
    way.apply(ocio.PlanarImageDesc(*converted, width, height))
    return converted


def prefer(config: str) -> None:
    """Let a config count in this process wherever no other is named, as $OCIO does; empty: none.

    Raises:
        ColourError: it cannot be loaded.
    """
    if config and config != preferred():
        loaded(config)
        path = Path(config)
        os.environ["OCIO"] = str(path.absolute()) if path.is_file() else config


def preferred() -> str:
    """Return the config that counts where no other is named: a built-in's name or a file."""
    return configs.chosen("")[0]


def loaded(config: str = "") -> ocio.Config:
    """Return the OCIO config that counts, or raise ColourError: it cannot be loaded."""
    return configs.load(configs.chosen(config))


@contextmanager
def named(whose: str, do: str = "") -> Iterator[None]:
    """Let an error about a colour space say whose it is, and what to do where that differs."""
    try:
        yield
    except ColourError as error:
        what = f"{whose}: {error.what}"
        raise ColourError(what, found=error.found, do=do or error.do) from error


def _said(attributes: Mapping[str, Any]) -> Iterator[str]:
    yield _text(attributes, "colorInteropID")
    found = attributes.get("chromaticities")
    name = primaries.name_of(found)
    if name is None:
        raise ColourError(
            "The file has chromaticities that no colour space can have",
            found=", ".join(f"{value:.4f}" for value in found or ()),
            do="Name its colour space with --space",
        )
    yield name
    if attributes.get("acesImageContainerFlag") == 1:  # SMPTE ST 2065-4
        yield "lin_ap0_scene"
    yield _text(attributes, "oiio:ColorSpace")


def _text(attributes: Mapping[str, Any], name: str) -> str:
    """Return an attribute that should be a text; what is none of that name says nothing."""
    value = attributes.get(name, "")
    return value if isinstance(value, str) else ""


def _near(name: str, key: configs.Key) -> list[str]:
    """Return the spaces that a config has or leads to whose names are much like ``name``."""
    spaces = list(configs.load(key).getColorSpaces())
    if configs.link(key) is not None:
        spaces += configs.wider().getColorSpaces()
    light = (space for space in spaces if not space.isData())
    known = {alias: space.getName() for space in light for alias in configs.names(space)}
    wanted = _letters(name)
    holding = [alias for alias in known if wanted and wanted in _letters(alias)]
    folded = {alias.casefold(): alias for alias in known}
    alike = get_close_matches(name.casefold(), folded, n=_NEAR, cutoff=0.6)
    found = [*sorted(holding, key=len), *(folded[hit] for hit in alike)]
    return list(dict.fromkeys(known[alias] for alias in found))[:_NEAR]


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


@lru_cache
def _say_default() -> None:
    log.warning("The plate names no colour space: taken as %s; --space names another", SCENE)


@lru_cache(maxsize=64)
def _processor(source: str, target: str, key: configs.Key) -> ocio.CPUProcessor:
    # Lossless: the default replaces powers by approximations, 1.6e-5 off in the sRGB curve.
    try:
        return configs.processor(source, target, key).getOptimizedCPUProcessor(
            ocio.OPTIMIZATION_LOSSLESS
        )
    except configs.REFUSALS as error:
        raise ColourError(
            f"OpenColorIO cannot convert {source} to {target}", found=str(error)
        ) from error
