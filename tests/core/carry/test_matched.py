"""What motion cannot lead to is found in a key by what it looks like."""

from __future__ import annotations

import numpy as np
import pans
import pytest

from velatura.carry.matched import AMISS, matched
from velatura.scene import vectors

SIZE = (96, 128)
CARD = (slice(30, 70), slice(70, 110))
"""Where a patterned card is in the frame."""

LEFT = 48
"""How much further left it is in the key, px."""


def light(seed: int, height: int, width: int) -> np.ndarray:
    return 0.5 + 0.12 * pans.waves(0, seed, 7, (height, width))


@pytest.fixture(scope="module")
def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Return the frame and the key: two walls alike, before which the card lies."""
    wall, card = light(1, *SIZE), light(2, 40, 40)
    here, there = wall.copy(), wall.copy()
    here[:, *CARD] = card
    there[:, CARD[0], 70 - LEFT : 110 - LEFT] = card
    return here, there


def difference(pictures: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return np.abs(pictures[0] - pictures[1]).mean(axis=0)


def test_a_thing_is_found_wherever_it_has_come_from(pictures):
    stays = vectors.start(*SIZE)
    found = matched(*pictures, stays, difference(pictures), 1)
    assert found is not None
    places, amiss = found
    inner = np.zeros(SIZE, bool)
    inner[33:67, 73:107] = True
    assert amiss[inner].mean() > 0.9
    off = np.hypot(*(places - stays + np.array([LEFT, 0])[:, None, None]))
    assert np.median(off[inner & amiss]) < 0.5
    assert (off[inner & amiss] < 2).mean() > 0.9


def test_what_agrees_is_not_looked_for(pictures):
    stays = vectors.start(*SIZE)
    assert matched(*pictures, stays, np.full(SIZE, AMISS / 2, np.float32), 1) is None
    _, amiss = matched(*pictures, stays, difference(pictures), 1)
    assert not amiss[:20].any()
    assert not amiss[80:].any()


def test_the_same_seed_finds_the_same(pictures):
    runs = [matched(*pictures, vectors.start(*SIZE), difference(pictures), 3) for _ in range(2)]
    assert runs[0][0].tobytes() == runs[1][0].tobytes()


def test_a_large_frame_that_is_amiss_all_over_is_searched():
    """As behind a cut that nobody saw: more patches than OpenCV reads at once."""
    here, there = (light(seed, 400, 400) for seed in (1, 2))
    off = np.full((400, 400), 2 * AMISS, np.float32)
    found = matched(here, there, vectors.start(400, 400), off, 1)
    assert found is not None
    assert found[1].all()
    assert np.isfinite(found[0]).all()


class Hidden(pans.Pan):
    """A wall that stands still; a card goes from left to right, behind a post for twelve frames."""

    POST = slice(40, 62)

    def plate(self, frame: int) -> np.ndarray:
        step = frame - self.first
        code = 0.5 + 0.04 * pans.waves(0, 5, 6, self.size)
        code[:, 24:48, self.card(step)] = 0.75 + 0.1 * pans.waves(0, 6, 5, (24, 16))
        code[:, :, self.POST] = 0.25 + 0.03 * pans.waves(0, 7, 9, self.size)[:, :, self.POST]
        return pans.light(code)

    def card(self, step: int) -> slice:
        return slice(14 + 4 * step, 30 + 4 * step)


def test_what_comes_out_from_behind_a_post_has_its_own_paint(tmp_path):
    shot = Hidden(scenes=tuple((0, n) for n in range(14)))
    shot.write(tmp_path)
    red = pans.light(np.full((3, *shot.size), 0.2, np.float32))
    red[0, 24:48, shot.card(0)] = 0.9
    carry = pans.carried(tmp_path, {1: red})
    paint = carry.paint(14, pans.footage(tmp_path).sight(14)).planes[:3]
    card = paint[0, 26:46, 68:80]  # 2 px inside of its edges
    assert (card > 2 * np.median(paint[0, :20])).mean() > 0.85
