"""A network is held to the contract before it touches a plate."""

from __future__ import annotations

import dataclasses
import threading
import time

import looks
import numpy as np
import onnx
import pytest
from onnx import TensorProto, external_data_helper, helper

from velatura.apply.session import open_session
from velatura.errors import CancelledError, DeviceError, LookError
from velatura.look import CARD_KEY, read


def test_a_look_answers_within_its_bound_on_the_device_that_is_named(look):
    session = open_session(read(look), "cpu")
    stops = session.stops(np.full((3, 16, 20), 0.18, np.float32))
    assert session.provider == "CPUExecutionProvider"
    assert stops.shape == (3, 16, 20)
    assert stops.dtype == np.float32
    assert np.abs(stops).max() <= 8


@pytest.mark.parametrize(("device", "name"), [("cuda", "CUDA"), ("tensorrt", "TensorRT")])
def test_asking_for_what_is_not_there_says_what_answered(look, device, name):
    with pytest.raises(DeviceError, match=f"{name} was asked for, the CPU answered.*--device cpu"):
        open_session(read(look), device)


def test_auto_takes_the_cpu_where_there_is_no_cuda_and_says_so(look, caplog):
    caplog.set_level("INFO")
    assert open_session(read(look), "auto").provider == "CPUExecutionProvider"
    assert "small runs on the CPU" in caplog.text


def test_guides_that_are_not_given_are_zero(tmp_path):
    session = open_session(read(looks.small(tmp_path / "g.onnx", ("normal", "id"))), "cpu")
    rgb = np.random.default_rng(0).random((3, 16, 16), np.float32)
    zeros = np.zeros((6, 16, 16), np.float32)
    np.testing.assert_array_equal(session.stops(rgb), session.stops(rgb, zeros))
    assert (session.stops(rgb, zeros + 1) != session.stops(rgb)).any()


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"inputs": [looks.shaped("image", 3)]}, "Found: image; wanted rgb"),
        ({"inputs": [looks.shaped("rgb", 4)]}, r"wanted tensor\(float\) \[1, 3, h, w\]"),
        ({"inputs": [looks.shaped("rgb", 3, 64, 64)]}, "input rgb does not fit"),
        ({"inputs": [looks.shaped("rgb", 3), looks.shaped("guides", 3)]}, "wanted rgb"),
        ({"outputs": [looks.shaped("stops", 3), looks.shaped("rgb", 3)]}, "wanted stops"),
        (
            {"inputs": [helper.make_tensor_value_info("rgb", TensorProto.FLOAT, ["n", 3, "h"])]},
            "does not fit",
        ),
    ],
)
def test_wrong_names_ranks_and_channels_are_refused(tmp_path, shapes, message):
    taken = shapes["inputs"][0].name if "inputs" in shapes else "rgb"
    graph = looks.Graph(0)
    looks.bounded(graph, taken, 8)
    path = looks.pack(graph, looks.SMALL, tmp_path / "x.onnx", **shapes)
    with pytest.raises(LookError, match=message):
        open_session(read(path), "cpu")


def test_half_precision_inputs_are_refused(tmp_path):
    inputs = [helper.make_tensor_value_info("rgb", TensorProto.FLOAT16, [1, 3, "h", "w"])]
    graph = looks.Graph(0)
    looks.bounded(graph, graph.node("Cast", "rgb", to=TensorProto.FLOAT), 8)
    path = looks.pack(graph, looks.SMALL, tmp_path / "x.onnx", inputs=inputs)
    with pytest.raises(LookError, match="float16"):
        open_session(read(path), "cpu")


def test_a_guide_this_version_does_not_know_is_refused(tmp_path):
    card = dataclasses.replace(looks.SMALL, guides=("velvet",))
    path = looks.small(tmp_path / "x.onnx")
    model = onnx.load(path)
    del model.metadata_props[:]
    model.metadata_props.add(key=CARD_KEY, value=card.dumps())
    path.write_bytes(model.SerializeToString())
    with pytest.raises(LookError, match="velvet"):
        open_session(read(path), "cpu")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_numbers_are_refused(tmp_path, value):
    graph = looks.Graph(0)
    graph.node("Mul", "rgb", graph.weight(np.float32(value)))
    graph.nodes[-1].output[0] = "stops"
    path = looks.pack(graph, looks.SMALL, tmp_path / "x.onnx")
    with pytest.raises(LookError, match="NaN or Inf"):
        open_session(read(path), "cpu")


