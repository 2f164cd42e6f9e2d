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
from velatura.image.planes import FloatArray

CONFIG = "cg-config-v4.0.0_aces-v2.0_ocio-v2.5"
"""The built-in config, pinned: `latest` would change under a finished shot. $OCIO wins over it."""

SCENE = "lin_rec709_scene"
"""Taken for a plate that does not say: linear, Rec.709 primaries; what Blender renders."""

PAINTED = "srgb_rec709_scene"
"""Taken for 8-bit pictures that do not say: the sRGB curve, as textures are painted."""

# x, y of red, green, blue and white: ITU-R BT.709-6, BT.2020-2, SMPTE EG 432-1 (D65), ST 2065-1
# (AP0), Academy S-2014-004 (AP1).
_CHROMATICITIES = {
    "lin_rec709_scene": (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290),
    "lin_rec2020_scene": (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290),
    "lin_p3d65_scene": (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290),
    "lin_ap0_scene": (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767),
    "lin_ap1_scene": (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767),
}
_CHROMATICITY_TOLERANCE = 2e-3  # files round to two or three digits; the nearest pair is .03 apart
# What colour pictures say when they say nothing, and OpenImageIO's names before 3.0.
_SAYS_NOTHING = {"", "unknown", "data"}
_OLD_NAMES = {"linear": SCENE, "srgb": PAINTED}

log = logging.getLogger(__name__)


def space_of(attributes: Mapping[str, Any], flag: str = "", config: str = "") -> str:
    """Return the canonical name of a picture's colour space.

    The flag wins, then ``colorInteropID``, ``chromaticities`` and ``oiio:ColorSpace`` of the file;
    one that says nothing is taken for `SCENE`, which is logged once.

    Args:
        attributes: the header of the part that holds the beauty.
        flag: what the user says.
        config: an OCIO config: a built-in's name or a file; empty: $OCIO, else `CONFIG`.

    Raises:
        ColourError: the config does not know the space, or no known space has the primaries.
    """
    for name in _said(attributes, flag):
        if name.casefold() not in _SAYS_NOTHING:
            return canonical(name, config)
    _say_default()
    return canonical(SCENE, config)


def canonical(name: str, config: str = "") -> str:
    """Return the config's own name of a colour space, given that, an alias or a role.

    Raises:
        ColourError: there is no such space; near matches are named.
    """
    there = _load(*_chosen(config))
    wanted = _OLD_NAMES.get(name.casefold(), name)
    for alias in (wanted, *_aliases(wanted)):
        if found := there.getCanonicalName(alias):
            return str(found)
    near = _near(name, there)
    scene = there.getColorSpaceNames(ocio.SEARCH_REFERENCE_SPACE_SCENE, ocio.COLORSPACE_ACTIVE)
    raise ColourError(
        f"The OCIO config {there.getName() or config} has no colour space {name}",
        found=", ".join(near or list(scene)),
        do="Name one of these, for example with --space",
    )


def convert(rgb: FloatArray, source: str, target: str, config: str = "") -> FloatArray:
    """Return ``(3, H, W)`` float32 in another colour space; the same object where both are one.

    Values beyond 0..1 are kept. A NaN spreads over the channels of its own pixel. Releases the
    GIL; several threads may call this at once.

    Raises:
        ColourError: the config does not know one of the spaces.
    """
    before, after = canonical(source, config), canonical(target, config)
    if before == after:
        return rgb
    converted: FloatArray = np.array(rgb, np.float32, order="C")
    _, height, width = converted.shape
    # OCIO works in place on the arrays' own memory.
    _processor(before, after, *_chosen(config)).apply(
        ocio.PlanarImageDesc(*converted, width, height)
    )
    return converted


@contextmanager
def named(whose: str, do: str = "") -> Iterator[None]:
    """Let an error about a colour space say whose it is, and what to do where that differs."""
    try:
        yield
    except ColourError as error:
        what = f"{whose}: {error.what}"
        raise ColourError(what, found=error.found, do=do or error.do) from error


def _said(attributes: Mapping[str, Any], flag: str) -> Iterator[str]:
    yield flag
    yield _text(attributes, "colorInteropID")
    if "chromaticities" in attributes:
        yield _of_primaries(attributes["chromaticities"])
    yield _text(attributes, "oiio:ColorSpace")


def _text(attributes: Mapping[str, Any], name: str) -> str:
    """Return an attribute that should be a text; what is none of that name says nothing."""
    value = attributes.get(name, "")
    return value if isinstance(value, str) else ""


def _of_primaries(primaries: Any) -> str:
    if np.shape(primaries) != (8,) or not isinstance(primaries[0], float):
        raise ColourError(
            "The plate has chromaticities that are none",
            found=str(primaries)[:80],
            do="Name its colour space with --space",
        )
    for space, known in _CHROMATICITIES.items():
        if np.allclose(primaries, known, rtol=0, atol=_CHROMATICITY_TOLERANCE):
            return space
    raise ColourError(
        "The plate has chromaticities of no colour space velatura knows",
        found=", ".join(f"{value:.4f}" for value in primaries),
        do="Name its colour space with --space",
    )


def _aliases(name: str) -> list[str]:
    """Return what else the pinned config calls ``name``: a studio's config may use one of those."""
    space = _load(CONFIG, 0).getColorSpace(name)
    return _names(space) if space else []


def _near(name: str, config: ocio.Config) -> list[str]:
    """Return the names in a config that are written much like ``name``."""
    known = {
        alias.casefold(): alias for space in config.getColorSpaces() for alias in _names(space)
    }
    return [known[hit] for hit in get_close_matches(name.casefold(), known, n=4, cutoff=0.6)]


def _names(space: ocio.ColorSpace) -> list[str]:
    return [space.getName(), *space.getAliases()]


@lru_cache
def _say_default() -> None:
    log.warning("The plate names no colour space: taken as %s; --space names another", SCENE)


def _chosen(config: str) -> tuple[str, int]:
    """Return the config that counts, and when its file was changed: a worker may outlive it."""
    name = config or os.environ.get("OCIO", "") or CONFIG
    try:
        return name, Path(name).stat().st_mtime_ns
    except OSError:  # a built-in, or `_load` will say what is wrong
        return name, 0


@lru_cache
def _load(config: str, _time: int) -> ocio.Config:
    builtin = config.removeprefix("ocio://")
    try:
        if builtin in {entry[0] for entry in ocio.BuiltinConfigRegistry().getBuiltinConfigs()}:
            return ocio.Config.CreateFromBuiltinConfig(builtin)
        return ocio.Config.CreateFromFile(config)
    except (ocio.Exception, ocio.ExceptionMissingFile) as error:
        raise ColourError(
            f"The OCIO config {config} cannot be loaded",
            found=str(error),
            do="Check --config or $OCIO; without them the built-in config is used",
        ) from error


@lru_cache(maxsize=64)
def _processor(source: str, target: str, config: str, time: int) -> ocio.CPUProcessor:
    # Lossless: the default replaces powers by approximations, 1.6e-5 off in the sRGB curve.
    try:
        return (
            _load(config, time)
            .getProcessor(source, target)
            .getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)
        )
    except ocio.Exception as error:
        raise ColourError(
            f"OpenColorIO cannot convert {source} to {target}", found=str(error)
        ) from error
