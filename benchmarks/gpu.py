"""What a GPU makes of frames: the network, copies to it and back, and whole sequences.

    python benchmarks/gpu.py [--look LOOK.onnx] [--frames 24] [--rounds 5] [--devices cuda tensorrt]

Prints Markdown: milliseconds of a full HD frame by ONNX Runtime's plain `run` and by runs that are
bound to memory that is lent (`velatura.apply.bound`), whether that is pinned, and how far the
answers lie from the CPU's; then frames a second of a sequence, EXR in and out, with 1, 2, 4 ...
frames at a time, beside what its processors could do if the network cost nothing. A device that
does not answer is named and left out. `--devices cpu` tries the script itself.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from throughput import load, timed  # it also finds the tests' looks and plates

HEIGHT, WIDTH = 1096, 1936  # px: full HD with its border, as `velatura apply` feeds it
DEVICES = ("cuda", "tensorrt")


def main() -> int:
    """Measure all devices; 4 where none answered."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--look", type=Path)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--devices", nargs="+", choices=(*DEVICES, "cpu"), default=DEVICES)
    options = parser.parse_args()
    import looks
    import plates

    from velatura.errors import DeviceError

    print(f"{machine()}; {load()}\n")
    answered = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        look = options.look or looks.realistic(folder / "realistic.onnx")
        print("| device | plain, ms | bound, ms | memory | furthest from the CPU, stops |")
        print("|---|---|---|---|---|")
        for device in options.devices:
            try:
                print(f"| {device} | {network(look, device, options.rounds)} |", flush=True)
                answered.append(device)
            except DeviceError as error:
                print(f"| {device} | {error.what} |  |  |  |", flush=True)
        plate = plates.shot(folder / "in", options.frames, 1080, 1920)
        print(
            "\n| device | frames at a time | frames a second | CPU-s a frame | of the CPU's bound |"
        )
        print("|---|---|---|---|---|")
        for device in answered:
            for workers in at_a_time(options.frames):
                out = folder / f"{device}{workers}"
                wall, cpu = timed(plate, look, out, workers, device)
                shutil.rmtree(out)
                rate, each = options.frames / wall, cpu / options.frames
                part = 100 * rate * each / processors()
                told = f"{rate:.2f} | {each:.3f} | {part:.0f} %"
                print(f"| {device} | {workers} | {told} |", flush=True)
    return 0 if answered else 4


def network(path: Path, device: str, rounds: int) -> str:
    """Return the cells of a device: plain and bound runs in turns, medians; the first warms up."""
    from velatura.apply import bound, contract, loading
    from velatura.apply.session import Session, open_session
    from velatura.look import read

    look = read(path)
    open_session(look, device)  # or it says what answers instead
    lender, loaded = bound.lender(), loading.load(contract.network(look).model, device, 1)
    made = [Session(look, contract.network(look), loaded, by) for by in (None, lender)]
    random = np.random.default_rng(0).random((3, HEIGHT, WIDTH), np.float32)
    fed = [session.empty(*random.shape) for session in made]
    for light in fed:
        light[...] = random
    times: list[list[float]] = [[], []]
    for _ in range(rounds + 1):
        for session, light, found in zip(made, fed, times, strict=True):
            found.append(seconds(lambda session=session, light=light: session.stops(light)))
    plain, lent = (1000 * statistics.median(found[1:]) for found in times)
    wanted = open_session(look, "cpu").stops(random)
    off = max(float(np.abs(s.stops(x) - wanted).max()) for s, x in zip(made, fed, strict=True))
    memory = "ordinary" if lender.pinned is None else "pinned"
    return f"{plain:.1f} | {lent:.1f} | {memory} | {off:.1e}"


def seconds(run: Callable[[], object]) -> float:
    """Return how long something took by the clock."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def at_a_time(frames: int) -> list[int]:
    """Return numbers of frames at a time: 1, 2, 4 ... up to the processors, and to the frames."""
    most = min(processors(), frames)
    return [*(2**n for n in range(most.bit_length()) if 2**n < most), most]


def processors() -> int:
    """Return how many processors there are to use."""
    from velatura.system import resources

    return resources.processors()


def machine() -> str:
    """Return the GPU's name and driver, or that there is none, and ONNX Runtime's version."""
    from velatura.system.onnx_runtime import ort

    found = f"onnxruntime {ort.__version__} with {', '.join(ort.get_available_providers())}"
    if not shutil.which("nvidia-smi"):
        return f"no NVIDIA driver; {found}"
    asked = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return f"{done.stdout.strip() or done.stderr.strip()}; {found}"


if __name__ == "__main__":
    raise SystemExit(main())