def test_an_output_of_half_the_size_is_refused(tmp_path):
    graph = looks.Graph(0)
    small = graph.conv("rgb", 3, 3, size=4, stride=2)
    looks.bounded(graph, small, 8)
    outputs = [looks.shaped("stops", 3, "h2", "w2")]
    path = looks.pack(graph, looks.SMALL, tmp_path / "x.onnx", outputs=outputs)
    with pytest.raises(LookError, match=r"\(1, 3, 4, 6\), wanted \(1, 3, 8, 12\)"):
        open_session(read(path), "cpu")


def test_an_answer_beyond_the_bound_is_refused(tmp_path):
    graph = looks.Graph(0)
    looks.bounded(graph, "rgb", 8)
    card = dataclasses.replace(looks.SMALL, bound=2.0)
    path = looks.pack(graph, card, tmp_path / "x.onnx")
    with pytest.raises(LookError, match="4 stops; wanted 2 at most"):
        open_session(read(path), "cpu")


def test_an_answer_that_only_passes_drive_beyond_the_bound_is_refused(tmp_path):
    """The probe has no passes to show: each answer is looked at."""
    graph = looks.Graph(0)
    looks.bounded(graph, graph.node("Add", "rgb", "guides"), 1e9)
    card = dataclasses.replace(looks.SMALL, guides=("normal",), bound=16.0)
    graph.nodes[0].input[0] = graph.node("Clip", "rgb", "", graph.weight(np.float32(8)))
    graph.nodes.insert(0, graph.nodes.pop())
    session = open_session(read(looks.pack(graph, card, tmp_path / "x.onnx")), "cpu")
    rgb, normal = np.ones((3, 8, 8), np.float32), np.zeros((3, 8, 8), np.float32)
    assert (session.stops(rgb, normal) == 1).all()
    for value, found in ((20, "21"), (-30, "29")):
        normal[2, 7, 7] = value
        with pytest.raises(LookError, match=f"{found} stops; wanted 16 at most"):
            session.stops(rgb, normal)
    for value in (np.nan, np.inf, -np.inf):
        normal[2, 7, 7] = value
        with pytest.raises(LookError, match=r"NaN or Inf|[0-9] stops"):
            session.stops(rgb, normal)


def test_weights_outside_the_file_are_refused_even_from_its_own_folder(tmp_path, monkeypatch):
    path = looks.small(tmp_path / "x.onnx")
    model = onnx.load(path)
    external_data_helper.convert_model_to_external_data(
        model, location="weights.bin", size_threshold=0
    )
    onnx.save(model, path)
    assert (tmp_path / "weights.bin").is_file()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LookError, match="field 13 of a constant, which no look has"):
        open_session(read(path), "cpu")


@pytest.mark.parametrize("operator", ["Backdoor", "PyOp"])
def test_operators_of_nobody_are_refused(tmp_path, operator):
    graph = looks.Graph(0)
    looks.bounded(graph, graph.node(operator, "rgb", domain="evil.example"), 8)
    path = looks.pack(graph, looks.SMALL, tmp_path / "x.onnx")
    with pytest.raises(LookError, match=rf"the operator {operator} of evil\.example"):
        open_session(read(path), "cpu")


def test_a_look_cut_short_behind_its_card_is_refused(tmp_path, look):
    data = look.read_bytes()
    model = onnx.ModelProto.FromString(data)
    model.graph.node[1].input[1] = "gone"
    path = tmp_path / "x.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(LookError):
        open_session(read(path), "cpu")


def test_a_run_can_be_terminated_and_the_session_used_again(slow_look):
    session = open_session(read(slow_look), "cpu")
    failures: list[BaseException] = []

    def run() -> None:
        try:
            session.stops(np.full((3, 1024, 1024), 0.18, np.float32))
        except CancelledError as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    start = time.monotonic()
    thread.start()
    while thread.is_alive() and time.monotonic() < start + 30:
        time.sleep(0.05)
        session.terminate()
    thread.join()
    assert len(failures) == 1
    assert session.stops(np.full((3, 16, 16), 0.18, np.float32)).shape == (3, 16, 16)
