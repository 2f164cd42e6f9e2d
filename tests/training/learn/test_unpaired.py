"""Looks from a painting: what is refused, that strokes come, and that nothing else comes in."""

from __future__ import annotations

import json

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own idiom
import pytest
import torch
from tiny import write_frame

from velatura.apply import canvas
from velatura.apply.feed import Feed
from velatura.apply.session import open_session
from velatura.apply.tile import tiles
from velatura.errors import MachineError, TrainingError
from velatura.gain import law
from velatura.image import exr, png
from velatura.image.planes import Image, Window
from velatura.job import Job
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura.system import resources
from velatura_training import run_folder
from velatura_training.data import paintings, plates
from velatura_training.data.colour_transfer import Palette
from velatura_training.data.dataset import Dataset
from velatura_training.export import onnx_file
from velatura_training.learn import run as runs
from velatura_training.learn import unpaired
from velatura_training.learn.run import Run
from velatura_training.learn.stroke_step import shown
from velatura_training.losses import memory, terms
from velatura_training.metrics import calibration
from velatura_training.recipe import PAINTING, Budget

CPU = torch.device("cpu")
HEIGHT, WIDTH = 104, 128
SPACE = "lin_rec709_scene"
QUICK = PAINTING.but(tier="draft", patch=96, weights={"adversarial": 0.1})


def hatching(side: int = 160) -> np.ndarray:
    """Slanting strokes of ochre on dark blue."""
    y, x = np.mgrid[:side, :side]
    stroke = ((x + 2 * y) % 12 < 5)[..., None]
    levels = np.where(stroke, (220, 170, 40), (20, 40, 110))
    return levels.astype(np.uint8)


@pytest.fixture
def painting(tmp_path):
    png.write_png(tmp_path / "hatching.png", hatching())
    return tmp_path / "hatching.png"


@pytest.fixture
def shot(tmp_path):
    """Two frames of an even grey wall with a dark post in front."""
    for number in (1, 2):
        wall = np.full((HEIGHT, WIDTH), 0.4, np.float32)
        wall[:, 30 * number : 30 * number + 12] = 0.05
        write_frame(tmp_path / f"wall.{number:04d}.exr", dict.fromkeys("RGB", wall))
    return str(tmp_path / "wall.####.exr")


def learn(shot, painting, out, steps, recipe=QUICK, **options):
    footage = plates.load([shot])
    budget = Budget(steps=steps)
    return runs.imitate(footage, [painting], Run(out, recipe, budget, CPU, "none", 1, **options))


def data(shot, painting):
    return Dataset.of(plates.load([shot]), paintings.read([painting], SPACE))


def write(path, spec, pixels):
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), spec), out.geterror()
    assert out.write_image(pixels), out.geterror()
    out.close()
    return path


def refused(path):
    with pytest.raises(TrainingError) as caught:
        paintings.read([path], SPACE)
    return str(caught.value)


def test_a_painting_too_small_to_show_strokes_is_refused(tmp_path):
    png.write_png(tmp_path / "stamp.png", hatching(32))
    said = refused(tmp_path / "stamp.png")
    assert "too small" in said
    assert "32x32" in said


def test_a_hundred_megapixels_are_refused_before_they_are_read(tmp_path):
    spec = oiio.ImageSpec(10000, 10000, 1, "uint8")
    spec.attribute("compression", "zip")
    out = oiio.ImageOutput.create(str(tmp_path / "huge.tif"))
    assert out.open(str(tmp_path / "huge.tif"), spec)
    out.close()  # the header says it all: there are no pixels
    said = refused(tmp_path / "huge.tif")
    assert "larger than 64000000 pixels" in said
    assert "10000x10000" in said


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n broken", b"not a picture"])
def test_a_broken_painting_is_refused(tmp_path, data):
    (tmp_path / "broken.png").write_bytes(data)
    assert "cannot be learnt from" in refused(tmp_path / "broken.png")


def test_a_painting_that_is_not_there_is_refused(tmp_path):
    assert "no such file" in refused(tmp_path / "nothing.jpg")


