"""What a stranger's file cannot do: each kind of failure that a hostile test once found."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import commands
import looks
import numpy as np
import onnx
import plates
import pytest
from commands import started, velatura
from onnx import TensorProto, helper
from shared import CASES

from velatura import library
from velatura.apply import trial
from velatura.errors import LookError
from velatura.image import exr
from velatura.image.planes import Image
from velatura.look import CARD_KEY, Card, read
from velatura.network import limits, onnx_graph

LOOKS = sorted((CASES / "looks").glob("*.onnx"))
EXRS = sorted((CASES / "exr-attributes").glob("*.exr"))
LINES = sorted((CASES / "worker-lines").glob("*"))

BIDI, ESCAPE = "\u202egnp", "\x1b]0;owned\x07"


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return looks.small(tmp_path_factory.mktemp("looks") / "small.onnx")


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    return plates.plain(tmp_path / "plate.0001.exr", 24, 32)


def changed(source: Path, path: Path, **said: object) -> Path:
    """Write a look with another card."""
    model = onnx.load(source)
    values = json.loads(model.metadata_props[0].value) | said
    del model.metadata_props[:]
    model.metadata_props.add(key=CARD_KEY, value=json.dumps(values))
    path.write_bytes(model.SerializeToString())
    return path


def refused(path: Path, match: str) -> None:
    from velatura.apply.session import open_session

    with pytest.raises(LookError, match=match):
        open_session(read(path), "cpu")


def loop(path: Path) -> Path:
    """A look that never ends: its loop's condition stays true."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["on"], ["on_too"]),
            helper.make_node("Identity", ["x"], ["y"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("n", TensorProto.INT64, []),
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            looks.shaped("x", 3),
        ],
        [helper.make_tensor_value_info("on_too", TensorProto.BOOL, []), looks.shaped("y", 3)],
    )
    graph = looks.Graph(0)
    graph.node("Loop", "", "true", "rgb", body=body)
    graph.nodes[-1].output[0] = "stops"
    graph.weights.append(helper.make_tensor("true", TensorProto.BOOL, [], [True]))
    return looks.pack(graph, looks.SMALL, path)


def test_a_loop_is_refused_at_once(tmp_path, plate):
    start = time.monotonic()
    result = velatura("apply", plate, "--look", loop(tmp_path / "x.onnx"), "--out", tmp_path / "o")
    assert result.returncode == 3
    assert "the operator Loop, which no look has" in result.stderr
    assert time.monotonic() - start < 30


@pytest.mark.parametrize("operator", ["Tile", "ConstantOfShape", "RandomNormalLike", "MatMul"])
def test_operators_that_export_never_writes_are_refused(tmp_path, operator):
    graph = looks.Graph(0)
    looks.bounded(graph, graph.node(operator, "rgb"), 8)
    refused(looks.pack(graph, looks.SMALL, tmp_path / "x.onnx"), f"the operator {operator}, which")


def test_the_contrib_operators_of_onnx_runtime_are_refused(tmp_path):
    graph = looks.Graph(0)
    looks.bounded(graph, graph.node("Inverse", "rgb", domain="com.microsoft"), 8)
    refused(looks.pack(graph, looks.SMALL, tmp_path / "x.onnx"), r"Inverse of com\.microsoft")


def test_whole_numbers_are_constants_alone(tmp_path):
    """-2^63 by -1 ends a process by SIGFPE."""
    graph = looks.Graph(0)
    least, minus = graph.weight(np.int64(-(2**63))), graph.weight(np.int64(-1))
    graph.node("Div", least, minus)
    looks.bounded(graph, "rgb", 8)
    refused(looks.pack(graph, looks.SMALL, tmp_path / "x.onnx"), "which is no value")


def test_more_memory_than_the_card_says_is_refused(tmp_path):
    graph = looks.Graph(0)
    wide = graph.conv("rgb", 3, 512)
    looks.bounded(graph, graph.conv(wide, 512, 3), 8)
    refused(looks.pack(graph, looks.SMALL, tmp_path / "x.onnx"), "bytes a pixel; its card says 120")


