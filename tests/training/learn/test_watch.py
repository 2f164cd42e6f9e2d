"""Training that can be watched, stopped, resumed and rolled back: nothing is lost, all is said."""

from __future__ import annotations

import logging
import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import torch
from learning import CPU, QUICK, Struck, learn, signalled
from tiny import plate, write_frame

from velatura.errors import CancelledError, TrainingError
from velatura.plate import flat as picture
from velatura_training import run_folder
from velatura_training.learn import loop, loss_plot
from velatura_training.learn.bar import NEARLY, Watch
from velatura_training.learn.history import MOST, Curves
from velatura_training.recipe import Budget, Recipe


def saved(run):
    """Return all that a run has got to, place by place, but the seconds that it took."""
    found = run_folder.load(run / run_folder.CHECKPOINT, CPU)
    for name in ("seconds", "cost", "spent"):
        del found["state"][name]
    found["state"]["reviewed"] = found["state"]["reviewed"][0]
    for name in ("points", "scores", "events"):
        found["curves"][name] = [(steps, what) for steps, _, what in found["curves"][name]]
    return dict(flat({**found, "best": run_folder.load(run / run_folder.BEST, CPU)}))


def flat(value, path=""):
    if isinstance(value, (dict, list, tuple)):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in inner:
            yield from flat(one, f"{path}/{key}")
    else:
        yield path, value


def assert_same(one, other):
    one, other = saved(one), saved(other)
    assert one.keys() == other.keys()
    for place, value in one.items():
        same = torch.equal(value, other[place]) if torch.is_tensor(value) else value == other[place]
        assert same, place


def stop_at(shot, out, after, steps):
    """Go on towards ``steps``, with Ctrl-C in the step ``after``."""
    begun = (out / run_folder.CHECKPOINT).exists()
    done = run_folder.load(out / run_folder.CHECKPOINT, CPU)["state"]["steps"] if begun else 0
    course = Struck(shot, {after - done: signalled(signal.SIGINT)})
    training = loop.Training(course, out, threads=1)
    if begun:
        training.resume()
    with pytest.raises(CancelledError, match=f"after {after} steps"):
        training.run(Budget(steps=steps), "none")


def test_a_resumed_run_equals_one_that_was_never_stopped(shot, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "FIRST_REVIEWS", (0, 8, 15))
    straight = learn(shot, tmp_path / "straight", 20)
    halves = learn(shot, tmp_path / "halves", 1)  # for its recipe.json and lesson.json
    (halves / run_folder.CHECKPOINT).unlink()
    stop_at(shot, halves, 8, 20)  # in the moment when a review is due
    stop_at(shot, halves, 13, 20)
    assert_same(straight, learn(shot, halves, 20, resume=True))
    places = saved(straight)
    assert any("average" in place for place in places)
    assert any("parametrizations.weight.0._u" in place for place in places), "spectral norm"
    assert "/curves/shown/adversarial" in places


def test_a_budget_made_longer_gives_the_same_bits_however_often_it_is_stopped(shot, tmp_path):
    once, often = (learn(shot, tmp_path / name, 6) for name in ("once", "often"))
    learn(shot, once, 16, resume=True)
    stop_at(shot, often, 11, 16)
    learn(shot, often, 16, resume=True)
    assert_same(once, often)


def test_a_process_stopped_by_ctrl_c_keeps_its_best_and_goes_on_to_the_same_bits(shot, tmp_path):
    out, log = tmp_path / "run", tmp_path / "log"
    line = [sys.executable, "-m", "velatura", "train", shot.plate, "--painted", shot.painted]
    line += ["--out", str(out), "--threads", "1", "--weight.content", "0", "--patch", "32"]
    line += ["--batch", "2", "--steps", "120", "--free"]
    with log.open("w") as said:
        training = subprocess.Popen(line, stderr=said)
    deadline = time.monotonic() + 90
    while not (out / run_folder.CHECKPOINT).exists() and time.monotonic() < deadline:
        time.sleep(0.01)  # it is there before the first step
    training.send_signal(signal.SIGINT)
    assert training.wait(60) == 130, log.read_text()
    assert "best look so far is kept" in log.read_text()
    assert f"velatura export {out} --out run.onnx" in log.read_text()
    assert "ERROR" not in log.read_text()
    assert "Traceback" not in log.read_text()
    stopped = run_folder.load(out / run_folder.CHECKPOINT, CPU)["state"]["steps"]
    assert stopped < 120
    assert run_folder.load(out / run_folder.BEST, CPU)["steps"] == stopped
    learn(shot, out, 120, Recipe(), resume=True)
    recipe = Recipe.loads(run_folder.read_text(out / run_folder.RECIPE))
    assert_same(out, learn(shot, tmp_path / "straight", 120, recipe))


