"""`velatura paint`: keys in a painting's strokes, their light, and what is refused."""

from __future__ import annotations

import time

import av
import numpy as np
import pytest
import torch
from tiny import write_frame

from velatura.errors import FrameError, TrainingError
from velatura.image import exr, png
from velatura.image.planes import FloatArray, Image, Window
from velatura.plate import colour, flat
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura_training.cli.paint import paint
from velatura_training.cli.train import train
from velatura_training.data import paint_file, paintings
from velatura_training.data.key_reading import KeyReading
from velatura_training.learn import run as runs
from velatura_training.losses import backbones, terms
from velatura_training.paint import brush
from velatura_training.paint.brush import FINER, Strokes
from velatura_training.paint.brushwork import Brushwork
from velatura_training.paint.likeness import Likeness, unlike
from velatura_training.paint.octaves import Octaves
from velatura_training.paint.optimise import Optimiser
from velatura_training.paint.plate_light import PlateLight, look, retouched
from velatura_training.paint.strokes import Canvas, StrokePainter
from velatura_training.paint.tangents import Tangents, blurred

HEIGHT, WIDTH = 96, 128
OCHRE, BLUE = (0.86, 0.66, 0.16), (0.08, 0.16, 0.43)


def hatching(period: int = 12, side: int = 200) -> FloatArray:
    """Slanting strokes of ochre on dark blue, display values."""
    y, x = np.mgrid[:side, :side]
    stroke = ((x + 2 * y) % period < period * 0.45)[..., None]
    noise = np.random.default_rng(0).normal(0, 0.01, (side, side, 1))
    return (np.where(stroke, OCHRE, BLUE) + noise).clip(0, 1).astype(np.float32)


@pytest.fixture
def painting(tmp_path):
    png.write_png(tmp_path / "hatching.png", (hatching() * 255).astype(np.uint8))
    return tmp_path / "hatching.png"


@pytest.fixture
def shot(tmp_path):
    """Three frames of a grey ramp, with a dark post that moves and a lamp of 20."""
    for number in (1, 2, 3):
        wall = np.tile(np.linspace(0.05, 0.7, WIDTH, dtype=np.float32), (HEIGHT, 1))
        wall[:, 30 + 4 * number : 44 + 4 * number] = 0.02
        wall[10:20, 90:100] = 20
        write_frame(tmp_path / f"wall.{number:04d}.exr", dict.fromkeys("RGB", wall))
    return str(tmp_path / "wall.####.exr")


def light(path) -> FloatArray:
    planes = {p.name: p.pixels for p in exr.read(path).parts[0].planes}
    return np.stack([planes[c] for c in "RGB"]).astype(np.float32)


@pytest.fixture
def clip(tmp_path):
    """The shot of `shot` as pictures on a screen."""
    for number in (1, 2, 3):
        wall = np.tile(np.linspace(30, 215, WIDTH).astype(np.uint8)[None, :, None], (HEIGHT, 1, 3))
        wall[:, 30 + 4 * number : 44 + 4 * number] = 4
        png.write_png(tmp_path / f"clip.{number:04d}.png", wall)
    return tmp_path / "clip.####.png"


def test_a_clip_that_is_no_exr_is_painted_too(clip, painting, tmp_path):
    """A movie, and pictures by their folder, are plates as everywhere else."""
    frames = [np.asarray(flat.read_rgb(clip.with_name(f"clip.{n:04d}.png")).rgb) for n in (1, 2, 3)]
    with av.open(str(tmp_path / "clip.mkv"), "w") as movie:
        stream = movie.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "bgr0"
        for frame in frames:
            codes = (frame * 255).round().astype(np.uint8)
            movie.mux(stream.encode(av.VideoFrame.from_ndarray(codes, format="rgb24")))
        movie.mux(stream.encode())
    how = {"style": (painting,), "progress": "none"}
    paint(str(clip), frames="2", out=tmp_path / "stills", **how)
    paint(str(tmp_path / "clip.mkv"), frames="1002", start=1001, out=tmp_path / "film", **how)
    stills, film = light(tmp_path / "stills/key.0002.exr"), light(tmp_path / "film/key.1002.exr")
    assert np.abs(look(stills) - look(film)).mean() < 0.02
    assert np.ptp(look(stills)) > 0.3


