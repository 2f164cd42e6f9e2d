"""On a machine with a GPU: the look runs there, and gives what it gives on the CPU."""

import numpy as np
import pytest

from velatura import look as looks_
from velatura.apply.session import open_session


@pytest.mark.gpu
def test_cuda_answers_and_agrees_with_the_cpu(look):
    made = looks_.read(look)
    rng = np.random.default_rng(0)
    light = np.exp2(rng.uniform(-8, 6, (3, 256, 384))).astype(np.float32)
    gpu, cpu = open_session(made, "cuda"), open_session(made, "cpu")
    assert gpu.provider == "CUDAExecutionProvider"
    # Sums in another order: a thousandth of a stop is 0.07 % of the light, less than half's step.
    np.testing.assert_allclose(gpu.stops(light), cpu.stops(light), atol=1e-3)
