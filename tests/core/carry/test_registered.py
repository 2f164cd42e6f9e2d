"""Keys whose strokes agree are laid on one another by these strokes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pans
import pytest
from pans import WIDTH, Pan

from velatura.carry.paint import AGREE, Carry
from velatura.carry.painted_key import BARE
from velatura.carry.registered import registered
from velatura.plate.encoding import encoded

SHIFT = 0.7
"""By how many px fields of the first key are wrong, to the right; the other's as far to the left.
Strokes of the painter are waves from 5 px on."""

FRAME = 5

Shot = tuple[Path, Carry]


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Shot:
    folder = Pan().write(tmp_path_factory.mktemp("pan"))
    paints = {frame: Pan().paint(frame, free=False) for frame in (1, 9)}
    return folder, pans.carried(folder, paints)


def shifted(carry: Carry, wrong: Mapping[int, float]) -> Carry:
    """Return a carry whose keys lie so many px beside where they belong."""
    fields = {}
    for (frame, key), field in carry.fields.items():
        aside = np.array([wrong.get(key, 0) / WIDTH, 0], np.float32)[:, None, None]
        fields[frame, key] = replace(field, places=field.places + aside)
    return replace(carry, fields=fields)


def mended(carry: Carry) -> Carry:
    return replace(carry, fields=registered(carry.fields, carry.keys, carry.tracks.frames))


def off(shot: Shot, carry: Carry) -> float:
    """Return how far the merged paint of a frame is from the painter's own, encoded light."""
    paint = carry.paint(FRAME, pans.footage(shot[0]).sight(FRAME)).planes[:3]
    return float(np.abs(paint - encoded(Pan().paint(FRAME, free=False))).mean())


def apart(shot: Shot, carry: Carry) -> float:
    """Return how far the paint of the two keys is from each other in that frame."""
    sight = pans.footage(shot[0]).sight(FRAME)
    one, other = (carry.only(key).paint(FRAME, sight).planes[:3] for key in (1, 9))
    return float(np.abs(one - other).mean())


def test_keys_that_lie_beside_each_other_are_laid_together(shot):
    wrong = shifted(shot[1], {1: SHIFT, 9: -SHIFT})
    right, before, after = (apart(shot, carry) for carry in (shot[1], wrong, mended(wrong)))
    assert before > 1.5 * right
    assert after < 1.1 * right
    assert off(shot, mended(wrong)) < 0.9 * off(shot, wrong), "and nearer to the painter's own"


def test_what_lies_together_stays(shot):
    """What all keys have wrong alike cannot be told; and what is right is not made worse."""
    assert off(shot, mended(shot[1])) < 1.1 * off(shot, shot[1])
    aside = shifted(shot[1], {1: SHIFT, 9: SHIFT})
    assert off(shot, mended(aside)) > 0.8 * off(shot, aside)


def test_a_key_alone_and_a_keys_own_frame_stay_as_they_are(shot):
    alone = shot[1].only(1)
    assert mended(alone).fields == alone.fields
    apart = shifted(shot[1], {1: SHIFT, 9: -SHIFT})
    for way, field in mended(apart).fields.items():
        if way[0] in (1, 9):
            assert field is apart.fields[way]


def test_what_was_not_painted_moves_nothing(shot):
    """One key is bare on its left half: there the other one's places are left alone."""
    apart = shifted(shot[1], {1: SHIFT, 9: -SHIFT})
    first, last = apart.keys
    index = last.index.copy()
    index[:, : WIDTH // 2] = BARE
    halved = replace(apart, keys=(first, replace(last, index=index)))
    moved = mended(halved).fields[FRAME, 1].places - apart.fields[FRAME, 1].places
    px = np.abs(moved[0]) * WIDTH
    assert px[:, : WIDTH // 4].max() < 0.05
    assert np.median(px[:, 3 * WIDTH // 4 :]) > 0.3 * SHIFT


def test_strokes_that_differ_are_left_where_they_are(tmp_path):
    folder = Pan().write(tmp_path)
    carry = pans.carried(folder, {frame: Pan().paint(frame) for frame in (1, 9)})
    assert carry.agreement < AGREE
    found = pans.looked_over(folder, (1, 9)).fields
    for way, field in carry.fields.items():
        np.testing.assert_array_equal(field.places, found[way].places)
