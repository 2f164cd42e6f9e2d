"""A shot is looked over once; what its passes allow is done, and what they do not is said."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import stages
from stages import FLAG, HEIGHT, WIDTH, Stage

from velatura import userdir
from velatura.carry.fields import TEMPERATURE, worth_of
from velatura.carry.outward import LATE
from velatura.carry.paint import Carry
from velatura.carry.painted_key import Key
from velatura.carry.survey import Survey, survey
from velatura.image import exr
from velatura.image.planes import Image
from velatura.image.silhouettes import inner
from velatura.plate.encoding import encoded
from velatura.plate.reading import Reading
from velatura.scene import optical_flow
from velatura.scene.footage import Footage
from velatura.system import cache
from velatura.system.progress import Progress

STAGE = Stage()
KEYS = (1, 5)
SHORT = Stage(last=3)
RIGID = (stages.ground(), stages.BALLED, stages.BOXED)


class Watched(Progress):
    """Counts the frames that are looked at."""

    def __init__(self) -> None:
        super().__init__("none")
        self.frames: list[str] = []

    def finished(self, frame: str, *, skipped: bool) -> None:  # noqa: ARG002
        self.frames.append(frame)


def footage(folder: Path, stage: Stage = STAGE, but: str = "", **means: str) -> Footage:
    stage.write(folder, painted=(), but=but)
    plates = {frame: folder / f"plate.{frame:04d}.exr" for frame in stage.frames}
    return Footage(plates, Reading(**means))


def look_over(shot: Footage, painted: Sequence[int] = KEYS) -> Survey | None:
    return survey(shot, painted, Progress("none"))


def carried(found: Survey, stage: Stage, painted: Sequence[int] = KEYS, but: str = "") -> Carry:
    keys = tuple(Key.of(f, stage.paint(f), stage.sight(f, but=but), found.tracks) for f in painted)
    return Carry(keys, found.tracks, found.fields, found.same)


def covered(carry: Carry, stage: Stage, frame: int, but: str = "") -> tuple[float, float, float]:
    """Return what the paint is worth, what on the flag, and its error (90 % are below)."""
    sight = stage.sight(frame)
    paint = carry.paint(frame, stage.sight(frame, but=but)).planes
    worth, flag = paint[3], sight.objects == FLAG
    off = np.abs(paint[:3] - encoded(stage.paint(frame))).max(axis=0)
    return worth.mean(), worth[flag].mean() if flag.any() else 0.0, np.quantile(off, 0.9)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [f"{r.levelname}: {r.getMessage()}" for r in caplog.records]


@pytest.fixture(autouse=True)
def all_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def test_position_ids_and_vector_carry_everything(tmp_path, caplog):
    found = look_over(footage(tmp_path))
    means = "4 objects; 1 of them bend and are followed by Vector"
    assert said(caplog) == [f"INFO: painted keys are carried by camera and motion ({means})"]
    assert found.passes == ("position", "id")
    everywhere, flag, off = covered(carried(found, STAGE), STAGE, 3)
    assert everywhere > 0.4
    assert flag > 0.35
    assert off < 0.0075  # of hard edges that are read between pixels


def test_fields_lead_from_each_frame_to_both_keys_and_from_keys_to_their_detours(tmp_path):
    found = look_over(footage(tmp_path))
    assert found.fields.keys() == {
        *((frame, key) for frame in STAGE.frames for key in KEYS),
        *((1, 2), (1, 3), (5, 4)),
    }
    for (frame, key), field in found.fields.items():
        assert field.worth.shape == field.choice.shape == field.places.shape[1:]
        seen = STAGE.seen(frame)
        u, v = (grid.reshape(HEIGHT, WIDTH) for grid in STAGE.moved(seen, key))
        numbers = seen.numbers.reshape(HEIGHT, WIDTH)
        there = STAGE.visible(seen, key).reshape(HEIGHT, WIDTH)
        clear = there & inner(numbers, 2) & (numbers > 0)
        # Up to four times read between its pixels, where everything is seen all the way.
        for off in (np.abs(field.places[0] - u) * WIDTH, np.abs(field.places[1] - v) * HEIGHT):
            assert np.quantile(off[clear], 0.9) < 0.25
        if frame == key:
            assert (field.worth == 255).all()


def test_shares_of_the_keys_are_one_together(tmp_path):
    """Whose paint is shown where, if only one key's is: in a painted frame its own."""
    found = look_over(footage(tmp_path))
    for frame in STAGE.frames:
        one, other = (found.fields[frame, key].choice.astype(int) for key in KEYS)
        assert np.abs(one + other - 255).max() <= 1
    assert (found.fields[1, 1].choice == 255).all()
    assert (found.fields[5, 5].choice == 255).all()
    share = [found.fields[frame, 1].choice.mean() for frame in STAGE.frames]
    assert share == sorted(share, reverse=True)


