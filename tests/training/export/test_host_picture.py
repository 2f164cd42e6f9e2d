"""Flame's and Houdini's file makes the picture that `velatura apply` makes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import plates
import pytest
import torch

from velatura.apply import sequence
from velatura.cli.main import main
from velatura.errors import TrainingError
from velatura.gain.layer import stops_of
from velatura.image import exr
from velatura.image.planes import Image
from velatura.job import Job
from velatura.look import Card
from velatura.system.onnx_runtime import ort
from velatura.system.progress import Progress
from velatura_training.encoding import encode
from velatura_training.export import host_picture, onnx_file
from velatura_training.export.host_picture import Asked
from velatura_training.export.trained import Trained
from velatura_training.network import build
from velatura_training.network.generator import Shape

SIZE = 72, 96  # px: multiples of the alignment, which hosts pad to


def trained(guides: tuple[str, ...] = (), *, canvas: bool = False, **card: object) -> Trained:
    """A look that was never taught, and does something all the same."""
    torch.manual_seed(5)
    painter = build.build("unet", "draft", Shape(guides, canvas=canvas)).eval()
    with torch.no_grad():
        for weights in painter.parameters():
            weights.add_(0.05 * torch.randn_like(weights))
    painter.requires_grad_(False)
    about = Card(
        "ink",
        guides=guides,
        canvas=canvas,
        alignment=painter.alignment,
        halo=112,
        kflop_px=40,
        bytes_px=400,
        **card,
    )
    return Trained(painter, about, "")


def run(path: Path, **pictures: np.ndarray) -> np.ndarray:
    session = ort.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    (answer,) = session.run(["result"], {name: p[None] for name, p in pictures.items()})
    return answer[0]


def applied(made: Trained, folder: Path, **planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what `velatura apply` makes of a plate: picture and gain, as it writes them."""
    exr.write(folder / "plate.exr", Image((plates.part(planes),)))
    onnx_file.write(made, folder / "look.onnx")
    job = Job(str(folder / "plate.exr"), str(folder / "look.onnx"), str(folder / "out"), "", "both")
    sequence.run(job, Progress("none"))
    gain = stops_of(exr.read(folder / "out" / "plate.gain.exr"))
    picture = exr.read(folder / "out" / "plate.exr")
    return np.stack([picture.find(name)[1].pixels for name in "RGB"]), gain


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest difference, of the encoded range."""
    codes = [encode(torch.from_numpy(np.asarray(p, np.float32))) for p in (one, other)]
    return float((codes[0] - codes[1]).abs().max() / encode(torch.tensor(65504.0)))


@pytest.mark.parametrize(("guides", "canvas"), [((), False), (("normal", "depth"), True)])
def test_it_is_the_picture_of_apply(guides, canvas, tmp_path):
    """Up to the half floats that a gain layer is kept in; the file itself is proved to 1e-5."""
    made = trained(guides, canvas=canvas)
    light = plates.light(*SIZE).astype(np.float32)
    path, sidecar = host_picture.write(made, tmp_path / "ink.onnx", Asked("flame"))
    found = run(path, front=light)
    wanted, gain = applied(made, tmp_path, **dict(zip("RGB", light, strict=True)))
    assert np.abs(gain).max() > 0.1
    half = float(np.spacing(np.float16(np.abs(gain).max()))) / 8 / 2.88  # a step of it
    assert apart(found, wanted) < 1e-5 + half
    assert sidecar.name == "ink.json"


@pytest.fixture(scope="module")
def flame(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trained, Path, Path]:
    """A look that reads passes, with passes as further inputs: its file, and what lies beside."""
    made, out = trained(("normal", "depth")), tmp_path_factory.mktemp("flame") / "ink.onnx"
    return made, *host_picture.write(made, out, Asked("flame", passes=True))


def test_with_passes_as_further_inputs_it_is_the_picture_of_apply_too(flame, tmp_path):
    made, path, _ = flame
    rng = np.random.default_rng(3)
    light, normal = plates.light(*SIZE), rng.normal(0, 0.6, (3, *SIZE)).astype(np.float32)
    depth = rng.uniform(1, 9, (1, *SIZE)).astype(np.float32)
    found = run(path, front=light, normal=normal, depth=depth)
    names = ("R", "G", "B", "Normal.X", "Normal.Y", "Normal.Z", "Depth.Z")
    planes = dict(zip(names, np.concatenate([light, normal, depth]), strict=True))
    wanted, gain = applied(made, tmp_path, **planes)
    half = float(np.spacing(np.float16(np.abs(gain).max()))) / 8 / 2.88
    assert apart(found, wanted) < 1e-5 + half
    without = run(path, front=light, normal=0 * normal, depth=0 * depth)
    assert apart(found, without) > 1e-3


def test_the_sidecar_says_what_flame_reads(flame):
    made, path, sidecar = flame
    said = json.loads(sidecar.read_text())["ModelDescription"]
    model = onnx.load(path)
    assert [each["Name"] for each in said["Inputs"]] == [i.name for i in model.graph.input]
    assert [each["Type"] for each in said["Inputs"]] == ["Front", "Aux", "Aux"]
    assert [each["Channels"] for each in said["Inputs"]] == ["RGB", "RGB", "A"]
    assert [each["Name"] for each in said["Outputs"]] == [o.name for o in model.graph.output]
    assert said["SupportsSceneLinear"] is True
    assert said["Padding"] == made.painter.alignment


def test_axes_are_free_or_fixed(tmp_path, caplog):
    made = trained()
    (free,) = host_picture.write(made, tmp_path / "free.onnx", Asked("houdini"))
    (fixed,) = host_picture.write(made, tmp_path / "f.onnx", Asked("houdini", size=(96, 72)))
    shapes = [
        [axis.dim_value for axis in onnx.load(path).graph.input[0].type.tensor_type.shape.dim]
        for path in (free, fixed)
    ]
    assert shapes == [[1, 3, 0, 0], [1, 3, 72, 96]]  # 0: a name, which Houdini shows as -1
    light = plates.light(72, 96).astype(np.float32)
    np.testing.assert_array_equal(run(free, front=light), run(fixed, front=light))
    assert "nothing of the look" not in caplog.text


@pytest.mark.parametrize(
    ("made", "wanted", "words"),
    [
        (trained(), Asked("flame", passes=True), "reads no passes"),
        (trained(("vector",)), Asked("flame", passes=True), "one channel or three, and vector"),
        (trained(), Asked("houdini", size=(100, 90)), "multiples of"),
        (trained(keys_digest="a", free=False), Asked("flame"), "keys of its own shot"),
    ],
)
def test_what_a_host_cannot_run_is_refused(made, wanted, words, tmp_path):
    with pytest.raises(TrainingError, match=words):
        host_picture.write(made, tmp_path / "ink.onnx", wanted)
    assert not list(tmp_path.iterdir())


def test_what_only_a_hosts_file_takes_is_refused_without_a_host(tmp_path, caplog):
    asked = ["export", str(tmp_path), "--out", str(tmp_path / "a.onnx"), "--passes", "--size=64x64"]
    assert main(asked) == 3
    assert "--passes and --size would do nothing" in caplog.text
    assert "--host flame or --host houdini" in caplog.text


@pytest.mark.parametrize("name", ["unet", "resnet", "brush"])
def test_a_look_that_has_not_learnt_anything_says_so(name, tmp_path, caplog):
    torch.manual_seed(2)  # of five, the one whose new `brush` tints most
    untaught = build.build(name, "draft", Shape()).eval().requires_grad_(False)
    made = replace(trained(), painter=untaught)
    host_picture.write(made, tmp_path / "ink.onnx", Asked("houdini"))
    assert "nothing of the look shows in" in caplog.text
