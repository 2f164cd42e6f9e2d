"""A view as it shows itself: fitted to a plate and what was painted over its picture.

Some views no config at hand has (Blender's AgX without Blender's config), others OpenColorIO cannot
invert. All are made of this: colours are drawn together, a curve bends them, and they are drawn
apart again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura.image.planes import FloatArray

_DARKEST, _BRIGHTEST = -10.0, 4.5
"""Stops around 1.0 between which the curve is fitted: below and above, views are flat."""
_KNOTS = 30
_STEPS, _RATE = 200, 0.03
_MOST = 4096
"""Pixels that are fitted to: a curve and two matrices need no more."""
_NOISE = 3 / 255
"""What differs by more is likely paint, and counts ever less (Cauchy's loss)."""
_SCREEN = 2.4
"""Exponent of the codes between which colours are drawn apart: that of a screen."""


@dataclass(frozen=True)
class FittedView:
    """A view that was fitted.

    Attributes:
        drawn: ``(3, 3)``, how colours are drawn together; each row sums to 1.
        curve: `_KNOTS` rising screen values for light from `_DARKEST` to `_BRIGHTEST` stops.
        apart: ``(3, 3)``, how they are drawn apart again; each row sums to 1.
    """

    drawn: Tensor
    curve: Tensor
    apart: Tensor

    @classmethod
    def of(cls, light: FloatArray, codes: FloatArray) -> FittedView:
        """Return the view that shows most of some light as these codes.

        Args:
            light: ``(3, N)`` scene-linear.
            codes: ``(3, N)``, 0 to 1, what a picture has there; some of it may be paint.
        """
        step = max(1, light.shape[1] // _MOST)
        seen, shown = (torch.from_numpy(planes[:, ::step].copy()) for planes in (light, codes))
        free = [torch.zeros(3, 3), _first(seen, shown), torch.zeros(3, 3)]
        for values in free:
            values.requires_grad_()
        adam = torch.optim.Adam(free, _RATE)
        fade = torch.optim.lr_scheduler.CosineAnnealingLR(adam, _STEPS)
        with _one_thread():
            for _ in range(_STEPS):
                adam.zero_grad()
                off = (_view(*free).codes(seen) - shown) / _NOISE
                torch.log1p(off.square()).mean().backward()  # type: ignore[no-untyped-call]
                adam.step()
                fade.step()
        return _view(*(values.detach() for values in free))

    def shown(self, light: FloatArray) -> FloatArray:
        """Return the codes that the view shows of ``(3, ...)`` light."""
        flat = torch.from_numpy(np.ascontiguousarray(light.reshape(3, -1)))
        codes: FloatArray = self.codes(flat).clamp(0, 1).numpy()
        return codes.reshape(light.shape)

    def light(self, codes: FloatArray) -> FloatArray:
        """Return light that the view shows as ``(3, ...)`` codes: the inverse of `shown`."""
        flat = torch.from_numpy(np.ascontiguousarray(codes.reshape(3, -1)))
        screen = _screen(torch.linalg.solve(self.apart, flat.clamp(0, 1) ** _SCREEN))
        steps = np.linspace(_DARKEST, _BRIGHTEST, _KNOTS)
        rising = self.curve.numpy() + 1e-6 * np.arange(_KNOTS)  # a flat end has no way back
        stops = np.interp(screen.numpy(), rising, steps).astype(np.float32)
        light: FloatArray = torch.linalg.solve(self.drawn, torch.from_numpy(np.exp2(stops))).numpy()
        return np.maximum(light, 0).reshape(codes.shape)

    def codes(self, light: Tensor) -> Tensor:
        """Return what `shown` does, of ``(3, N)`` light, to be fitted."""
        stops = (self.drawn @ light.clamp_min(0)).clamp_min(2**_DARKEST).log2()
        at = ((stops - _DARKEST) / (_BRIGHTEST - _DARKEST)).clamp(0, 1) * (_KNOTS - 1)
        below = at.detach().floor().clamp(max=_KNOTS - 2).long()
        part = at - below
        bent = self.curve[below] * (1 - part) + self.curve[below + 1] * part
        return _screen(self.apart @ bent**_SCREEN, 1 / _SCREEN)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch work in one thread: of so few numbers, several mostly wait for one another."""
    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(usual)


def _screen(values: Tensor, exponent: float = 1 / _SCREEN) -> Tensor:
    """Return a power of light on a screen, which has a slope at 0, too."""
    return values.clamp_min(1e-6) ** exponent


def _view(drawn: Tensor, curve: Tensor, apart: Tensor) -> FittedView:
    """Return a view of free numbers: 0 leaves colours alone, and any curve rises."""
    rising = F.softplus(curve).cumsum(0)
    matrices = []
    for free in (drawn, apart):
        off = free - torch.diag(free.diagonal())
        matrices.append(off + torch.diag(1 - off.sum(1)))
    return FittedView(matrices[0], rising, matrices[1])


def _first(seen: Tensor, shown: Tensor) -> Tensor:
    """Return free numbers of a first curve: the median code of each step of light."""
    stops = seen.clamp_min(2**_DARKEST).log2().flatten().numpy()
    codes, steps = shown.flatten().numpy(), np.linspace(_DARKEST, _BRIGHTEST, _KNOTS)
    half = (steps[1] - steps[0]) / 2
    there = [(s, codes[np.abs(stops - s) <= half]) for s in steps]
    known = np.array([(s, np.median(found)) for s, found in there if len(found)])
    curve = np.interp(steps, known[:, 0], known[:, 1])
    rises = np.diff(np.maximum.accumulate(curve), prepend=0).clip(1e-4)
    return torch.from_numpy(np.log(np.expm1(rises)).astype(np.float32))