def test_a_key_says_its_colours_whatever_the_plate_has(painting, tmp_path):
    """A key of an ACEScg plate is read as the painter meant it: linear Rec.709."""
    grey = np.tile(np.linspace(0.05, 0.7, WIDTH, dtype=np.float32), (HEIGHT, 1))
    planes = {"R": grey, "G": grey * 0.6, "B": grey * 0.3}
    for number in (1, 2):
        write_frame(tmp_path / f"aces.{number:04d}.exr", planes)
    shot = str(tmp_path / "aces.####.exr")
    paint(
        shot, style=(painting,), frames="1", out=tmp_path / "keys", space="ACEScg", progress="none"
    )
    plate = Plate.read(tmp_path / "aces.0001.exr", Reading(space="ACEScg"))
    seen = plate.seen(slice(0, HEIGHT), slice(0, WIDTH), colour.SCENE)
    key = tmp_path / "keys/key.0001.exr"
    laid = paint_file.read(key, plate, seen, colour.SCENE, KeyReading())
    assert np.abs(laid.rgb - light(key)).max() < 1e-3


def test_keys_are_painted_in_the_colours_of_the_painting(shot, painting, tmp_path):
    paint(shot, style=(painting,), frames="1,3", out=tmp_path / "keys", progress="none")
    assert sorted(p.name for p in (tmp_path / "keys").iterdir()) == ["key.0001.exr", "key.0003.exr"]
    key = light(tmp_path / "keys" / "key.0001.exr")
    assert key.shape == (3, HEIGHT, WIDTH)
    assert (key >= 0).all()
    seen = look(key).reshape(-1, 3)
    ends = np.array([OCHRE, BLUE], np.float32)
    share = (seen - ends[0]) @ (ends[1] - ends[0]) / ((ends[1] - ends[0]) ** 2).sum()
    between = ends[0] + share.clip(0, 1)[:, None] * (ends[1] - ends[0])
    assert np.median(np.abs(seen - between).max(1)) < 0.08  # grey lies .2 from all mixtures


def test_a_lamp_stays_brighter_than_white(shot, painting, tmp_path):
    paint(shot, style=(painting,), frames="1", out=tmp_path / "keys", progress="none")
    key = light(tmp_path / "keys" / "key.0001.exr")
    assert key[:, 12:18, 92:98].max() > 4


def test_two_paintings_of_the_same_shot_by_one_seed_are_equal(shot, painting, tmp_path):
    for folder in ("a", "b"):
        paint(shot, style=(painting,), frames="2", out=tmp_path / folder, progress="none")
    a, b = (light(tmp_path / folder / "key.0002.exr") for folder in ("a", "b"))
    assert np.array_equal(a, b)


@pytest.mark.parametrize("data", [Window(0, 0, WIDTH, HEIGHT), Window(30, -20, WIDTH, HEIGHT)])
def test_further_keys_take_paint_over_wherever_the_data_window_lies(data, painting, tmp_path):
    """A still shot: the second key is the first one, in whatever windows."""
    wall = blurred(np.random.default_rng(0).random((HEIGHT, WIDTH), np.float32), 6)
    wall = (wall - wall.min()) / (wall.max() - wall.min())
    planes = dict.fromkeys("RGB", wall)
    for number in (1, 2):
        part = exr.new_part(planes, data, Window(0, 0, WIDTH, HEIGHT))
        exr.write(tmp_path / f"still.{number:04d}.exr", Image((part,)))
    paint(str(tmp_path / "still.####.exr"), style=[painting], out=tmp_path / "keys")
    first, second = (look(light(tmp_path / "keys" / f"key.{n:04d}.exr")) for n in (1, 2))
    inside = np.s_[20:, : WIDTH - 30]  # of the display window, in either case
    # .04 where paint is carried, for what still changes its colours; .12 where it is not.
    assert np.abs(first - second)[inside].mean() < 0.06


