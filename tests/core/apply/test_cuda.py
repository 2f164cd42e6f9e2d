"""On a machine with a GPU: the look runs there, and gives what it gives on the CPU."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import plates
import pytest

from velatura import look as looks_
from velatura.apply import bound, contract, loading, sequence
from velatura.apply.session import Session, open_session
from velatura.errors import DeviceError
from velatura.gain.layer import stops_of
from velatura.image import exr
from velatura.image.planes import FloatArray
from velatura.job import Job
from velatura.system.progress import Progress

pytestmark = pytest.mark.gpu

NEAR = 1e-3  # stops: sums in another order; .07 % of the light, less than half a half's step


def light(seed: int, height: int = 256, width: int = 384) -> FloatArray:
    random = np.random.default_rng(seed)
    return np.exp2(random.uniform(-8, 6, (3, height, width))).astype(np.float32)


def test_cuda_answers_and_agrees_with_the_cpu(look):
    made = looks_.read(look)
    gpu, cpu = open_session(made, "cuda"), open_session(made, "cpu")
    assert gpu.provider == "CUDAExecutionProvider"
    np.testing.assert_allclose(gpu.stops(light(0)), cpu.stops(light(0)), atol=NEAR)


def test_tensorrt_agrees_with_the_cpu_where_it_answers(look, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    made = looks_.read(look)
    try:
        engine = open_session(made, "tensorrt")
    except DeviceError as error:
        pytest.skip(error.what)  # its libraries are no part of `velatura[gpu]`
    np.testing.assert_allclose(
        engine.stops(light(0)), open_session(made, "cpu").stops(light(0)), atol=NEAR
    )


def test_bound_runs_are_plain_ones(look):
    """Pinned memory, where this ONNX Runtime lends it, changes no number."""
    made = looks_.read(look)
    network = contract.network(made)
    loaded = loading.load(network.model, "cuda", 1)
    assert loaded.get_providers()[0] == "CUDAExecutionProvider"
    plain, lent = (Session(made, network, loaded, by) for by in (None, bound.lender()))
    for seed in range(3):
        rgb = lent.empty(3, 256, 384)
        rgb[...] = light(seed)
        np.testing.assert_allclose(lent.stops(rgb), plain.stops(light(seed)), atol=NEAR)


def test_the_gpu_build_lends_pinned_memory():
    lender = bound.lender()
    if lender.pinned is None:
        pytest.skip("this ONNX Runtime has no host accessible memory for CUDA")
    array = lender.empty(3, 64, 64)
    array[...] = 2
    assert float(array.sum()) == 2 * 3 * 64 * 64


def test_frames_side_by_side_are_those_one_after_the_other(look):
    gpu = open_session(looks_.read(look), "cuda")
    frames = [light(seed) for seed in range(8)]
    alone = [gpu.stops(frame) for frame in frames]
    with ThreadPoolExecutor(4) as pool:
        for one, other in zip(alone, pool.map(gpu.stops, frames), strict=True):
            np.testing.assert_allclose(one, other, atol=NEAR)


def test_a_job_makes_the_gain_layers_of_the_cpu(look, tmp_path: Path):
    plate = plates.shot(tmp_path / "in", 3, 120, 200)
    for device in ("cuda", "cpu"):
        job = Job(str(plate), str(look), str(tmp_path / device), device=device)
        sequence.run(job, Progress("none"))
    for path in (tmp_path / "cpu").glob("*.exr"):
        one, other = (stops_of(exr.read(at)) for at in (path, tmp_path / "cuda" / path.name))
        np.testing.assert_allclose(one, other, atol=2 * NEAR)  # each is rounded to a half
