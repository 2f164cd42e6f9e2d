"""What a viewer shows of light: a config's displays and views, and the way back from them.

Blender shows AgX, an ACES viewer its output transform: pictures saved or painted there hold codes
of that view, and no curve of sRGB makes the light of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import PyOpenColorIO as ocio  # type: ignore[import-untyped]  # noqa: N813

from velatura.errors import ColourError
from velatura.image.planes import FloatArray
from velatura.plate import colour, configs

_TRIED = np.geomspace(2**-7, 2.0, 12, dtype=np.float32)
"""Light that a way back is tried on, scene-linear: from shadows to a lamp's white."""
_CLOSE = 2 / 255
"""A way back leads to within this of the code that it started at, else it is none."""


@dataclass(frozen=True)
class View:
    """A view of a display, as a config has it.

    Attributes:
        display: the display.
        name: the view.
        key: the config.
        hub: a linear space of the config, which light is brought to first.
    """

    display: str
    name: str
    key: configs.Key
    hub: str

    def __str__(self) -> str:
        return f"{self.display}/{self.name}"

    def shown(self, light: FloatArray, space: str) -> FloatArray:
        """Return the codes, 0 to 1, that the view shows: ``(3, H, W)`` scene-linear in ``space``.

        Raises:
            ColourError: an unknown space, or files that the config lacks.
        """
        codes = colour.run(_way(self, forward=True), colour.convert(light, space, self.hub))
        return np.clip(np.nan_to_num(codes), 0, 1)

    def light(self, codes: FloatArray, space: str) -> FloatArray:
        """Return light that the view shows as these codes: the inverse of `shown`.

        Raises:
            ColourError: an unknown space, or a view that `invertible` says no of.
        """
        light = colour.run(_way(self, forward=False), codes)
        return colour.convert(np.nan_to_num(light), self.hub, space)

    def invertible(self) -> bool:
        """Say whether OpenColorIO knows the way back, and it leads to where it came from."""
        return _inverted(self)


def of(name: str) -> View | None:
    """Return the view of a name, ``DISPLAY/VIEW``, or of a view's name alone; None: there is none.

    The config that counts is asked first, then the built-in one.

    Raises:
        ColourError: the config cannot be loaded.
    """
    wanted = name.casefold().strip()
    for view in known():
        if wanted in {str(view).casefold(), view.name.casefold()}:
            return view
    return None


def known() -> Iterator[View]:
    """Yield the views of the config that counts, then those of the built-in one.

    Raises:
        ColourError: the config cannot be loaded.
    """
    own, builtin = configs.chosen(""), (configs.WIDER, 0)
    entered = configs.link(own)
    if entered is not None:
        yield from _views(own, entered[0])
    if own[0].removeprefix("ocio://") != builtin[0]:
        yield from _views(builtin, "ACES2065-1")


def _views(key: configs.Key, hub: str) -> Iterator[View]:
    """Yield the views of a config that show light: not those of data."""
    config = configs.load(key)
    for display in config.getDisplays():
        for name in config.getViews(display):
            space = config.getColorSpace(config.getDisplayViewColorSpaceName(display, name))
            if space is None or not space.isData():
                yield View(display, name, key, hub)


@lru_cache(maxsize=64)
def _way(view: View, *, forward: bool) -> ocio.CPUProcessor:
    direction = ocio.TRANSFORM_DIR_FORWARD if forward else ocio.TRANSFORM_DIR_INVERSE
    way = ocio.DisplayViewTransform(
        src=view.hub, display=view.display, view=view.name, direction=direction
    )
    try:
        return configs.load(view.key).getProcessor(way).getDefaultCPUProcessor()
    except configs.REFUSALS as error:
        raise ColourError(
            f"OpenColorIO cannot {'show' if forward else 'go back from'} the view {view}",
            found=str(error),
            do="Name another view with --painted-view",
        ) from error


@lru_cache(maxsize=64)
def _inverted(view: View) -> bool:
    red, green, blue = (grid.ravel() for grid in np.meshgrid(_TRIED, _TRIED, _TRIED))
    codes = view.shown(np.stack([red, green, blue])[:, None], colour.SCENE)
    try:
        again = view.shown(view.light(codes, colour.SCENE), colour.SCENE)
    except ColourError:
        return False
    return float(np.median(np.abs(again - codes).max(axis=0))) < _CLOSE
