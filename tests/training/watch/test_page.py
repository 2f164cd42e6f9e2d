"""The page beside a run: one file, its news beside it, and pictures before anything is learnt."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import tiny
from learning import QUICK, briefly

from velatura.plate import colour
from velatura.scene import optical_flow
from velatura_training.data import lesson as lessons
from velatura_training.learn import first_picture, gallery
from velatura_training.learn import run as runs
from velatura_training.learn.bar import Watch
from velatura_training.learn.gallery import Gallery
from velatura_training.learn.window import Window
from velatura_training.watch.page import Entry, Page


def news(run):
    """Return what RUN/watch/state.js tells."""
    text = (run / "watch" / "state.js").read_text("utf-8")
    return json.loads(text.removeprefix("velatura.state(").removesuffix(");"))


def test_the_page_is_one_file_that_needs_no_network(tmp_path):
    page = Page(tmp_path / "ink")
    assert page.address == (tmp_path / "ink" / "watch.html").as_uri()
    text = page.path.read_text("utf-8")
    assert not re.search(r"\{\{[A-Z]+\}\}", text)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|src=\"|href=", text)
    assert news(tmp_path / "ink")["doing"] == "starting"


def test_a_run_that_is_gone_on_with_keeps_pictures_and_curves_until_they_are_renewed(tmp_path):
    grey = np.full((8, 8, 3), 0.18, np.float32)
    page = Page(tmp_path / "ink")
    page.list([Entry("1", "1", "painted"), Entry("2", "2", "not painted")])
    page.take("2", "result of step 46, full size, 8x8", (grey, grey, None), colour.SCENE)
    page.tell(points=[[1, 1.0, {"l1": 0.1}]], steps=46, over=True, doing="done after 46 steps")
    again = Page(tmp_path / "ink", again=True)
    assert (again.shows("1"), again.shows("2")) == (False, True)
    again.list([Entry("1", "1", "painted"), Entry("2", "2", "painted")])  # painted meanwhile
    told = news(tmp_path / "ink")
    assert (told["over"], told["doing"], told["steps"]) == (False, "starting", 46)
    assert told["points"] == [[1, 1.0, {"l1": 0.1}]]
    assert [(f["kind"], f["said"][:17]) for f in told["frames"]] == [
        ("painted", "not looked at yet"),
        ("painted", "result of step 46"),
    ]
    (tmp_path / "ink" / "watch" / "state.js").write_text("velatura.state({")  # cut off
    assert not Page(tmp_path / "ink", again=True).shows("2")


@pytest.mark.skipif(not optical_flow.available(), reason="OpenCV is not installed")
def test_there_are_pictures_before_the_shot_is_looked_over(tmp_path, monkeypatch):
    shot = tiny.write_shot(tmp_path)
    seen = []
    page = Page(tmp_path / "ink")
    take = page.take
    monkeypatch.setattr(
        page,
        "take",
        lambda id_, said, pictures, *r: (
            seen.append((id_, said, pictures)),
            take(id_, said, pictures, *r),
        ),
    )
    first_picture.show(page, lessons.load(shot.plate, shot.painted))
    assert [(id_, said) for id_, said, _ in seen] == [
        ("2", "a first picture: carried straight from frame 1, half size"),
        ("2", "a first picture: carried straight from frame 1, full size"),
        ("1", "as it was painted"),
        ("3", "as it was painted"),
    ]
    half, whole = seen[0][2], seen[1][2]
    assert half[0].shape == (tiny.HEIGHT // 2, tiny.WIDTH // 2, 3)
    assert whole[1].shape == (tiny.HEIGHT, tiny.WIDTH, 3)
    painted = seen[2][2]
    wanted = np.stack([tiny.paint(1)[c] for c in "RGB"], -1)
    np.testing.assert_allclose(painted[1], wanted, rtol=1e-3, atol=1e-3)
    told = news(tmp_path / "ink")["frames"]
    assert [(f["name"], f["kind"], f["first"]) for f in told] == [
        ("1", "painted", False),
        ("2", "not painted", True),
        ("3", "painted", False),
    ]
    assert all(f["version"] for f in told)


def test_the_first_frame_is_followed_by_painted_ones_and_midpoints():
    frames = [gallery.Scene(str(n), n, "not painted", "") for n in range(1, 10)]
    frames[0] = gallery.Scene("1", 1, "painted", "its paint")
    order = [scene.frame for scene in gallery.in_turn(frames, frames[7])]
    assert order[:4] == [8, 1, 4, 6]
    assert sorted(order) == list(range(1, 10))


def test_what_was_found_out_beside_a_training_is_told_before_anything_is_learnt(tmp_path):
    class Advice:
        def __init__(self):
            self.asked = []

        def ask(self, painted):
            self.asked.append(painted)

        def found(self):
            return {"frame": 4, "words": "Paint frame 4 next", "version": 1} if self.asked else None

        def end(self):
            pass

    with Watch("none") as watch:
        advice = Advice()
        window = Window(Page(tmp_path / "ink"), watch, advice)
        assert news(tmp_path / "ink")["next"] is None
        window.advise([3, 1])
        window.advise([1, 3])
        watch.doing("looking at the shot, frame 1")
        watch.doing("checking the painted keys")
    assert advice.asked == [(1, 3)]
    assert news(tmp_path / "ink")["next"]["frame"] == 4


@pytest.mark.skipif(not optical_flow.available(), reason="OpenCV is not installed")
def test_further_frames_are_there_at_full_size_before_the_shot_is_looked_over(
    tmp_path, monkeypatch
):
    shot, page = tiny.write_shot(tmp_path), Page(tmp_path / "ink")
    for frame in range(4, 9):
        tiny.write_frame(tmp_path / f"plate.{frame:04d}.exr", tiny.plate(frame))
    lesson = lessons.load(shot.plate, shot.painted)
    first_picture.show(page, lesson)
    told = {f["name"]: f["said"] for f in news(tmp_path / "ink")["frames"]}
    assert len(told) == 8
    assert all(said == "as it was painted" or "full size" in said for said in told.values())
    monkeypatch.setattr(first_picture, "MIDPOINTS", -1.0)
    first_picture.show(page := Page(tmp_path / "brief"), lesson)
    told = [f["said"] for f in news(tmp_path / "brief")["frames"]]
    assert sum("full size" in said for said in told) == 1  # no time for any other


def test_of_several_shots_no_paint_is_carried_from_one_into_another(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    shots = [tiny.write_shot(tmp_path / name) for name in ("a", "b")]
    page, seen = Page(tmp_path / "ink"), []
    monkeypatch.setattr(page, "take", lambda _, said, *__: seen.append(said))
    first_picture.show(page, lessons.load_all([(one.plate, one.painted) for one in shots]))
    assert seen
    assert set(seen) == {"as it was painted"}


@pytest.mark.skipif(not optical_flow.available(), reason="OpenCV is not installed")
def test_of_very_large_frames_the_page_shows_the_middle(tmp_path, monkeypatch):
    monkeypatch.setattr(first_picture, "LARGEST", 40)
    shot, page, sizes = tiny.write_shot(tmp_path), Page(tmp_path / "ink"), []

    def take(_, __, pictures, *___):
        sizes.append({picture.shape for picture in pictures})

    monkeypatch.setattr(page, "take", take)
    first_picture.show(page, lessons.load(shot.plate, shot.painted))
    assert sizes == [{(20, 20, 3)}, {(40, 40, 3)}, {(40, 40, 3)}, {(40, 40, 3)}]


def test_a_training_renews_its_page_and_ends_it_with_the_next_command(tmp_path):
    shot, run = tiny.write_shot(tmp_path), tmp_path / "ink"
    lesson = lessons.hold_out(lessons.load(shot.plate, shot.painted), (3,))
    with Watch("none") as watch:
        window = Window(Page(run), watch)
        runs.train(lesson, briefly(run, 6, QUICK, window=window))
    told = news(run)
    assert told["over"]
    assert told["facts"] == [f"done after 6 steps. Next: `velatura export {run} --out ink.onnx`"]
    assert [(f["name"], f["kind"]) for f in told["frames"]] == [
        ("1", "painted"),
        ("2", "not painted"),
        ("3", "left out"),
    ]
    assert {f["said"] for f in told["frames"]} == {"result of step 6, full size, 64x48"}
    assert [steps for steps, *_ in told["scores"]][-1] == 6
    assert (
        (run / "watch" / "frame_2.js")
        .read_text()
        .startswith('velatura.frame("2", {"plate": "data:')
    )


def test_a_long_shot_shows_some_of_its_frames(tmp_path, monkeypatch):
    for frame in range(1, 41):
        tiny.write_frame(tmp_path / f"plate.{frame:04d}.exr", tiny.plate(2))
    tiny.write_frame(tmp_path / "paint.0007.exr", tiny.paint(2))
    lesson = lessons.load(str(tmp_path / "plate.####.exr"), str(tmp_path / "paint.####.exr"))
    scenes = Gallery(lesson).scenes
    assert len(scenes) == gallery.FRAMES
    numbers = [scene.frame for scene in scenes]
    assert numbers == sorted(set(numbers))
    assert max(np.diff(numbers)) <= 4
    monkeypatch.setattr(gallery, "PIXELS", tiny.HEIGHT * tiny.WIDTH)  # as if they were very large
    few = Gallery(lesson)
    assert len(few.scenes) == 1 + gallery.LEAST
    extra = next(s for s in few.scenes if s.id not in {e.id for e in few.early})
    assert few.frame(extra).plate.shape == (3, tiny.HEIGHT, tiny.WIDTH)
