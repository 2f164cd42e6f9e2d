"""Commands that load torch let its threads sleep soon: on a busy machine they would mostly spin."""

from __future__ import annotations

import os

import pytest

from velatura.cli.main import main

SPINS = "GOMP_SPINCOUNT"


@pytest.fixture
def spins(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv(SPINS, "")  # so that what a command sets is taken back
    monkeypatch.delenv(SPINS)
    return monkeypatch


@pytest.mark.parametrize(
    "command",
    [
        ["evaluate", "--result", "nowhere.####.exr", "--plate", "nowhere.####.exr"],
        ["export", "nowhere", "--out", "look.onnx"],
        ["train", "nowhere.####.exr", "--painted", "nowhere.####.png", "--out", "run"],
    ],
)
def test_a_command_sets_it_before_anything_can_go_wrong(spins, tmp_path, command):
    spins.chdir(tmp_path)
    assert main(command) == 3
    assert 0 < int(os.environ[SPINS]) < 10**6


def test_what_the_user_has_set_stays(spins, tmp_path):
    spins.chdir(tmp_path)
    spins.setenv(SPINS, "7")
    assert main(["export", "nowhere", "--out", "look.onnx"]) == 3
    assert os.environ[SPINS] == "7"
