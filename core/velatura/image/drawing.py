"""Pictures put together for people: resizing and lettering."""

from __future__ import annotations

import numpy as np
import OpenImageIO as oiio  # noqa: N813

from velatura.image.planes import FloatArray


def resize(pixels: FloatArray, width: int, height: int) -> FloatArray:
    """Return ``(H, W, C)`` float32 at another size; Lanczos-3, kept within the picture's range.

    Without that limit the filter would ring around highlights, below zero even.
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    size = oiio.ROI(0, width, 0, height, 0, 1, 0, pixels.shape[2])
    source = oiio.ImageBuf(np.ascontiguousarray(pixels, np.float32))
    resized = oiio.ImageBufAlgo.resize(source, filtername="lanczos3", roi=size, nthreads=1)
    return np.clip(np.asarray(resized.get_pixels(), np.float32), pixels.min(), pixels.max())


def lettered(shown: FloatArray, left: int, text: str, height: int) -> FloatArray:
    """Return a display picture ``(H, W, 3)`` with a line of light grey letters in its first rows.

    Args:
        shown: values 0..1.
        left: where the letters begin, px.
        text: what they say; the font is OpenImageIO's own.
        height: of the line, px.
    """
    page = oiio.ImageBuf(np.ascontiguousarray(shown, np.float32))
    base, size = round(height * 0.72), round(height * 0.68)
    oiio.ImageBufAlgo.render_text(page, left, base, text, size, "", (0.8, 0.8, 0.8))
    return np.asarray(page.get_pixels(), np.float32).reshape(shown.shape)
