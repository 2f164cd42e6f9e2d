"""Log and display encodings of plates, and the linear light behind them.

A gain multiplies light. So a plate whose values are codes is linearised, glazed, and encoded back.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import PyOpenColorIO as ocio  # type: ignore[import-untyped]  # noqa: N813

from velatura.image.planes import FloatArray
from velatura.plate import colour, configs, primaries

_LEAK = 1e-4  # of one channel into another; between different primaries it is a hundred times more


def linear_of(space: str, config: str = "") -> str:
    """Return the linear space behind a log or display space; the space itself if it is linear.

    That is the one with the same primaries: each channel's light depends on its own code alone.
    Where the config has none such, it is the config's role ``scene_linear``.

    Args:
        space: as the config names it.
        config: the OCIO config, as in `velatura.plate.colour.space_of`.

    Raises:
        ColourError: the config has no linear space to go to.
    """
    found = _behind(configs.chosen(config), space, config)
    return found or colour.canonical("scene_linear", config)


def light(codes: FloatArray, space: str, linear: str, config: str = "") -> FloatArray:
    """Return the light of codes, ``(3, H, W)`` float32: the inverse of `codes_of`.

    Args:
        codes: unpremultiplied.
        space: what they are in.
        linear: as `linear_of` gives it.
        config: as there.

    Raises:
        ColourError: OpenColorIO cannot go from one to the other.
    """
    return colour.convert(codes, space, linear, config)


def codes_of(light: FloatArray, space: str, linear: str, config: str = "") -> FloatArray:
    """Return the codes of light: the inverse of `light`."""
    return colour.convert(light, linear, space, config)


def interop_id(space: str, config: str = "") -> str:
    """Return what an EXR's ``colorInteropID`` says of a space; "" where there is no such word."""
    found = _home(configs.chosen(config), space).getColorSpace(space)
    names = [found.getInteropID(), *found.getAliases()] if found else []
    return next((str(name) for name in names if name.endswith("_scene")), "")


def _home(key: configs.Key, space: str) -> ocio.Config:
    """Return the config that a space is in: the one that counts, or the wider one."""
    there = configs.load(key)
    if configs.name_in(there, space):
        return there
    return configs.wider(space if primaries.parse(space) else "")


def _is_linear(config: ocio.Config, space: str) -> bool:
    try:
        return bool(config.isColorSpaceLinear(space, ocio.REFERENCE_SPACE_SCENE))
    except configs.REFUSALS:  # a LUT that is not there: light needs none
        return False


@lru_cache(maxsize=64)
def _behind(key: configs.Key, space: str, config: str) -> str:
    home = _home(key, space)
    if home.getColorSpace(space).isData() or _is_linear(home, space):
        return space
    probe = np.full((3, 1, 4), 0.25, np.float32)  # one grey pixel, and one more of each channel
    probe[range(3), 0, range(1, 4)] = 0.6
    for name in _linear_ones(key, home):
        seen = colour.convert(probe, space, name, config)[:, 0]
        moved = np.abs(seen[:, 1:] - seen[:, :1])
        own, others = moved.diagonal(), moved[~np.eye(3, dtype=bool)]
        if own.min() > 0 and others.max() <= _LEAK * own.max():
            return colour.canonical(name, config)
    return ""


def _linear_ones(key: configs.Key, home: ocio.Config) -> Iterator[str]:
    """Yield the linear spaces of the config that counts, and of a space's own one."""
    scene = ocio.SEARCH_REFERENCE_SPACE_SCENE
    for there in dict.fromkeys((configs.load(key), home)):
        for name in there.getColorSpaceNames(scene, ocio.COLORSPACE_ACTIVE):
            if not there.getColorSpace(name).isData() and _is_linear(there, name):
                yield str(name)