def test_a_painting_with_holes_is_refused(tmp_path):
    rgba = np.dstack([hatching(), np.full((160, 160), 255, np.uint8)])
    rgba[:40, :40, 3] = 0
    write(tmp_path / "torn.png", oiio.ImageSpec(160, 160, 4, "uint8"), rgba)
    assert "transparent" in refused(tmp_path / "torn.png")


def test_an_empty_canvas_is_refused(tmp_path):
    png.write_png(tmp_path / "blank.png", np.full((160, 160, 3), 90, np.uint8))
    assert "one colour" in refused(tmp_path / "blank.png")


def test_strokes_are_as_large_as_wanted(painting):
    (usual,), (broad,) = (paintings.read([painting], SPACE, stroke) for stroke in (1.0, 2.0))
    assert usual.shown.shape[2:] == (paintings.SIZE, paintings.SIZE)
    assert broad.shown.shape[2:] == (2 * paintings.SIZE, 2 * paintings.SIZE)


def test_the_palette_gives_footage_the_colours_of_the_painting():
    rng = torch.Generator().manual_seed(0)
    grey = (0.5 + 0.1 * torch.randn(1, 4000, generator=rng)).expand(3, -1)
    mix = torch.tensor([[0.1, 0.02, 0], [0.02, 0.05, 0.01], [0, 0.01, 0.08]])
    paint = mix @ torch.randn(3, 4000, generator=rng) + torch.tensor([[0.4], [0.5], [0.6]])
    coloured = paint * 0.5 + 0.2
    moved = Palette.between(coloured, paint)(coloured[..., None][None])[0, :, :, 0]
    torch.testing.assert_close(moved.mean(1), paint.mean(1), atol=0.01, rtol=0)
    torch.testing.assert_close(torch.cov(moved), torch.cov(paint), atol=2e-3, rtol=0)
    assert Palette.between(grey, paint)(grey[..., None][None]).isfinite().all()


def test_the_losses_see_light_above_white():
    light = torch.tensor([[0.5], [2.0]]).view(2, 1, 1, 1).requires_grad_()
    shown(light).sum().backward()
    assert light.grad.min() > 0
    assert float(shown(torch.tensor(1e4))) <= 1


def test_strokes_come_to_an_even_wall_and_the_look_is_exact(shot, painting, tmp_path):
    # 60 steps of the smallest network: the wall had no texture at all before.
    run = learn(shot, painting, tmp_path / "run", 60)
    made = onnx_file.export(run, tmp_path / "hatched.onnx")
    assert made.card.canvas
    assert made.card.passes == ()
    assert made.card.strength_lut
    digests = made.card.training["lesson"]["digests"]
    assert digests["style/hatching.png"] == paintings.read([painting], SPACE)[0].digest
    wall, result = applied(made, 160)
    assert result.std() > 20 * wall.std() + 0.02
    course = unpaired.Unpaired(data(shot, painting), QUICK, CPU)
    eyes, manner = course.learning.backbone, course.learning.manner
    before, after = (
        float(terms.manner(eyes(shown(torch.from_numpy(planes)[None])), manner))
        for planes in (wall, result)
    )
    assert after < 0.8 * before
    # No frame: what lies within 8 px of the border is painted as what lies inside.
    ring = np.ones(result.shape[1:], bool)
    ring[8:-8, 8:-8] = False
    for plane in result:
        inside = plane[~ring]
        assert abs(plane[ring].mean() - inside.mean()) < 0.5 * inside.std()
        assert 0.6 < plane[ring].std() / inside.std() < 1.6

    assert_tiles_leave_no_seam(made)


def assert_tiles_leave_no_seam(made):
    session = open_session(made, "cpu")
    light = np.exp2(np.random.default_rng(0).uniform(-8, 4, (3, 261, 303))).astype(np.float32)

    def fetch(rows, columns, into):
        size = columns.stop - columns.start, rows.stop - rows.start
        into[...] = light[:, rows, columns]
        return canvas.patch(Window(columns.start, rows.start, *size))

    answers = []
    for budget in (2**40, int(made.card.bytes_px * (2 * made.card.halo + 64) ** 2)):
        stops = np.full_like(light, np.nan)
        for (rows, columns), tile in tiles(session, *light.shape[1:], fetch, budget):
            stops[:, rows, columns] = tile
        answers.append(stops)
    np.testing.assert_array_equal(*answers)