def test_a_rigid_shot_is_compared_at_the_places_that_its_cameras_tell(tmp_path, caplog):
    """What moves as one is worth what the plates say there, not where flow leads."""
    stage = Stage(things=RIGID)
    found = look_over(footage(tmp_path, stage))
    assert said(caplog)[0].endswith("by camera and motion (3 objects)")
    worth = worth_of(found.fields[3, 1].worth.astype(np.float32))
    seen = stage.seen(3)
    there = stage.visible(seen, 1).reshape(HEIGHT, WIDTH) & inner(seen.numbers.reshape(72, 96), 2)
    late = np.exp(-2 * LATE / TEMPERATURE)
    assert np.median(worth[there]) > 0.95 * late
    assert worth[~there].mean() < 0.6 * late


def test_only_the_nearest_keys_are_led_to(tmp_path):
    long = Stage(last=7)
    found = look_over(footage(tmp_path, long), (1, 2, 3, 5, 6, 7))
    assert {key for frame, key in found.fields if frame == 4} == {2, 3, 5, 6}
    assert {key for frame, key in found.fields if frame == 1} >= {1, 2, 3, 5}
    assert 7 not in {key for frame, key in found.fields if frame == 1}


def test_without_ids_all_that_moves_is_followed(tmp_path, caplog):
    found = look_over(footage(tmp_path, but="id"))
    assert "no id pass, so that all that moves is followed from frame to frame" in said(caplog)[0]
    assert found.passes == ("position",)
    carry = carried(found, STAGE, but="id")
    everywhere, _, off = covered(carry, STAGE, 3, but="id")
    assert everywhere > 0.4
    assert off < 0.012


def test_without_vector_what_moves_is_followed_in_the_pictures(tmp_path, caplog):
    """The box moves as one, by its Position; the flag bends, and flow follows it."""
    found = look_over(footage(tmp_path, but="vector"))
    assert said(caplog) == ["INFO: painted keys are carried by camera and motion (4 objects)"]
    everywhere, flag, off = covered(carried(found, STAGE), STAGE, 3)
    assert everywhere > 0.45
    assert flag > 0.4
    assert off < 0.008


def test_vector_alone_is_followed_from_frame_to_frame(tmp_path, caplog):
    found = look_over(footage(tmp_path, but="position id"))
    assert said(caplog) == ["INFO: painted keys are carried by Vector, from frame to frame"]
    assert found.passes == ()
    carry = carried(found, STAGE, but="position id")
    everywhere, flag, off = covered(carry, STAGE, 3, but="position id")
    assert everywhere > 0.4
    assert flag > 0.5
    assert off < 0.02
    assert carry.misfit(3, [STAGE.sight(3, but="position id")]) == ""


def test_without_passes_the_pictures_show_the_motion(tmp_path, caplog):
    found = look_over(footage(tmp_path, Stage(things=RIGID), but="position id vector"))
    assert said(caplog) == ["INFO: painted keys are carried by optical flow, from frame to frame"]
    assert found.passes == ()
    carry = carried(found, Stage(things=RIGID), but="position id vector")
    everywhere, _, off = covered(carry, Stage(things=RIGID), 2, but="position id vector")
    assert everywhere > 0.5
    assert off < 0.02


