"""Runs that are bound to memory that is lent: the same bits, on a CPU as well."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import looks
import numpy as np
import plates
import pytest

from velatura.apply import bound, contract, loading, sequence
from velatura.apply.session import Session, open_session
from velatura.job import Device, Job
from velatura.look import Look, read
from velatura.system.onnx_runtime import ort
from velatura.system.progress import Progress


def open_bound(look: Look, device: Device) -> Session:
    """A session as a GPU has it, on the CPU."""
    network = contract.network(look)
    return Session(look, network, loading.load(network.model, device, 1), bound.Lender())


@pytest.mark.parametrize("guides", [(), ("normal", "id")])
def test_a_bound_run_has_the_bits_of_a_plain_one(tmp_path, guides):
    made = read(looks.small(tmp_path / "look.onnx", guides))
    plain, lent = open_session(made, "cpu"), open_bound(made, "cpu")
    random = np.random.default_rng(0)
    for height, width in ((16, 20), (64, 48), (16, 20)):
        rgb = lent.empty(3, height, width)
        rgb[...] = random.random(rgb.shape, np.float32)
        planes = random.random((6, height, width), np.float32) if guides else None
        assert lent.stops(rgb, planes).tobytes() == plain.stops(rgb, planes).tobytes()
    assert lent.stops(rgb).tobytes() == plain.stops(rgb).tobytes()


def test_a_job_through_bound_runs_writes_the_same_files(look, tmp_path: Path):
    plate = plates.shot(tmp_path / "in", 4, 120, 200)
    for name, opener in (("plain", open_session), ("bound", open_bound)):
        job = Job(str(plate), str(look), str(tmp_path / name), write="both", device="cpu")
        sequence.run(job, Progress("none"), opener=opener)
    files = sorted(path.name for path in (tmp_path / "plain").glob("*.exr"))
    assert len(files) == 8
    for name in files:
        assert (tmp_path / "plain" / name).read_bytes() == (tmp_path / "bound" / name).read_bytes()


def test_frames_side_by_side_do_not_share_memory(look):
    lent, plain = open_bound(read(look), "cpu"), open_session(read(look), "cpu")
    random = np.random.default_rng(1)
    frames = [random.random((3, 64, 96), np.float32) for _ in range(12)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lent.stops, frames))
    for frame, answer in zip(frames, answers, strict=True):
        assert answer.tobytes() == plain.stops(frame).tobytes()


def test_memory_is_lent_again_once_nobody_refers_to_it():
    lender = bound.Lender()
    first = lender.empty(3, 4, 5)
    place, row = first.ctypes.data, first[1]
    del first
    assert lender.empty(3, 4, 5).ctypes.data != place  # a part of it is still looked at
    row[...] = 1
    del row
    assert place in {lender.empty(5, 12).ctypes.data, lender.empty(60).ctypes.data}


def test_memory_of_old_sizes_is_let_go(monkeypatch):
    made = []

    class Counted:
        @staticmethod
        def ortvalue_from_shape_and_type(shape, *arguments, **named):
            made.append(shape)
            return real.ortvalue_from_shape_and_type(shape, *arguments, **named)

    real = ort.OrtValue
    monkeypatch.setattr(ort, "OrtValue", Counted)
    lender = bound.Lender()
    for size in (*range(1, 12), 11, 1):
        lender.empty(size)
    assert made == [[size] for size in (*range(1, 12), 1)]  # 11 was kept, 1 was not


def test_without_a_gpu_ordinary_memory_is_lent_and_that_is_said(caplog):
    caplog.set_level("INFO")
    assert bound.lender().pinned is None
    assert "no pinned memory" in caplog.text
