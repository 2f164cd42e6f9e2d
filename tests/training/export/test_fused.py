"""What export makes of a painter for ONNX Runtime: the same answers, and no detours."""

from __future__ import annotations

import onnx
import pytest
import torch

from velatura.system.onnx_runtime import ort
from velatura_training.export import onnx_file
from velatura_training.export.fused import fused
from velatura_training.network import build
from velatura_training.network.generator import Generator, Shape

FREE = Shape()
SHOT = Shape(("normal", "depth", "albedo", "id"), carried=True, merged=True)  # 18 channels


def painter(name: str, shape: Shape) -> Generator:
    """A painter whose every weight counts: fresh ones hardly answer, and their scales are equal."""
    torch.manual_seed(0)
    made = build.build(name, "draft", shape)
    with torch.no_grad():
        for weights in made.parameters():
            weights.add_(0.05 * torch.randn(weights.shape))
    return made.eval().requires_grad_(False)


@pytest.mark.parametrize("shape", [FREE, SHOT], ids=["free", "shot"])
@pytest.mark.parametrize("name", ["unet", "resnet", "brush"])
def test_a_fused_painter_answers_as_the_painter_does(name, shape):
    ours = painter(name, shape)
    rgb = 4 * torch.rand(1, 3, 48, 64)
    guides = [torch.rand(1, shape.channels, 48, 64)] * bool(shape.channels)
    wanted = ours(rgb, *guides)
    assert wanted.std() > 0.1
    # Half a thousandth of a stop: sums of some hundred floats in another order.
    torch.testing.assert_close(fused(ours)(rgb, *guides), wanted, rtol=0, atol=5e-4)
    torch.testing.assert_close(ours(rgb, *guides), wanted, rtol=0, atol=0)  # it was not touched


def test_the_layout_changes_once_at_the_end(tmp_path):
    """A shot look's network stays in ONNX Runtime's blocks of channels from stem to head."""
    (tmp_path / "look.onnx").write_bytes(
        onnx_file.to_onnx(painter("unet", SHOT)).SerializeToString()
    )
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 4  # it warns that such a file is of this machine
    ort.InferenceSession(tmp_path / "look.onnx", options, providers=["CPUExecutionProvider"])
    graph = onnx.load(tmp_path / "optimised.onnx").graph
    changes = [node.op_type for node in graph.node if node.op_type.startswith("Reorder")]
    if not changes:
        pytest.skip("this processor's ONNX Runtime has no blocked layout")
    assert changes == ["ReorderOutput"]
