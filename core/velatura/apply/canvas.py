"""The canvas: a weave of ripples under the picture, where a brush finds hold on an even wall.

A network sees nothing but its surroundings, and in an even wall all surroundings are alike: without
something that tells one place from the next it cannot set a stroke there. So a look that paints
without guides gets four planes of band-limited noise, one for each width of brush. They depend on
the place in the format alone, not on the frame or the tile, and so stay still in motion.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from velatura.image.planes import FloatArray, Window

WAVES = (4.0, 7.0, 12.0, 20.0)
"""Wavelengths of the planes, px: from the finest bristle to the broadest stroke."""

CHANNELS = len(WAVES)

PERIOD = 512
"""The canvas repeats after so many px; nothing in it is large enough for the eye to notice."""

_SPREAD = 0.4  # octaves about each wavelength: narrower shows a regular weave
_LEVELS = 64  # steps per unit: the last bits of a Fourier transform differ between processors


def patch(window: Window) -> FloatArray:
    """Return the canvas under a window of the format: ``(CHANNELS, H, W)`` float32 in -1..1."""
    rows = np.arange(window.y, window.y + window.height) % PERIOD
    columns = np.arange(window.x, window.x + window.width) % PERIOD
    return np.ascontiguousarray(_weave()[:, rows[:, None], columns[None, :]])


@lru_cache(maxsize=1)
def _weave() -> FloatArray:
    """Return one period of the canvas.

    Ripples of random phase about one wavelength, of equal height everywhere: noise has rare peaks,
    and the eye would find each of them again one period further.
    """
    across = np.fft.fftfreq(PERIOD)
    frequency = np.hypot(across[:, None], across[None, :])
    frequency[0, 0] = 1 / PERIOD**2
    # Raw bits, not normal(): those are promised to stay the same in all versions of numpy.
    bits = np.random.PCG64(1889).random_raw((CHANNELS, PERIOD, PERIOD))
    phases = np.exp(2j * np.pi * (bits / 2.0**64))
    planes = []
    for wave, phase in zip(WAVES, phases, strict=True):
        band = np.exp(-0.5 * (np.log2(frequency * wave) / _SPREAD) ** 2)
        ripples = np.fft.ifft2(band * phase)
        height = np.maximum(np.abs(ripples), np.finfo(np.float32).tiny)
        planes.append(np.rint(_LEVELS * ripples.real / height) / _LEVELS)
    return np.stack(planes).astype(np.float32)
