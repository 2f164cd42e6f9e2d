"""What looks wrong about painted keys is said before they are learnt from, and nothing else is."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from learning import CPU, briefly
from saved import curve, write_8_bit
from tiny import HEIGHT, WIDTH, paint, plate, write_frame

import velatura
from velatura.plate import colour, displays, flat
from velatura.report import contact_sheet
from velatura_training import run_folder
from velatura_training.data.frame import Frame
from velatura_training.data.key_reading import KeyReading
from velatura_training.data.watched_keys import WatchedKeys
from velatura_training.learn import run as runs

COURTYARD = Path(velatura.__file__).parent / "courtyard"
PLATES = str(COURTYARD / "plate" / "frame.####.exr")


def warned(caplog):
    """Return what was said but about colour spaces, of which the tiny plates tell none."""
    records = (r for r in caplog.records if r.levelname == "WARNING" and "colour" not in r.name)
    return [record.getMessage() for record in records]


def test_keys_that_are_right_raise_no_doubt(shot, caplog):
    WatchedKeys([(shot.plate, shot.painted)])
    WatchedKeys([(PLATES, str(COURTYARD / "painted" / "frame.####.exr"))])
    assert warned(caplog) == []


@pytest.mark.parametrize(("painted", "named"), [(6, 9), (6, 7), (12, 8)])
def test_a_key_named_after_another_frame_is_told_where_it_fits(tmp_path, caplog, painted, named):
    for frame in {1, 6, 12} - {painted, named}:
        shutil.copy(COURTYARD / "painted" / f"frame.{frame:04d}.exr", tmp_path)
    source = COURTYARD / "painted" / f"frame.{painted:04d}.exr"
    shutil.copy(source, tmp_path / f"frame.{named:04d}.exr")
    WatchedKeys([(PLATES, str(tmp_path / "frame.####.exr"))])
    (said,) = warned(caplog)
    assert f"painted on frame {named}" in said
    assert f"fits frame {painted} better" in said


def test_a_black_key_is_asked_about_and_learnt_from(shot, tmp_path, caplog):
    black = {channel: np.zeros((HEIGHT, WIDTH), np.float32) for channel in "RGB"}
    write_frame(shot.folder / "paint.0003.exr", black)
    watched = WatchedKeys([(shot.plate, shot.painted)])
    (said,) = warned(caplog)
    assert "frame 3" in said
    assert "black: was it saved right?" in said
    run = train(watched, tmp_path)
    assert run_folder.finite(run_folder.load(run / run_folder.CHECKPOINT, CPU)["course"])


def painted(frame: int) -> np.ndarray:
    """Return a painted frame of the demo as an sRGB screen shows it, ``(H, W, 3)``."""
    read = flat.read_rgb(COURTYARD / "painted" / f"frame.{frame:04d}.exr")
    return curve(np.clip(read.light(colour.SCENE), 0, 1)).transpose(1, 2, 0)


def doubted(folder: Path, caplog, codes: np.ndarray, reading=None) -> tuple[list[str], Frame]:
    """Return what is said of a key of the demo's frame 6, and the key as it is read."""
    caplog.clear()
    path = write_8_bit(folder / "paint.0006.png", codes)
    watched = WatchedKeys([(PLATES, str(path))], reading_keys=reading or KeyReading())
    return warned(caplog), watched.lesson.keys[0]


def as_shown(view: str = "Un-tone-mapped") -> np.ndarray:
    """Return the demo's plate of frame 6 as a view shows it."""
    light = flat.read_rgb(COURTYARD / "plate" / "frame.0006.exr").light(colour.SCENE)
    return displays.of(view).shown(light, colour.SCENE).transpose(1, 2, 0)


def white_but_for(pixels: int) -> np.ndarray:
    codes = np.ones((180, 320, 3))
    codes[0, :pixels] = 0
    return codes


@pytest.mark.parametrize(
    ("codes", "doubt"),
    [
        (lambda: np.ones((180, 320, 3)), "is white: was it saved right?"),
        pytest.param(lambda: white_but_for(3), "is white", id="stray"),
        (lambda: np.full((180, 320, 3), 0.3), "is of one colour all over"),
        (lambda: np.zeros((180, 320, 4)), "is wholly transparent"),
        (as_shown, "is its plate, and nothing is painted on it"),
    ],
)
def test_a_key_that_shows_no_paint_is_doubted(tmp_path, caplog, codes, doubt):
    (said,), _ = doubted(tmp_path, caplog, codes())
    assert doubt in said


