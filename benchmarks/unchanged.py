"""Proof that a change of the code changes no pixel: digests of what velatura makes, then and now.

    python benchmarks/unchanged.py BEFORE.json
    python benchmarks/unchanged.py AFTER.json --compare BEFORE.json

The first line is for the code before the change, the second for the code after it. Both train three
looks on the courtyard (a shot look and a free look of 50 steps, and one of 10 steps from a
painting), export them, glaze the twelve frames with the shot look, and write SHA-256 digests of the
plates, weights, looks, gain layers, finished pictures, scores, advice and help texts. The second
line then names what differs and ends with 1, or says that all is equal. A run takes three minutes.

`--look FILE` glazes with a look from before instead of the new one, so that gain layers and
pictures show what `velatura apply` alone has changed. `--work FOLDER` names a new folder that keeps
all that is made; without it, everything but the digests is removed.

Digests compare only on one machine with one set of libraries: another processor rounds differently.
A new version number of velatura changes the digests called `file`, and none of those called
`pixels`, `header`, `card` and `weights`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import OpenImageIO as oiio  # noqa: N813 - its own idiom
import torch

FRAMES = "frame.####.exr"

STEPS = {"shot": 50, "free": 50, "painting": 10}
"""How long each look learns."""

LEFT_IN_RUN = ("recipe.json", "lesson.json", "cargo.txt", "scores.json", "contact_sheet.png")
"""What a run leaves beside its weights, where it leaves it. The loss plot shows the time taken."""

NOT_COMPARED = {"tool_version", "digest", "velatura/job", "velatura/digest", "plate"}
"""Entries of cards, EXR headers and advice that follow from velatura's version, or from its folder.
"""

ENVIRONMENT = {
    "COLUMNS": "100",
    "TERM": "dumb",
    "PYTHONIOENCODING": "utf-8",
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",  # torch writes a note into each look whose order hangs on it
}
STRAY = {"OCIO", "VELATURA_LOOKS"}
"""Variables of the user's that would reach into the outputs."""


def main() -> None:
    """Make everything, write the digests, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("digests", type=Path)
    parser.add_argument("--compare", type=Path, metavar="BEFORE.json")
    parser.add_argument("--look", type=Path, help="glaze with this look, not with the new one")
    parser.add_argument("--work", type=Path, help="a new folder, where all that is made is kept")
    given = parser.parse_args()
    package = _package()
    print(f"velatura is {package}")
    with tempfile.TemporaryDirectory() as folder:
        work = given.work or Path(folder) / "work"
        work.mkdir(parents=True)
        digests = dict(sorted(_digests(package, work, given.look)))
    given.digests.write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")
    if not given.compare:
        print(f"{len(digests)} digests")
        return
    before = json.loads(given.compare.read_text(encoding="utf-8"))
    names = sorted(before.keys() | digests.keys())
    differing = [name for name in names if before.get(name) != digests.get(name)]
    for name in differing:
        here = (name in before) - (name in digests)
        print(("differs", "only before", "only after")[here], name, sep="\t")
    if differing:
        sys.exit(f"{len(differing)} of {len(names)} digests differ")
    print(f"{len(names)} digests equal")


def _digests(package: Path, work: Path, look: Path | None) -> Iterator[tuple[str, str]]:
    """Yield each output's name and digest, while it is made."""
    courtyard = next(package.rglob("courtyard/plate")).parent
    for path in courtyard.rglob("*.exr"):
        yield f"courtyard/{path.relative_to(courtyard).as_posix()}", _sha(path.read_bytes())
    yield from _help(work / "help")
    plate, painted, truth = (courtyard / name / FRAMES for name in ("plate", "painted", "truth"))
    _paint(work / "painting.png")
    for name, lesson in (
        ("shot", ("--painted", painted)),
        ("free", ("--painted", painted, "--free")),
        ("painting", ("--style", work / "painting.png")),
    ):
        run, made = work / name, work / f"{name}.onnx"
        settings = (f"--steps={STEPS[name]}", "--threads=1", "--seed=0", "--device=cpu")
        _velatura("train", plate, *lesson, "--out", run, *settings, "--progress=none")
        yield from _learnt(run)
        _velatura("export", run, "--out", made)
        yield f"{name}.onnx file", _sha(made.read_bytes())
        card = json.loads(_velatura("info", made, "--json"))
        yield f"{name}.onnx card", _sha(repr(_compared(card)).encode())
    glazed = work / "glazed"
    how = ("--write=both", "--device=cpu", "--workers=1", "--progress=none")
    _velatura("apply", plate, "--look", look or work / "shot.onnx", "--out", glazed, *how)
    for path in glazed.glob("*.exr"):
        yield from _picture(path)
    seen = ("--result", glazed / FRAMES, "--painted", truth, "--plate", plate)
    yield "evaluate", _sha(_velatura("evaluate", *seen, "--json").encode())
    advice = json.loads(_velatura("suggest", plate, "--painted=1,12", "--count=3", "--json"))
    yield "suggest", _sha(repr(_compared(advice)).encode())


