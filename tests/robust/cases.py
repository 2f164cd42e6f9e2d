"""One case of each kind: a good file is damaged, and given to the command that reads it.

Run as a program, it works through a range of cases in this one process and says how each ended;
`fuzzing` starts it, and notices when it crashes, hangs, or answers with a traceback.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import logging
import random
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import onnx
from inputs import Inputs
from mutations import changed, damaged

from velatura.cli.main import main
from velatura.look import CARD_KEY, CARGO_KEY, keys_digest

_HEADER = 600  # bytes in which the header of an EXR, and the first nodes of a graph, lie
MEMORY = 6 * 2**30  # bytes of address space: libraries take most of it


def exr(good: Inputs, rng: random.Random, folder: Path) -> list[str]:
    source = rng.choice((good.plate, good.rich))
    path = folder / "plate.0001.exr"
    path.write_bytes(damaged(source.read_bytes(), rng, _HEADER))
    write = rng.choice(("gain", "both"))
    return ["apply", str(path), f"--look={good.look}", f"--out={folder / 'o'}", f"--write={write}"]


def mask(good: Inputs, rng: random.Random, folder: Path) -> list[str]:
    path = folder / "mask.exr"
    path.write_bytes(damaged(good.plate.read_bytes(), rng, _HEADER))
    settings = ["--write=picture", f"--mask={path}", f"--out={folder / 'o'}"]
    return ["apply", str(good.plate), f"--look={good.look}", *settings]


def look(good: Inputs, rng: random.Random, folder: Path) -> list[str]:
    path = folder / "look.onnx"
    path.write_bytes(damaged(rng.choice((good.look, good.guided)).read_bytes(), rng, _HEADER))
    if rng.random() < 0.5:
        return ["info", str(path)]
    return ["apply", str(good.plate), f"--look={path}", f"--out={folder / 'o'}"]


def graph(good: Inputs, rng: random.Random, folder: Path) -> list[str]:
    """Change the graph itself: other operators, attributes, shapes, names."""
    model = onnx.load(rng.choice((good.look, good.guided)))
    node = rng.choice(model.graph.node)
    kind = rng.randrange(6)
    if kind == 0:
        node.op_type = rng.choice(("Loop", "If", "Tile", "MatMul", "Div", "Where", "Conv", "Pad"))
    elif kind == 1:
        node.domain = rng.choice(("com.microsoft", "evil", "ai.onnx.ml"))
    elif kind == 2 and node.attribute:
        attribute = rng.choice(node.attribute)
        attribute.i = rng.choice((0, -1, 2**62, 3))
        attribute.ints[:] = [rng.choice((0, -1, 2**62, 3, 1)) for _ in attribute.ints]
    elif kind == 3:
        at = rng.randrange(len(node.input))
        node.input[at] = rng.choice(("", "rgb", "stops", "nothing"))
    elif kind == 4:
        tensor = rng.choice(model.graph.initializer)
        if tensor.dims:
            tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice((0, -1, 2**40, 7))
        tensor.data_type = rng.choice((1, 6, 7, 11, 16))
    else:
        del model.graph.node[rng.randrange(len(model.graph.node))]
    path = folder / "look.onnx"
    path.write_bytes(model.SerializeToString())
    return ["apply", str(good.plate), f"--look={path}", f"--out={folder / 'o'}"]


def card(good: Inputs, rng: random.Random, folder: Path) -> list[str]:
    model = onnx.load(rng.choice((good.look, good.guided)))
    values = json.loads(model.metadata_props[0].value)
    for _ in range(rng.choice((1, 1, 3))):
        values = changed(values, rng)
    del model.metadata_props[:]
    model.metadata_props.add(key=CARD_KEY, value=json.dumps(values))
    shelf = folder / "shelf"
    shelf.mkdir()
    path = shelf / "look.onnx"
    path.write_bytes(model.SerializeToString())
    apply = ["apply", str(good.plate), f"--look={path}", f"--out={folder / 'o'}"]
    asked = ["info", str(path)], ["info", "--json", str(path)], ["publish", str(path)], apply
    return rng.choice(asked)


def report(good: Inputs, rng: random.Random, folder: Path) -> list[str]:
    made = folder / "gains"
    made.mkdir()
    for number in range(3):
        name = f"plate.gain.{number:04d}.exr"
        (made / name).write_bytes(damaged(good.gain.read_bytes(), rng, _HEADER))
    return ["report", str(made)]


def cargo(good: Inputs, rng: random.Random, folder: Path) -> list[str]:
    """Change the arrays of the painted keys on board, or the archive that they are in."""
    model = onnx.load(good.shot)
    held = {entry.key: entry.value for entry in model.metadata_props}
    packed = base64.b64decode(held[CARGO_KEY])
    if rng.random() < 0.3:
        packed = damaged(packed, rng)
    else:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            arrays = {item.filename: archive.read(item) for item in archive.infolist()}
        name = rng.choice(list(arrays))
        arrays[name] = damaged(arrays[name], rng, 128)
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for key, value in arrays.items():
                archive.writestr(key, value)
        packed = made.getvalue()
    text = base64.b64encode(packed).decode()
    said = json.loads(held[CARD_KEY]) | {"cargo": keys_digest(text)}
    del model.metadata_props[:]
    model.metadata_props.add(key=CARD_KEY, value=json.dumps(said))
    model.metadata_props.add(key=CARGO_KEY, value=text)
    path = folder / "look.onnx"
    path.write_bytes(model.SerializeToString())
    return ["apply", str(good.plate), f"--look={path}", f"--out={folder / 'o'}"]


def trained(good: Inputs, rng: random.Random, folder: Path) -> list[str]:
    """Change a file of a training's folder."""
    if not good.run.is_dir():
        return exr(good, rng, folder)
    path = shutil.copytree(good.run, folder / "run") / rng.choice(
        ("recipe.json", "lesson.json", "best.pt")
    )
    if path.suffix == ".pt":
        path.write_bytes(damaged(path.read_bytes(), rng))
    else:
        path.write_text(json.dumps(changed(json.loads(path.read_text()), rng)))
    return ["export", str(folder / "run"), f"--out={folder / 'look.onnx'}"]


