"""A training run from keys to look: it learns, resumes exactly, stops on request, exports truly."""

from __future__ import annotations

import os
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from learning import CPU, QUICK, learn
from tiny import HEIGHT, WIDTH, paint, plate, write_frame, write_shot

from velatura import look
from velatura.apply import claims, tile
from velatura.apply.session import open_session
from velatura.errors import InputError, StorageError, TrainingError
from velatura.gain import law
from velatura.plate import flat
from velatura.report import contact_sheet
from velatura.scene import optical_flow
from velatura_training import run_folder
from velatura_training.data import lesson as lessons
from velatura_training.data import lesson_record
from velatura_training.export import onnx_file, proof, trained
from velatura_training.learn import run as runs
from velatura_training.learn import threads
from velatura_training.learn.paired import Paired
from velatura_training.learn.run import Run
from velatura_training.recipe import Budget, Recipe, Weights


def weights_of(run):
    return run_folder.load(run / run_folder.CHECKPOINT, CPU)["course"]["painter"]


TAUGHT = replace(QUICK, perceptual_weights="/vault/vgg.pth")


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A run that has learnt its keys, its shot and its look: not to be changed."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("taught")
    shot = write_shot(folder)
    run = learn(shot, folder / "run", 150, TAUGHT)
    out = folder / "blue.onnx"
    return shot, run, onnx_file.export(run, out, author="A. Painter", licence="CC0-1.0")


def test_a_look_learns_its_keys_and_comes_out_as_one_file(taught):
    shot, _, made = taught
    key = lessons.load(shot.plate, shot.painted).keys[0]
    stops = open_session(made, "cpu").stops(key.plate.numpy(), key.guides.numpy())
    result = law.apply(key.plate.numpy(), stops, floor=made.card.floor)
    before, after = (np.abs(x - key.paint.numpy()).mean() for x in (key.plate.numpy(), result))
    assert after < 0.3 * before
    assert made.card.name == "blue"
    assert made.card.guides == ("normal", "depth")
    assert made.card.author == "A. Painter"
    assert made.card.training["lesson"]["frames"] == [1, 3]
    assert made.card.training["recipe"]["patch"] == 32
    assert made.card.parameters > 100_000
    assert made.card.thumbnail


@pytest.mark.parametrize(
    ("generator", "discriminator", "adversarial"),
    [  # every two of them meet but for patch and bce: a critic does not know its loss
        ("unet", "patch", "lsgan"),
        ("resnet", "multiscale", "lsgan"),
        ("resnet", "patch", "hinge"),
        ("unet", "multiscale", "bce"),
    ],
)
def test_every_painter_and_critic_trains(shot, tmp_path, generator, discriminator, adversarial):
    recipe = replace(
        QUICK, generator=generator, discriminator=discriminator, adversarial=adversarial
    )
    run = learn(shot, tmp_path / "run", 4, recipe)
    assert all(torch.isfinite(v).all() for v in weights_of(run).values())


def test_every_loss_joins_in_and_is_shown(shot):
    every = Weights(**{item.name: 1.0 for item in fields(Weights)})
    lesson = lessons.load(shot.plate, shot.painted)
    course, rng = Paired(lesson, replace(QUICK, weights=every), CPU), torch.Generator()
    early, late = (course.step(used, 1.0, rng) for used in (0.0, 0.9))
    assert set(early) == {"l1", "l2", "grid", "variation"}
    seen_twice = {
        "consistency",
        *(("warp",) if optical_flow.available() else ()),
    }  # no vectors there
    assert set(late) == {*early, *seen_twice, "content", "style", "adversarial", "critic"}
    assert all(np.isfinite(value) for value in late.values())