def test_more_arithmetic_than_the_card_says_is_refused(tmp_path):
    graph = looks.Graph(0)
    x = graph.conv("rgb", 3, 16)
    for _ in range(60):
        x = graph.conv(x, 16, 16)
    looks.bounded(graph, graph.conv(x, 16, 3), 8)
    path = looks.pack(graph, looks.SMALL, tmp_path / "x.onnx")
    refused(path, r"27\d\.\d kFLOP a pixel; its card says 1\.2")


def test_a_constant_that_grows_is_seen_before_it_is_folded(tmp_path):
    graph = looks.Graph(0)
    grown = graph.weight(np.ones((1, 3, 64, 64), np.float32))
    scales = graph.weight(np.array([1, 1, 4, 4], np.float32))
    for _ in range(4):
        grown = graph.node("Resize", grown, "", scales, mode="linear")
    looks.bounded(graph, graph.node("Add", "rgb", grown), 8)
    refused(looks.pack(graph, looks.SMALL, tmp_path / "x.onnx"), "holds a network that no look has")


def test_what_the_file_claims_of_its_intermediates_does_not_reach_onnx_runtime(look):
    model = onnx.load(look)
    claim = helper.make_tensor_value_info(model.graph.node[0].output[0], TensorProto.FLOAT, [1] * 4)
    model.graph.value_info.append(claim)
    bare = onnx.load_from_string(onnx_graph.read(model.SerializeToString()).model)
    assert not bare.graph.value_info
    assert not bare.metadata_props
    assert list(bare.graph.node) == list(model.graph.node)
    assert list(bare.graph.initializer) == list(model.graph.initializer)


def test_two_readers_cannot_see_two_networks(look):
    """Protobuf merges a second graph into the first, and skips fields that it does not know."""
    data = look.read_bytes()
    graph = onnx.load(look).graph.SerializeToString()
    second = (
        b"\x3a"
        + bytes([len(graph) & 0x7F | 0x80, len(graph) >> 7 & 0x7F | 0x80])
        + bytes([len(graph) >> 14])
    )
    with pytest.raises(ValueError, match="graph of the model twice"):
        onnx_graph.read(data + second + graph)
    with pytest.raises(ValueError, match="field 900 of the model"):
        onnx_graph.read(data + b"\xa0\x38\x00")


def test_every_kind_of_trained_network_is_allowed():
    torch = pytest.importorskip("torch")
    from velatura_training.export import onnx_file
    from velatura_training.network import build
    from velatura_training.network.cost import measure
    from velatura_training.network.generator import Shape

    torch.set_num_threads(1)
    whole = Shape(("normal", "depth", "albedo", "id"), canvas=True, carried=True, merged=True)
    nearest = Shape((), carried=True)  # as velatura 0.1 carried paint
    # Kinds and shapes add operators apart from each other: not all pairs have to be exported.
    pairs = (("unet", whole), ("brush", whole), ("resnet", nearest))
    for kind, shape in pairs:
        painter = build.build(kind, "draft", shape).eval().requires_grad_(False)
        model = onnx_file.to_onnx(painter)
        for node in model.graph.node:
            del node.metadata_props[:]
        cost = measure(painter)
        said = {"bytes_px": cost.bytes_px, "kflop_px": cost.kflop_px}
        card = Card("x", alignment=painter.alignment, halo=cost.halo, **said)
        fed = {"rgb": 3} | ({"guides": shape.channels} if shape.channels else {})
        graph = onnx_graph.read(model.SerializeToString())
        network = limits.checked(graph, card, fed)
        assert network.bytes_px < 1.25 * cost.bytes_px


def crashing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str) -> None:
    """Let the process that tries a look do something else."""
    wrapper = tmp_path / "python"
    wrapper.write_text(f"#!/bin/sh\n{line}\n")
    wrapper.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(wrapper))


