"""OCIO configs: which one counts, what is known beside it, and how to get from one to the other.

A studio's config need not know the space that a look was learnt in, nor a legacy config any space
by a name of today. What it lacks is looked up in a config that is built into OpenColorIO, and
reached through a space that both have.
"""

from __future__ import annotations

import logging
import math
import os
from copy import deepcopy
from functools import lru_cache
from pathlib import Path

import PyOpenColorIO as ocio  # type: ignore[import-untyped]  # noqa: N813

from velatura import regular
from velatura.errors import ColourError
from velatura.plate import primaries

CONFIG = "cg-config-v4.0.0_aces-v2.0_ocio-v2.5"
"""The built-in config, pinned: `latest` would change under a finished shot. $OCIO wins over it."""

WIDER = "studio-config-v4.0.0_aces-v2.0_ocio-v2.5"
"""The built-in config that is asked for what the other lacks: it has the cameras' spaces, too."""

_SHARED = ("ACES2065-1", "ACEScg", "Linear Rec.709 (sRGB)", "Linear Rec.2020", "Linear P3-D65")
"""Spaces of `WIDER` by which another config may be entered, best first."""
_LINEAR = "Linear Rec.709 (sRGB)"

# Curves and primaries that files name (ICC, cICP, colorInteropID) in more pairs than any config
# has. The curves are exponents; sRGB's own is built into OCIO, as IEC 61966-2-1 has it.
_EXPONENTS = {"g18": 1.8, "g22": 2.2, "g24": 2.4, "g26": 2.6, "g28": 2.8}
_PAIRED = ("rec709", "rec2020", "p3d65", "p3dci", "adobergb", "ap0", "ap1")

# Kodak's printing density (Cineon, DPX), as OpenColorIO's nuke-default config has it: 685 is white,
# 95 black, 300 codes a decade.
_KODAK_BLACK = 10 ** ((95 - 685) / 300)

log = logging.getLogger(__name__)

REFUSALS = (ocio.Exception, ocio.ExceptionMissingFile)
"""What OpenColorIO raises: the second one, a file that a config lacks, is not one of the first."""

Key = tuple[str, int]
"""A config: a built-in's name or a file, and when that was changed: a worker may outlive it."""


def chosen(config: str) -> Key:
    """Return the config that counts: the one that is named, else $OCIO, else `CONFIG`."""
    name = config or os.environ.get("OCIO", "") or CONFIG
    try:
        return name, Path(name).stat().st_mtime_ns
    except (OSError, ValueError):  # a built-in, or `load` will say what is wrong
        return name, 0


@lru_cache
def load(key: Key) -> ocio.Config:
    """Return a config.

    Raises:
        ColourError: there is none, or none that OpenColorIO can read.
    """
    config = key[0]
    builtin = config.removeprefix("ocio://")
    try:
        if builtin in {entry[0] for entry in ocio.BuiltinConfigRegistry().getBuiltinConfigs()}:
            return ocio.Config.CreateFromBuiltinConfig(builtin)
        if "\0" in config or Path(config).exists():  # else OpenColorIO has words for it
            regular.demand(Path(config))
        return ocio.Config.CreateFromFile(config)
    except (*REFUSALS, OSError, ValueError) as error:
        raise ColourError(
            f"The OCIO config {config} cannot be loaded",
            found=str(error),
            do="Check --config or $OCIO; without them the built-in config is used",
        ) from error


@lru_cache(maxsize=32)
def wider(space: str = "") -> ocio.Config:
    """Return `WIDER` with the spaces that only files name; one by its primaries, if asked for it.

    Args:
        space: as `velatura.plate.primaries.name_of` writes it, or any other name.
    """
    config = deepcopy(load((WIDER, 0)))
    for curve in ("lin", "srgb", *_EXPONENTS):
        for gamut in _PAIRED:
            name = f"{curve}_{gamut}_scene"
            if not config.getCanonicalName(name):
                config.addColorSpace(_space(name, curve, primaries.KNOWN[f"lin_{gamut}_scene"]))
    config.addColorSpace(_kodak())
    if own := primaries.parse(space):
        config.addColorSpace(_space(space, "lin", own))
    return config


def name_in(config: ocio.Config, name: str) -> str:
    """Return a config's own name of a space, given that, an alias or a role; empty: none."""
    try:
        return str(config.getCanonicalName(name))
    except (TypeError, UnicodeError):  # NUL, or half of a character: from a damaged file
        return ""


def names(space: ocio.ColorSpace) -> list[str]:
    """Return all names of a space."""
    return [space.getName(), *space.getAliases()]


