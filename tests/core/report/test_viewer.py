"""What a page's viewer is given: codes that keep the light, and a page that fetches nothing."""

from __future__ import annotations

import base64
import io
import json
import os
import re

import looks
import numpy as np
import plates
from commands import velatura
from PIL import Image

from velatura.report import viewer


def light(code):
    """Return the light of codes, as `velatura.report.viewer` defines them."""
    shown = np.asarray(code, float) / viewer.WHITE
    dark = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    return np.where(shown > 1, 2 ** ((np.asarray(code, float) - viewer.WHITE) / viewer.STEP), dark)


def test_codes_keep_light_from_black_to_eight_stops_above_white():
    wanted = np.concatenate([[0, np.nan, -1], np.geomspace(1e-3, 250, 400)]).astype(np.float32)
    codes = viewer.encode(np.repeat(wanted[None, :, None], 3, 2), "lin_rec709_scene")[0]
    assert (codes[:3] == 0).all()
    assert (np.diff(codes[3:, 0].astype(int)) >= 0).all()
    kept, wanted = light(codes[3:, 1]), wanted[3:]
    dark = wanted <= 1
    assert np.abs(kept - wanted)[dark].max() < 0.006  # half a code of white
    assert np.abs(np.log2(kept / wanted))[~dark].max() <= 0.126  # half of a quarter of a stop


def test_a_picture_comes_back_out_of_its_data_url():
    rng = np.random.default_rng(0)
    small = rng.integers(60, 200, (4, 4, 3), np.uint8)
    codes = np.kron(small, np.ones((16, 16, 1), np.uint8))
    kind, _, data = viewer.data_url(codes).partition(",")
    assert kind == "data:image/jpeg;base64"
    back = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    assert np.abs(back.astype(int) - codes).mean() < 2


def test_a_report_with_its_plate_is_one_small_file_that_tells_no_path(tmp_path):
    plate = plates.shot(tmp_path / "in", 14)
    look = looks.small(tmp_path / "look.onnx")
    done = velatura("apply", plate, "--look", look, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert f"next: velatura report {tmp_path / 'out'}" in done.stderr
    (tmp_path / "out" / "plate.gain.0003.exr").write_bytes(b"cut")
    proofs = tmp_path / "proofs.json"
    proof = {"name": "tiles", "claim": "tiles are the whole", "figure": 0.0, "limit": 0.0}
    proof |= {"unit": "bits", "note": "", "state": "PASS"}
    proofs.write_text(json.dumps({"digest": "of another", "proofs": [proof]}))
    out = tmp_path / "page.html"
    asked = ("--plate", plate, "--look", look, "--out", out, "--proofs", proofs)
    done = velatura("report", tmp_path / "out", *asked)
    assert done.returncode == 0, done.stderr
    page = out.read_text("utf-8")
    assert len(page) < 10e6
    assert str(tmp_path) not in page
    assert not re.search(r"(?:src|href)=\"(?!data:)|https?://(?!www\.w3\.org/2000/svg)", page)
    assert "default-src 'none'" in page
    assert "Proofs, but of another look" in page
    assert "tiles are the whole" in page
    (told,) = re.findall(r"^report\((.*)\);$", page, re.MULTILINE)
    told = json.loads(told)
    assert len(told["frames"]) == 12
    assert "3" not in [frame["name"] for frame in told["frames"]]  # it cannot be read
    assert {name for _, urls in told["pictures"] for name in urls} == {"plate", "result"}
    flicker, coverage = (plot["lines"]["plate.gain."] for plot in told["plots"])
    assert [frame for frame, _ in flicker] == [2, *range(5, 15)]  # none across the hole
    assert all(0 <= share <= 100 for _, share in coverage)


def test_plates_of_another_size_are_said_and_the_page_is_written(tmp_path):
    plate, other = plates.shot(tmp_path / "in", 1), plates.shot(tmp_path / "proxy", 1, 20, 28)
    look = looks.small(tmp_path / "look.onnx")
    velatura("apply", plate, "--look", look, "--out", tmp_path / "out")
    done = velatura("report", tmp_path / "out", "--plate", other, "--look", look)
    assert done.returncode == 0, done.stderr
    assert "56x40 and 28x20" in done.stderr
    assert (tmp_path / "out" / "report.html").is_file()


def test_a_report_is_the_next_step_only_where_there_are_gain_layers(tmp_path):
    plate = plates.shot(tmp_path / "in", 1)
    words = ("apply", plate, "--look", looks.small(tmp_path / "look.onnx"), "--out")
    done = velatura(*words, tmp_path / "a", "--write=picture", "--space=ACEScg")
    follows = f"velatura evaluate --result '{tmp_path}/a/*.exr' --plate '{plate}' --space=ACEScg"
    assert follows in done.stderr.partition("next: ")[2]
    done = velatura(*words, tmp_path / "b", "--write=both", "--space=ACEScg")
    assert "--space=ACEScg" in done.stderr.partition("next: ")[2]


def test_proofs_that_are_none_are_refused_with_the_command_that_writes_them(tmp_path):
    plate = plates.shot(tmp_path / "in", 1)
    look = looks.small(tmp_path / "look.onnx")
    velatura("apply", plate, "--look", look, "--out", tmp_path / "out")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "p.json").write_text("[]")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    for name in ("p.json", "deep.json", "pipe"):
        done = velatura("report", tmp_path / "out", "--proofs", tmp_path / name)
        assert done.returncode == 3
        assert "velatura verify LOOK PLATE --json" in done.stderr
