"""The page on which people choose, in a real Chromium: by keys, and with answers in a file."""

from __future__ import annotations

import json

import numpy as np
import pytest
from commands import velatura

from velatura.image import png

pytestmark = pytest.mark.browser


def test_people_choose_by_keys_and_get_a_file_of_answers(tmp_path, browse):
    for frame in range(1, 21):
        for name, level in (("dark", 40), ("light", 200)):
            picture = np.full((24, 32, 3), level, np.uint8)
            png.write_png(tmp_path / f"{name}.{frame:04d}.png", picture)
    results = (tmp_path / "dark.####.png", tmp_path / "light.####.png")
    done = velatura("report", "--vote", *results, "--out", tmp_path / "v.html")
    assert (done.returncode, done.stdout) == (0, f"wrote {tmp_path / 'v.html'}, 12 pairs\n")
    side = """() => { const s = document.createElement('canvas').getContext('2d');
      s.drawImage(document.querySelector('.pair img'), 0, 0);
      return s.getImageData(5, 5, 1, 1).data[0] > 100 ? 'light' : 'dark'; }"""
    loaded = "() => [...document.querySelectorAll('.pair img')].every(i => i.complete)"
    steps = []
    for _ in range(11):  # the left one each time, then no difference
        steps += [{"until": loaded}, {"run": side}, {"press": "ArrowLeft"}]
    steps += [
        {"press": "ArrowDown"},
        {"run": "() => window.answers"},
        {"run": "() => document.querySelector('.vote').hidden"},
        {"save": ".done a"},
    ]
    *sides, told, hidden, (name, file) = browse(tmp_path / "v.html", *steps)
    assert hidden
    assert (name, json.loads(file)) == ("answers.json", told)
    assert (told["a"], told["b"]) == ("dark.0001.png", "light.0001.png")
    chosen = [{"a": "dark", "b": "light"}[one["chose"]] for one in told["answers"][:-1]]
    assert chosen == sides
    assert len({one["left"] for one in told["answers"]}) == 2  # at random: 1 in 2000 that not
    assert told["answers"][-1]["chose"] == "neither"
    assert sum(told["chose"].values()) == 12
    assert len({one["frame"] for one in told["answers"]}) == 12


def test_results_without_a_common_frame_are_refused(tmp_path):
    for frame, name in ((1, "a"), (2, "b")):
        png.write_png(tmp_path / f"{name}.{frame:04d}.png", np.zeros((8, 8, 3), np.uint8))
    done = velatura("report", "--vote", tmp_path / "a.####.png", tmp_path / "b.####.png")
    assert done.returncode == 3
    assert "no frame in common" in done.stderr