@pytest.mark.parametrize("but", ["", "position id vector"])
def test_without_opencv_the_network_is_on_its_own(tmp_path, caplog, monkeypatch, but):
    """It belongs to the trainer: there it is missing only where an installation is broken."""
    monkeypatch.setattr(optical_flow, "available", lambda: False)
    assert look_over(footage(tmp_path, but=but)) is None
    (line,) = said(caplog)
    assert line.startswith("WARNING: OpenCV is missing")
    assert "the look learns from the plate alone. Install the trainer again" in line
    assert "pip install" not in line


def test_a_position_pass_that_tells_no_camera_is_no_pass(tmp_path, caplog):
    """A flat wall, and no vectors: what its pictures show is left."""
    wall = Stage(things=(stages.box((9, 0.02, 6), stages.still(0, 0, 0, 30)),))
    found = look_over(footage(tmp_path, wall, but="vector"))
    assert found.passes == ("id",)
    assert "painted keys are carried by optical flow, from frame to frame" in said(caplog)[0]
    everywhere, _, off = covered(carried(found, wall), wall, 3)
    assert everywhere > 0.5
    assert off < 0.01


def test_a_flat_shot_is_carried_by_its_vectors(tmp_path, caplog):
    wall = Stage(things=(stages.box((9, 0.02, 6), stages.still(0, 0, 0, 30)),))
    found = look_over(footage(tmp_path, wall))
    assert "The camera cannot be solved from the Position pass of 5 of 5 frames" in caplog.text
    everywhere, _, off = covered(carried(found, wall), wall, 3)
    assert everywhere > 0.5
    assert off < 0.01


def test_frames_without_a_camera_are_carried_by_vector_and_named(tmp_path, caplog):
    """Frame 3 has lost its Position pass; its neighbours have theirs."""
    shot = footage(tmp_path)
    exr.write(shot.plates[3], STAGE.plate(3, but="position"))
    found = look_over(shot)
    assert "Position pass of 1 of 5 frames (3)" in caplog.text
    assert covered(carried(found, STAGE), STAGE, 4)[0] > 0.6
    worth, _, off = covered(carried(found, STAGE), STAGE, 3, but="position")
    assert worth > 0.4
    assert off < 0.02


def test_a_shaky_position_pass_is_told(tmp_path, caplog):
    """Each point is off by most of a pixel, as in sixteen bits or by jittered samples."""
    large = Stage(window=stages.Window(0, 0, 288, 216), size=(216, 288), last=2)
    shot = footage(tmp_path, large)
    random = np.random.default_rng(0)
    for frame, path in shot.plates.items():
        planes = {n: p.pixels for _, n, p in large.plate(frame).planes()}
        there = large.sight(frame).surface()
        for axis in "XYZ":
            noise = random.normal(0, 0.011, there.shape) * there
            planes[f"Position.{axis}"] = (planes[f"Position.{axis}"] + noise).astype("f4")
        exr.write(path, stages.pictured(planes, large.window, large.window))
    look_over(shot, (1,))
    assert "WARNING: The Position pass is only true to 0." in said(caplog)[-1]


def renamed(image: Image, names: dict[str, str]) -> Image:
    planes = {}
    for _, name, plane in image.planes():
        layer, _, channel = name.rpartition(".")
        planes[".".join(filter(None, (names.get(layer, layer), channel)))] = plane.pixels
    return stages.pictured(planes, STAGE.window, STAGE.window)


def test_passes_of_another_naming_are_named_on_the_command_line(tmp_path, caplog):
    shot = footage(tmp_path, passes="position=P_world,vector=motion,id=objects")
    for frame, path in shot.plates.items():
        names = {"Position": "P_world", "Vector": "motion", "IndexOB": "objects"}
        exr.write(path, renamed(STAGE.plate(frame), names))
    found = look_over(shot)
    assert "4 objects" in said(caplog)[0]
    assert covered(carried(found, STAGE), STAGE, 3)[0] > 0.45


