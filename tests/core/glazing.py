"""Jobs of one frame, and the gain law as a host would compute it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from velatura.apply import sequence
from velatura.gain import law as gain
from velatura.image import exr
from velatura.image.planes import Image
from velatura.job import Job
from velatura.system.progress import Progress


def run(plate: Path, look: Path, out: Path, **settings: object) -> Image:
    """Run a job of one frame; return what it wrote (the picture where it wrote both)."""
    job = Job(str(plate), str(look), str(out), workers=1, **settings)
    sequence.run(job, Progress("none"))
    pictures = {"picture", "both"}
    name = plate.name if job.write in pictures else plate.stem + ".gain.exr"
    return exr.read(out / name)


def stack(image: Image, *names: str) -> np.ndarray:
    return np.stack([image.find(name)[1].pixels for name in names]).astype(np.float32)


def law(before: Image, layer: Image, amount: object, names: tuple[str, ...] = ("R", "G", "B")):
    """The gain law in numpy, from the gain layer as a host reads it."""
    x, r = stack(before, *names), stack(layer, "R", "G", "B")
    alpha = np.maximum(stack(before, "A")[0], 0) if "A" in before.names else 1.0
    return gain.apply(x, r, amount, alpha)
