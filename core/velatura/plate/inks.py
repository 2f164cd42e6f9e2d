"""CMYK pictures, as they come from a printer's hands: inks become codes of a screen.

Their ICC profile says what the inks look like. It is read by LittleCMS, to 8 bits. OpenImageIO
reads such pictures as if inks were the opposites of light, which is right for none.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from velatura.image.planes import FloatArray
from velatura.plate import tags

if TYPE_CHECKING:
    import OpenImageIO as oiio  # noqa: N813  # the name its documentation uses

_MODELS = ("CMYK", "YCCK")
_ROUGHLY = (
    "is CMYK, and what its inks look like is not known: its colours are rough. Convert it to sRGB "
    "where its profile is"
)


def printed(spec: oiio.ImageSpec) -> bool:
    """Say whether a picture is of inks, by what OpenImageIO says of it."""
    kinds = (spec.get_string_attribute(f"{kind}:ColorSpace") for kind in ("jpeg", "tiff"))
    return any(kind in _MODELS for kind in kinds)


def seen(path: Path, rough: FloatArray) -> FloatArray:
    """Return ``(H, W, 3)`` sRGB codes 0..1 of a picture of inks.

    Args:
        path: the file.
        rough: what OpenImageIO makes of it: returned, and said so, where no profile tells better.
    """
    from PIL import Image, ImageCms

    try:
        with Image.open(path) as picture:
            profile = picture.info.get("icc_profile")
            if picture.mode == "CMYK" and profile:
                screen = ImageCms.createProfile("sRGB")
                inks = ImageCms.ImageCmsProfile(BytesIO(profile))
                shown = ImageCms.profileToProfile(picture, inks, screen, outputMode="RGB")
                return np.asarray(shown, np.float32) / np.float32(255)
    except (ImageCms.PyCMSError, Image.DecompressionBombError, OSError, ValueError):
        pass  # the same note as without a profile
    tags.tell(path, _ROUGHLY)
    return rough