def _help(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the help texts' digests; the texts themselves lie in the folder."""
    folder.mkdir()
    overview = _velatura("--help")
    texts = {"velatura": overview}
    for command in re.findall(r"^│ ([a-z]+) ", overview, re.MULTILINE):
        texts[command] = _velatura(command, "--help")
    for command, text in texts.items():
        (folder / f"{command}.txt").write_text(text, encoding="utf-8")
        yield f"help {command}", _sha(text.encode())


def _learnt(run: Path) -> Iterator[tuple[str, str]]:
    """Yield the digests of a run's weights, and of what it says about itself."""
    for path in run.glob("*.pt"):
        digest = hashlib.sha256()
        tensors = dict(_tensors(torch.load(path, map_location="cpu", weights_only=True)))
        for name, tensor in sorted(tensors.items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(tensor.contiguous().numpy().tobytes())
        yield f"{run.name}/{path.name} weights", digest.hexdigest()
    for path in (run / name for name in LEFT_IN_RUN):
        if path.exists():
            yield f"{run.name}/{path.name}", _sha(path.read_bytes())


def _tensors(state: Any, name: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Yield all tensors of a state, however nested, with their names."""
    if isinstance(state, torch.Tensor):
        yield name, state
    elif isinstance(state, (dict, list, tuple)):
        for key, inner in state.items() if isinstance(state, dict) else enumerate(state):
            yield from _tensors(inner, f"{name}/{key}")


def _picture(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the digests of an EXR: of the whole file, of its planes, and of its headers."""
    planes, headers = hashlib.sha256(), hashlib.sha256()
    for part in OpenEXR.File(str(path), separate_channels=True).parts:
        headers.update(repr(_compared(part.header)).encode())
        for name, channel in sorted(part.channels.items()):
            planes.update(f"{name} {channel.pixels.dtype} {channel.pixels.shape}".encode())
            planes.update(channel.pixels.tobytes())
    yield f"glazed/{path.name} file", _sha(path.read_bytes())
    yield f"glazed/{path.name} pixels", planes.hexdigest()
    yield f"glazed/{path.name} header", headers.hexdigest()


def _paint(path: Path) -> None:
    """Write a painting of wavy strokes."""
    y, x = np.mgrid[:192, :256] / 64
    waves = [0.5 + 0.5 * np.sin(9 * x + 5 * np.sin(3 * y) + colour) for colour in range(3)]
    spec = oiio.ImageSpec(256, 192, 3, oiio.UINT8)
    output = oiio.ImageOutput.create(str(path))
    output.open(str(path), spec)
    output.write_image(np.stack(waves, axis=-1).astype(np.float32))
    output.close()


def _package() -> Path:
    """Return the folder of the velatura that is put to the proof."""
    spec = find_spec("velatura")
    if spec is None or spec.origin is None:
        sys.exit("velatura is not installed")
    return Path(spec.origin).parent


def _velatura(*arguments: str | Path) -> str:
    """Run a velatura command; return what it says on stdout."""
    own = {name: value for name, value in os.environ.items() if name not in STRAY}
    command = [sys.executable, "-m", "velatura", *map(str, arguments)]
    ended = subprocess.run(
        command, env=own | ENVIRONMENT, capture_output=True, check=False, encoding="utf-8"
    )
    if ended.returncode:
        sys.exit(f"{' '.join(command)}\nended with {ended.returncode}\n{ended.stderr}")
    return ended.stdout


def _compared(entries: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, entries[name]) for name in sorted(entries.keys() - NOT_COMPARED)]


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    main()
