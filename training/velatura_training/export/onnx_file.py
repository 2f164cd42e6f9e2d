"""From a training run to a look: one ONNX file with its card, proved before it is written.

The look is refused if ONNX Runtime and torch disagree by more than 1e-5 of the encoded range, or
if the gain law at strength 0 does not give the plate back bit for bit.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

import velatura
from velatura import look
from velatura.apply.session import open_session
from velatura.atomic import replacing
from velatura.errors import StorageError, TrainingError
from velatura.gain import law
from velatura.image.planes import FloatArray
from velatura.look import Card, Look
from velatura_training.export import proof
from velatura_training.export.fused import fused
from velatura_training.export.trained import Trained, load
from velatura_training.network.generator import Generator, Shape

OPSET = 18
"""ONNX operator set: what torch's exporter writes natively; runtimes since 2023 read it."""


def export(run: Path, out: Path, name: str = "", author: str = "", licence: str = "") -> Look:
    """Write the best painter of a run as a look, and return it as the runtime reads it.

    Args:
        run: as in `load`.
        out: the look's file, ``name.onnx``; replaced whole, or not at all.
        name: what artists will call it; the file's stem where empty.
        author: for the card.
        licence: for the card.

    Raises:
        TrainingError: no run, or a painter that does not survive the export.
        LookError: the file would not be accepted by the runtime.
        StorageError: it cannot be written.
    """
    return write(load(run, name or out.stem, author, licence), out)


def write(trained: Trained, out: Path) -> Look:
    """Write what a run has come to as a look, and return it as the runtime reads it.

    Raises:
        TrainingError, LookError, StorageError: as `export`.
    """
    model = to_onnx(trained.painter)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"Cannot make the folder {out.parent}", found=str(error)) from error
    with replacing(out) as beside:
        beside.write_bytes(_with_card(model, trained.card, trained.cargo))
        prove(look.read(beside), trained.painter)
    return look.read(out)


def prove(made: Look, painter: Generator) -> float:
    """Return the largest difference between ONNX Runtime and torch, of the encoded range.

    Raises:
        TrainingError: it is above `proof.TOLERANCE`, or strength 0 is not the identity.
    """
    session = open_session(made, "cpu")
    worst = 0.0
    for seed, (height, width) in enumerate(((8, 8), (64, 96), (136, 200))):
        plate, guides = _trial(painter.shape, height, width, seed)
        ours = session.stops(plate, guides)
        with torch.no_grad():
            batch = None if guides is None else torch.from_numpy(guides)[None]
            theirs = painter(torch.from_numpy(plate)[None], batch)[0].numpy()
        one, other = (law.apply(plate, stops, floor=made.card.floor) for stops in (ours, theirs))
        worst = max(worst, proof.difference(one, other))
        _demand_identity(plate, ours, made.card.floor)
    proof.demand_small(worst, "ONNX Runtime and torch disagree about this look; it was not written")
    return worst


def _demand_identity(plate: FloatArray, stops: FloatArray, floor: float) -> None:
    """Raise unless strength 0 gives the plate back bit for bit, under the look's own stops."""
    odd = plate.copy()
    odd[0, 0, :4] = (np.nan, np.inf, -np.inf, -0.0)
    back = law.apply(odd, stops, 0.0, floor=floor)
    if back.tobytes() != odd.tobytes():
        raise TrainingError("Strength 0 does not give the plate back; the look was not written")


def _trial(
    shape: Shape, height: int, width: int, seed: int
) -> tuple[FloatArray, FloatArray | None]:
    """Return a plate from black to beyond the highlights, and guides, ``(C, H, W)`` each."""
    rng = np.random.default_rng(seed)
    plate = proof.trial_plate(rng, height, width)
    guides = rng.uniform(0, 1, (shape.channels, height, width)).astype(np.float32)
    return plate, guides if shape.channels else None


def to_onnx(painter: Generator) -> onnx.ModelProto:
    """Return the painter as ONNX with free height and width; torch's notes stay off stdout."""
    step = painter.alignment
    inputs = {"rgb": torch.rand(1, 3, 8 * step, 12 * step)}
    if painter.shape.channels:
        inputs["guides"] = torch.rand(1, painter.shape.channels, 8 * step, 12 * step)
    model = program(fused(painter), inputs, "stops", step, free=False)
    _free(model, step)
    return model


def _free(model: onnx.ModelProto, step: int) -> None:
    """Let height and width be any multiples of ``step``, px, instead of those of the examples.

    Free ones from the start give the same operators and numbers, and take torch four times as long.
    If one of them were of the examples' size after all, the proof at other sizes would fail.
    """
    for value in (*model.graph.input, *model.graph.output):
        for axis, name in ((2, "h"), (3, "w")):
            value.type.tensor_type.shape.dim[axis].dim_param = f"{step}*{name}_cells"
    del model.graph.value_info[:]  # shapes of what lies between, as the examples have them


def program(
    module: nn.Module, inputs: Mapping[str, Tensor], output: str, step: int, *, free: bool = True
) -> onnx.ModelProto:
    """Return a module as ONNX.

    Args:
        module: takes the inputs, ``(1, C, H, W)`` each, in their order.
        inputs: examples, by name.
        output: the name of what it gives.
        step: height and width are multiples of this, px.
        free: whether height and width may be any such; else they are those of the examples.
    """
    height, width = (step * torch.export.Dim(f"{axis}_cells", min=1, max=4096) for axis in "hw")
    axes = tuple({2: height, 3: width} for _ in inputs)
    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch about itself
            made = torch.onnx.export(
                module,
                tuple(inputs.values()),
                input_names=list(inputs),
                output_names=[output],
                opset_version=OPSET,
                dynamic_shapes=axes if free else None,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    finally:
        quiet.setLevel(level)
    assert made is not None, "the dynamo exporter returns a program"  # noqa: S101
    return made.model_proto


def _with_card(model: onnx.ModelProto, card: Card, cargo: str) -> bytes:
    text = card.dumps()
    Card.loads(text)  # a run's own texts may hold what no card may, such as half a letter
    said = {look.CARD_KEY: text, look.CARGO_KEY: cargo}
    return sealed(model, {key: value for key, value in said.items() if value})


def sealed(model: onnx.ModelProto, said: Mapping[str, str]) -> bytes:
    """Return a model's file with these metadata, and without the exporter's own notes."""
    model.producer_name, model.producer_version = "velatura", velatura.__version__
    del model.metadata_props[:]
    for key, value in said.items():
        model.metadata_props.add(key=key, value=value)
    for node in model.graph.node:  # the exporter's notes name files of the machine it ran on
        del node.metadata_props[:]
        node.doc_string = ""
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))
