"""Each promise has a proof, and a look that was damaged fails the one that should catch it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import commands
import looks
import numpy as np
import onnx
import pans
import plates
import pytest
from stages import Stage

from velatura import fingerprint
from velatura.carry import packing
from velatura.carry.paint import Carry
from velatura.carry.painted_key import Key
from velatura.image import exr
from velatura.job import Job
from velatura.look import CARD_KEY, Card
from velatura.system.progress import Progress
from velatura.verify import proving
from velatura.verify.stamp import PROOF_KEY
from velatura.verify.verdict import Verdict

STAGE = Stage(last=3)
BY = {"carried_by": ("position", "id")}
COST = {"kflop_px": 4.2, "bytes_px": 200.0, "parameters": 13_000}  # of looks.small, a little more


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return STAGE.write(tmp_path_factory.mktemp("shot"), painted=()) / "plate.####.exr"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = STAGE.write(tmp_path_factory.mktemp("keys"), painted=())
    found = pans.looked_over(folder, (1, 3))
    painted = (Key.of(f, STAGE.paint(f) + 1, STAGE.sight(f), found.tracks) for f in (1, 3))
    return packing.pack(Carry(tuple(painted), found.tracks, found.fields))


def prove(look: Path, shot: Path, **settings: object) -> Verdict:
    job = Job(str(shot), str(look), "unused", **settings)
    return proving.prove(job, Progress("none"), {})


def states(verdict: Verdict) -> dict[str, str]:
    return {proof.name: proof.state for proof in verdict.proofs}


def carded(path: Path, **changes: object) -> Path:
    """Exchange fields of a look's card; its network stays."""
    model = onnx.load(path)
    card = Card.loads(model.metadata_props[0].value)
    model.metadata_props[0].value = dataclasses.replace(card, **changes).dumps()
    assert model.metadata_props[0].key == CARD_KEY
    path.write_bytes(model.SerializeToString())
    return path


def good(folder: Path, **settings: object) -> Path:
    return looks.small(folder / "good.onnx", strength=0.02, **{**COST, **settings})


def constant(folder: Path, stops: float, **settings: object) -> Path:
    """The same gain everywhere."""
    graph = looks.Graph(0)
    nothing = graph.node("Mul", "rgb", graph.weight(np.float32(0)))
    looks.bounded(graph, graph.node("Add", nothing, graph.weight(np.float32(stops))), 8.0)
    return looks.pack(graph, Card("constant", alignment=4, **settings), folder / "constant.onnx")


def canvas(folder: Path) -> Path:
    """Strokes that stick to the screen while the picture moves beneath them."""
    graph = looks.Graph(0)
    start, end, axis = (graph.weight(np.array([at])) for at in (0, 3, 1))
    planes = graph.node("Slice", "guides", start, end, axis)
    looks.bounded(graph, graph.node("Mul", planes, graph.weight(np.float32(2))), 8.0)
    return looks.pack(graph, Card("canvas", alignment=4, canvas=True), folder / "canvas.onnx")


def broken(folder: Path) -> Path:
    """NaN where something moves to the left: a probe at rest does not show it."""
    graph = looks.Graph(0)
    start, end, axis = (graph.weight(np.array([at])) for at in (0, 3, 1))
    planes = graph.node("Slice", "guides", start, end, axis)
    looks.bounded(graph, graph.node("Log", planes), 8.0)
    card = Card("broken", alignment=4, guides=("vector",))
    return looks.pack(graph, card, folder / "broken.onnx")


def test_a_sound_look_passes_every_proof(tmp_path, shot):
    verdict = prove(good(tmp_path), shot)
    assert verdict.failed == ()
    untested = {name for name, state in states(verdict).items() if state == "not tested"}
    assert untested == {"painted frames", "slider"}  # it is a free look, with a slider in raw stops


def test_a_shot_look_brings_its_painted_frames_back(tmp_path, shot, keys):
    verdict = prove(looks.faithful(tmp_path / "faithful.onnx", keys, **BY), shot)
    assert states(verdict)["painted frames"] == "PASS"
    (proof,) = [proof for proof in verdict.proofs if proof.name == "painted frames"]
    assert proof.figure < 0.01
    assert proof.note.startswith("2 ")