@pytest.mark.skipif(os.name == "nt", reason="a shell and signals")
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("kill -SEGV $$", "crashed ONNX Runtime in its trial. Found: SIGSEGV"),
        ("kill -FPE $$", "crashed ONNX Runtime in its trial. Found: SIGFPE"),
        ("kill -XCPU $$", "does not come to an end on a picture of a few pixels"),
        ("exit 4", "takes too much memory for a picture of a few pixels"),
        ("echo nonsense; exit 3", "failed its trial on this machine. Found: nonsense"),
    ],
)
def test_a_look_that_fails_its_trial_is_refused(tmp_path, monkeypatch, line, message):
    look = looks.small(
        tmp_path / "x.onnx", strength=sum(map(ord, line)) / 1e4
    )  # a digest of its own
    crashing(monkeypatch, tmp_path, line)
    for _ in range(2):  # the second time it is remembered
        with pytest.raises(LookError, match=message):
            trial.demand(read(look))


def test_a_look_is_tried_once(tmp_path, monkeypatch):
    look = read(looks.small(tmp_path / "x.onnx", strength=0.77))
    trial.demand(look)
    crashing(monkeypatch, tmp_path, "exit 3")
    trial.demand(look)
    monkeypatch.setattr(trial, "_judgements", {})  # as another process
    trial.demand(look)


@pytest.mark.skipif(os.name == "nt", reason="named pipes and devices")
def test_a_library_survives_whatever_lies_in_it(tmp_path, monkeypatch, look):
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    monkeypatch.setenv("VELATURA_LOOKS", str(shelf))
    library.publish(look)
    os.mkfifo(shelf / "fifo.onnx")
    (shelf / "zero.onnx").symlink_to("/dev/zero")
    (shelf / "self.onnx").symlink_to(shelf / "self.onnx")
    (shelf / "folder.onnx").mkdir()
    changed(look, shelf / "number.onnx", bound=10**400)
    changed(look, shelf / "half.onnx", author="\ud800")
    changed(look, shelf / "long.onnx", name="x" * 2**20)
    nested: object = 0
    for _ in range(500):
        nested = [nested]
    changed(look, shelf / "deep.onnx", training={"a": nested})
    assert [entry.path.name for entry in library.shelf()] == ["small.onnx"]
    assert len(library.refused()) == 8
    result = velatura("looks", "--json")
    assert result.returncode == 0
    assert [entry["name"] for entry in json.loads(result.stdout)] == ["small"]
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) == 8


def test_a_card_reaches_no_terminal_log_or_file_name_as_it_is(tmp_path, plate, look):
    name = f"ink{ESCAPE}{BIDI}\nERROR forged"
    path = changed(look, tmp_path / "x.onnx", name=name, author=name)
    assert read(path).card.name == "ink?]0;owned??gnp?ERROR forged"
    result = velatura("apply", plate, "--look", path, "--out", tmp_path / "o")
    assert result.returncode == 0
    said = result.stdout + result.stderr
    assert not any(mark in said for mark in ("\x1b", "\x07", "\u202e", "\nERROR"))


@pytest.mark.parametrize("name", ["ink[python 1].onnx", "ink#.onnx", "ink%04d.onnx", "ink$x.onnx"])
def test_a_look_with_a_name_that_nuke_runs_is_not_published(tmp_path, monkeypatch, look, name):
    monkeypatch.setenv("VELATURA_LOOKS", str(tmp_path))
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / name
    path.write_bytes(look.read_bytes())
    with pytest.raises(LookError, match="Nuke would run parts of it"):
        library.publish(path)


def with_attribute(path: Path, **said: object) -> Path:
    part = plates.part(plates.rgba(24, 32), attributes=said)
    exr.write(path, Image((part,)))
    return path


def test_an_attribute_that_cannot_be_written_is_left_out_and_said(tmp_path, look):
    path = tmp_path / "x.exr"
    data = bytearray(with_attribute(path, adoptedNeutra_="a text").read_bytes())
    at = data.index(b"adoptedNeutra_")
    data[at : at + 14] = b"adoptedNeutral"
    path.write_bytes(data)
    arguments = ("--look", look, "--out", tmp_path / "o", "--write", "picture")
    result = velatura("apply", path, *arguments)
    assert result.returncode == 0, result.stderr
    assert "left out: adoptedNeutral" in result.stderr
    assert "adoptedNeutral" not in exr.attributes(tmp_path / "o" / "x.exr")


