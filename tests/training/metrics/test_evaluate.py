"""A shot is measured frame by frame, with what there is, and what is missing is said."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own idiom
import pytest
import scene
import torch
from tiny import HEIGHT, WIDTH, paint, plate, write_frame

from velatura.errors import FrameError, ImageError
from velatura.plate import colour
from velatura_training.losses import backbones
from velatura_training.metrics import evaluate as evaluation
from velatura_training.metrics import frames, worst_frames
from velatura_training.metrics.at_hand import held_out
from velatura_training.metrics.evaluate import against_plate, against_styles, compare, evaluate
from velatura_training.metrics.eyes import Eyes
from velatura_training.metrics.frames import Frames
from velatura_training.metrics.scores import Verdict


@pytest.fixture(scope="module")
def eyes():
    return Eyes(backbones.load())


def planes(light):
    return dict(zip("RGB", light[0].numpy(), strict=True))


def boiling(frame):
    """Return paint whose grain is new in every frame, as a painter's is."""
    return scene.noisy(scene.painted(), frame)


def write_scene(folder, result=boiling, frames=(1, 2)):
    """Write frames of a pan: plates with vectors, the truth, and a result."""
    still = np.zeros((scene.SIDE, scene.SIDE), np.float32)
    for frame in frames:
        moved = lambda light, frame=frame: scene.shifted(light, 6 * frame)  # noqa: E731
        vectors = dict(zip("XYZW", (still - 6, still, still - 6, still), strict=True))
        named = {f"Vector.{c}": v for c, v in vectors.items()}
        write_frame(folder / f"plate.{frame}.exr", planes(moved(scene.plain())) | named)
        write_frame(folder / f"truth.{frame}.exr", planes(moved(boiling(frame))))
        write_frame(folder / f"result.{frame}.exr", planes(moved(result(frame))))
    return {kind: Frames.of(f"{folder}/{kind}.#.exr") for kind in ("plate", "truth", "result")}


def test_a_perfect_result_scores_perfectly(tmp_path, eyes):
    shot = write_scene(tmp_path)
    verdict = evaluate(shot["result"], eyes, shot["truth"], shot["plate"])
    best = dict.fromkeys(("l1log", "flip", "lpips", "gram", "swd"), 0) | {"psnr": 100}
    best |= dict.fromkeys(("msssim", "edge", "sharp", "ewR"), 1)
    # one picture twice, through the same arithmetic: float32's rounding at most
    assert {name: verdict.mean[name] for name in best} == pytest.approx(best, abs=1e-6)
    assert verdict.motion == "vector"
    assert not verdict.notes


def test_the_plate_as_its_own_result_keeps_everything(tmp_path, eyes):
    shot = write_scene(tmp_path)
    mean = evaluate(shot["plate"], eyes, None, shot["plate"]).mean
    kept = dict.fromkeys(("msssimP", "edgeP", "ewP", "over1", "order"), 1.0)
    kept |= dict.fromkeys(("p999", "negative", "nonfinite", "clipped"), 0.0)
    assert {name: mean[name] for name in kept} == pytest.approx(kept, abs=1e-6)
    assert "flip" not in mean  # nothing was painted to compare with


def test_a_plate_without_edges_has_none_to_keep():
    soft = torch.linspace(0.2, 0.4, 40).expand(1, 3, 40, 40)
    inked = soft.clone()
    inked[..., 20:22] = 0
    assert "edgeP" not in against_plate(inked, soft)
    assert against_plate(soft, inked)["edgeP"] < 0.5


def test_flicker_shows_in_motion_and_blur_as_calm(tmp_path, eyes):
    def judged(name, result):
        (tmp_path / name).mkdir()
        shot = write_scene(tmp_path / name, result)
        return evaluate(shot["result"], eyes, shot["truth"], shot["plate"]).mean

    flickering = judged("flicker", lambda frame: boiling(frame) * (1 + 0.5 * (frame % 2)))
    blurred = judged("blur", lambda frame: scene.blurred(boiling(frame), 4))
    assert blurred["ewR"] < 0.5  # blur is calm: read it with `sharp`
    assert flickering["ewR"] > 1.3
    assert blurred["sharp"] < 0.5
    assert flickering["sharp"] > 0.9


def test_the_first_frame_has_none_before_it(tmp_path, eyes):
    shot = write_scene(tmp_path, frames=(1, 2, 3))
    frames = evaluate(shot["result"], eyes, None, shot["plate"]).frames
    assert ["ew" in frames[f] for f in (1, 2, 3)] == [False, True, True]


def test_a_ratio_of_the_shot_is_one_of_sums():
    moving, resting = {"ew": 3.0, "ewTruth": 2.0, "ewR": 1.5}, {"ew": 0.1, "ewTruth": 0.01}
    verdict = Verdict("", {1: moving, 2: {**resting, "ewR": 10.0}})
    assert verdict.mean["ewR"] == pytest.approx(3.1 / 2.01)