def test_the_same_seed_gives_the_same_look_and_another_seed_another(shot, tmp_path):
    one, same = (weights_of(learn(shot, tmp_path / n, 6)) for n in ("one", "same"))
    other = weights_of(learn(shot, tmp_path / "other", 6, replace(QUICK, seed=1)))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_a_contact_sheet_shows_plate_result_and_paint_of_each_frame(shot, tmp_path):
    run = learn(shot, tmp_path / "run", 3)
    sheet = flat.read_rgb(run / run_folder.SHEET).rgb
    rows, columns = 3, 3  # keys 1 and 3 and the unpainted frame between them
    words = (rows + 1) * contact_sheet.CAPTION  # what each column is, and each row
    height = rows * (HEIGHT + 6) + 6 + words
    assert sheet.shape == (height, columns * (WIDTH + 6) + 6, 3)
    assert list(run.glob("events.out.tfevents.*")), "curves for TensorBoard"


def test_an_exported_look_agrees_with_torch(taught):
    _, run, made = taught
    lesson = lesson_record.read(run)
    painter, _ = trained.best_painter(run, QUICK, lesson)
    assert onnx_file.prove(made, painter) <= proof.TOLERANCE
    with torch.no_grad():
        painter.head[1].weight.add_(0.01)
    with pytest.raises(TrainingError, match="disagree"):
        onnx_file.prove(made, painter)


def test_a_refused_export_leaves_the_old_look_alone(taught, tmp_path, monkeypatch):
    _, run, made = taught
    out, before = tmp_path / "look.onnx", made.digest
    out.write_bytes(made.path.read_bytes())
    monkeypatch.setattr(proof, "TOLERANCE", -1.0)  # nothing agrees better than perfectly
    with pytest.raises(TrainingError, match="it was not written"):
        onnx_file.export(run, out)
    assert look.read(out).digest == before
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_folder_that_is_no_run_cannot_be_exported(tmp_path):
    with pytest.raises(TrainingError, match="is not a training run"):
        onnx_file.export(tmp_path, tmp_path / "look.onnx")


def test_a_run_is_never_overwritten_by_chance(shot, tmp_path):
    learn(shot, tmp_path / "run", 2)
    with pytest.raises(TrainingError, match="--resume"):
        learn(shot, tmp_path / "run", 2)


def test_a_run_is_resumed_only_with_its_own_recipe(shot, tmp_path):
    learn(shot, tmp_path / "run", 2)
    with pytest.raises(TrainingError, match="different rate"):
        learn(shot, tmp_path / "run", 4, replace(QUICK, rate=1e-3), resume=True)


def test_resume_needs_no_settings_repeated(shot, tmp_path):
    run = learn(shot, tmp_path / "run", 2)
    learn(shot, run, 4, Recipe(), resume=True)
    assert Recipe.loads((run / run_folder.RECIPE).read_text()) == QUICK
    assert run_folder.load(run / run_folder.CHECKPOINT, CPU)["state"]["steps"] == 4


def test_a_look_does_not_tell_where_files_lay(taught):
    _, run, made = taught
    assert made.card.training["recipe"]["perceptual_weights"] == "vgg.pth"
    assert str(run.parent) not in made.card.dumps()


def test_resume_in_a_fresh_folder_begins(shot, tmp_path):
    run = learn(shot, tmp_path / "run", 2, resume=True)  # a farm repeats one command line
    assert run_folder.load(run / run_folder.CHECKPOINT, CPU)["state"]["steps"] == 2


def test_a_resumed_run_keeps_its_depth_scale_when_keys_are_added(shot, tmp_path, caplog):
    run = learn(shot, tmp_path / "run", 2)
    before = lesson_record.read(run)
    write_frame(shot.folder / "plate.0002.exr", {**plate(2), "Z": 0 * plate(2)["Z"] + 500})
    write_frame(shot.folder / "paint.0002.exr", paint(2))
    learn(shot, run, 4, resume=True)
    after = lesson_record.read(run)
    assert after.depth_scale == before.depth_scale
    assert after.frames == (1, 2, 3)
    assert "have changed" in caplog.text


@pytest.mark.parametrize(
    ("setting", "value"),
    [("batch", 0), ("patch", 4), ("rate", 0.0), ("rate", float("nan")), ("guide_dropout", 1.5)],
)
def test_a_recipe_that_cannot_work_is_refused_by_name(setting, value):
    with pytest.raises(TrainingError, match=setting):
        Recipe(**{setting: value})


