"""A look for Nuke's Inference node: the module is the look, and its folder can be read."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
import torch
import untrained
from learning import learn

from velatura.apply import canvas
from velatura.apply.session import open_session
from velatura.apply.tile import tiles
from velatura.cli import main
from velatura.errors import TrainingError
from velatura.gain import law
from velatura.image.planes import Window
from velatura.look import Card
from velatura.strength import even
from velatura_training import run_folder
from velatura_training.encoding import encode
from velatura_training.export import cattery, onnx_file, torchscript
from velatura_training.network import build
from velatura_training.network.generator import Shape

TOP = float(encode(torch.tensor(65504.0)))
ROUNDED = 1e-5  # of the encoded range: two runtimes' roundings, as for a look's export
HALVES = 3e-3  # the same, where every layer of the network rounds to 11 bits; 8e-4 was measured


@pytest.fixture(scope="module")
def trained():
    torch.set_num_threads(1)  # this is before conftest says so
    return untrained.trained()


@pytest.fixture(scope="module")
def home(trained, tmp_path_factory):
    return cattery.write(trained, tmp_path_factory.mktemp("Cattery"))


@pytest.fixture
def module(home):
    return torchscript.load(home / "Ink_Wash_2.pt")


@pytest.fixture(scope="module")
def look(trained, tmp_path_factory):
    return onnx_file.write(trained, tmp_path_factory.mktemp("looks") / "ink.onnx")


def light(height, width, seed=0):
    rng = np.random.default_rng(seed)
    return np.exp2(rng.uniform(-10, 6, (3, height, width))).astype(np.float32)


def matte(height, width):
    rows = np.linspace(0, 1.3, height, dtype=np.float32)[:, None]
    return np.broadcast_to(rows, (1, height, width)).copy()


def put(module, plate, *planes, strength=1.0, dtype=torch.float32):
    """Return what a module makes of a plate and more planes, with a mask where there are any."""
    module.strength, module.use_mask = strength, int(bool(planes))
    x = torch.from_numpy(np.concatenate([plate, *(planes or (plate[:1],))]))[None]
    made = module.to(dtype)(x.to(dtype))
    assert made.dtype == dtype
    assert made.is_contiguous()
    return made[0].float().numpy()


def baked(look, plate):
    """Return the stops that the runtime gives a plate without passes."""
    session, (height, width) = open_session(look, "cpu"), plate.shape[1:]
    stops = np.empty_like(plate)
    fetch = lambda rows, columns, into: np.copyto(into, plate[:, rows, columns])  # noqa: E731
    for (rows, columns), tile in tiles(session, height, width, fetch):
        stops[:, rows, columns] = tile
    return stops


def apart(one, other):
    codes = (encode(torch.from_numpy(picture)) for picture in (one, other))
    return float((next(codes) - next(codes)).abs().max()) / TOP


@pytest.mark.parametrize("size", [(1, 1), (37, 51), (64, 96)])
def test_the_module_equals_the_onnx_look(module, look, size):
    plate = light(*size)
    stops, floor = baked(look, plate), look.card.floor
    assert np.abs(stops).max() > 0.2
    wanted = law.apply(plate, stops, floor=floor)
    assert apart(put(module, plate), wanted) < ROUNDED
    halves = plate.astype(np.float16).astype(np.float32)
    assert apart(put(module, halves, dtype=torch.float16), wanted) < HALVES


def test_strength_means_what_it_means_elsewhere_and_the_mask_multiplies_it(module, look):
    plate, mask = light(37, 51), matte(37, 51)
    stops, lut, floor = baked(look, plate), look.card.strength_lut, look.card.floor
    assert lut
    assert abs(even(lut, 0.5) - 0.5) > 1e-3, "the calibration makes a difference here"
    for strength in (0.2, 0.5, 1.0, 1.7):
        base = plate + floor * (stops > 0)
        wanted = plate + base * (2.0 ** (even(lut, strength) * mask * stops) - 1)
        found = put(module, plate, mask, strength=strength)
        assert apart(found, wanted.astype(np.float32)) < ROUNDED
    np.testing.assert_array_equal(put(module, plate, strength=9.0), put(module, plate, strength=4))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_no_strength_and_no_mask_give_the_plate_bit_for_bit(module, dtype):
    plate = torch.from_numpy(light(21, 30)).to(dtype)
    plate[0, 0, :6] = torch.tensor([np.nan, np.inf, -np.inf, -0.0, -0.3, 65504.0])
    bits = torch.int32 if dtype == torch.float32 else torch.int16
    module.to(dtype)
    for strength, mask in ((0.0, 1.0), (0.7, 0.0), (1.0, -1.0), (1.0, np.nan), (-1.0, 1.0)):
        module.strength, module.use_mask = strength, 1
        x = torch.cat([plate, torch.full_like(plate[:1], mask)])[None]
        torch.testing.assert_close(module(x)[0].view(bits), plate.view(bits), rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_nan_and_inf_stay_where_they_are_and_spread_nowhere(module, dtype):
    plate = light(32, 40)
    whole = put(module, plate, dtype=dtype)
    plate[1, 4, 5], plate[2, 20, 7], plate[0, 9, 9] = np.nan, np.inf, 65504
    found = put(module, plate, dtype=dtype)
    wild = ~np.isfinite(plate).all(0)
    assert wild.sum() == 2
    assert np.isfinite(found[:, ~wild]).all()
    np.testing.assert_array_equal(found[0, wild], plate[0, wild].astype(f"f{dtype.itemsize}"))
    assert not np.array_equal(found, whole)


def test_a_premultiplied_plate_is_seen_and_glazed_as_its_alpha_says(module, look):
    straight, mask = light(37, 51), matte(37, 51)
    alpha = np.clip(np.linspace(-0.1, 1, 51, dtype=np.float32), 0, 1) * np.ones((1, 37, 1), "f4")
    alpha[0, 3, 3] = -0.2  # the ring of a sharpening filter
    solid = np.maximum(alpha, 0)
    plate = np.where(solid > 0, straight * solid, straight)  # light without alpha: a glow
    module.unpremult = 1
    found = put(module, plate, alpha, mask)
    seen = np.divide(plate, solid, out=plate.copy(), where=solid > 0)
    wanted = law.apply(plate, baked(look, seen), mask, solid, look.card.floor)
    assert apart(found, wanted) < ROUNDED
    empty = np.zeros_like(plate)
    assert not put(module, empty, np.zeros_like(alpha), np.ones_like(mask)).any()
    module.unpremult = 0
    assert apart(put(module, plate, alpha, mask), wanted) > ROUNDED


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("unet", Shape()),
        ("resnet", Shape(("normal", "depth"), carried=True)),
        ("brush", Shape(canvas=True)),
    ],
)
def test_every_kind_of_painter_goes_live_in_operators_of_old(kind, shape, tmp_path):
    made = untrained.trained(kind, shape)
    painter, card = made.painter, made.card
    torchscript.save(torchscript.script(painter, card), tmp_path / "x.pt")
    module = torchscript.load(tmp_path / "x.pt")
    assert torchscript.prove(module, painter, card) < ROUNDED
    assert kinds(module.inlined_graph) <= set(OPERATORS.split())
    with zipfile.ZipFile(tmp_path / "x.pt") as archive:
        held = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    assert int(held["version"]) <= 4, "torch 1.6 reads no later one"
    code = b"".join(data for name, data in held.items() if name.endswith(".py"))
    assert b"def forward" in code
    assert b"NoneType" not in code, "a type that torch 1.6 cannot read"
    for weight in painter.head.parameters():
        weight.add_(0.1)
    with pytest.raises(TrainingError, match="disagree"):
        torchscript.prove(module, painter, card)


OPERATORS = """
prim::Constant prim::GetAttr prim::If prim::ListConstruct prim::device prim::dtype prim::max
prim::min aten::Int aten::__and__ aten::__getitem__ aten::add aten::all aten::arange
aten::bitwise_not aten::cat aten::clamp aten::contiguous aten::conv2d aten::div aten::eq
aten::expand aten::floordiv aten::ge aten::gt aten::index_select aten::isfinite aten::leaky_relu
aten::log aten::masked_fill aten::mul aten::narrow aten::ne aten::neg aten::ones_like
aten::pixel_shuffle aten::pow aten::remainder aten::replication_pad2d aten::size aten::sub
aten::tanh aten::to aten::unsqueeze aten::upsample_bilinear2d aten::where aten::zeros_like
"""
"""All in torch 1.6; the files were loaded and run in it, as docs/live.md says."""


def kinds(block):
    found = set()
    for node in block.nodes():
        found.add(node.kind())
        for inner in node.blocks():
            found |= kinds(inner)
    return found


def test_the_canvas_lies_where_the_runtime_has_it():
    painter = build.build("brush", "draft", Shape(canvas=True)).eval()
    module = torchscript.Live(painter.head, Card("x", canvas=True))
    wanted = canvas.patch(Window(0, 0, 512, 512))
    np.testing.assert_array_equal(module.half().weave.numpy() / 64, wanted)


def test_the_command_writes_what_it_is_asked_for(shot, tmp_path, capfd, caplog):
    run = learn(shot, tmp_path / "ink wash", 2)
    capfd.readouterr()
    best = run_folder.load(run / run_folder.BEST, torch.device("cpu"))
    run_folder.save(run / run_folder.BEST, {**best, run_folder.STRENGTH: []})  # none
    assert main.main(["export", str(run), "--torchscript", str(tmp_path)]) == 0
    assert capfd.readouterr().out == f"wrote {tmp_path / 'ink_wash'}\n"
    module, plate = torchscript.load(tmp_path / "ink_wash" / "ink_wash.pt"), light(16, 16)
    one, half = (module.strength, module.even()), 0.5
    assert one == (1.0, 1.0)
    module.strength = half
    assert module.even() == half
    assert not np.array_equal(put(module, plate, strength=half), plate)
    assert main.main(["export", str(run)]) == 3
    assert "Give --out LOOK.onnx, --torchscript FOLDER" in caplog.text