DAMAGES: dict[str, tuple[str, Callable[[Path, str], Path]]] = {
    "it sees farther than its card says": (
        "tiles",
        lambda folder, _: carded(good(folder), halo=4),
    ),
    "it makes NaN of some passes": ("contract", lambda folder, _: broken(folder)),
    "its gains are at their bound": ("exposure", lambda folder, _: constant(folder, 8)),
    "it forgets its painted frames": (
        "painted frames",
        lambda folder, keys: looks.small(folder / "deaf.onnx", cargo=keys, strength=0.02, **BY),
    ),
    "it blows highlights up": (
        "highlights",
        lambda folder, _: constant(folder, 2, scores={"p999": 0.1}),
    ),
    "its slider is bent": (
        "slider",
        lambda folder, _: constant(
            folder, -2, strength_lut=tuple((knot / 16) ** 4 for knot in range(17))
        ),
    ),
    "its strokes stick to the screen": ("calm", lambda folder, _: canvas(folder)),
    "it costs more than its card says": (
        "cost",
        lambda folder, _: carded(good(folder), kflop_px=1.0),
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_look_fails_the_proof_that_should_catch_it(damage, tmp_path, shot, keys):
    proof, damaged = DAMAGES[damage]
    if proof == "slider":
        pytest.importorskip("flip_evaluator")
    assert proof in prove(damaged(tmp_path, keys), shot, frames="1-2").failed


def test_another_plate_at_strength_0_and_another_repeat_fail(tmp_path, shot, monkeypatch):
    """The pipeline itself is damaged: no look can break these."""
    run = proving.sequence.run

    def careless(job: Job, report: object) -> None:
        run(job, report)
        name = Path(job.out).name
        if name in {"two", "zero"}:
            path = min(Path(job.out).glob("plate.0*.exr"))
            image = exr.read(path)
            plane = image.find("R")[1].pixels.copy()
            plane[0, 0] += 1
            exr.write(path, image.replace({"R": plane}))

    monkeypatch.setattr(proving.sequence, "run", careless)
    assert set(prove(good(tmp_path), shot, frames="1-2").failed) == {"strength 0", "twice"}


def test_the_command_says_it_in_three_ways_and_with_its_exit_code(tmp_path, shot):
    page, out = tmp_path / "proofs.html", tmp_path / "out"
    sound = ("verify", good(tmp_path), shot, "--frames", "1-2")
    commands.velatura("apply", shot, "--look", good(tmp_path), "--out", out, "--frames=1")
    done = commands.velatura(*sound, "--json", "--html", page, "--stamp", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    said, _, wrote = done.stdout.rpartition("}\n")
    verdict = json.loads(said + "}")
    assert verdict["passed"]
    assert len(verdict["plates"]) == 2
    assert wrote.split() == ["wrote", str(out / "plate.gain.0001.exr")]
    assert exr.attributes(out / "plate.gain.0001.exr")[PROOF_KEY] == verdict["proof"]
    assert fingerprint.stored(out / "plate.gain.0001.exr")  # and still says what it was made from
    assert "every proof passed" in page.read_text()
    bad = carded(good(tmp_path), kflop_px=1.0)
    failed = commands.velatura("verify", bad, shot, "--frames", "1", "--stamp", out)
    assert failed.returncode == 3
    assert "FAIL" in failed.stdout
    assert "1 of 12 proofs" in failed.stderr
    assert exr.attributes(out / "plate.gain.0001.exr")[PROOF_KEY] == verdict["proof"]


def test_painted_keys_of_another_size_are_refused(tmp_path, shot):
    small = plates.shot(tmp_path / "keys", 1, 20, 28)
    asked = ("--frames=1", "--painted", small)
    done = commands.velatura("verify", good(tmp_path), shot, *asked)
    assert done.returncode == 3
    assert "has not the size of its plate" in done.stderr


def test_the_digest_of_a_proof_is_the_same_twice_and_another_for_other_frames(tmp_path, shot):
    look = good(tmp_path)
    one, two = (prove(look, shot, frames="1-2") for _ in range(2))
    assert one.proof == two.proof
    assert prove(look, shot, frames="2-3").proof != one.proof