def test_nan_in_the_passes_costs_their_pixels_and_no_more(tmp_path):
    shot = footage(tmp_path)
    random = np.random.default_rng(0)
    for frame, path in shot.plates.items():
        planes = {n: p.pixels.copy() for _, n, p in STAGE.plate(frame).planes()}
        for name, value in (("Position.X", np.nan), ("Position.Z", np.inf), ("Vector.Y", np.nan)):
            planes[name][random.random(planes[name].shape) < 0.02] = value
        exr.write(path, stages.pictured(planes, STAGE.window, STAGE.window))
    found = look_over(shot)
    assert None not in found.tracks.cameras
    assert found.tracks.objects[found.tracks.bends].tolist() == [FLAG]
    assert covered(carried(found, STAGE), STAGE, 3)[2] < 0.0075


@pytest.mark.parametrize("but", ["", "position id vector"])
def test_a_shot_with_missing_frames_is_carried_across_them(tmp_path, but):
    """Nothing tells the motion from frame 2 to 4 but their pictures."""
    shot = footage(tmp_path, but=but)
    del shot.plates[3]
    found = look_over(shot)
    assert found.tracks.frames == (1, 2, 4, 5)
    assert {(4, 1), (4, 5), (2, 1), (2, 5)} <= found.fields.keys()
    worth, _, off = covered(carried(found, STAGE, but=but), STAGE, 4, but=but)
    assert worth > 0.5
    assert off < (0.02 if but else 0.007)


def test_one_frame_is_a_shot(tmp_path):
    found = look_over(footage(tmp_path, Stage(last=1)), (1,))
    assert found.tracks.frames == (1,)
    assert found.fields.keys() == {(1, 1)}