@lru_cache(maxsize=256)
def find(name: str, key: Key) -> str:
    """Return what a space is called in a config, else in `WIDER`; empty: in neither.

    The config is asked first, for the name, for other names of the same space, and for the space
    by which it is entered.

    Raises:
        ColourError: the config cannot be loaded.
    """
    config = load(key)
    if own := name_in(config, name):
        return own
    beyond = _holding(name)
    there = name_in(beyond, name)
    if not there:
        return ""
    for alias in names(beyond.getColorSpace(there)):
        if own := name_in(config, alias):
            return own
    entered = link(key)
    if entered is None:
        return ""
    return name_in(config, entered[0]) if entered[1] == there else there


@lru_cache
def link(key: Key) -> tuple[str, str] | None:
    """Return one space by its name in a config and in `WIDER`; None where no space is shared."""
    config, beyond = load(key), wider()
    if config.hasRole("aces_interchange"):
        return "aces_interchange", _SHARED[0]
    for shared in _SHARED:
        for alias in names(beyond.getColorSpace(shared)):
            if own := name_in(config, alias):
                return own, shared
    if not config.hasRole("scene_linear"):
        return None
    try:
        own, there = ocio.Config.IdentifyInterchangeSpace(config, "scene_linear", beyond, _LINEAR)
    except REFUSALS:  # no space whose curve and primaries OCIO knows
        own = name_in(config, "scene_linear")
        if config.getColorSpace(own).isData():
            return None
        log.warning(
            "The OCIO config %s does not say which primaries %s has: they are taken as Rec.709",
            key[0],
            own,
        )
        return own, _LINEAR
    return str(own), str(there)


def processor(source: str, target: str, key: Key) -> ocio.Processor:
    """Return OCIO's way from one space to another; each as `find` names it.

    Raises:
        ocio.Exception: there is no way.
    """
    config = load(key)
    inside = [bool(name_in(config, name)) for name in (source, target)]
    if all(inside):
        return config.getProcessor(source, target)
    entered = (link(key) or ("", "")) if any(inside) else (_SHARED[0], _SHARED[0])
    ends = [
        (config, name, entered[0]) if own else (_holding(name), name, entered[1])
        for name, own in zip((source, target), inside, strict=True)
    ]
    return ocio.Config.GetProcessorFromConfigs(*ends[0], *ends[1])


def _holding(name: str) -> ocio.Config:
    """Return `WIDER` with a space in it."""
    return wider(name if primaries.parse(name) else "")


def _space(name: str, curve: str, xy: primaries.Chromaticities) -> ocio.ColorSpace:
    """Return a space of `WIDER`, whose reference is ACES2065-1, by its curve and its primaries."""
    matrix = ocio.MatrixTransform(primaries.to_ap0(xy))
    space = ocio.ColorSpace(
        name=name, encoding="scene-linear" if curve == "lin" else "sdr-video", bitDepth=_FLOAT
    )
    space.setTransform(
        ocio.GroupTransform([*_decoded(curve), matrix]), ocio.COLORSPACE_DIR_TO_REFERENCE
    )
    return space


_FLOAT = ocio.BIT_DEPTH_F32


def _decoded(curve: str) -> list[ocio.Transform]:
    """Return a curve from codes to light; it goes on alike below 0."""
    if curve == "lin":
        return []
    if curve == "srgb":
        # OCIO's gammas are named by the way from light to codes, and this is the way back.
        gamma, offset = [2.4, 2.4, 2.4, 1], [0.055, 0.055, 0.055, 0]
        style = ocio.NEGATIVE_MIRROR
        return [ocio.ExponentWithLinearTransform(gamma=gamma, offset=offset, negativeStyle=style)]
    exponent = _EXPONENTS[curve]
    values = [exponent, exponent, exponent, 1]
    return [ocio.ExponentTransform(value=values, negativeStyle=ocio.NEGATIVE_MIRROR)]


def _kodak() -> ocio.ColorSpace:
    """Return Cineon's log of film, Rec.709 primaries: what DPX files call KodakLog."""
    linear = ocio.LogAffineTransform(
        logSideSlope=[300 / 1023 * math.log10(2)] * 3,  # OCIO's logarithms are of base 2
        logSideOffset=[685 / 1023] * 3,
        linSideSlope=[1 - _KODAK_BLACK] * 3,
        linSideOffset=[_KODAK_BLACK] * 3,
        direction=ocio.TRANSFORM_DIR_INVERSE,
    )
    matrix = ocio.MatrixTransform(primaries.to_ap0(primaries.KNOWN["lin_rec709_scene"]))
    space = ocio.ColorSpace(name="KodakLog", aliases=["Cineon"], encoding="log", bitDepth=_FLOAT)
    space.setTransform(ocio.GroupTransform([linear, matrix]), ocio.COLORSPACE_DIR_TO_REFERENCE)
    return space