def test_a_farms_sigterm_stops_a_run_likewise(shot, tmp_path):
    training = loop.Training(Struck(shot, {1: signalled(signal.SIGTERM)}), tmp_path, threads=1)
    with pytest.raises(CancelledError) as stopped:
        training.run(Budget(steps=50), "none")
    assert stopped.value.exit_code == 143
    assert (tmp_path / run_folder.BEST).exists()


def poison(course):
    """Make a weight of the painter no number, as an overflow would."""
    course.gan.painter.head[1].bias.data[0] = float("nan")


def poison_critic(course):
    course.gan.critic.layers[0].bias.data[0] = float("nan")


def freeze(course):
    """Let the optimiser remember an endless gradient: what it moves stands still, unseen."""
    for memory in course.gan.painter_optimiser.state.values():
        memory["exp_avg_sq"].fill_(float("inf"))


def run_off(course):
    """Make the averaged painter brighten everything as far as it can."""
    course.exported.head[1].bias.data.fill_(10.0)


@pytest.mark.parametrize(
    ("strike", "step", "said"),
    [
        (poison, 5, "Step 5: non-finite losses, l1 nan"),
        (poison_critic, 10, "critic nan"),
        (freeze, 10, "Step 10: non-finite weights or optimiser states"),
        (run_off, 10, "Step 10: a score of"),
    ],
)
def test_training_that_diverges_is_rolled_back_and_slowed(
    shot, tmp_path, caplog, strike, step, said
):
    course = Struck(shot, {step: strike})
    loop.Training(course, tmp_path, threads=1).run(Budget(steps=10), "none")
    assert said in caplog.text
    assert "at 0.5 of the learning rate" in caplog.text
    found = run_folder.load(tmp_path / run_folder.CHECKPOINT, CPU)
    assert found["state"]["pace"] == 0.5
    assert found["state"]["steps"] == 10
    assert run_folder.finite(found["course"])
    assert found["curves"]["events"][0][2] == "taken back"


def test_a_learning_rate_that_is_far_too_high_is_given_up(shot, tmp_path, caplog):
    with pytest.raises(TrainingError, match=r"keeps diverging.*lower --rate.*keeps the best"):
        learn(shot, tmp_path / "run", 40, replace(QUICK, rate=1e30))
    assert caplog.text.count("of the learning rate") == 3  # halved three times
    assert run_folder.finite(run_folder.load(tmp_path / "run" / run_folder.BEST, CPU))


def test_a_rate_that_is_too_high_at_first_is_slowed_until_it_learns(
    shot, tmp_path, caplog, monkeypatch
):
    monkeypatch.setattr(loop, "FIRST_REVIEWS", (0, 30))
    run = learn(shot, tmp_path / "run", 100, replace(QUICK, rate=0.1))
    assert "at 0.5 of the learning rate" in caplog.text
    untrained = run_folder.load(run / run_folder.CHECKPOINT, CPU)["curves"]["scores"][0][2]
    assert run_folder.load(run / run_folder.BEST, CPU)["score"] < 0.5 * untrained