def test_without_frames_the_keys_are_chosen(shot, painting, tmp_path):
    paint(shot, style=(painting,), count=1, out=tmp_path / "keys", progress="none")
    assert len(list((tmp_path / "keys").iterdir())) == 1


def test_wrong_orders_are_refused(shot, painting, tmp_path):
    wrong = {"out": tmp_path / "keys", "style": (painting,), "progress": "none"}
    with pytest.raises(FrameError, match=r"no frame 9.*1 to 3"):
        paint(shot, frames="9", **wrong)
    with pytest.raises(TrainingError, match="--eyes vgg16"):
        paint(shot, painter="eyes", **wrong)
    with pytest.raises(TrainingError, match="--hold"):
        paint(shot, hold=2.0, **wrong)
    with pytest.raises(TrainingError, match="5,5,5,8"):
        paint(shot, crop="60,0,60,0", **wrong)
    with pytest.raises(TrainingError, match=r"--count would not be used.*one of the two"):
        paint(shot, frames="1", count=2, **wrong)
    with pytest.raises(TrainingError, match=r"--eyes would not be used.*--painter both"):
        paint(shot, painter="strokes", eyes="vgg16", **wrong)
    with pytest.raises(TrainingError, match=r"--rounds.*--eyes vgg16"):
        paint(shot, rounds=80, **wrong)
    assert not (tmp_path / "keys").exists()


def test_what_a_free_look_would_not_use_is_refused(shot, painting, tmp_path):
    order = {"style": (painting,), "out": tmp_path / "run", "progress": "none"}
    for plates, free in (((shot,), True), ((shot, shot), False)):
        with pytest.raises(TrainingError, match=r"--hold-out would not be used.*without --free"):
            train(*plates, free=free, hold_out=(1,), **order)
    with pytest.raises(TrainingError, match="No footage"):
        train(free=True, **order)
    assert not (tmp_path / "run").exists()


def test_keys_teach_a_free_look_and_none_are_painted_where_none_are_wanted(
    shot, clip, painting, tmp_path, monkeypatch
):
    taught = []
    monkeypatch.setattr(runs, "imitate", lambda plates, *_: taught.append(plates))
    order = {"style": (painting,), "progress": "none", "free": True}
    train(shot, out=tmp_path / "run", count=1, **order)
    (key,) = (tmp_path / "run" / "keys").iterdir()
    (frame,) = [frame for frame in taught[-1].frames if frame.paint is not None]
    assert f"{frame.frame:04d}" in key.name
    np.testing.assert_allclose(frame.paint.numpy(), light(key), atol=1e-3)  # half floats
    assert all(tested.paint is None for tested in taught[-1].tested)
    train(shot, out=tmp_path / "bare", count=0, **order)
    assert not (tmp_path / "bare" / "keys").exists()
    assert all(frame.paint is None for frame in taught[-1].frames)
    train(shot, str(clip), out=tmp_path / "two", count=1, **order)
    assert len(list((tmp_path / "two" / "keys" / "1").iterdir())) == 1
    assert len([frame for frame in taught[-1].frames if frame.paint is not None]) == 2


def test_what_painted_keys_have_no_use_for_is_refused(shot, tmp_path):
    order = {"painted": ("key.####.exr",), "out": tmp_path / "run", "progress": "none"}
    for given in ({"hold": 0.5}, {"stroke": 2.0}, {"crop": "5,5,5,5"}):
        (name,) = given
        with pytest.raises(TrainingError, match=f"--{name} would not be used.*--style"):
            train(shot, **order, **given)


def test_train_learns_from_painted_keys_and_keeps_retouched_ones(
    shot, painting, tmp_path, monkeypatch
):
    lessons = []
    monkeypatch.setattr(runs, "train", lambda lesson, *_: lessons.append(lesson))
    order = {"style": (painting,), "out": tmp_path / "run", "count": 2, "progress": "none"}
    train(shot, **order)
    keys = sorted((tmp_path / "run" / "keys").iterdir())
    assert len(lessons[0].keys) == len(keys) == 2
    write_frame(keys[0], dict.fromkeys("RGB", np.full((HEIGHT, WIDTH), 0.5, np.float32)))
    train(shot, **order)
    assert float(lessons[1].keys[0].paint.std()) < 1e-3


