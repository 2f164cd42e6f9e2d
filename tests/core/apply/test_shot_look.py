"""A shot look puts painted keys on every frame of its shot, and on no other shot."""

from __future__ import annotations

import base64
import io
import logging
import tempfile
from dataclasses import replace
from pathlib import Path

import commands
import glazing
import looks
import numpy as np
import onnx
import pans
import pytest
import stages
from stages import HEIGHT, WIDTH, Stage

from velatura import look
from velatura.apply import frame, sequence, tile
from velatura.apply.session import open_session
from velatura.apply.targets import Frame, Target
from velatura.carry import packing
from velatura.carry.paint import CHANNELS, Carry
from velatura.carry.painted_key import Key
from velatura.carry.survey import survey
from velatura.errors import LookError
from velatura.image import exr
from velatura.image.planes import Window
from velatura.job import Job
from velatura.plate.reading import Reading
from velatura.scene import tracks
from velatura.scene.footage import Footage
from velatura.system.progress import Progress

STAGE = Stage()
BY = {"carried_by": ("position", "id")}


def packed(stage: Stage = STAGE, painted: tuple[int, ...] = (1, 5)) -> str:
    with tempfile.TemporaryDirectory() as folder:
        found = pans.looked_over(stage.write(Path(folder), painted=()), painted)
    return packing.pack(Carry(keyed(stage, painted, found.tracks), found.tracks, found.fields))


def keyed(stage: Stage, painted: tuple[int, ...], found: tracks.Tracks) -> tuple[Key, ...]:
    """Return keys brighter than any plate, so that it is all gain: see `looks.faithful`."""
    return tuple(Key.of(f, stage.paint(f) + 1, stage.sight(f), found) for f in painted)


def old(painted: tuple[int, ...] = (1, 5)) -> str:
    """Return the keys of a look of velatura 0.1: no frame stands for others, nothing is agreed."""
    found = tracks.solve(STAGE.frames, [STAGE.sight(f) for f in STAGE.frames], Progress("none"))
    whole = packing.pack(Carry(keyed(STAGE, painted, found), found, {}))
    with np.load(io.BytesIO(base64.b64decode(whole))) as arrays:
        kept = {n: a for n, a in arrays.items() if n not in {"same", "agreement"}}
    file = io.BytesIO()
    np.savez_compressed(file, **kept)
    return base64.b64encode(file.getvalue()).decode()


@pytest.fixture(scope="module")
def keys() -> str:
    return packed()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shot")
    STAGE.write(folder, painted=())
    return folder


def apply(plate: Path, look_: Path, out: Path, **settings: object) -> None:
    sequence.run(Job(str(plate), str(look_), str(out), workers=1, **settings), Progress("none"))


def rgb(path: Path) -> np.ndarray:
    return glazing.stack(exr.read(path), *"RGB")


def test_the_paint_lands_in_the_finished_pictures(folder, keys, tmp_path):
    """From the command line to the pixel."""
    made = looks.faithful(tmp_path / "faithful.onnx", keys, **BY)
    arguments = ("--look", made, "--out", tmp_path / "out", "--write", "both")
    done = commands.velatura("apply", folder / "plate.####.exr", *arguments)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    carry = packing.unpack(keys, "")
    for number in STAGE.frames:
        picture = rgb(tmp_path / "out" / f"plate.{number:04d}.exr")
        worth = carry.paint(number, STAGE.sight(number)).planes[3]
        sure = worth > 0.5
        assert sure.mean() > 0.6
        off = np.abs(picture / (STAGE.paint(number) + 1) - 1)[:, sure]
        # Stops are stored as halves: two thousandths of their size, of three stops at most.
        assert off.max() < 0.02 if number in (1, 5) else np.quantile(off, 0.98) < 0.02
        plate = rgb(folder / f"plate.{number:04d}.exr")
        np.testing.assert_array_equal(picture[:, worth == 0], plate[:, worth == 0])


def test_looks_of_velatura_0_1_give_what_they_gave(folder, tmp_path):
    """The nearest key's paint, and the plate's own bits in its holes."""
    made = looks.faithful(tmp_path / "faithful.onnx", old(), **BY)
    apply(folder / "plate.####.exr", made, tmp_path / "out", write="picture")
    carry = packing.unpack(old(), "")
    for number in STAGE.frames:
        picture = rgb(tmp_path / "out" / f"plate.{number:04d}.exr")
        worth = carry.paint(number, STAGE.sight(number)).planes[3]
        valid = worth == 1
        assert valid.mean() > 0.6
        np.testing.assert_allclose(picture[:, valid], STAGE.paint(number)[:, valid] + 1, rtol=0.02)
        plate = rgb(folder / f"plate.{number:04d}.exr")
        assert number in (1, 5) or (worth == 0).any()
        np.testing.assert_array_equal(picture[:, worth == 0], plate[:, worth == 0])