def test_a_file_that_claims_more_than_it_can_hold_is_refused_before_anything_is_allocated(
    tmp_path, look
):
    path = plates.plain(tmp_path / "x.exr", 24, 32)
    data = path.read_bytes()
    for name in (b"dataWindow\0box2i\0\x10\0\0\0", b"displayWindow\0box2i\0\x10\0\0\0"):
        at = data.index(name) + len(name)
        data = data[: at + 8] + np.array([9999, 9999], np.int32).tobytes() + data[at + 16 :]
    path.write_bytes(data)
    result = velatura("apply", path, "--look", look, "--out", tmp_path / "o")
    assert result.returncode == 3
    assert "4 channels of 10000x10000" in result.stderr


@pytest.mark.skipif(not EXRS, reason="no cases beside the checkout")
@pytest.mark.parametrize("path", EXRS, ids=lambda path: path.name)
def test_odd_attributes_are_no_bug(tmp_path, look, path):
    result = velatura("apply", path, "--look", look, "--out", tmp_path / "o", "--write", "both")
    assert result.returncode in {0, 3}, result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(not LOOKS, reason="no cases beside the checkout")
@pytest.mark.parametrize("path", LOOKS, ids=lambda path: path.name)
def test_hostile_looks_are_refused_or_harmless(tmp_path, plate, path):
    for order in (["info", "--json", path], ["apply", plate, "--look", path, "--out", tmp_path]):
        result = velatura(*order)
        assert result.returncode in {0, 3}, result.stderr
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "line",
    [
        '{"cancel": []}',
        '{"cancel": {}}',
        "[" * 100_000,
        json.dumps({"id": 1, "job": {"plate": "a", "look": "a\0b", "out": "o"}}),
        json.dumps({"id": 1, "job": {"plate": "a", "look": "\ud800", "out": "o"}}),
        json.dumps({"id": 1, "job": {"plate": "a" * 300 + ".exr", "look": "b", "out": "o"}}),
        *(path.read_text() for path in LINES),
    ],
    ids=lambda line: hashlib.sha256(line.encode()).hexdigest()[:8],
)
def test_no_line_ends_a_worker(tmp_path, plate, look, line):
    good = {"id": 7, "job": {"plate": str(plate), "look": str(look), "out": str(tmp_path / "o")}}
    result = velatura("worker", input=f"{line.strip()}\n{json.dumps(good)}\n")
    events = [json.loads(each) for each in result.stdout.splitlines()]
    assert result.returncode == 0, result.stderr
    assert {"ready", "done"} <= {event["event"] for event in events} or _cancelled(events)
    failed = [event for event in events if event["event"] == "failed"]
    assert all(event["exit_code"] in {3, 130} for event in failed), failed


def _cancelled(events: list[dict[str, object]]) -> bool:
    """Stdin closed before the good job was done: it was cancelled, which is an answer too."""
    return any(event.get("error") == "CancelledError" for event in events)


