"""The page beside a run in a real Chromium, opened as a file, while news come in."""

from __future__ import annotations

import numpy as np
import pytest

from velatura.image import png
from velatura_training.watch.page import Entry, Page

pytestmark = pytest.mark.browser

SPACE = "lin_rec709_scene"


def grey(light):
    return np.full((36, 64, 3), light, np.float32)


@pytest.fixture
def page(tmp_path):
    made = Page(tmp_path / "ink")
    made.list(
        [
            Entry("1", "1", "painted", "its paint"),
            Entry("2", "2", "not painted", "carried paint", first=True),
            Entry("3", "3", "left out", "its paint"),
        ]
    )
    for number in "123":
        made.take(number, "result of step 1", (grey(0.2), grey(0.4), grey(0.6)), SPACE)
    png.write_png(made.suggestion, np.zeros((4, 4, 3), np.uint8))
    made.tell(
        doing="learning",
        steps=100,
        scores=[(0, 1.0, 0.5), (100, 9.0, 0.25)],
        points=[(n, n / 10, {"l1": 1 / n}) for n in range(1, 100)],
        next={"frame": 3, "words": "Paint frame 3 next: sure.", "version": 1},
    )
    return made


def test_news_come_in_without_losing_what_somebody_looks_at(page, browse, tmp_path):
    seen = "() => velatura.viewer()?.seen()"
    centre = """() => { const c = document.querySelector('canvas');
      return [...c.getContext('2d').getImageData(c.width * 3 / 4, c.height / 2, 1, 1).data]; }"""
    where = "() => document.querySelector('.where').textContent"
    # What the page will be told later: written now, put in its place by the driver.
    later = Page(tmp_path / "later")
    later._entries = dict(page._entries)
    later.take("3", "result of step 200", (grey(0.2), grey(0.8), grey(0.6)), SPACE)
    later.tell(doing="judging", steps=200, scores=[(0, 1.0, 0.5)])
    folder, news = tmp_path / "ink" / "watch", tmp_path / "later" / "watch"
    answers = browse(
        page.path,
        {"until": seen},
        {"run": where},
        {"run": "() => [...document.querySelectorAll('.frames button')].map(b => b.title)"},
        {"run": "() => document.querySelectorAll('.curves svg').length"},
        {"run": "() => document.querySelector('.next p').textContent"},
        {"run": "() => document.querySelector('.frames button:last-child').click()"},
        {"until": seen},
        {"fill": ["[data-name=wipe]", "25"]},
        {"fill": ["[data-name=strength]", "0.5"]},
        {"fill": ["[data-name=strength]", "1"]},
        {"run": centre},
        {"file": [str(folder / "frame_3.js"), (news / "frame_3.js").read_text()]},
        {"file": [str(folder / "state.js"), (news / "state.js").read_text()]},
        {"until": "() => document.querySelector('.doing').textContent === 'judging'"},
        {"until": "() => document.querySelector('.where').textContent.includes('step 200')"},
        {"until": f"() => ({centre})()[0] > 220"},
        {"run": centre},
        {"run": "() => [velatura.viewer().wipe, velatura.viewer().at]"},
        said=(),
    )
    assert answers[0] == "frame 2, not painted: result of step 1"
    assert answers[1] == ["frame 1, painted", "frame 2, not painted", "frame 3, left out"]
    assert answers[2:4] == [2, "Paint frame 3 next: sure."]
    assert abs(answers[5][0] - 170) <= 2  # light 0.4 as sRGB
    assert abs(answers[6][0] - 231) <= 2  # light 0.8
    assert answers[7] == [0.25, 2]


def test_an_end_says_what_to_type_next(page, browse):
    page.tell(doing="done", over=True, facts=["done. Next: `velatura export ink --out ink.onnx`"])
    answers = browse(
        page.path,
        {"until": "() => document.title.startsWith('done')"},
        {"run": "() => document.querySelector('.facts code').textContent"},
    )
    assert answers == ["velatura export ink --out ink.onnx"]
