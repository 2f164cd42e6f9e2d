"""Minutes count everything from the command's start; learning gets what is left of them."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest
from learning import QUICK, briefly

from velatura_training import run_folder
from velatura_training.data import lesson as lessons
from velatura_training.learn import clock, figures, stop
from velatura_training.learn import run as runs
from velatura_training.learn.clock import LEAST, Clock
from velatura_training.learn.figures import Figures
from velatura_training.learn.paired import Paired
from velatura_training.recipe import Budget


@pytest.fixture
def now(monkeypatch):
    """Return a clock that stands still until it is set."""
    times = [1000.0]
    monkeypatch.setattr(clock.time, "perf_counter", lambda: times[0])
    return times


def test_learning_runs_evenly_from_nothing_to_all_of_what_is_left(now):
    given = Clock(Budget(minutes=2), begun=980.0)  # looking at the shot took 20 s
    given.aside = 10.0
    assert given.used(0, 0) == 0
    seen = []
    for second in range(91):
        now[0] = 1000.0 + second
        seen.append(given.used(second, second))
    assert seen[45] == pytest.approx(0.5)
    assert seen[90] == 1  # 120 - 20 - 10 s
    assert given.left == pytest.approx(10)


@pytest.mark.usefixtures("now")
def test_a_shot_that_took_all_the_time_is_still_learnt_from_a_little():
    given = Clock(Budget(minutes=1), begun=900.0)
    assert given.short
    assert given.used(0, 0) == 0
    assert given.used(60 * LEAST / 2, 9) == pytest.approx(0.5)
    assert given.used(60 * LEAST, 9) == 1
    assert given.to_end(60 * LEAST / 2) == pytest.approx(60 * LEAST / 2 + given.aside)


@pytest.mark.usefixtures("now")
def test_it_is_told_how_many_minutes_will_do():
    given = Clock(Budget(minutes=1), begun=900.0)  # 100 s are gone
    assert given.lacking == pytest.approx((100, 60, 3))
    assert "--minutes 3" in clock.SHORT % given.lacking


def test_earlier_processes_of_a_run_count(now):
    given = Clock(Budget(minutes=2), begun=now[0], spent=100.0)
    assert given.left == pytest.approx(20)


@pytest.mark.usefixtures("now")
def test_a_budget_in_steps_has_no_clock():
    given = Clock(Budget(steps=10), begun=0.0, spent=1e9)
    assert [given.used(1e9, steps) for steps in (0, 5, 10, 20)] == [0, 0.5, 1, 1]
    assert math.isinf(given.left)


def test_a_run_that_is_late_says_so_and_ends_soon(shot, tmp_path, caplog):
    lesson = lessons.load(shot.plate, shot.painted)
    late = replace(briefly(tmp_path / "run", 1), budget=Budget(minutes=0.1))
    late = replace(late, begun=time.perf_counter() - 100)
    began = time.monotonic()
    runs.train(lesson, late)
    assert "s to the first step" in caplog.text
    assert time.monotonic() - began < 60
    state = run_folder.load(tmp_path / "run" / run_folder.CHECKPOINT, late.device)["state"]
    assert state["steps"] > 0
    assert state["spent"] > 100


def test_figures_of_fewer_frames_are_measured_where_time_is_short(shot, monkeypatch):
    method = Paired(lessons.load(shot.plate, shot.painted), QUICK, runs.pick_device("cpu"))
    whole = Figures(method.lesson.keys, method._pictures, method.space)
    assert list(whole.whole(math.inf).frames) == [1, 3]
    short = whole.whole(time.monotonic() - 1)
    assert list(short.frames) == [1]
    assert "1 of 2 frames are measured: time was up" in short.notes
    monkeypatch.setattr(figures, "SHARE", 0.0)
    few = Figures(method.lesson.keys, method._pictures, method.space, 60.0)
    assert len(few.quick(merged=False).frames) == 1
    assert few.seconds(settling=True) > few.seconds(settling=False) > 0


def test_a_stop_is_answered_at_once_and_the_second_one_ends(caplog):
    interrupt = stop.signal.SIGINT
    with caplog.at_level("INFO", "velatura.training"), stop.asked() as asked:
        stop.signal.raise_signal(interrupt)
        assert asked == [interrupt]
        assert "Stopping: what was learnt is judged and kept" in caplog.text
        with pytest.raises(KeyboardInterrupt):
            stop.signal.raise_signal(interrupt)


def test_the_same_command_again_learns_no_more_where_its_minutes_are_used(shot, tmp_path):
    lesson = lessons.load(shot.plate, shot.painted)
    asked = replace(briefly(tmp_path / "run", 1), budget=Budget(minutes=0.05), resume=True)
    steps = []
    for _ in range(2):
        run = runs.train(lesson, replace(asked, begun=time.perf_counter()))
        steps.append(run_folder.load(run / run_folder.CHECKPOINT, asked.device)["state"]["steps"])
    assert steps[0] == steps[1] > 0