def applied(made, side):
    """Return an even wall, and what a look makes of it."""
    wall = np.full((3, side, side), 0.4, np.float32)
    window = Window(0, 0, side, side)
    image = Image((exr.new_part(dict(zip("RGB", wall, strict=True)), window, window),))
    plate = Plate.of(image, Reading())
    rows = columns = slice(0, side)
    seen = Feed.of(plate, made.card, Job("", "", "")).guides(rows, columns)
    stops = open_session(made, "cpu").stops(wall, seen)
    return wall, law.apply(wall, stops, floor=made.card.floor)


def test_learning_repeats_and_goes_on_exactly(shot, painting):
    def begin():
        return unpaired.Unpaired(data(shot, painting), QUICK, CPU)

    def steps(course, count, rng):
        for number in range(count):
            course.step(0.5 + number / 100, 1.0, rng)  # the critic has joined by then

    straight, halves = begin(), begin()
    rngs = [torch.Generator().manual_seed(1) for _ in range(2)]
    steps(straight, 3, rngs[0])
    steps(halves, 3, rngs[1])
    continued = begin()
    continued.restore(halves.state())
    for course, rng in zip((straight, continued), rngs, strict=True):
        steps(course, 2, rng)
    one, other = (course.exported.state_dict() for course in (straight, continued))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_look_takes_the_colours_of_its_keys(shot, painting, tmp_path):
    (tmp_path / "keys").mkdir()
    red = np.full((HEIGHT, WIDTH), 0.5, np.float32), np.full((HEIGHT, WIDTH), 0.02, np.float32)
    write_frame(tmp_path / "keys" / "key.0002.exr", dict(zip("RGB", (*red, red[1]), strict=True)))
    footage = plates.load([shot], painted=[str(tmp_path / "keys" / "key.####.exr")])
    course = unpaired.Unpaired(Dataset.of(footage, paintings.read([painting], SPACE)), QUICK, CPU)
    rng, first = torch.Generator().manual_seed(0), course.judge()
    for number in range(40):
        course.step(number / 80, 1.0, rng)
    assert course.judge() < first
    (scene, *_) = course.scenes()
    _, result, _ = course.show(scene, 128)
    # The painting is ochre on blue; nothing but the key is red.
    assert result[..., 0].mean() > 1.2 * result[..., 1:].mean()


def test_a_run_is_resumed_with_its_own_strokes(shot, painting, tmp_path):
    learn(shot, painting, tmp_path / "run", 2, QUICK.but(stroke=0.5))
    learn(shot, painting, tmp_path / "run", 3, PAINTING, resume=True)
    kept = run_folder.read_text(tmp_path / "run" / run_folder.RECIPE)
    assert '"stroke": 0.5' in kept


def test_patches_too_small_to_learn_on_are_refused(shot, painting, tmp_path):
    with pytest.raises(TrainingError, match="96 px or more"):
        learn(shot, painting, tmp_path / "run", 2, QUICK.but(patch=64))


