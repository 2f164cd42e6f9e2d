"""ICC profiles, as painting programs embed them: codes become light.

A profile of curves and a matrix, which is what they embed, is read by OpenColorIO in floats. One of
tables, or of grey, is read by LittleCMS, to 8 bits.
"""

from __future__ import annotations

import hashlib
import tempfile
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
import PyOpenColorIO as ocio  # type: ignore[import-untyped]  # noqa: N813

from velatura.errors import ColourError
from velatura.image.planes import FloatArray
from velatura.plate import colour, configs, primaries

_SPACE = slice(16, 20)
"""Bytes of a profile's header that say what its codes are (ICC.1:2022, 7.2.6)."""
_RGB, _GREY = b"RGB ", b"GRAY"
_LEVELS = 256


def describes(profile: bytes, *, grey: bool) -> bool:
    """Say whether a profile is of such pixels: that of a CMYK picture is not, see `inks`."""
    return profile[_SPACE] == (_GREY if grey else _RGB)


def light(rgb: FloatArray, profile: bytes, source: str) -> FloatArray:
    """Return ``(3, H, W)`` scene-linear light, `velatura.plate.colour.SCENE`, of codes 0..1.

    Colours beyond Rec.709 have negative components; of a profile of tables they are clipped.

    Args:
        rgb: ``(3, H, W)``; a grey picture as three equal planes.
        profile: the ICC profile.
        source: the file, for errors.

    Raises:
        ColourError: the profile is damaged, or of another kind of pixels.
    """
    if profile[_SPACE] == _RGB:
        try:
            return colour.run(_matrixed(profile), rgb)
        except configs.REFUSALS:  # tables
            pass
    coded = _tabled(rgb, profile, source)
    return colour.convert(coded, colour.PAINTED, colour.SCENE, colour.CONFIG)


@lru_cache(maxsize=16)
def _matrixed(profile: bytes) -> ocio.CPUProcessor:
    """Return OCIO's way from codes to light.

    Raises:
        ocio.Exception: the profile is not one of curves and a matrix.
    """
    config = ocio.Config.CreateRaw()
    to_xyz = primaries.to_xyz(primaries.KNOWN[colour.SCENE])
    matrix = np.identity(4)
    matrix[:3, :3] = np.linalg.inv(to_xyz)
    with tempfile.TemporaryDirectory() as folder:
        # OCIO remembers files by their names.
        path = Path(folder, f"{hashlib.sha256(profile).hexdigest()}.icc")
        path.write_bytes(profile)
        # Forward goes from XYZ, adapted to D65, to a display's codes.
        file = ocio.FileTransform(src=str(path), direction=ocio.TRANSFORM_DIR_INVERSE)
        last = ocio.MatrixTransform([float(value) for value in matrix.ravel()])
        return config.getProcessor(ocio.GroupTransform([file, last])).getOptimizedCPUProcessor(
            ocio.OPTIMIZATION_LOSSLESS
        )


def _tabled(rgb: FloatArray, profile: bytes, source: str) -> FloatArray:
    """Return sRGB codes by LittleCMS, which Pillow feeds with bytes.

    Imported here: a host that brings velatura along has no Pillow, and hands over EXRs alone.

    Raises:
        ColourError: the profile is damaged.
    """
    from PIL import Image, ImageCms

    grey = profile[_SPACE] == _GREY
    codes = np.rint(np.clip(np.nan_to_num(rgb), 0, 1) * (_LEVELS - 1)).astype(np.uint8)
    seen = np.arange(_LEVELS, dtype=np.uint8)[None] if grey else codes.transpose(1, 2, 0)
    try:
        screen, own = ImageCms.createProfile("sRGB"), ImageCms.ImageCmsProfile(BytesIO(profile))
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        way = ImageCms.buildTransform(own, screen, "L" if grey else "RGB", "RGB", intent)
        shown = ImageCms.applyTransform(Image.fromarray(np.ascontiguousarray(seen)), way)
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise ColourError(
            f"{source} has an ICC profile that cannot be read",
            found=str(error),
            do="Convert it to sRGB where it was painted, or say what it is with --painted-space",
        ) from error
    coded = np.asarray(shown, np.float32) / (_LEVELS - 1)
    if not grey:
        return np.ascontiguousarray(coded.transpose(2, 0, 1))
    steps = np.arange(_LEVELS) / (_LEVELS - 1)
    planes = [np.interp(rgb[0], steps, coded[0, :, channel]) for channel in range(3)]
    return np.stack(planes).astype(np.float32)