def test_a_crop_leaves_out_what_is_not_painted(painting, tmp_path):
    framed = np.pad(hatching(), ((20, 20), (20, 20), (0, 0)))
    png.write_png(tmp_path / "framed.png", (framed * 255).astype(np.uint8))
    crop = paintings.parse_crop("8.4,8.4,8.4,8.4")
    space = "lin_rec709_scene"
    (cut,) = paintings.read([tmp_path / "framed.png"], space, crop=crop)
    (whole,) = paintings.read([painting], space)
    assert float((cut.shown.mean((2, 3)) - whole.shown.mean((2, 3))).abs().max()) < 0.02


def test_strokes_are_measured_in_the_painting():
    thin, thick = (Brushwork.of([hatching(p, 300)]) for p in (20, 40))
    assert thick.width > 1.3 * thin.width


def test_tangents_run_along_stripes():
    y, x = np.mgrid[:64, :64]
    stripes = np.repeat(np.sin((x + y) / 2)[..., None], 3, -1).astype(np.float32) / 2 + 0.5
    along = Tangents.of_painting(stripes).along[16:48, 16:48]
    assert np.abs(along @ np.array([1, -1]) / np.sqrt(2)).min() > 0.98


def test_paint_that_is_worth_much_stays_and_holes_are_filled():
    wanted = np.full((HEIGHT, WIDTH, 3), 0.4, np.float32)
    worth = np.ones((HEIGHT, WIDTH), np.float32)
    worth[:, 90:] = 0
    painter = StrokePainter(Brushwork.of([hatching()]))
    begun = Canvas(wanted + 0.02, worth)
    paint_, fresh = painter.paint(wanted, Tangents.of_plate(wanted), begun)
    assert fresh[:, :50].max() == 0
    assert np.allclose(paint_[:, :50], 0.42, atol=1e-3)
    assert fresh[:, 95:].mean() > 0.98


def test_octaves_bring_contrast_to_the_paintings():
    rng = np.random.default_rng(0)
    loud, faint = (rng.normal(0.5, s, (96, 96, 3)).astype(np.float32) for s in (0.12, 0.09))
    matched = Octaves.of([loud]).matched(faint)
    assert abs(matched.std() - loud.std()) < 0.01


def test_octaves_bring_colours_to_the_paintings():
    """Few bright places on a dark ground, of a picture that has as many of both."""
    side = np.linspace(-1, 1, 96, dtype=np.float32)
    wave = np.sin(6 * side[:, None] + 6 * side)[..., None] * np.ones(3, np.float32)
    even, few = 0.5 + 0.3 * np.sign(wave), 0.2 + 0.6 * (wave > 0.9)
    matched = Octaves.of([few]).matched(even.astype(np.float32))
    assert np.abs(few.mean() - even.mean()) > 0.15
    assert np.abs(matched.mean() - few.mean()) < 0.02
    skew = [float(((p - p.mean()) ** 3).mean() / p.std() ** 3) for p in (even, matched, few)]
    # one linear map and bands would leave it as it was; WHOLE goes half of the way, twice
    assert skew[1] - skew[0] > 0.4 * (skew[2] - skew[0]), skew


def test_a_picture_with_the_paintings_contrasts_stays():
    """Its parts add up to it again: what is left is of quantiles (256) and of what is clipped."""
    own = hatching()
    assert np.abs(Octaves.of([own]).matched(own) - own).mean() < 0.01


def test_octaves_bring_directions_to_the_paintings():
    """Stripes that run down are made of a picture that runs all ways, as far as it has them."""
    rng = np.random.default_rng(0)
    ways = rng.normal(0.5, 0.1, (96, 96, 3)).astype(np.float32)
    down = np.repeat(np.sin(np.arange(96, dtype=np.float32))[None, :, None], 96, 0)
    matched = Octaves.of([np.repeat(0.5 + 0.2 * down, 3, 2)]).matched(ways)
    across, along = (np.abs(np.diff(matched, axis=axis)).mean() for axis in (1, 0))
    assert across > 2 * along