def test_without_memory_what_fits_is_named(shot, painting, monkeypatch):
    seen = data(shot, painting)
    step, sight = memory.STEP["efficientnet"] * 96**2, memory.SIGHT["efficientnet"] * 600**2
    for free, said in ((step // 4, "--patch 48 fits"), (sight // 4, r"--stroke 0\.5 fits")):
        monkeypatch.setattr(resources, "free_memory", lambda free=free: free)
        with pytest.raises(MachineError, match=said):
            unpaired.Unpaired(seen, QUICK, CPU)
    monkeypatch.setattr(resources, "free_memory", lambda: 1000)
    with pytest.raises(MachineError, match=rf"2 frames of {WIDTH}x{HEIGHT} px.*fewer"):
        plates.load([shot])


def test_footage_too_small_to_learn_on_is_refused(tmp_path):
    tiny = dict.fromkeys("RGB", np.zeros((16, 16), np.float32))
    write_frame(tmp_path / "tiny.0001.exr", tiny)
    with pytest.raises(TrainingError, match=r"too small to learn on.*16x16"):
        plates.load([str(tmp_path / "tiny.####.exr")])


def test_the_manifest_says_what_was_taken_and_what_tests_it(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "hand"
    folder.mkdir()
    for number in range(6):
        spots = rng.integers(0, 255, (5, 5, 3)).astype(np.uint8).repeat(32, 0).repeat(32, 1)
        png.write_png(folder / f"p{number}.png", spots // 2 + hatching() // 2)
    spots = oiio.ImageBuf(str(folder / "p0.png"))
    spots.specmod().attribute("compression", "jpeg:80")
    assert spots.write(str(folder / "zero.jpg"))
    (folder / "notes.txt").write_text("no painting")
    for number in range(1, 9):
        wall = np.full((HEIGHT, WIDTH), 0.4, np.float32)
        wall[:, 10 * min(number, 7) :] = 0.05  # frame 8 is held
        write_frame(tmp_path / f"wall.{number:04d}.exr", dict.fromkeys("RGB", wall))
    found = Dataset.of(
        plates.load([str(tmp_path / "wall.####.exr")]), paintings.read([folder], SPACE)
    )
    told = {entry["name"]: entry for entry in json.loads(found.manifest())["files"]}
    by_use = {}
    for entry in told.values():
        by_use.setdefault((entry["kind"], entry["use"]), []).append(entry["name"])
    assert by_use["painting", "left out"] == ["zero.jpg"]
    assert len(by_use["painting", "train"]) == 5
    assert len(by_use["painting", "test"]) == 1
    assert by_use["frame", "test"] == ["wall.0004.exr"]
    assert by_use["frame", "left out"] == ["wall.0008.exr"]
    assert not set(found.digests) & {"wall.0004.exr", "style/zero.jpg"}
    assert told["p0.png"]["found"] == [160, 160]
    assert told["p0.png"]["taken"] == [paintings.SIZE] * 2


def test_a_direct_look_is_measured_on_frames_it_has_not_learnt(shot, painting, tmp_path):
    for number in range(3, 7):
        wall = np.full((HEIGHT, WIDTH), 0.4, np.float32)
        wall[20 * (number - 2) :] = 0.1
        write_frame(tmp_path / f"wall.{number:04d}.exr", dict.fromkeys("RGB", wall))
    run = learn(shot, painting, tmp_path / "run", 2)
    scores = json.loads(run_folder.read_text(run / run_folder.SCORES))
    assert len(scores["frames"]) == 1
    assert {"gramS", "swdS", "edgeP", "emboss", "coherenceS"} <= scores["mean"].keys()
    assert list(scores["frames"]) == ["4"]
    assert "wall.0004.exr" not in run_folder.read_text(run / run_folder.LESSON)


def test_time_is_set_aside_for_the_test_and_for_the_slider(shot, painting):
    course = unpaired.Unpaired(data(shot, painting), QUICK, CPU)
    assert course.prepare(600) > calibration.seconds(600)


def test_a_held_frame_that_was_learnt_from_tests_nothing(tmp_path):
    for number in range(1, 7):  # the fourth would test the look, and is the third again
        wall = np.full((HEIGHT, WIDTH), 0.4, np.float32)
        wall[:, 10 * (number - (number == 4)) :] = 0.05
        write_frame(tmp_path / f"wall.{number:04d}.exr", dict.fromkeys("RGB", wall))
    found = plates.load([str(tmp_path / "wall.####.exr")])
    assert found.tested == ()
    assert found.twins == {"wall.0004.exr": "wall.0003.exr"}


def test_two_paintings_of_one_name_are_two(shot, tmp_path):
    files = []
    for number in range(5):
        (tmp_path / str(number)).mkdir()
        files.append(tmp_path / str(number) / "sketch.png")
        spots = np.random.default_rng(number).integers(0, 255, (5, 5, 3)).astype(np.uint8)
        png.write_png(files[-1], spots.repeat(32, 0).repeat(32, 1))
    found = Dataset.of(plates.load([shot]), paintings.read(files, SPACE))
    assert (len(found.paintings), len(found.tested)) == (4, 1)