def test_noise_is_no_paint_and_a_dab_is(tmp_path, caplog):
    codes = as_shown()
    noise = np.random.default_rng(0).normal(0, 1.5 / 255, codes.shape)
    (said,), _ = doubted(tmp_path, caplog, codes + noise)
    assert "nothing is painted on it" in said
    codes[50:56, 60:66] = (0.9, 0.1, 0.1)
    assert doubted(tmp_path, caplog, codes)[0] == []


def test_black_bars_are_doubted_on_one_side_and_on_both(tmp_path, caplog):
    codes = painted(6)
    codes[:1] = 0
    assert doubted(tmp_path, caplog, codes)[0] == []  # a line is the render's own
    codes[:12] = 0
    (said,), _ = doubted(tmp_path, caplog, codes)
    assert "black bars (12 px above)" in said
    codes[-12:] = 0
    (said,), _ = doubted(tmp_path, caplog, codes)
    assert "black bars (12 px above, 12 px below)" in said
    codes = painted(6)
    codes[:, :20] = codes[:, -30:] = 0
    (said,), _ = doubted(tmp_path, caplog, codes)
    assert "black bars (20 px left, 30 px right)" in said


@pytest.mark.parametrize(
    ("down", "right", "words"),
    [
        (0, 2, "2 px too far right"),
        (8, 0, "8 px too low"),
        (-2, 3, "3 px too far right and 2 px too high"),
        (20, -12, "12 px too far left and 20 px too low"),
    ],
)
def test_a_key_that_was_moved_is_doubted_and_moved_back(tmp_path, caplog, down, right, words):
    codes = np.roll(painted(6), (down, right), (0, 1))
    (said,), _ = doubted(tmp_path, caplog, codes)
    assert f"lies {words}" in said
    assert "--align" in said
    said, key = doubted(tmp_path, caplog, codes, KeyReading(aligned=True))
    assert said == []
    _, whole = doubted(tmp_path, caplog, painted(6))
    inside = slice(24, -24), slice(24, -24)
    np.testing.assert_array_equal(key.paint[:, *inside], whole.paint[:, *inside])
    assert float(key.cover.mean()) == pytest.approx(
        (1 - abs(down) / 180) * (1 - abs(right) / 320), abs=1e-4
    )
    assert (key.paint == key.plate)[:, key.cover == 0].all()


@pytest.mark.parametrize(
    ("turned", "words"),
    [
        (lambda codes: codes[:, ::-1], "mirrored left to right"),
        (lambda codes: codes[::-1], "mirrored top to bottom"),
        (lambda codes: codes[::-1, ::-1], "turned upside down"),
        (lambda codes: codes[..., ::-1], "red where its plate is blue"),
        (lambda codes: 1 - codes, "inverted, as a negative is"),
    ],
)
@pytest.mark.parametrize("frame", [1, 6, 12])
def test_a_key_that_was_turned_or_mixed_up_is_doubted(tmp_path, caplog, frame, turned, words):
    path = write_8_bit(tmp_path / f"paint.{frame:04d}.png", turned(painted(frame)))
    WatchedKeys([(PLATES, str(path))])
    (said,) = warned(caplog)
    assert f" is {words}" in said
    assert "--align" not in said


def test_a_key_in_its_place_is_left_there(tmp_path, caplog):
    _, key = doubted(tmp_path, caplog, painted(6), KeyReading(aligned=True))
    assert key.cover is None


@pytest.mark.parametrize(
    "view",
    ["sRGB - Display/ACES 2.0 - SDR 100 nits (Rec.709)", "P3-D65 - Display/Un-tone-mapped"],
)
def test_a_key_through_a_view_is_told_which_and_the_hint_helps(tmp_path, caplog, view):
    codes = as_shown(view)
    codes[40:90, 60:160] = (0.8, 0.1, 0.1)
    (said,), _ = doubted(tmp_path, caplog, codes)
    assert f"is its plate as {view} shows it, in 89 %" in said
    assert f"--painted-view '{view}'" in said
    said, key = doubted(tmp_path, caplog, codes, KeyReading(view=view))
    assert said == []
    bare = np.ones((180, 320), bool)
    bare[40:90, 60:160] = False
    np.testing.assert_array_equal(key.paint[:, bare], key.plate[:, bare])