def test_a_change_that_nobody_sees_is_no_cause_for_alarm(shot, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(loop, "FIRST_REVIEWS", (0, 50))
    for frame in (1, 3):  # painted as the plate is: the best score is next to nothing
        write_frame(shot.folder / f"paint.{frame:04d}.exr", {c: plate(frame)[c] for c in "RGB"})
    course = Struck(shot, {52: lambda course: course.exported.head[1].bias.data.add_(0.02)})
    loop.Training(course, tmp_path, threads=1).run(Budget(steps=52), "none")
    assert "learning rate" not in caplog.text
    best = run_folder.load(tmp_path / run_folder.CHECKPOINT, CPU)["state"]["best"]
    assert course.judge() > 5 * best


def test_the_loss_plot_is_renewed_with_the_contact_sheet(shot, tmp_path):
    run = learn(shot, tmp_path / "run", 12)
    drawn = picture.read_rgb(run / run_folder.PLOT).rgb
    assert drawn.shape == (640, 960, 3)
    learn(shot, run, 60, resume=True)
    assert (picture.read_rgb(run / run_folder.PLOT).rgb != drawn).any()
    points = run_folder.load(run / run_folder.CHECKPOINT, CPU)["curves"]["points"]
    steps = [step for step, *_ in points]
    assert steps == list(range(1, 61)), "a resumed run's curves go on"


def test_curves_stay_few_points_however_long_a_training_is():
    curves = Curves()
    for step in range(1, 5001):
        curves.record(step, step / 10, {"l1": 1 / step})
    assert MOST / 2 <= len(curves.points) <= MOST
    gaps = np.diff([step for step, *_ in curves.points])
    assert (gaps == gaps[0]).all()


def test_the_best_score_is_the_best_since_the_paint_was_renewed():
    curves = Curves(scores=[(0, 0, 0.1), (100, 9, 0.05), (200, 18, 0.3), (300, 30, 0.2)], since=2)
    assert curves.best == 3


def test_losses_below_zero_are_drawn_too(tmp_path):
    curves = Curves(scores=[(0, 0.0, 0.0)])
    for step in range(1, 9):
        curves.record(step, step / 10, {"l1": 1 / step, "adversarial": -1.0})
    loss_plot.draw(tmp_path / "losses.png", curves, "hinge", by_time=True)
    assert picture.read_rgb(tmp_path / "losses.png").rgb.std() > 0


def test_the_time_left_follows_the_pace_of_late(capsys):
    with Watch("openjd") as watch:
        for step in range(1, 601):  # 0.125 s a step, a quarter after half of 1000
            seconds = 0.125 * (step + max(0, step - 500))
            watch.show(step / 1000, seconds, step, {"l1": 1.0})
    lines = capsys.readouterr().out.splitlines()
    left = {line.split(",")[0]: line.split(",")[1] for line in lines if "status" in line}
    assert left["openjd_status: step 10"] == " 123 s left"  # 990 x 0.125
    # The last 60 s: 25 s for 100 steps, and 35 s for 280 before them; 400 steps are left.
    assert left["openjd_status: step 600"] == " 63 s left"


def test_more_time_left_than_was_given_is_no_less_than_nothing_done():
    pace = Watch("none", minutes=1).pace
    pace.ends += 60
    assert pace.share < 0.01
    assert "0 %" in pace.line()
    assert "-" not in pace.line()


def test_a_clock_never_stands_still(monkeypatch):
    """Where following the paint takes longer than was given, that is told as soon as it is known;
    and what is late says by how much."""
    now = 100.0
    monkeypatch.setattr("velatura_training.learn.bar.time.monotonic", lambda: now)
    watch = Watch("none", minutes=1)
    watch.followed(0.0)
    now += 30
    watch.followed(0.1)  # the others take 270 s, and a quarter of the minute comes after that
    assert watch.pace.left == pytest.approx(285)
    assert watch.pace.share == pytest.approx(30 / 315)
    now += 300
    assert "15 s longer than expected" in watch.pace.line()
    assert watch.pace.share == NEARLY


def test_a_bar_never_goes_back(monkeypatch):
    """Where it is seen that all takes longer, the bar waits, and the time left says so."""
    now = 100.0
    monkeypatch.setattr("velatura_training.learn.bar.time.monotonic", lambda: now)
    watch = Watch("none", minutes=1)
    now += 48  # reading took most of the minute
    before = watch.pace.share
    watch.followed(0.0)
    now += 6
    watch.followed(0.1)
    assert watch.pace.left > 60
    assert watch.pace.share >= before > 0.7


def test_what_will_take_much_longer_is_said_once_and_early(monkeypatch, caplog):
    now = 100.0
    monkeypatch.setattr("velatura_training.learn.bar.time.monotonic", lambda: now)
    watch = Watch("none", minutes=1)
    watch.followed(0.0)
    now += 30
    watch.followed(0.1)
    assert not caplog.text, "a tenth may be a slow start"
    for share in (0.3, 0.5):
        now += 60
        watch.followed(share)
    assert caplog.text.count("--minutes") == 1
    # 90 s for three tenths of the ways, 210 for the others, a quarter of the minute after them.
    assert "about 315 s instead of the 60 s that were given" in caplog.text
    assert "--minutes 7 leaves time" in caplog.text


def test_a_warning_stands_above_the_bar_in_a_line_of_its_own(monkeypatch):
    here, there = pty.openpty()
    with os.fdopen(there, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        handler = logging.StreamHandler(terminal)
        logging.getLogger().addHandler(handler)
        with Watch("auto") as watch:
            watch.show(0.1, 10.0, 100, {"l1": 0.5})
            logging.getLogger("velatura").warning("Frame 6 is black")
            watch.show(0.2, 20.0, 200, {"l1": 0.4})
        logging.getLogger().removeHandler(handler)
        assert handler.stream is terminal
    parts = []
    with suppress(OSError):  # how a terminal says that nobody writes to it any more
        while part := os.read(here, 4096):
            parts.append(part)
    seen = b"".join(parts).decode()
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen))
    assert "Frame 6 is black" in lines
    assert any("20 %" in line and re.search(r"1:(20|1\d) left", line) for line in lines)
