"""How much memory one frame takes: peak resident size of `velatura apply` and its children.

    python benchmarks/memory.py [--look LOOK.onnx]

Prints it for a half RGBA frame of 1920x1080 (target: under 350 MB) and of 7680x4320 (under 2.5 GB),
for the gain layer and for the finished picture, under a free look of the default size with random
weights; and for a frame of 3840x2160 with Position and ids,
under a shot look that has three painted keys of that size on board (under 2 GB): the courtyard,
enlarged. Exits with 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "core"))

TARGETS = {(1080, 1920): 350e6, (4320, 7680): 2.5e9}  # height, width -> bytes
SHOT_TARGET = 2e9  # bytes


def main() -> int:
    """Make the frames, run the jobs, print the peaks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--look", type=Path)
    options = parser.parse_args()
    import plates

    missed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        look = options.look or default(folder / "default.onnx")
        for (height, width), target in TARGETS.items():
            plate = plates.plain(folder / f"plate{width}.exr", height, width)
            for write in ("gain", "both"):
                found = peak(plate, look, folder / f"{write}{width}", f"--write={write}")
                missed += told(f"{width}x{height} {write:4}", *found, target)
        plate, look = painted(folder / "courtyard")
        found = peak(plate, look, folder / "glazed", "--write=both")
        missed += told("3840x2160 both, shot look", *found, SHOT_TARGET)
    return 1 if missed else 0


def default(path: Path) -> Path:
    """Write a free look without passes, as `velatura train` and `velatura export` make it."""
    from velatura.look import Card
    from velatura_training.export import onnx_file
    from velatura_training.export.trained import Trained
    from velatura_training.network import build, cost, generator

    painter = build.build("unet", "standard", generator.Shape()).eval().requires_grad_(False)
    found = cost.measure(painter)
    card = Card(
        "default",
        alignment=painter.alignment,
        halo=found.halo,
        receptive_field=found.receptive_field,
        kflop_px=found.kflop_px,
        bytes_px=found.bytes_px,
        parameters=found.parameters,
    )
    onnx_file.write(Trained(painter, card, ""), path)
    return path


def told(what: str, bytes_: int, seconds: float, target: float) -> bool:
    """Print a peak; return whether it is over its target."""
    verdict = "ok" if bytes_ < target else "TOO MUCH"
    print(
        f"{what}: {bytes_ / 1e6:6.0f} MB of {target / 1e6:.0f}, {seconds:.1f} s, {verdict}",
        flush=True,
    )
    return bytes_ >= target


def painted(folder: Path) -> tuple[Path, Path]:
    """Make the courtyard's key frames in 4K; return one of them, and a shot look for them.

    The paint gets some grain, or it would pack better than what is really painted.
    """
    import carry
    import looks

    from velatura.carry import packing
    from velatura.carry.painted_key import Key
    from velatura.image import exr
    from velatura.plate import flat
    from velatura.scene import tracks

    folder.mkdir()
    plates = {frame: folder / f"frame.{frame:04d}.exr" for frame in carry.KEYS}
    for path in plates.values():
        exr.write(path, carry.enlarged(exr.read(carry.COURTYARD / "plate" / path.name), 12))
    footage = carry.Footage(plates, carry.Reading())
    found = tracks.solve(footage.frames, footage.sights(footage.frames), carry.Progress("none"))
    keys, random = [], np.random.default_rng(0)
    for frame, path in plates.items():
        light = flat.read_rgb(carry.COURTYARD / "painted" / path.name).rgb.transpose(2, 0, 1)
        light = carry.repeated(light, 12)
        light = light * random.normal(1, 0.05, light.shape).clip(0).astype(np.float32)
        keys.append(Key.of(frame, light, footage.sight(frame), found))
    text = packing.pack(carry.Carry(tuple(keys), found, {}))
    look = looks.small(folder / "shot.onnx", cargo=text, carried_by=("position", "id"))
    return plates[carry.KEYS[1]], look


def peak(plate: Path | str, look: Path, out: Path, *options: str) -> tuple[int, float]:
    """Run one job in a process of its own; return its largest resident size and its time.

    The children's memory counts: a look is tried in one.
    """
    from commands import started

    start = time.perf_counter()
    process = started("apply", plate, "--look", look, "--out", out, *options)
    watched = psutil.Process(process.pid)
    largest, said = 0, []
    talk = threading.Thread(target=lambda: said.extend(process.communicate()))
    talk.start()
    while talk.is_alive():
        try:
            tree = [watched, *watched.children(recursive=True)]
            largest = max(largest, sum(each.memory_info().rss for each in tree))
        except psutil.NoSuchProcess:
            continue  # a child that has ended
        time.sleep(0.005)
    talk.join()
    if process.returncode:
        sys.exit(f"velatura ended with {process.returncode}: {said[1].strip()}")
    return largest, time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