@pytest.mark.skipif(os.name == "nt", reason="a shell")
def test_closed_streams_do_not_matter_and_a_full_stdout_is_said(tmp_path, plate, look):
    command = " ".join(map(str, [*commands.COMMAND, "apply", plate, "--look", look, "--out"]))
    for number, closed in enumerate(("2>&-", ">&-", "<&-", "<&- >&- 2>&-")):
        out = tmp_path / f"o{number}"
        done = subprocess.run(f"{command} {out} {closed}", shell=True, check=False)  # noqa: S602
        assert done.returncode == 0
        assert len(list(out.iterdir())) == 1
    full = subprocess.run(  # noqa: S602
        f"{command} {tmp_path / 'o'} > /dev/full",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert full.returncode == 4
    assert "Standard output cannot be written" in full.stderr
    assert "Traceback" not in full.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_job_soon_wherever_it_is(tmp_path, number):
    plate = plates.shot(tmp_path / "in", 4, 900, 1200)
    look = looks.realistic(tmp_path / "slow.onnx", blocks=10, width=64)
    job = started("apply", plate, "--look", look, "--out", tmp_path / "o", "--workers", "1")
    for line in job.stderr or ():
        if "runs on the CPU" in line:
            break
    time.sleep(1)
    start = time.monotonic()
    job.send_signal(number)
    assert job.wait(20) == 128 + number
    assert time.monotonic() - start < 8  # two seconds, and a machine that does other things
    job.communicate()


def test_two_jobs_that_are_the_same_share_the_work_and_others_are_refused(tmp_path, look):
    plate = plates.shot(
        tmp_path / "in", 48, 200, 300
    )  # so many that the first job outlasts a slow start
    other = looks.small(tmp_path / "other.onnx", strength=0.5)
    out = tmp_path / "o"
    first = started(
        "apply", plate, "--look", look, "--out", out, "--workers", "1", "--progress", "none"
    )
    assert first.stdout is not None
    first.stdout.readline()  # a frame is there: it holds its claim
    second = started("apply", plate, "--look", look, "--out", out)
    third = velatura("apply", plate, "--look", other, "--out", out)
    for job in (first, second):
        _, said = job.communicate()
        assert job.returncode == 0, said
    assert len(list(out.iterdir())) == 48
    if third.returncode:  # else the first two were done before it began
        assert third.returncode == 3
        assert "Another job writes" in third.stderr


def test_a_claim_whose_process_is_gone_is_nobodys(tmp_path, look):
    from velatura.apply import claims

    out = tmp_path / "o"
    out.mkdir()
    plate = plates.plain(tmp_path / "plate.0001.exr", 24, 32)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    said = {"host": claims._host(), "pid": dead.pid, "files": {"plate.gain.0001.exr": "another"}}
    (out / ".velatura-0.claim.tmp").write_text(json.dumps(said))
    result = velatura("apply", plate, "--look", look, "--out", out)
    assert result.returncode == 0, result.stderr
    assert [path.name for path in out.iterdir()] == ["plate.gain.0001.exr"]


def test_what_a_live_job_writes_is_not_swept(tmp_path, look):
    from velatura.apply import claims

    out = tmp_path / "o"
    out.mkdir()
    plate = plates.plain(tmp_path / "plate.0001.exr", 24, 32)
    velatura("apply", plate, "--look", look, "--out", out)
    writing = out / ".plate.gain.0001.exr.1a2b3c4d.tmp"
    writing.write_bytes(b"half")
    with claims.held(out, {"plate.gain.0001.exr": "mark"}):
        velatura("apply", plate, "--look", look, "--out", out)
        assert writing.exists()
    velatura("apply", plate, "--look", look, "--out", out)
    assert not writing.exists()


def test_a_flipped_byte_in_a_checkpoint_is_noticed(tmp_path):
    torch = pytest.importorskip("torch")
    from velatura.errors import TrainingError
    from velatura_training import run_folder

    path, cpu = tmp_path / "best.pt", torch.device("cpu")
    run_folder.save(path, {"painter": {"w": torch.zeros(1000)}, "steps": 3})
    assert run_folder.load(path, cpu)["steps"] == 3
    data = bytearray(path.read_bytes())
    data[data.index(bytes(64)) + 8] ^= 1  # in the weights: no checksum of ZIP's is looked at
    path.write_bytes(data)
    with pytest.raises(TrainingError, match="not those that were written"):
        run_folder.load(path, cpu)
    old = io.BytesIO()
    torch.save({"steps": 4}, old)
    path.write_bytes(old.getvalue())  # as velatura 0.1.0 wrote it
    assert run_folder.load(path, cpu)["steps"] == 4
    torch.save([1, 2], path)
    with pytest.raises(TrainingError, match="cannot be read"):
        run_folder.load(path, cpu)
