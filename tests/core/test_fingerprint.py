"""By fingerprints a host can tell, without starting anything, whether a gain layer is right."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import struct
import subprocess
import sys
import time

import exrbytes
import numpy as np
import OpenEXR
import plates
import pytest

from velatura import regular
from velatura.apply import sequence
from velatura.errors import ImageError, LookError
from velatura.fingerprint import JOB_KEY, look_digest, of_file, of_gain, of_picture, stored
from velatura.image import exr
from velatura.image.planes import Image, Window
from velatura.job import Job
from velatura.look import read
from velatura.system.progress import Progress

JOB = Job("plate.exr", "ink.onnx", "out")
MIB = 2**20


def changed(**settings: object) -> Job:
    return dataclasses.replace(JOB, **settings)


def test_a_host_computes_the_fingerprints_that_the_runtime_writes(tmp_path, look):
    plate = plates.plain(tmp_path / "plate.exr")
    matte = tmp_path / "matte.exr"
    exr.write(matte, Image((plates.part({"A": np.ones((40, 56), np.float16)}),)))
    job = Job(str(plate), str(look), str(tmp_path / "out"), write="both", mask=str(matte))
    sequence.run(job, Progress("none"))
    digests = of_file(plate), look_digest(look)
    assert stored(tmp_path / "out" / "plate.gain.exr") == of_gain(job, *digests)
    picture = stored(tmp_path / "out" / "plate.exr")
    assert picture == of_picture(job, *digests, of_file(matte))


@pytest.mark.parametrize("codec", ["no", "rle", "zips", "zip", "piz", "pxr24", "dwaa", "dwab"])
def test_a_file_that_ends_early_has_no_fingerprint(tmp_path, codec):
    """As half a copy has: its header is whole."""
    path = tmp_path / "ink.gain.0001.exr"
    pixels = np.random.default_rng(3).random((3, 40, 56)).astype(np.float16)
    window = Window(-3, -5, 56, 40)
    kind = getattr(OpenEXR, f"{codec.upper()}_COMPRESSION")
    header = {JOB_KEY: "made from this", "compression": kind}
    part = exr.new_part(dict(zip("RGB", pixels, strict=True)), window, window, header)
    exr.write(path, Image((part,)))
    whole = path.read_bytes()
    assert stored(path) == "made from this"
    for length in (len(whole) - 1, len(whole) // 2, 700):
        path.write_bytes(whole[:length])
        assert stored(path) == ""


def test_what_a_gain_layer_is_made_from_is_in_its_fingerprint_and_no_more(monkeypatch):
    usual = of_gain(JOB, "plate", "look")
    others = [
        *(of_gain(JOB, "another", "look"), of_gain(JOB, "plate", "another")),
        *(of_gain(changed(**{name: "id=x"}), "p", "l") for name in ("layer", "passes", "space")),
        of_gain(changed(config="studio-config"), "plate", "look"),
        of_picture(JOB, "plate", "look"),
    ]
    monkeypatch.setattr("velatura.fingerprint.__version__", "9")
    others.append(of_gain(JOB, "plate", "look"))
    monkeypatch.undo()
    assert len({usual, *others}) == 1 + len(others)
    elsewhere = changed(
        plate="p", look="l", out="o", frames="1-3", write="both", strength=0.3, mask="A",
        device="cpu", workers=4, memory_mb=900,
    )  # fmt: skip
    assert of_gain(elsewhere, "plate", "look") == usual


def test_passes_count_by_what_they_say_and_not_by_how_it_is_spelled():
    marks = {
        of_gain(changed(passes=text), "plate", "look")
        for text in ("normal=N,depth=Z", " depth = Z , normal=N,")
    }
    assert len(marks) == 1
    assert of_gain(changed(passes="normal=Z,depth=N"), "plate", "look") not in marks


def test_exposure_and_degrain_count_where_they_do_something_and_else_leave_old_layers_right(
    monkeypatch,
):
    changes = ({}, {"exposure": 1.0}, {"exposure": -1.0}, {"degrain": 1.0})
    for of in (of_gain, of_picture):
        assert len({of(changed(**change), "plate", "look") for change in changes}) == 4
    monkeypatch.setattr("velatura.fingerprint.__version__", "0")
    monkeypatch.delenv("OCIO", raising=False)
    # What was written before a job had either.
    before = "2ba78467d62a7d7f3813dca2e757e07b3bf09b072ba8f1da6f15157db2deec9c"
    assert of_gain(JOB, "plate", "look") == before


def test_strength_and_matte_are_in_the_fingerprint_of_a_picture():
    made = [
        of_picture(JOB, "plate", "look"),
        of_picture(changed(strength=0.5), "plate", "look"),
        of_picture(changed(strength=0.5, raw_strength=True), "plate", "look"),
        of_picture(changed(mask="matte.R"), "plate", "look"),
        of_picture(changed(mask="matte.exr"), "plate", "look", "a"),
        of_picture(changed(mask="matte.exr"), "plate", "look", "b"),
    ]
    assert len(set(made)) == len(made)
    # A mask file counts by its content: it lies elsewhere on a farm machine.
    assert of_picture(changed(mask="other.exr"), "plate", "look", "a") == made[4]


def test_a_config_counts_by_its_content_and_not_by_where_it_lies(tmp_path, monkeypatch):
    monkeypatch.delenv("OCIO", raising=False)
    here, there, other = (tmp_path / name for name in ("a.ocio", "b.ocio", "c.ocio"))
    here.write_text("one")
    there.write_text("one")
    other.write_text("another")
    of = {path: of_gain(changed(config=str(path)), "p", "l") for path in (here, there, other)}
    assert of[here] == of[there] != of[other]
    monkeypatch.setenv("OCIO", str(other))
    assert of_gain(JOB, "p", "l") == of[other]
    assert of_gain(changed(config=str(here)), "p", "l") == of[here]  # the job's wins
    here.write_text("changed")
    assert of_gain(changed(config=str(here)), "p", "l") != of[here]


@pytest.mark.parametrize("size", [0, 1, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 9 * MIB])
def test_the_digest_of_a_file_is_that_of_its_pieces_digests(tmp_path, size):
    content = np.random.default_rng(size).bytes(size)
    path = tmp_path / "file"
    path.write_bytes(content)
    pieces = (content[start : start + 4 * MIB] for start in range(0, size, 4 * MIB))
    wanted = b"".join(hashlib.sha256(piece).digest() for piece in pieces)
    assert of_file(path) == hashlib.sha256(wanted).hexdigest()


def test_a_plate_as_large_as_they_get_costs_little(tmp_path):
    path = tmp_path / "plate.exr"
    path.write_bytes(bytes(33 * MIB))
    of_file(path)
    start = time.perf_counter()
    of_file(path)
    assert time.perf_counter() - start < 0.5  # s; 13 ms measured: room for a slow, busy machine


def test_a_look_that_has_not_changed_is_read_once(tmp_path, look, monkeypatch):
    path = tmp_path / "ink.onnx"
    path.write_bytes(look.read_bytes())
    assert look_digest(path) == read(path).digest
    reading = []
    whole = regular.content
    monkeypatch.setattr(regular, "content", lambda *args: reading.append(args[0]) or whole(*args))
    first = look_digest(path)
    path.write_bytes(b"another look")
    os.utime(path, ns=(1, 1))
    assert look_digest(path) == hashlib.sha256(b"another look").hexdigest() != first
    assert reading == [path]


def test_files_that_are_not_there_are_named(tmp_path):
    with pytest.raises(ImageError, match=r"plate\.exr cannot be read\. Found: No such file"):
        of_file(tmp_path / "plate.exr")
    with pytest.raises(LookError, match=r"ink\.onnx cannot be read.* put the file back"):
        look_digest(tmp_path / "ink.onnx")
    (tmp_path / "inks.onnx").touch()
    with pytest.raises(LookError, match=r"beside it inks\.onnx"):
        look_digest(tmp_path / "ink.onnx")


def marked(path, **attributes):
    """An EXR whose header says what it was made from, and more."""
    part = plates.part(plates.rgba(8, 8), attributes={JOB_KEY: "a" * 64, **attributes})
    exr.write(path, Image((part,)))
    return path


def test_a_fingerprint_is_found_behind_a_manifest_of_megabytes(tmp_path):
    path = marked(tmp_path / "p.exr", **{"cryptomatte/abc/manifest": "x" * (5 * MIB)})
    assert stored(path) == "a" * 64


def test_a_fingerprint_is_found_in_a_file_of_many_parts(tmp_path):
    first = plates.part(plates.rgba(8, 8), "one", {JOB_KEY: "b" * 64})
    second = plates.part({"Z": np.ones((8, 8), np.float32)}, "two")
    exr.write(tmp_path / "p.exr", Image((first, second)))
    assert stored(tmp_path / "p.exr") == "b" * 64


def test_what_says_nothing_has_no_fingerprint(tmp_path):
    assert stored(tmp_path / "none.exr") == ""
    assert stored(tmp_path) == ""
    assert stored(plates.plain(tmp_path / "plain.exr")) == ""
    number = marked(tmp_path / "number.exr", **{JOB_KEY: 3})
    assert stored(number) == ""
    for name, data in {"empty": b"", "magic": b"\x76\x2f\x31\x01", "text": b"velatura/job"}.items():
        (tmp_path / name).write_bytes(data)
        assert stored(tmp_path / name) == ""


def test_a_damaged_header_never_raises_nor_lasts(tmp_path):
    whole = marked(tmp_path / "p.exr").read_bytes()
    random, path = np.random.default_rng(3), tmp_path / "q.exr"
    for cut in range(0, 700, 7):
        path.write_bytes(whole[:cut])
        assert stored(path) in {"", "a" * 64}
    for _ in range(300):
        noise = np.frombuffer(whole[:700], np.uint8).copy()
        noise[random.integers(4, 700, 4)] = random.integers(0, 256, 4)
        path.write_bytes(noise.tobytes())
        assert len(stored(path)) in range(65)  # any answer but an error
    endless = whole[:8] + b"a\0b\0" + struct.pack("<i", -8) + bytes(64)
    path.write_bytes(endless)
    assert stored(path) == ""
    path.write_bytes(whole[:8] + exrbytes.attribute("a", "int", b"four") * 100_000)
    assert stored(path) == ""


def test_hosts_compute_fingerprints_without_any_package():
    code = (
        "import sys; import velatura.fingerprint;"
        "print(sorted(m for m in sys.modules if m.partition('.')[0] in"
        " {'numpy', 'onnxruntime', 'rich', 'cyclopts', 'av', 'OpenEXR'}))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