def test_what_cannot_be_measured_is_left_out_and_said(tmp_path, eyes, monkeypatch):
    for frame in (1, 2):
        write_frame(tmp_path / f"r.{frame}.exr", plate(frame))
        write_frame(tmp_path / f"t.{frame}.exr", paint(frame))
    results, truths = (Frames.of(f"{tmp_path}/{kind}.#.exr") for kind in "rt")
    verdict = evaluate(results, eyes, truths)
    assert "msssim" not in verdict.mean
    assert any("161 px" in note for note in verdict.notes)
    assert any("plate was not given" in note for note in verdict.notes)
    monkeypatch.setattr(frames.optical_flow, "available", lambda: False)
    verdict = evaluate(results, eyes, truths, results)
    assert "ew" not in verdict.mean
    assert any("no vector pass" in note for note in verdict.notes)


def test_every_truth_frame_needs_a_result_and_a_plate(tmp_path, eyes):
    write_frame(tmp_path / "a.1.exr", plate(1))
    one = Frames.of(f"{tmp_path}/a.#.exr")
    two = Frames({**one.files, 4: tmp_path / "a.4.exr"})
    with pytest.raises(FrameError, match="No result for frames 4"):
        evaluate(one, eyes, two)
    with pytest.raises(FrameError, match="No plate for frames 4"):
        evaluate(two, eyes, None, one)
    with pytest.raises(FrameError, match="nothing to compare"):
        evaluate(one, eyes)


def test_sizes_that_differ_are_refused(tmp_path, eyes):
    write_frame(tmp_path / "a.exr", plate(1))
    small = {c: v[:40, :40] for c, v in paint(1).items()}
    write_frame(tmp_path / "b.exr", small)
    whole, part = (Frames.of(f"{tmp_path}/{name}.exr") for name in "ab")
    with pytest.raises(ImageError, match=f"{WIDTH}x{HEIGHT} and 40x40"):
        evaluate(whole, eyes, part)
    with pytest.raises(ImageError, match=f"{WIDTH}x{HEIGHT} and 40x40"):
        evaluate(whole, eyes, None, part)


def write_layer(path, light, alpha):
    """Write a layer as paint programs do: straight 16-bit RGBA, in sRGB."""
    height, width = alpha.shape
    codes = colour.convert(light, "lin_rec709_scene", colour.PAINTED)
    pixels = np.concatenate([np.clip(codes, 0, 1), alpha[None]]).transpose(1, 2, 0)
    spec = oiio.ImageSpec(width, height, 4, "uint16")
    spec.attribute("oiio:UnassociatedAlpha", 1)
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), spec)
    assert out.write_image(np.ascontiguousarray(pixels, np.float32))
    out.close()


def test_a_layer_alone_is_no_picture(tmp_path):
    write_layer(tmp_path / "layer.png", np.zeros((3, 64, 64), np.float32), np.eye(64))
    with pytest.raises(ImageError, match="transparent layer") as refused:
        Frames.of(str(tmp_path / "layer.png")).read(0)
    assert "--plate" in str(refused.value)


def test_a_layer_is_measured_over_its_plate_where_it_is_painted(tmp_path, eyes):
    shot = write_scene(tmp_path, frames=(1,))
    light = shot["plate"].read(1)
    painted = shot["truth"].read(1).clamp(0, 1)  # what a PNG holds
    rows, columns = slice(40, 120), slice(30, 140)
    alpha = np.zeros(light.shape[2:], np.float32)
    alpha[rows, columns] = 1
    write_layer(tmp_path / "layer.1.png", painted[0].numpy(), alpha)
    met = torch.where(torch.from_numpy(alpha) > 0, painted, light)
    write_frame(tmp_path / "met.1.exr", planes(met))
    elsewhere = met.clone()
    elsewhere[..., 140:, :] = 1  # where nothing was painted
    write_frame(tmp_path / "elsewhere.1.exr", planes(elsewhere))
    layers = replace(Frames.of(f"{tmp_path}/layer.#.png"), under=shot["plate"])
    for result in ("met", "elsewhere"):
        verdict = evaluate(Frames.of(f"{tmp_path}/{result}.#.exr"), eyes, layers, shot["plate"])
        assert verdict.mean["l1log"] < 1e-4  # 16 bits of sRGB, and halves
    assert "frame 1" in verdict.notes[-1]
    # The plate itself differs there from what is painted, and by as much as in that window alone.
    plain = evaluate(shot["plate"], eyes, layers).mean["l1log"]
    cut = [picture[..., rows, columns] for picture in (light, painted)]
    assert plain == pytest.approx(compare(*cut, eyes)["l1log"], abs=1e-4)


def test_textures_may_have_eyes_of_their_own(eyes):
    half = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(0))

    class Coarse(backbones.Backbone):
        def features(self, x):
            return [x[..., ::4, ::4]]

    coarse = Coarse("coarse", (0.0,) * 3, (1.0,) * 3)
    both = Eyes(eyes.places, coarse)
    alone, together = compare(half, half * 0.5, eyes), compare(half, half * 0.5, both)
    assert together["lpips"] == alone["lpips"]
    assert together["gram"] != alone["gram"]
    assert "textures: coarse" in both.label