def clouds(seed: int, height: int, width: int, soft: float) -> FloatArray:
    """Blots of ochre and blue without strokes, display values."""
    noise = np.random.default_rng(seed).normal(0.5, soft / 2, (height, width)).astype(np.float32)
    share = blurred(noise, soft).clip(0, 1)[..., None]
    return (share * OCHRE + (1 - share) * BLUE).astype(np.float32)


def test_strokes_lie_where_the_picture_has_them():
    """Half a pixel to a side looks like a relief, dark beside light along all edges."""
    wanted = clouds(0, 120, 160, 4)
    painter = StrokePainter(Brushwork.of([clouds(9, 300, 300, 8)]), hold=1.0)
    paint_, _ = painter.paint(wanted, Tangents.of_plate(wanted))
    soft, goal = (blurred(picture[..., 0], 2) for picture in (paint_, wanted))
    slopes = np.stack([slope.ravel() for slope in np.gradient(goal)], 1)
    off, *_ = np.linalg.lstsq(slopes, (soft - goal).ravel() - (soft - goal).mean(), rcond=None)
    # Least squares' shift of the one against the other, px: up to .13 by chance with four seeds.
    assert np.abs(off).max() < 0.2


def test_strokes_end_where_their_object_does():
    path = np.stack([np.arange(10, 50), np.full(40, 16)], 1).astype(np.float32)[None]
    ends = np.array([0]), np.array([39])
    white = Strokes(path, *ends, 6.0, np.ones((1, 40, 12, 3), np.float32), np.array([7], np.uint32))
    objects = np.full((32, 64), 7, np.uint32)
    objects[:, 30:] = 9
    canvases = []
    for ids in (None, objects):
        canvas = np.zeros((FINER * 32, FINER * 64, 3), np.float32)
        brush.lay(canvas, white, np.random.default_rng(0), ids)
        canvases.append(canvas)
    free, bound = canvases
    here = np.s_[:, : FINER * 30]
    np.testing.assert_array_equal(bound[here], free[here])
    assert bound[here].any()
    assert free[:, FINER * 30 :].any()
    assert not bound[:, FINER * 30 :].any()


