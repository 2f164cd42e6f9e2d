"""How each thing of a shot moves is found in its passes, or is said not to be known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import stages
from stages import BALL, BOX, FLAG, GROUND, Stage

from velatura.scene import rigid, tracks
from velatura.scene.gbuffer import Sight
from velatura.scene.tracks import Tracks
from velatura.system.progress import Progress


def solved(sights: Sequence[Sight], frames: tuple[int, ...] = ()) -> Tracks:
    return tracks.solve(frames or tuple(range(1, len(sights) + 1)), sights, Progress("none"))


def of(stage: Stage, but: str = "", frames: tuple[int, ...] = ()) -> Tracks:
    frames = frames or stage.frames
    return solved([stage.sight(f, but=but) for f in frames], frames)


def segments(found: Tracks, number: int) -> list[int]:
    return found.segments[:, found.objects.tolist().index(number)].tolist()


def between(found: Tracks, number: int, start: int, end: int) -> np.ndarray:
    return found.between(start, end)[found.objects.tolist().index(number)]


@pytest.fixture(scope="module")
def found() -> Tracks:
    return of(Stage())


def test_every_object_is_found_once(found):
    assert found.frames == (1, 2, 3, 4, 5)
    assert found.objects.tolist() == [GROUND, BALL, BOX, FLAG]
    assert (found.segments == 1).all()
    assert None not in found.cameras


def test_what_stands_still_is_exactly_still(found):
    """To the last bit: else its paint would creep from frame to frame."""
    for number in (GROUND, BALL):
        for end in range(5):
            np.testing.assert_array_equal(between(found, number, 0, end), rigid.STILL)


def test_a_turning_and_travelling_box_is_followed(found):
    start, end = (stages.BOXED.pose(frame) for frame in (1, 5))
    # A pixel is 0.08 units wide here; the fit averages over hundreds of them.
    np.testing.assert_allclose(
        between(found, BOX, 0, 4), rigid.then(rigid.back(start), end), atol=2e-4
    )
    np.testing.assert_allclose(
        rigid.then(between(found, BOX, 0, 4), between(found, BOX, 4, 0)), rigid.STILL, atol=1e-12
    )


def test_what_bends_is_marked_and_has_no_pose(found):
    assert found.objects[found.bends].tolist() == [FLAG]
    assert np.isnan(between(found, FLAG, 0, 1)).all()


def test_something_slow_is_not_taken_for_still():
    """A fiftieth of a px a frame: in two hundred frames four px."""
    slow = stages.box((0.7, 0.5, 0.8), lambda frame: stages.at(0.0016 * frame, 0, 0.8, 30))
    found = of(Stage(things=(stages.ground(), slow), camera=stages.parked, last=3))
    assert between(found, BOX, 0, 2)[0, 3] == pytest.approx(0.0032, rel=0.05)


def test_noise_in_the_passes_does_not_set_still_things_moving():
    """A twentieth of a px in each point, as where a renderer jitters its samples."""
    random = np.random.default_rng(0)
    sights = []
    for sight in map(Stage().sight, (1, 2, 3)):
        shaken = sight.position + random.normal(0, 0.004, sight.position.shape)
        sights.append(replace(sight, position=(shaken * sight.surface()).astype(np.float32)))
    found = solved(sights)
    np.testing.assert_array_equal(between(found, GROUND, 0, 2), rigid.STILL)
    assert found.objects[found.bends].tolist() in ([], [FLAG])


def test_who_leaves_the_frame_and_comes_back_has_moved_unseen():
    away = (3, 4)

    def visiting(frame):
        return stages.at(0, -90 if frame in away else 0, 0.8, 5 * frame)

    box = stages.box((0.7, 0.5, 0.8), visiting)
    found = of(Stage(things=(stages.ground(), stages.BALLED, box), last=6))
    assert segments(found, BOX) == [1, 1, -1, -1, 2, 2]
    assert segments(found, GROUND) == [1] * 6
    assert np.isnan(between(found, BOX, 1, 4)).all()
    assert np.isnan(between(found, BOX, 1, 2)).all()
    assert np.isfinite(between(found, BOX, 4, 5)).all()


def test_frames_that_are_missing_break_the_track_of_what_moves():
    """The vectors of frame 2 lead to frame 3, which is not there."""
    found = of(Stage(last=6), frames=(1, 2, 4, 5))
    assert segments(found, BOX) == [1, 1, 2, 2]
    assert segments(found, FLAG)[1] != segments(found, FLAG)[2]


def test_what_stands_still_is_seen_to_do_so_across_missing_frames():
    found = of(Stage(last=6), frames=(1, 2, 5, 6))
    for number in (GROUND, BALL):
        assert segments(found, number) == [1, 1, 1, 1]
        np.testing.assert_array_equal(between(found, number, 0, 3), rigid.STILL)


def test_without_vectors_only_still_things_have_a_track():
    found = of(Stage(), but="vector")
    for number in (GROUND, BALL):
        assert segments(found, number) == [1] * 5
        np.testing.assert_array_equal(between(found, number, 0, 4), rigid.STILL)
    assert segments(found, BOX) == [1, 2, 3, 4, 5]


def test_without_ids_all_surfaces_are_one_thing():
    things = (stages.ground(), stages.BALLED, stages.box((0.7, 0.5, 0.8), stages.still(-1, 0, 0.8)))
    found = of(Stage(things=things), but="id")
    assert found.objects.tolist() == [0]
    np.testing.assert_array_equal(between(found, 0, 0, 4), rigid.STILL)


def test_without_ids_whatever_moves_makes_the_whole_bend():
    """Then its vectors are followed instead of a motion that would not be everyone's."""
    large = stages.box((1.5, 0.5, 1.2), lambda f: stages.at(-1 + 0.3 * f, 0, 1.2, 9 * f))
    assert of(Stage(things=(stages.ground(), large)), but="id").bends.all()


def test_without_position_there_are_objects_but_no_motion():
    found = of(Stage(), but="position")
    assert found.cameras == (None,) * 5
    assert found.objects.tolist() == [GROUND, BALL, BOX, FLAG]
    assert np.isnan(found.between(0, 1)).all()


def test_a_thousand_objects_take_no_longer_than_their_pixels():
    """Each is found by sorting once, not by looking for each all over the frame.

    No times are asserted; that would take half a minute otherwise.
    """
    sights = [Stage().sight(f) for f in (1, 2)]
    rows, columns = np.indices(sights[0].size)
    cells = (rows // 2 * 48 + columns // 2 + 1).astype(np.uint32)
    crowd = [replace(s, objects=np.where(s.surface(), cells, 0).astype("u4")) for s in sights]
    assert len(solved(crowd).objects) > 1000


def test_plates_of_another_size_do_not_mislead_vectors():
    half = Stage(window=stages.Window(0, 0, 48, 36), size=(36, 48))
    found = solved([Stage().sight(1), half.sight(2), half.sight(3)])
    assert segments(found, GROUND) == [1, 1, 1]
    np.testing.assert_array_equal(between(found, GROUND, 0, 2), rigid.STILL)
    assert segments(found, BOX) == [1, 2, 2]