def test_a_recipe_without_any_pixel_loss_is_refused():
    with pytest.raises(TrainingError, match="l1 and l2"):
        Recipe(weights=Weights(l1=0))


@pytest.mark.parametrize(("generator", "guides"), [("unet", ("normal", "depth")), ("resnet", ())])
def test_tiles_of_an_exported_look_equal_the_whole(shot, tmp_path, generator, guides):
    lesson = lessons.load(shot.plate, shot.painted, guides)
    recipe = replace(QUICK, generator=generator)
    budget = Budget(steps=3)
    run = runs.train(lesson, Run(tmp_path / "run", recipe, budget, CPU, "none", threads=1))
    made = onnx_file.export(run, tmp_path / "new" / "look.onnx")
    session = open_session(made, "cpu")
    rng = np.random.default_rng(0)
    for height, width in ((1, 1), (7, 300), (261, 303)):
        light = np.exp2(rng.uniform(-8, 4, (3, height, width))).astype(np.float32)
        passes = rng.uniform(0, 1, (4, height, width)).astype(np.float32) if guides else None
        side = 2 * made.card.halo + 64
        small = int(made.card.bytes_px * side**2)
        whole, tiled = (glazed(session, light, passes, budget) for budget in (2**40, small))
        np.testing.assert_array_equal(whole, tiled)


def glazed(session, light, passes, budget):
    """Return the stops of a frame, tile by tile within ``budget`` bytes."""
    stops = np.full_like(light, np.nan)

    def fetch(rows, columns, into):
        into[...] = light[:, rows, columns]
        return None if passes is None else passes[:, rows, columns]

    for (rows, columns), answer in tile.tiles(session, *light.shape[1:], fetch, budget):
        stops[:, rows, columns] = answer
    return stops


def test_threads_come_back_when_the_machine_is_quiet_again(monkeypatch):
    if torch.get_num_threads() == 1:
        torch.set_num_threads(2)
    clock = {1: 1.0, 2: 5.0}
    monkeypatch.setattr(threads, "_seconds", lambda _, count, *__: clock[count])
    assert threads.settle(lambda: None, 2) == 1
    clock[2] = 0.5
    assert threads.settle(lambda: None, 2) == 2
    assert torch.get_num_threads() == 2


def test_a_checkpoint_of_another_velatura_is_refused(shot, tmp_path):
    run = learn(shot, tmp_path / "run", 2)
    torch.save({"studio": {}}, run / run_folder.CHECKPOINT)
    with pytest.raises(TrainingError, match=r"does not fit this run.*another velatura"):
        learn(shot, run, 4, resume=True)


def test_a_checkpoint_that_would_run_code_is_refused(shot, tmp_path):
    run = learn(shot, tmp_path / "run", 2)
    torch.save({"state": os.system}, run / run_folder.CHECKPOINT)
    with pytest.raises(TrainingError, match="cannot be read"):
        learn(shot, run, 4, resume=True)


def test_a_run_folder_that_cannot_be_made_is_said(shot, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="Cannot make"):
        learn(shot, tmp_path / "file" / "run", 2)


@pytest.mark.gpu
def test_cuda_learns_in_mixed_precision_from_the_same_code(shot, tmp_path):
    lesson = lessons.load(shot.plate, shot.painted)
    recipe = Recipe(patch=32, batch=8)
    device = torch.device("cuda")
    run = runs.train(lesson, Run(tmp_path / "run", recipe, Budget(steps=60), device, "none"))
    assert run_folder.load(run / run_folder.BEST, CPU)["score"] < 3
    assert onnx_file.export(run, tmp_path / "look.onnx").card.parameters > 0


def test_a_folder_that_another_process_learns_in_is_refused(tmp_path):
    with (
        claims.held(tmp_path, {run_folder.CHECKPOINT: "another run"}),
        pytest.raises(InputError, match=r"Another job writes .*checkpoint.*Let it end"),
    ):
        runs.follow(lambda *_: pytest.fail("it began"), Run(tmp_path, QUICK, Budget(steps=1), CPU))
