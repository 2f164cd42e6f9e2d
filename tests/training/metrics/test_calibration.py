"""A calibration makes the slider even on frames that it was not made on."""

import numpy as np
import pytest
import scene
import torch

from velatura.strength import KNOTS, is_calibration
from velatura_training.data import calibration_crops
from velatura_training.metrics import calibration
from velatura_training.metrics.calibration import Sample, calibrate, crops, unevenness

FLOOR = 1 / 128


def frame(seed: int, most: float = 4.0, side: int = 120) -> Sample:
    """Return daubs under a look that darkens some and brightens others by up to ``most`` stops."""
    plate = scene.painted(seed)[0, :, :side, :side].numpy()
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 10, 10, generator=rng) * 2 - 1
    stops = torch.nn.functional.interpolate(coarse, size=plate.shape[1:], mode="bilinear")
    return Sample(plate, most * stops[0].numpy())


def test_the_slider_is_even_after_it_and_was_not_before(monkeypatch):
    monkeypatch.setattr(calibration, "CROPS", 4)
    lut = calibrate([frame(0), frame(1)], FLOOR)
    assert is_calibration(lut)
    assert len(lut) == KNOTS
    others = [frame(2)]
    assert unevenness(others, (), FLOOR, points=13) > 0.05
    assert unevenness(others, lut, FLOOR, points=13) < 0.03


def test_a_look_that_does_nothing_needs_no_calibration(monkeypatch):
    monkeypatch.setattr(calibration, "CROPS", 1)
    still = frame(0)
    assert calibrate([Sample(still.plate, 0 * still.stops)], FLOOR) == ()


def test_without_flip_the_slider_is_made_even_too(monkeypatch):
    """FLIP has no wheel for Python 3.14; its judgement of what was calibrated without it."""
    monkeypatch.setattr(calibration, "CROPS", 4)
    with monkeypatch.context() as without:
        without.setattr(calibration.flip, "available", lambda: False)
        lut = calibrate([frame(0), frame(1)], FLOOR)
    assert is_calibration(lut)
    # Daubs and stops at random, harder than a look: .34 in raw stops, .047 (other seeds: .064).
    assert unevenness([frame(2)], lut, FLOOR, points=13) < 0.08


def test_where_more_gain_shows_no_more_the_calibration_still_rises(monkeypatch):
    """A look that a screen shows whole at a tenth of its stops: D is flat, or falls."""
    plateau = np.array([0.0, 0.5, *([0.5] * 10), *([0.45] * 11), 0.5])
    monkeypatch.setattr(calibration, "shown", lambda *_: list(plateau))
    assert is_calibration(calibrate([frame(0)], FLOOR))


def test_crops_come_from_every_frame_and_fit_small_ones():
    frames = [frame(0), frame(1), frame(2, side=40)]
    cut = crops(frames)
    assert len(cut) == calibration.CROPS
    assert {crop.plate.shape[1:] for crop in cut} == {(96, 96), (40, 40)}
    assert all(crop.plate.shape == crop.stops.shape for crop in cut)


def test_the_same_frames_give_the_same_calibration(monkeypatch):
    monkeypatch.setattr(calibration, "CROPS", 1)
    assert calibrate([frame(0)], FLOOR) == calibrate([frame(0)], FLOOR)


def test_light_is_seen_on_the_screen_whatever_space_it_is_in(monkeypatch):
    monkeypatch.setattr(calibration, "CROPS", 1)
    wide = calibrate([frame(0)], FLOOR, "lin_rec2020_scene")
    # Other primaries, another look: near, and not the same.
    assert wide != calibrate([frame(0)], FLOOR)
    assert wide == pytest.approx(calibrate([frame(0)], FLOOR), abs=0.1)


def test_swatches_show_every_part_of_a_picture():
    """A calibration on the middles of its frames was off by .07 on a shot with a dark sky."""
    rows, columns = torch.meshgrid(torch.arange(180), torch.arange(320), indexing="ij")
    plate = torch.stack([rows, columns, rows]).float()
    cut = calibration_crops.cut([(plate, torch.zeros(0, 180, 320))] * 5, 8)
    seen = np.zeros((180, 320))
    for swatch in cut:
        row, column, _ = swatch["plate"].int().numpy()
        seen[row, column] += 1
    parts = [part.mean() for band in np.split(seen, 3) for part in np.array_split(band, 4, 1)]
    assert min(parts) > max(parts) / 3  # windows overlap most in the middle
