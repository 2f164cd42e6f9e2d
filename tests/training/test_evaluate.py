"""The figures on cases whose answer is known."""

import pytest
import torch
from tiny import HEIGHT, WIDTH, paint, plate, write_frame
from torch.nn import functional as F  # noqa: N812

from velatura.errors import FrameError, ImageError
from velatura_training import perceptual
from velatura_training.evaluate import compare, evaluate


@pytest.fixture(scope="module")
def eyes():
    return perceptual.load()


@pytest.fixture(scope="module")
def picture():
    rng = torch.Generator().manual_seed(0)
    coarse = torch.rand(1, 3, 12, 16, generator=rng)
    fine = torch.rand(1, 3, 96, 128, generator=rng)
    return 0.8 * F.interpolate(coarse, size=(96, 128)) + 0.2 * fine


def blurred(picture):
    return F.avg_pool2d(F.pad(picture, (2, 2, 2, 2), mode="replicate"), 5, 1)


def test_a_perfect_result_scores_perfectly(picture, eyes):
    scores = compare(picture, picture, eyes)
    assert scores["l1log"] == 0
    assert scores["psnr"] == 100  # capped where the error is 0
    assert scores["lpips"] == pytest.approx(0, abs=1e-5)
    assert scores["gram"] == 0
    assert scores["sharp"] == 1


def test_blur_is_worse_on_every_figure_and_less_sharp(picture, eyes):
    scores = compare(blurred(picture), picture, eyes)
    assert scores["sharp"] < 0.8
    assert scores["l1log"] > 0.005
    assert scores["lpips"] > 0.02
    assert scores["gram"] > 0.02


def test_noise_is_sharper_than_the_truth(picture, eyes):
    noise = 0.1 * torch.randn(picture.shape, generator=torch.Generator().manual_seed(1))
    scores = compare(picture + noise, picture, eyes)
    assert scores["sharp"] > 1.1
    assert scores["lpips"] > 0.02


def test_a_lost_highlight_counts_though_no_screen_shows_it(picture, eyes):
    bright = picture.clone()
    bright[..., :24, :32] *= 30
    scores = compare(bright.clamp(0, 1), bright, eyes)
    assert scores["l1log"] > 0.02
    assert scores["psnr"] > 60


def test_every_truth_frame_needs_a_result(tmp_path, eyes):
    write_frame(tmp_path / "a.0001.exr", plate(1))
    truths = {1: tmp_path / "a.0001.exr", 4: tmp_path / "a.0004.exr"}
    with pytest.raises(FrameError, match="painted frames 4"):
        evaluate({1: tmp_path / "a.0001.exr"}, truths, eyes)


def test_sizes_that_differ_are_refused(tmp_path, eyes):
    write_frame(tmp_path / "a.exr", plate(1))
    small = {c: v[:40, :40] for c, v in paint(1).items()}
    write_frame(tmp_path / "b.exr", small)
    with pytest.raises(ImageError, match=f"{WIDTH}x{HEIGHT} and 40x40"):
        evaluate({0: tmp_path / "a.exr"}, {0: tmp_path / "b.exr"}, eyes)


def test_the_mean_is_over_frames(tmp_path, eyes):
    for frame in (1, 2):
        write_frame(tmp_path / f"r.{frame}.exr", plate(frame))
        write_frame(tmp_path / f"t.{frame}.exr", paint(frame))
    results = {f: tmp_path / f"r.{f}.exr" for f in (1, 2)}
    verdict = evaluate(results, {f: tmp_path / f"t.{f}.exr" for f in (1, 2)}, eyes)
    both = [scores["l1log"] for scores in verdict.frames.values()]
    assert verdict.mean["l1log"] == pytest.approx(sum(both) / 2)
    assert verdict.backbone.startswith("efficientnet sha256:")