def test_a_result_is_nearer_to_its_own_style_than_to_another(tmp_path, eyes):
    manner, other = scene.painted(1), scene.blurred(scene.painted(2).flip(1), 6) * 0.3
    for name, light in (("manner", manner), ("other", other)):
        write_frame(tmp_path / f"{name}.exr", planes(light))
    near, far = (
        against_styles(scene.painted(), [tmp_path / f"{name}.exr"], eyes)
        for name in ("manner", "other")
    )
    assert near["gramS"] < far["gramS"]
    assert near["swdS"] < far["swdS"]


def test_a_tiny_style_picture_is_refused(tmp_path, eyes):
    write_frame(tmp_path / "dot.exr", {c: np.ones((20, 20), np.float32) for c in "RGB"})
    with pytest.raises(ImageError, match="too small"):
        against_styles(scene.painted(), [tmp_path / "dot.exr"], eyes)


def test_broken_pixels_count_as_black_and_are_reported(eyes):
    light = scene.painted()
    light[..., :4, :4] = float("nan")
    assert compare(light, light, eyes)["l1log"] == 0
    assert evaluation.against_plate(light, scene.painted())["nonfinite"] > 0


def test_held_out_keys_are_measured_as_files_would_be(tmp_path, eyes):
    shot = write_scene(tmp_path, lambda frame: scene.blurred(boiling(frame)), (1,))
    by_file = evaluate(shot["result"], eyes, shot["truth"], shot["plate"]).frames[1]
    pictures = tuple(shot[kind].read(1)[0] for kind in ("plate", "result", "truth"))
    by_hand = held_out({1: pictures}, frames.SPACE, eyes).frames[1]
    assert by_hand == pytest.approx(by_file)
    # In another space the same light has other numbers and the same scores.
    wide = "lin_rec2020_scene"
    moved = tuple(
        torch.from_numpy(colour.convert(p.contiguous().numpy(), frames.SPACE, wide))
        for p in pictures
    )
    elsewhere = held_out({1: moved}, wide, eyes).frames[1]
    assert elsewhere["flip"] == pytest.approx(by_file["flip"], rel=1e-3)


def test_the_sheet_shows_the_worst_the_median_and_the_best():
    frames = {f: {"flip": error} for f, error in ((1, 0.3), (2, 0.1), (3, 0.5), (4, 0.2))}
    assert worst_frames.chosen(frames) == {"worst": 3, "median": 4, "best": 2}
    assert worst_frames.chosen({7: {"flip": 0.1}}) == {"worst": 7}
    assert worst_frames.chosen({f: {} for f in (1, 2, 3)}) == {"first": 1, "middle": 2, "last": 3}


def test_the_command_prints_json_and_writes_a_sheet(tmp_path):
    write_scene(tmp_path, lambda frame: scene.blurred(boiling(frame)))
    names = {kind: f"{tmp_path}/{kind}.#.exr" for kind in ("result", "plate", "truth")}
    command = [sys.executable, "-m", "velatura", "evaluate", "--json"]
    command += ["--result", names["result"], "--painted", names["truth"]]
    command += ["--plate", names["plate"], "--sheet", str(tmp_path / "sheet.png")]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    said = json.loads(answer.stdout)
    tables = {"result", "plate", "truth"}
    assert said.keys() == {"backbone", "motion", "notes", "in_words", *tables}
    assert said["result"]["mean"]["flip"] < said["plate"]["mean"]["flip"]
    assert said["result"]["frames"].keys() == {"1", "2"}
    sheet = oiio.ImageBuf(str(tmp_path / "sheet.png")).spec()
    assert sheet.width > 4 * scene.SIDE  # plate, result, truth, error
    assert sheet.height > 2 * scene.SIDE


def test_rows_of_one_frame_are_their_mean():
    rows = {0: {"l1log": 0.1}, 1: {"l1log": 0.3}, 2: {"l1log": 0.6}}
    found = Verdict("eyes", rows).by_frame([7, 7, 3])
    assert list(found.frames) == [3, 7]
    assert found.frames[7]["l1log"] == pytest.approx(0.2)
    assert found.frames[3] == {"l1log": 0.6}


def test_files_without_dots_are_numbered_by_their_last_digits(tmp_path):
    for name in ("out_0003.png", "out_0004.png"):
        (tmp_path / name).touch()
    assert list(Frames.of(str(tmp_path)).files) == [3, 4]
    (one,) = (Frames.of(str(tmp_path / "out_0003.png")),)
    assert list(one.files) == [3]
    (tmp_path / "truth.png").touch()
    assert list(Frames.of(str(tmp_path / "truth.png")).paired(one).files) == [3]
    with pytest.raises(FrameError, match=r"no frame 9 among out_0003.png\..*as in out.0007.exr"):
        one.path(9)
