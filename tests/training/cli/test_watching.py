"""`velatura train` says where its page is, and opens it where that is asked for."""

from __future__ import annotations

import pytest

from velatura.cli.main import main
from velatura_training.cli import watching

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


def test_the_page_of_a_finished_run_is_left_alone(shot, tmp_path, caplog):
    run = tmp_path / "ink"
    asked = ["train", shot.plate, "--painted", shot.painted, "--out", str(run), *QUICK]
    assert main([*asked, "--steps", "1"]) == 0
    before = (run / "watch" / "state.js").read_bytes()
    assert main([*asked, "--steps", "1"]) == 3
    assert "holds a training run already" in caplog.text
    assert (run / "watch" / "state.js").read_bytes() == before
