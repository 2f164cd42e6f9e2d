"""The pixel shuffle is rewritten for ONNX Runtime, and no bit is another."""

from __future__ import annotations

import dataclasses

import looks
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from velatura.apply import loading
from velatura.network import onnx_graph, shuffle


def graph(step: int, colours: int = 3, mode: str = "CRD") -> onnx_graph.Graph:
    """A convolution of light, shuffled up by ``step``, in a file as looks have it."""
    made = looks.Graph(5)
    head = made.conv("rgb", 3, colours * step**2)
    made.node("DepthToSpace", head, blocksize=step, mode=mode)
    made.nodes[-1].output[0] = "stops"
    whole = onnx.helper.make_graph(
        made.nodes, "look", [looks.shaped("rgb", 3)], [looks.shaped("stops", colours)], made.weights
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(whole, opset_imports=opset, ir_version=8)
    return onnx_graph.read(model.SerializeToString())


def operators(model: bytes) -> list[str]:
    return [node.op_type for node in onnx.load_from_string(model).graph.node]


@pytest.mark.parametrize("step", [2, 3, 4, 8])
@pytest.mark.parametrize("colours", [1, 3, 4])
def test_turns_are_a_shuffle_at_any_size(step, colours):
    made = graph(step, colours)
    turned = shuffle.turned(made)
    onnx.checker.check_model(onnx.load_from_string(turned))
    assert "DepthToSpace" not in operators(turned)
    before, after = (loading.load(model, "cpu", 1) for model in (made.model, turned))
    for height, width in ((1, 1), (7, 5), (16, 33)):
        rgb = np.random.default_rng(0).random((1, 3, height, width), np.float32)
        wanted, found = (session.run(None, {"rgb": rgb})[0] for session in (before, after))
        assert found.shape == (1, colours, step * height, step * width)
        assert found.tobytes() == wanted.tobytes()


def test_other_orders_and_other_sources_stay():
    assert operators(shuffle.turned(graph(2, mode="DCR"))) == ["Conv", "DepthToSpace"]
    made = graph(2)
    conv, head = made.nodes
    foreign = dataclasses.replace(made, nodes=(conv, dataclasses.replace(head, inputs=("x",))))
    assert operators(shuffle.turned(foreign)) == ["Conv", "DepthToSpace"]


def test_the_rest_of_the_file_is_as_it_was():
    made = graph(2)
    before, after = (onnx.load_from_string(m).graph for m in (made.model, shuffle.turned(made)))
    assert after.node[0] == before.node[0]
    assert after.input == before.input
    assert after.output == before.output
    kept = {each.name: numpy_helper.to_array(each) for each in after.initializer}
    for each in before.initializer:
        np.testing.assert_array_equal(kept[each.name], numpy_helper.to_array(each))