def filmed(light: np.ndarray) -> np.ndarray:
    """Return light through a curve that no built-in config has: a film's shoulder and toe."""
    return np.clip(light**1.1 * 1.6 / (light**1.1 + 0.6), 0, 1.6) / 1.6


def test_a_curve_of_no_config_is_doubted_and_any_name_undoes_it(tmp_path, caplog):
    light = flat.read_rgb(COURTYARD / "plate" / "frame.0006.exr").light(colour.SCENE)
    codes = filmed(light).transpose(1, 2, 0)
    codes[40:70, 60:120] = (0.8, 0.1, 0.1)
    (said,), _ = doubted(tmp_path, caplog, codes)
    assert "is its plate by one smooth curve, in 9" in said
    (said,), key = doubted(tmp_path, caplog, codes, KeyReading(view="DISPLAY/VIEW"))
    assert "a curve is fitted" in said
    off = (key.paint - key.plate).abs().amax(0) == 0
    assert 0.9 < float(off.float().mean()) < 1 - 30 * 60 / (180 * 320) + 0.001


def test_a_key_that_is_graded_or_painted_is_not_taken_for_a_view(tmp_path, caplog):
    light = flat.read_rgb(COURTYARD / "plate" / "frame.0006.exr").light(colour.SCENE)
    darker = curve(np.clip(0.6 * light, 0, 1)).transpose(1, 2, 0)
    darker[40:70, 60:120] = (0.8, 0.1, 0.1)
    assert doubted(tmp_path, caplog, darker)[0] == []
    for frame in (1, 6, 12):
        WatchedKeys([(PLATES, str(COURTYARD / "painted" / f"frame.{frame:04d}.exr"))])
    assert warned(caplog) == []


def test_nan_in_a_pass_is_counted_and_does_not_reach_the_network(shot, tmp_path, caplog):
    planes = plate(3)
    planes["N.X"] = planes["N.X"].copy()
    planes["N.Y"] = planes["N.Y"].copy()
    planes["N.X"][5, :7] = np.nan
    planes["N.Y"][5, 6:9] = np.nan
    planes["Z"] = np.where(planes["Z"] > 5, np.inf, planes["Z"])  # a background: no doubt
    write_frame(shot.folder / "plate.0003.exr", planes)
    watched = WatchedKeys([(shot.plate, shot.painted)])
    (said,) = warned(caplog)
    assert "plate.0003.exr: the normal pass is NaN in 9 px" in said
    assert torch.isfinite(watched.lesson.keys[1].guides).all()
    run = train(watched, tmp_path)
    assert run_folder.finite(run_folder.load(run / run_folder.CHECKPOINT, CPU)["course"])


def test_one_key_is_enough(shot, tmp_path, caplog):
    (shot.folder / "paint.0003.exr").unlink()
    watched = WatchedKeys([(shot.plate, shot.painted)])
    assert (train(watched, tmp_path) / run_folder.BEST).exists()
    assert warned(caplog) == []


def test_keys_of_different_sizes_are_learnt_from_together(shot, tmp_path):
    small = {name: pixels[:34, :40] for name, pixels in plate(2).items()}
    write_frame(shot.folder / "plate.0002.exr", small)
    write_frame(shot.folder / "paint.0002.exr", {n: p[:34, :40] for n, p in paint(2).items()})
    watched = WatchedKeys([(shot.plate, shot.painted)])
    run = train(watched, tmp_path)
    sheet = flat.read_rgb(run / run_folder.SHEET).rgb
    rows = HEIGHT + (34 // 8 * 8) + HEIGHT  # each row as high as its frame, in eights
    words = 4 * contact_sheet.CAPTION  # what each column is, and each row
    assert sheet.shape == (rows + 4 * 6 + words, 3 * (WIDTH + 6) + 6, 3)


def train(watched, folder):
    """Learn for a few steps; the critic and the eyes join in."""
    return runs.train(watched.lesson, briefly(folder / "run", 6), watched)
