"""The encoding of light and its inverse; the gain law as torch and as numpy."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from velatura.gain import law
from velatura.look import Card
from velatura.plate.encoding import encoded
from velatura_training.encoding import (
    HALF_MAX,
    decode,
    display,
    encode,
    encode_natural,
    glaze,
    light_of,
)
from velatura_training.export.torchscript import Live

light = st.floats(0, HALF_MAX, width=32)


@given(light)
def test_decode_undoes_encode(x):
    # float32 log2 and exp2 lose about 2^-22 of the exponent's 23 stops: 1e-5 relative, and the
    # encoding is linear below 1/128, where 1e-8 is a ten-thousandth of the floor.
    value = torch.tensor(x)
    assert torch.isclose(decode(encode(value)), value, rtol=2e-5, atol=1e-8)


@given(light)
def test_numpy_torch_onnx_and_torchscript_share_one_encoding(x):
    value = torch.tensor([[[[x]]]])
    live = Live(torch.nn.Identity(), Card("look"))  # a network that answers what it is given
    stops = live.look(value.expand(1, 3, 1, 1), torch.ones_like(value), torch.float32)
    copies = {
        "numpy": encoded(value.numpy()).item(),
        "ONNX": float(encode_natural(value)),
        "TorchScript": float(torch.atanh(stops[0, 0, 0, 0].double() / live.bound)),
    }
    for which, code in copies.items():
        # tanh is flat at bright codes, 0.006 a unit: atanh makes 6e-8 of float32 to 1e-5
        assert abs(code - float(encode(value))) < (3e-5 if which == "TorchScript" else 1e-6), which


@given(light, light)
def test_more_light_is_never_encoded_as_less(x, y):
    low, high = sorted((x, y))
    assert encode(torch.tensor(low)) <= encode(torch.tensor(high))


def test_light_of_undoes_display():
    x = torch.linspace(0, 1, 1001)
    # The standard's toe and root meet with a step of 1e-6 at display .04.
    assert torch.allclose(light_of(display(x)), x, rtol=1e-5, atol=1e-6)


def test_mid_grey_lies_in_the_middle_of_the_display_range():
    assert 0.5 < encode(torch.tensor(0.18)) < 0.6
    assert 0.4 < display(torch.tensor(0.18)) < 0.5  # 118 of 255


def test_the_curves_slope_is_finite_at_black():
    x = torch.zeros(4, requires_grad=True)
    display(x).sum().backward()
    assert torch.isfinite(x.grad).all()


@given(light, st.floats(-8, 8, width=32))
def test_training_and_compositing_share_one_gain_law(x, stops):
    ours = glaze(torch.tensor([[[x]]]), torch.tensor([[[stops]]]), law.FLOOR)
    theirs = law.apply(np.full((1, 1, 1), x, np.float32), np.full((1, 1, 1), stops, np.float32))
    # 2^r - 1 loses to cancellation for small r: compare on the scale of the plate and its floor.
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-5, atol=1e-6 * (x + 0.01))
