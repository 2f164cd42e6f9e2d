"""How evenly a look's slider brings it in on a shot, with its calibration and without.

    python benchmarks/evenness.py LOOK.onnx plate.####.exr [--but 1 6 12]

Applies the look to the shot and prints max |D(s) - s| over the slider from 0 to 1, D the share of
the look that shows at s (`velatura_training.metrics.calibration`). Leave out the frames that the
calibration was made on: the painted keys.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from velatura import look
from velatura.apply import sequence
from velatura.gain.layer import stops_of
from velatura.image import exr
from velatura.image.gathering import find
from velatura.job import Job
from velatura.look import Card
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura.system.progress import Progress
from velatura_training.metrics.calibration import Sample, unevenness


def main() -> None:
    """Apply the look, print two figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("look", type=Path)
    parser.add_argument("plate")
    parser.add_argument("--but", type=int, nargs="*", default=[])
    given = parser.parse_args()
    card = look.read(given.look).card
    frames = sorted(find(given.plate).keys() - set(given.but))
    with tempfile.TemporaryDirectory() as folder:
        span = ",".join(map(str, frames))
        job = Job(given.plate, str(given.look), folder, frames=span, workers=1)
        sequence.run(job, Progress("none"))
        gains = {path.name.split(".")[-2]: path for path in Path(folder).glob("*.exr")}
        glazings = [glazing(find(given.plate)[f], gains[f"{f:04d}"], card) for f in frames]
    for name, lut in (("calibrated", card.strength_lut), ("raw stops", ())):
        print(f"{name:12s} {unevenness(glazings, lut, card.floor):.4f}")


def glazing(path: Path, gain: Path, card: Card) -> Sample:
    """Return a frame and the gain layer that was made for it."""
    plate = Plate.of(exr.read(path), Reading())
    everywhere = [slice(0, size) for size in plate.size]
    return Sample(plate.seen(*everywhere, card.colour_space), stops_of(exr.read(gain)))


if __name__ == "__main__":
    main()