def test_objects_that_no_coarse_stroke_begins_on_are_painted():
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    # Larger than a stroke, which is 2.5 px by 57 px, and narrower than coarse ones lie apart.
    bricks = (1 + columns // 8 + 100 * (rows // 24)).astype(np.uint32)
    wanted = np.full((HEIGHT, WIDTH, 3), 0.4, np.float32)
    painter = StrokePainter(Brushwork.of([hatching()]))
    _, fresh = painter.paint(wanted, Tangents.of_plate(wanted), objects=bricks)
    assert fresh.mean() > 0.98


def test_objects_smaller_than_a_stroke_are_painted_as_a_mass():
    dots = np.arange(1, HEIGHT * WIDTH + 1, dtype=np.uint32).reshape(HEIGHT, WIDTH)
    wanted = clouds(0, HEIGHT, WIDTH, 4)
    painter = StrokePainter(Brushwork.of([hatching()]))
    free, bound = (
        painter.paint(wanted, Tangents.of_plate(wanted), objects=ids)[0] for ids in (None, dots)
    )
    np.testing.assert_array_equal(bound, free)


def test_a_touch_keeps_the_stops_of_what_is_lit_up():
    paint_, above = np.full((4, 4, 3), 0.8, np.float32), np.ones((4, 4, 3), np.float32)
    above[:, :2] = 16
    touched = retouched(paint_, above, lambda screen: np.where(screen < 0.999, screen / 2, screen))
    assert np.allclose(touched[:, :2], 0.8, atol=1e-3)
    assert np.allclose(touched[:, 2:], 0.4, atol=1e-3)


def test_eyes_stop_in_time():
    """However many rounds are wanted: one of each size is looked at in any case."""
    wall = np.full((48, 48, 3), 0.5, np.float32)
    optimiser = Optimiser.of(backbones.load(), [hatching()], rounds=10**6, hold=0.3)
    begun = time.perf_counter()
    optimiser.refined(wall, wall, seconds=1.0)
    assert time.perf_counter() - begun < 30  # a thousandth of what the rounds take


def test_eyes_without_time_leave_strokes_as_they_are():
    """A few steps of Adam would only disturb them."""
    wall = np.full((48, 48, 3), 0.5, np.float32)
    optimiser = Optimiser.of(backbones.load(), [hatching()], rounds=40, hold=0.3)
    assert np.allclose(optimiser.refined(wall, wall, seconds=0.0), wall, atol=1e-6)


def test_a_large_plate_is_painted_small_and_keeps_its_highlights():
    sky = np.full((3, 400, 1280), 0.3, np.float32)
    sky[:, 100:140, 600:660] = 30
    frame = PlateLight.of(sky)
    assert frame.small.shape == (200, 640, 3)
    lit = frame.painted(frame.small, 1.0)
    assert lit.shape == sky.shape
    assert abs(np.log2(lit[0, 120, 630] / 30)) < 0.2
    assert abs(lit[0, 300, 100] - 0.3) < 0.01


def test_eyes_bring_a_key_nearer_to_the_painting_and_keep_what_was_carried():
    eyes = backbones.load()
    wall = np.tile(np.linspace(0.2, 0.7, 96, dtype=np.float32)[:, None], (96, 1, 3))
    kept = np.zeros((96, 96), np.float32)
    kept[:, :32] = 1
    optimiser = Optimiser.of(eyes, [hatching()], rounds=6, hold=0.3)
    key = optimiser.refined(wall, wall, Canvas(wall, kept))
    wanted = eyes(torch.from_numpy(hatching().transpose(2, 0, 1).copy())[None])
    far, near = (
        float(terms.style(eyes(torch.from_numpy(p.transpose(2, 0, 1).copy())[None]), wanted))
        for p in (wall, key)
    )
    assert near < 0.95 * far
    moved = np.abs(key - wall).mean((0, 2))
    assert moved[:24].mean() < 0.7 * moved[40:].mean()
    # 1e-3 above what carried paint may change by: half size is scaled up by a cubic.
    assert np.abs(key - wall)[:, :24].max() < 0.03 + 1e-3


def test_a_painting_with_a_frame_is_doubted(tmp_path, caplog):
    framed = np.pad(hatching(), ((20, 20), (20, 20), (0, 0)))
    png.write_png(tmp_path / "framed.png", (framed * 255).astype(np.uint8))
    paintings.read([tmp_path / "framed.png"], "lin_rec709_scene")
    assert "--crop" in caplog.text


def test_places_are_drawn_to_those_of_the_painting_that_they_resemble():
    """Stripes that run down resemble those of the painting, and not the ones that run across."""
    y, x = np.mgrid[:96, :96].astype(np.float32)
    down, across = (torch.sin(torch.from_numpy(axis) / 2).expand(1, 3, -1, -1) for axis in (x, y))
    eyes = backbones.load()
    maps = {name: eyes(p / 2 + 0.5) for name, p in (("down", down), ("across", across))}
    likeness = Likeness.of([maps["down"], maps["across"]], 96)
    wanted = likeness.nearest(maps["down"], 96)
    off = {name: float(unlike(seen, wanted, 96)) for name, seen in maps.items()}
    assert off["down"] < 0.1
    assert off["across"] > 0.5


def test_a_training_paints_its_keys_within_its_minutes(shot, painting, tmp_path, monkeypatch):
    """The clock of the whole begins before the keys are painted."""
    begun = []
    monkeypatch.setattr(runs, "train", lambda _lesson, asked, *_: begun.append(asked.begun))
    before = time.perf_counter()
    order = {"style": (painting,), "out": tmp_path / "run", "count": 1, "progress": "none"}
    train(shot, minutes=1.0, **order)
    assert (
        before
        < begun[0]
        < (tmp_path / "run/keys").stat().st_mtime - time.time() + (time.perf_counter())
    )
