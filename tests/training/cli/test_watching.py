"""`velatura train` says where its page is, and opens it where that is asked for."""

from __future__ import annotations

import psutil
import pytest
import torch

from velatura.cli.main import main
from velatura.errors import TrainingError
from velatura_training.cli import watching
from velatura_training.learn.bar import Watch
from velatura_training.learn.run import Run, follow
from velatura_training.learn.window import Window
from velatura_training.recipe import SHOT, Budget
from velatura_training.watch.next_frame import NextFrame
from velatura_training.watch.page import Page

QUICK = ["--threads", "1", "--patch", "32", "--batch", "1", "--tier", "draft", "--free"]


@pytest.mark.parametrize("wanted", [True, False])
def test_a_browser_opens_the_page_only_where_it_is_asked_to(
    shot, tmp_path, monkeypatch, caplog, wanted
):
    opened = []
    monkeypatch.setattr(watching.webbrowser, "open", lambda url: opened.append(url) or True)
    run = tmp_path / "ink"
    asked = ["train", shot.plate, "--painted", shot.painted, "--out", str(run), *QUICK]
    with caplog.at_level("INFO"):
        assert main([*asked, "--steps", "1", *(["--open"] if wanted else [])]) == 0
    address = (run / "watch.html").as_uri()
    assert opened == ([address] if wanted else [])
    assert f"watch it come along: {address}" in caplog.text
    assert f"next: velatura export {run} --out ink.onnx" in caplog.text


def test_of_several_processes_only_the_first_opens_a_page(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(watching.webbrowser, "open", lambda url: opened.append(url) or True)
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in ("1", "0"):
        monkeypatch.setenv("RANK", rank)
        watching.opened(tmp_path / rank, Watch("none"), (), open_page=True)
    assert opened == [(tmp_path / "0" / "watch.html").as_uri()]


def test_a_training_that_fails_leaves_no_process_behind(tmp_path):
    def begin(*_):
        raise TrainingError("no")

    advice = NextFrame(("no.####.exr",), tmp_path / "next.png")
    window = Window(Page(tmp_path / "run"), Watch("none"), advice)
    before = psutil.Process().children()  # of other tests: a resource tracker, say
    advice.ask((1,))
    (child,) = (one for one in psutil.Process().children() if one not in before)
    run = Run(tmp_path / "run", SHOT, Budget(None, 1), torch.device("cpu"), "none", window=window)
    with pytest.raises(TrainingError, match="no"):
        follow(begin, run)
    assert not child.is_running()


def test_the_page_of_a_finished_run_is_left_alone(shot, tmp_path, caplog):
    run = tmp_path / "ink"
    asked = ["train", shot.plate, "--painted", shot.painted, "--out", str(run), *QUICK]
    assert main([*asked, "--steps", "1"]) == 0
    before = (run / "watch" / "state.js").read_bytes()
    assert main([*asked, "--steps", "1"]) == 3
    assert "holds a training run already" in caplog.text
    assert (run / "watch" / "state.js").read_bytes() == before