def test_plates_of_two_sizes_are_no_hurdle(tmp_path):
    """Some frames as a proxy: places are parts of the picture."""
    shot = footage(tmp_path)
    half = Stage(
        window=stages.Window(0, 0, WIDTH // 2, HEIGHT // 2), size=(HEIGHT // 2, WIDTH // 2)
    )
    for frame in (3, 4):
        exr.write(shot.plates[frame], half.plate(frame))
    found = look_over(shot)
    assert {f.worth.shape for f in found.fields.values()} == {(HEIGHT, WIDTH)}
    worth, _, off = covered(carried(found, STAGE), STAGE, 2)
    assert worth > 0.6
    assert off < 0.007
    paint = carried(found, STAGE).paint(3, half.sight(3)).planes
    sure = paint[3] > 0.3
    assert sure.mean() > 0.5
    far = np.abs(paint[:3] - encoded(half.paint(3))).max(axis=0)
    assert np.quantile(far[sure], 0.9) < 0.02


def test_a_key_may_be_a_proxy(tmp_path):
    shot = footage(tmp_path)
    half = Stage(
        window=stages.Window(0, 0, WIDTH // 2, HEIGHT // 2), size=(HEIGHT // 2, WIDTH // 2)
    )
    exr.write(shot.plates[5], half.plate(5))
    found = look_over(shot)
    keys = (
        Key.of(1, STAGE.paint(1), STAGE.sight(1), found.tracks),
        Key.of(5, half.paint(5), half.sight(5), found.tracks),
    )
    carry = Carry(keys, found.tracks, found.fields, found.same)
    worth, _, off = covered(carry, STAGE, 4)
    assert worth > 0.4
    assert off < 0.05


def test_long_shots_get_coarser_fields(tmp_path, monkeypatch):
    monkeypatch.setattr("velatura.carry.fields.MOST", 13 * 6 * (HEIGHT // 3) * (WIDTH // 3))
    found = look_over(footage(tmp_path))
    assert len(found.fields) == 13
    shapes = {(f.places.shape, f.worth.shape, f.choice.shape) for f in found.fields.values()}
    coarse = HEIGHT // 3, WIDTH // 3
    assert shapes == {((2, *coarse), coarse, coarse)}
    worth, flag, off = covered(carried(found, STAGE), STAGE, 2)
    assert worth > 0.5
    assert flag > 0.3
    assert off < 0.01


def memos() -> list[Path]:
    return sorted((userdir.home() / "cache" / "surveys").glob("*"))


def again(shot: Footage, painted: Sequence[int] = (1, 3)) -> int:
    """Return how many frames are looked at."""
    report = Watched()
    assert survey(shot, painted, report) is not None
    return len(report.frames)


def test_a_shot_that_is_as_it_was_is_not_looked_over_again(tmp_path, caplog):
    shot = footage(tmp_path, SHORT)
    first = look_over(shot, (1, 3))
    caplog.clear()
    report = Watched()
    second = survey(shot, (1, 3), report)
    assert report.frames == []
    assert said(caplog)[0] == "INFO: the shot has been looked over before, and is as it was"
    assert "are carried by camera and motion" in said(caplog)[1], "its means are said again"
    for name in ("objects", "poses", "segments", "bends"):
        one, other = (getattr(s.tracks, name) for s in (first, second))
        np.testing.assert_array_equal(one, other)
    assert first.fields.keys() == second.fields.keys()
    assert first.same == second.same
    for way, field in first.fields.items():  # a resumed run repeats its bits
        for name in ("places", "worth", "choice"):
            np.testing.assert_array_equal(
                getattr(field, name), getattr(second.fields[way], name), strict=True
            )


def test_whatever_matters_makes_a_survey_anew(tmp_path):
    shot = footage(tmp_path, SHORT)
    assert again(shot) == 3
    assert again(shot) == 0
    assert again(shot, (1, 2)) == 3, "light is compared with other keys"
    assert again(shot, (2, 1)) == 0
    assert {key for frame, key in look_over(shot, (1, 2)).fields if frame == 3} == {1, 2}
    assert again(Footage(shot.plates, Reading(passes="id=IndexOB"))) == 3
    os.utime(shot.plates[3], ns=(1, 1))
    assert again(shot) == 3
    exr.write(shot.plates[2], STAGE.plate(2, but="vector"))
    assert again(shot) == 3
    del shot.plates[3]
    assert again(shot, (1,)) == 2
    assert again(shot, (1,)) == 0


@pytest.mark.parametrize("broken", ["", "AAAA", "\N{SNOWMAN}", "half"])
def test_a_broken_memo_is_made_anew(tmp_path, broken):
    shot = footage(tmp_path, SHORT)
    assert again(shot) == 3
    whole = {path: path.read_text() for path in memos()}
    assert len(whole) == 1
    for path, text in whole.items():
        spoilt = text[: len(text) // 2] if broken == "half" else broken
        path.write_text(spoilt, encoding="utf-8")
    assert again(shot) == 3
    assert {path: path.read_text() for path in memos()} == whole
    assert again(shot) == 0


def test_without_a_folder_to_write_in_nothing_is_remembered(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("XDG_DATA_HOME", str(blocked))
    shot = footage(tmp_path / "shot", SHORT)
    assert again(shot) == 3
    assert again(shot) == 3


def test_the_memo_that_was_not_read_for_longest_goes_first():
    for number in range(cache.MOST):
        cache.write("things", str(number), f"thing {number}")
        path = max(
            (userdir.home() / "cache" / "things").glob("*.txt"), key=lambda p: p.stat().st_ctime_ns
        )
        os.utime(path, (number, number))
    assert cache.read("things", "0") == "thing 0"
    cache.write("things", "more", "one more")
    assert cache.read("things", "0") == "thing 0"
    assert cache.read("things", "1") is None
    assert cache.read("things", "more") == "one more"
    assert cache.read("other things", "0") is None
    assert len(list((userdir.home() / "cache" / "things").iterdir())) == cache.MOST


def test_it_is_told_how_far_the_paint_is_followed(tmp_path):
    shares: list[float] = []
    assert survey(footage(tmp_path, SHORT), (1, 3), Progress("none"), shares.append) is not None
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, pytest.approx(1))