def test_what_was_left_transparent_is_the_plate_to_the_bit(folder, tmp_path):
    """A network that would change everything, and a layer on the left half of both keys."""
    found = pans.looked_over(folder, (1, 5))
    cover = np.zeros((HEIGHT, WIDTH), np.float32)
    cover[:, : WIDTH // 3] = 1
    layers = tuple(replace(k, cover=cover) for k in keyed(STAGE, (1, 5), found.tracks))
    text = packing.pack(Carry(layers, found.tracks, found.fields, found.same))
    made = looks.small(tmp_path / "small.onnx", cargo=text, **BY)
    apply(folder / "plate.####.exr", made, tmp_path / "out", write="both")
    carry = packing.unpack(text, "")
    for number in STAGE.frames:
        shows = carry.paint(number, STAGE.sight(number)).cover > 0
        assert 0.1 < shows.mean() < 0.75
        gain = rgb(tmp_path / "out" / f"plate.gain.{number:04d}.exr")
        assert (gain[:, ~shows] == 0).all()
        assert np.abs(gain[:, shows]).mean() > 0.05
        picture = rgb(tmp_path / "out" / f"plate.{number:04d}.exr")
        plate = rgb(folder / f"plate.{number:04d}.exr")
        assert picture[:, ~shows].tobytes() == plate[:, ~shows].tobytes()
        if number in (1, 5):
            np.testing.assert_array_equal(shows, cover > 0)


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("version", ["now", "0.1"])
def test_tiles_equal_the_whole_bit_for_bit(folder, keys, tmp_path, version, number):
    keys = keys if version == "now" else old()
    made = looks.small(tmp_path / "small.onnx", ("normal", "position"), cargo=keys, **BY)
    session = open_session(look.read(made), "cpu")
    job = Job(str(folder / "plate.####.exr"), str(made), str(tmp_path))
    results = []
    for name, budget in (("whole", 2**28), ("tiles", 70 * 70 * 120)):
        target = Target(tmp_path / f"{name}.exr", "")
        files = Frame(folder / f"plate.{number:04d}.exr", None, target, None, number)
        frame.glaze(files, frame.load(files, job, session.card), job, session, budget)
        results.append(rgb(target.path))
    assert results[0].tobytes() == results[1].tobytes()
    assert np.abs(results[0]).max() > 0.1


def test_an_overscan_plate_gets_the_same_paint(keys, tmp_path):
    wide = Window(-8, -4, WIDTH + 16, HEIGHT + 8)
    exr.write(tmp_path / "plate.0003.exr", STAGE.plate(3, wide))
    made = looks.faithful(tmp_path / "faithful.onnx", keys, **BY)
    apply(tmp_path / "plate.0003.exr", made, tmp_path / "out")
    gain = rgb(tmp_path / "out" / "plate.gain.0003.exr")
    worth = packing.unpack(keys, "").paint(3, STAGE.sight(3, wide)).planes[3]
    assert (worth > 0).mean() > 0.95
    assert (gain[:, worth > 0] > 0).all()
    assert (gain[:, worth == 0] == 0).all()


def test_a_proxy_gets_its_paint(keys, tmp_path):
    half = Stage(window=Window(0, 0, WIDTH // 2, HEIGHT // 2), size=(HEIGHT // 2, WIDTH // 2))
    exr.write(tmp_path / "plate.0002.exr", half.plate(2))
    made = looks.faithful(tmp_path / "faithful.onnx", keys, **BY)
    apply(tmp_path / "plate.0002.exr", made, tmp_path / "out", write="picture")
    picture = rgb(tmp_path / "out" / "plate.0002.exr")
    sure = packing.unpack(keys, "").paint(2, half.sight(2)).planes[3] > 0.5
    assert sure.mean() > 0.5
    off = np.abs(picture / (half.paint(2) + 1) - 1)[:, sure]
    assert np.quantile(off, 0.98) < 0.03


def test_passes_by_other_names_are_found_when_they_are_named(keys, tmp_path):
    """What Karma or a pipeline of one's own may call them."""
    plate = STAGE.plate(2)
    other = {"Position": "worldpoint", "IndexOB": "things"}
    planes = {}
    for _, name, plane in plate.planes():
        layer, _, channel = name.rpartition(".")
        planes[".".join(filter(None, (other.get(layer, layer), channel)))] = plane.pixels
    exr.write(tmp_path / "plate.0002.exr", stages.pictured(planes, STAGE.window, STAGE.window))
    made = looks.faithful(tmp_path / "faithful.onnx", keys, free=False, **BY)
    with pytest.raises(LookError, match="no Position pass"):
        apply(tmp_path / "plate.0002.exr", made, tmp_path / "out")
    names = "position=worldpoint,id=things"
    apply(tmp_path / "plate.0002.exr", made, tmp_path / "out", passes=names)
    assert rgb(tmp_path / "out" / "plate.gain.0002.exr").max() > 0.5


def test_nan_in_the_position_pass_is_filled_by_the_field(keys, tmp_path):
    """In one channel or in three, Inf or what a renderer takes for infinitely far."""
    plate = STAGE.plate(2)
    pixels = {name: plane.pixels.copy() for _, name, plane in plate.planes()}
    for column, value in enumerate((np.nan, np.inf, -np.inf, 1e30), 40):
        pixels["Position.Y"][60, column] = value
        for axis in "XYZ":
            pixels[f"Position.{axis}"][62, column] = value
    pixels["IndexOB.X"][64, 40] = np.nan
    exr.write(tmp_path / "plate.0002.exr", stages.pictured(pixels, STAGE.window, STAGE.window))
    made = looks.faithful(tmp_path / "faithful.onnx", keys, **BY)
    apply(tmp_path / "plate.0002.exr", made, tmp_path / "out", write="both")
    gain = rgb(tmp_path / "out" / "plate.gain.0002.exr")
    assert np.isfinite(gain).all()
    assert (gain[:, 60:63, 40:44] > 0).all()
    picture, paint = rgb(tmp_path / "out" / "plate.0002.exr"), STAGE.paint(2) + 1
    off = np.abs(picture / paint - 1)[:, 60:63, 40:44]
    assert off.max() < 0.1


ELSEWHERE = Stage(camera=lambda _: stages.lens((4, -7, 3), (0, 0, 0.5)))


@pytest.mark.parametrize(
    ("plate", "number", "reason"),
    [
        (ELSEWHERE.plate(3), 3, r"its camera is off by \d+ % of the width"),
        (STAGE.plate(5), 9, "it is frame 9, and the shot had frames 1 to 5"),
        (STAGE.plate(3, but="position"), 3, "it has no Position pass"),
    ],
    ids=["another camera", "another frame", "no passes"],
)
def test_another_shot_is_refused_or_glazed_without_the_paint(
    keys, tmp_path, caplog, plate, number, reason
):
    path = tmp_path / f"plate.{number:04d}.exr"
    exr.write(path, plate)
    bound = looks.small(tmp_path / "bound.onnx", cargo=keys, free=False, name="ink", **BY)
    with pytest.raises(LookError, match=rf"not of the shot that ink was painted for.*{reason}"):
        apply(path, bound, tmp_path / "out")
    assert not list(tmp_path.glob("out/*.exr"))

    free = looks.small(tmp_path / "free.onnx", cargo=keys, name="ink", **BY)
    with caplog.at_level(logging.WARNING):
        apply(path, free, tmp_path / "out")
    said = [r.getMessage() for r in caplog.records if "not of the shot" in r.getMessage()]
    assert len(said) == 1

    def bare(_rows, _columns, into):
        into[...] = rgb(path)
        return np.zeros((CHANNELS, HEIGHT, WIDTH), np.float32)

    ((_, without),) = tile.tiles(open_session(look.read(free), "cpu"), HEIGHT, WIDTH, bare)
    gain = rgb(tmp_path / "out" / f"plate.gain.{number:04d}.exr")
    np.testing.assert_array_equal(gain, without.astype(np.float16))


def test_another_shot_ends_the_command_with_a_reason(keys, tmp_path):
    exr.write(tmp_path / "plate.0003.exr", ELSEWHERE.plate(3))
    bound = looks.faithful(tmp_path / "bound.onnx", keys, free=False, **BY)
    arguments = ("--look", bound, "--out", tmp_path / "out")
    done = commands.velatura("apply", tmp_path / "plate.0003.exr", *arguments)
    assert done.returncode == 3
    assert "is not of the shot that faithful was painted for" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_shot_with_frames_of_another_shot_is_said_once(keys, tmp_path, caplog):
    """Frames 6 and 7 were rendered later, when the look was made already."""
    longer = Stage(last=7)
    for number in (5, 6, 7):
        exr.write(tmp_path / f"plate.{number:04d}.exr", longer.plate(number))
    made = looks.faithful(tmp_path / "faithful.onnx", keys, **BY)
    with caplog.at_level(logging.WARNING):
        apply(tmp_path / "plate.####.exr", made, tmp_path / "out")
    assert [r.getMessage().count("not of the shot") for r in caplog.records] == [1]
    out = tmp_path / "out"
    assert rgb(out / "plate.gain.0005.exr").max() > 0.5
    assert rgb(out / "plate.gain.0006.exr").max() == 0


def test_a_plate_without_the_ids_of_its_look_is_told(keys, tmp_path, caplog):
    exr.write(tmp_path / "plate.0002.exr", STAGE.plate(2, but="id"))
    made = looks.faithful(tmp_path / "faithful.onnx", keys, **BY)
    with caplog.at_level(logging.WARNING):
        apply(tmp_path / "plate.0002.exr", made, tmp_path / "out")
    assert "has no pass for id, which the look faithful reads" in caplog.text


def test_a_single_picture_without_a_number_is_a_shot_of_one_frame(tmp_path):
    """As training takes it: frame 0."""
    stage = Stage(last=1)
    exr.write(tmp_path / "still.exr", stage.plate(1))
    shot = Footage({0: tmp_path / "still.exr"}, Reading())
    found = survey(shot, (0,), Progress("none"))
    key = Key.of(0, stage.paint(1) + 1, stage.sight(1), found.tracks)
    text = packing.pack(Carry((key,), found.tracks, found.fields))
    made = looks.faithful(tmp_path / "still.onnx", text, free=False, **BY)
    apply(tmp_path / "still.exr", made, tmp_path / "out", write="picture")
    picture = rgb(tmp_path / "out" / "still.exr")
    np.testing.assert_allclose(picture, stage.paint(1) + 1, rtol=0.01)


def test_other_keys_than_the_card_says_are_refused(keys, tmp_path):
    path = looks.faithful(tmp_path / "faithful.onnx", keys, **BY)
    for text in (packed(painted=(1,)), "\N{SNOWMAN}", keys + "A"):
        model = onnx.load(path)
        (entry,) = [e for e in model.metadata_props if e.key == look.CARGO_KEY]
        entry.value = text
        onnx.save(model, tmp_path / "other.onnx")
        with pytest.raises(LookError, match="other painted keys on board than its card says"):
            look.read(tmp_path / "other.onnx")


def test_keys_without_a_card_that_knows_them_are_refused(keys, tmp_path):
    made = looks.faithful(tmp_path / "faithful.onnx", keys, **BY)
    model = onnx.load(made)
    card = replace(look.read(made).card, keys_digest="")
    (entry,) = [e for e in model.metadata_props if e.key == look.CARD_KEY]
    entry.value = card.dumps()
    onnx.save(model, made)
    with pytest.raises(LookError, match="other painted keys on board"):
        look.read(made)


def test_broken_keys_are_refused_when_the_look_is_opened(tmp_path):
    made = looks.faithful(tmp_path / "faithful.onnx", "QUJD", **BY)
    with pytest.raises(LookError, match=r"painted keys inside .*faithful\.onnx cannot be read"):
        open_session(look.read(made), "cpu")


def test_new_paint_makes_old_gain_layers_stale(folder, keys, tmp_path, capsys):
    """What was baked with other keys is baked again; with the same ones it is kept."""
    arguments = folder / "plate.####.exr", tmp_path / "look.onnx", tmp_path / "out"
    looks.faithful(tmp_path / "look.onnx", keys, **BY)
    for _ in range(2):
        apply(*arguments, frames="1-2")
    said = capsys.readouterr().out
    assert said.count("wrote ") == said.count("kept ") == 2  # the frames
    looks.faithful(tmp_path / "look.onnx", packed(painted=(3,)), **BY)
    apply(*arguments, frames="1-2")
    assert capsys.readouterr().out.count("wrote ") == 2
