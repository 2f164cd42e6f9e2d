"""Floats become the same halves as in NumPy, faster."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from velatura.apply import halves
from velatura.image.planes import cast, widen


def bits(pixels):
    return pixels.view(f"u{pixels.itemsize}")


EVERY = np.arange(2**16, dtype=np.uint16).view(np.float16).reshape(256, 256)


def test_the_model_is_what_the_onnx_package_makes():
    ends = (("x", TensorProto.FLOAT), ("y", TensorProto.FLOAT16))
    x, y = (helper.make_tensor_value_info(name, kind, None) for name, kind in ends)
    node = helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT16)
    opset = [helper.make_opsetid("", 17)]
    graph = helper.make_graph([node], "half", [x], [y])
    made = helper.make_model(graph, opset_imports=opset, ir_version=8)
    assert onnx.load_from_string(halves._MODEL) == made


@pytest.mark.parametrize("scale", [1e-9, 1e-7, 1e-5, 1e-4, 1, 8, 65504, 1e6])
def test_halves_are_those_of_numpy_bit_for_bit(scale):
    random = np.random.default_rng(0)
    floats = (random.normal(0, scale, (3, 61, 97))).astype(np.float32)
    np.testing.assert_array_equal(bits(halves.narrow(floats)), bits(cast(floats, np.float16)))
    some = floats[:, 3:50, 7:90]  # of a tile, rows are not side by side
    np.testing.assert_array_equal(bits(halves.narrow(some)), bits(cast(some, np.float16)))


def test_ties_nan_inf_and_nothing_at_all():
    ladder = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float32)
    ties = (ladder[1:] + ladder[:-1]) / 2  # a half has the bits of neither side
    for floats in (ties, -ties, EVERY.astype(np.float32), np.zeros((3, 0, 5), np.float32)):
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(
                bits(halves.narrow(floats)), bits(cast(floats, np.float16))
            )


def test_halves_become_the_same_floats_as_in_numpy():
    finite = np.where(np.isfinite(EVERY), EVERY, np.float16(0))
    for pixels in (EVERY, finite, np.abs(finite), finite[3:50, 7:90], EVERY[:0]):
        floats = np.empty(pixels.shape, np.float32)
        widen(pixels, floats)
        np.testing.assert_array_equal(bits(floats), bits(pixels.astype(np.float32)))