def lines(good: Inputs, rng: random.Random, folder: Path) -> list[str]:
    """Change what a host sends; after a lot of bad lines a good job must still be done."""
    job = {"plate": str(good.plate), "look": str(good.look), "out": str(folder / "o")}
    order = {"id": 1, "job": job}
    sent = [json.dumps(changed(order, rng)).encode() for _ in range(12)]
    sent += [damaged(json.dumps(rng.choice((order, {"cancel": 1}))).encode(), rng) for _ in sent]
    rng.shuffle(sent)
    sent.append(json.dumps({"id": GOOD, "job": job | {"out": str(folder / "good")}}).encode())
    (folder / "lines").write_bytes(b"\n".join(line.replace(b"\n", b" ") for line in sent) + b"\n")
    return ["worker"]


KINDS: tuple[Callable[[Inputs, random.Random, Path], list[str]], ...] = (
    *(exr, exr, exr, exr, exr, mask, look, look, graph, graph, card, card, card, report) * 4,
    *(cargo, cargo, cargo, cargo, trained),  # an export that goes well takes seconds
    lines,  # as does a process of its own
)

GOOD = 99
"""The number of the good job that a worker gets after all bad lines."""


def serve_worker(folder: Path) -> tuple[int, str]:
    """Send lines to a worker of its own; return its exit code, and 1 unless the good job ran."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "velatura", "worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    assert worker.stderr is not None
    said: list[bytes] = []
    reader = threading.Thread(target=lambda: said.append(worker.stderr.read()), daemon=True)
    reader.start()
    worker.stdin.write((folder / "lines").read_bytes())
    worker.stdin.flush()
    done = False
    for line in worker.stdout:
        event = json.loads(line)
        if event.get("id") == GOOD and event["event"] in {"done", "failed"}:
            done = event["event"] == "done"
            break
    worker.stdin.close()
    code = worker.wait(10)
    reader.join(10)
    return code or int(not done), b"".join(said).decode(errors="replace")


def run(number: int, seed: int, good: Inputs) -> tuple[str, int, str]:
    """Run a case; return its kind, its exit code, and what it said on stderr."""
    rng = random.Random(f"{seed} {number}")
    folder = good.folder / f"case{number}"
    folder.mkdir()
    kind = rng.choice(KINDS)
    arguments = kind(good, rng, folder)
    said = io.StringIO()
    if kind is lines:
        code, answer = serve_worker(folder)
        if not code:
            shutil.rmtree(folder)
        return kind.__name__, code, answer
    logging.root.handlers.clear()  # the log of each case is its own
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = main(arguments)
    if code in {0, 3, 4}:
        shutil.rmtree(folder)
    return kind.__name__, code, said.getvalue()


def serve(first: int, last: int, seed: int, folder: Path) -> None:
    """Run cases one after the other; say of each that it begins, and how it ended."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    good = Inputs.read(folder)
    out = sys.stdout
    for number in range(first, last):
        out.write(json.dumps({"begins": number}) + "\n")
        out.flush()
        kind, code, said = run(number, seed, good)
        ended = {"ends": number, "kind": kind, "code": code, "said": said[-3000:]}
        out.write(json.dumps(ended) + "\n")
        out.flush()


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:4]), Path(sys.argv[4]))
