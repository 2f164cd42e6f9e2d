"""Motion that an artist gives is understood by what the plates show, or refused."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import foreign
import numpy as np
import pytest
from foreign import KEYS, STAGE, WAYS, formats, written
from stages import HEIGHT, WIDTH

from velatura.errors import FrameError, ImageError, PassError, VelaturaError
from velatura.image.planes import FloatArray
from velatura.image.silhouettes import inner
from velatura.plate.reading import Reading
from velatura.scene import vectors
from velatura.scene.footage import Footage
from velatura.scene.motion import Motion
from velatura.scene.motion_files import MotionFiles
from velatura.system.progress import Progress
from velatura.system.scratch import Scratch

SCRATCHES: list[Scratch] = []


@pytest.fixture(autouse=True)
def closed():
    """Close the scratch files of a test's motions when it is done."""
    yield
    while SCRATCHES:
        with SCRATCHES.pop():
            pass


Planes = dict[str, FloatArray]


@pytest.fixture(autouse=True)
def all_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


@pytest.fixture
def plates(tmp_path: Path) -> dict[int, Path]:
    return foreign.plates(tmp_path / "plate")


def watched(plates: dict[int, Path], *motion: str, stmap: tuple[str, ...] = ()) -> Motion:
    given = MotionFiles.parse(motion, stmap, plates)
    SCRATCHES.append(Scratch())
    return Motion(Footage(plates, Reading(), given=given), KEYS, Progress("none"), SCRATCHES[-1])


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was said about the vectors, without the figures."""
    lines = [r.getMessage() for r in caplog.records if r.name.startswith("velatura.scene")]
    return [re.sub(r"residual .*", "", line) for line in lines]


def off(motion: Motion, frame: int, to: int, steps: int = 1) -> float:
    """Return by how many px the motion is wrong, on things and away from their silhouettes."""
    true = WAYS.over(frame, to)
    numbers = STAGE.seen(frame).numbers.reshape(HEIGHT, WIDTH)
    places = vectors.start(HEIGHT, WIDTH) + true
    x, y = places
    kept = (numbers > 0) & inner(numbers, 3 * steps) & (x >= 0) & (x <= WIDTH - 1)
    kept &= (y >= 0) & (y <= HEIGHT - 1)
    return float(np.quantile(np.hypot(*(motion.way(frame, to) - places))[kept], 0.9))


BOTH = {
    "nuke": [
        "vectors of layer forward: x right, y up, to the next frame; ",
        "vectors of layer backward: x right, y up, to the frame before; ",
    ],
    "upside_down": [
        "vectors of layer forward: x right, y down, to the frame before; ",
        "vectors of layer backward: x right, y down, to the next frame; ",
    ],
    "smartvector": [
        "vectors of layer smartvector_f01_v01.n: x right, y up, to the next frame; ",
        "vectors of layer smartvector_f01_v01.p: x right, y up, to the frame before; ",
    ],
}


@pytest.mark.parametrize("called", BOTH)
def test_whatever_the_signs_vectors_of_both_neighbours_are_understood(
    tmp_path, plates, caplog, called
):
    motion = watched(plates, written(tmp_path / called, formats.VECTORS[called]))
    assert sorted(told(caplog)) == sorted(BOTH[called])
    for frame, to in ((3, 2), (3, 4), (5, 6)):
        assert off(motion, frame, to) < 0.01


@pytest.mark.parametrize(
    ("called", "how"), [("revision", "right, y up"), ("from_before", "left, y down")]
)
def test_vectors_of_one_neighbour_are_turned_round_for_the_other(
    tmp_path, plates, caplog, called, how
):
    motion = watched(plates, written(tmp_path / called, formats.VECTORS[called]))
    assert told(caplog) == [f"vectors of layer red and green: x {how}, to the frame before; "]
    assert off(motion, 3, 2) < 0.01
    assert off(motion, 3, 4) < 0.1


def test_a_renderers_four_channels_may_come_in_files_of_their_own(tmp_path, plates, caplog):
    def blender(_: formats.Ways, frame: int) -> Planes:
        vector = STAGE.sight(frame).vector
        return {f"View.Vector.{name}": plane for name, plane in zip("XYZW", vector, strict=True)}

    motion = watched(plates, written(tmp_path / "vector", blender))
    assert off(motion, 3, 2) < 0.01
    assert off(motion, 3, 4) < 0.01
    assert "vectors of layer vector (Z and W): x left, y down, to the next frame; " in told(caplog)


def test_levels_of_smartvector_leap_over_frames(tmp_path, plates):
    motion = watched(plates, written(tmp_path / "smart", formats.smartvector))
    assert off(motion, 4, 2, steps=2) < 0.01
    assert off(motion, 2, 4, steps=2) < 0.01
    assert off(motion, 4, 6, steps=2) < 0.01


def test_layers_of_the_plate_are_named(tmp_path, caplog):
    for frame in STAGE.frames:
        image = STAGE.plate(frame, but="position vector id")
        planes = {name: image.find(name)[1].pixels for name in "RGB"}
        planes |= formats._pair("mv_next.x y", WAYS.after[frame])
        planes |= formats._pair("mv_last.x y", WAYS.before[frame])
        formats.write(tmp_path, frame, planes)
    plates = {f: tmp_path / f"frame.{f:04d}.exr" for f in STAGE.frames}
    motion = watched(plates, "forward=mv_next,backward=mv_last")
    assert told(caplog) == [
        "vectors of layer mv_next: x right, y up, to the next frame; ",
        "vectors of layer mv_last: x right, y up, to the frame before; ",
    ]
    assert off(motion, 3, 4) < 0.01


@pytest.mark.parametrize(("word", "make"), [("smartvector", "smartvector"), ("motion", "nuke")])
def test_a_programs_layers_are_found_by_its_word(tmp_path, plates, caplog, word, make):
    pattern = written(tmp_path / word, formats.VECTORS[make])
    watched(plates, pattern, word)
    assert len(told(caplog)) == 2
    with pytest.raises(PassError, match=r"no (smartvector|motion) layers"):
        watched(plates, word)


def test_the_plates_own_vector_pass_comes_after_the_artists(tmp_path):
    plates = foreign.plates(tmp_path / "plate", but="position id")

    def shifted(ways: formats.Ways, frame: int) -> Planes:
        moved = ways.after[frame] + np.float32(0.25)
        moved[:, :10] = np.nan
        return formats._pair("forward.u v", moved)

    motion = watched(plates, written(tmp_path / "forward", shifted))
    start = vectors.start(HEIGHT, WIDTH)
    seen = motion.way(3, 4) - start - WAYS.after[3]
    still = STAGE.seen(3).numbers.reshape(HEIGHT, WIDTH) == 0  # the sky: there a 0 tells nothing
    np.testing.assert_allclose(seen[:, 10:][:, ~still[10:]], 0.25, atol=1e-4)
    np.testing.assert_allclose(seen[:, :10][:, ~still[:10]], 0, atol=1e-4)
    np.testing.assert_allclose((motion.way(3, 2) - start - WAYS.before[3])[:, ~still], 0, atol=1e-4)


@pytest.mark.parametrize("upside", [False, True])
def test_an_stmap_leads_into_its_key(tmp_path, plates, caplog, upside):
    def stmap(ways: formats.Ways, frame: int) -> Planes:
        planes = formats.stmap(ways, frame, 6)
        return {**planes, "G": 1 - planes["G"]} if upside else planes

    motion = watched(plates, stmap=(f"6:{written(tmp_path / 'stm', stmap)}",))
    way = "down" if upside else "up"
    assert told(caplog) == [f"STMaps of key 6: v {way}, from each frame into the key; "]
    places = vectors.start(HEIGHT, WIDTH) + WAYS.over(3, 6)
    np.testing.assert_allclose(motion.mapped(3, 6), places, atol=1e-3)
    assert motion.mapped(3, 1) is None
    assert motion.mapped(6, 6) is None


def test_gaps_are_named_and_filled(tmp_path, plates, caplog):
    motion = watched(plates, written(tmp_path / "nuke", formats.nuke, but=(3, 4)))
    assert "Frame 3-4 has no file of vectors: optical flow is taken there" in told(caplog)
    assert np.isfinite(motion.way(3, 4)).all()
    assert off(motion, 5, 6) < 0.01


def zeros(ways: formats.Ways, frame: int) -> Planes:
    return {name: 0 * plane for name, plane in formats.nuke(ways, frame).items()}


def mirrored(ways: formats.Ways, frame: int) -> Planes:
    return {
        name: np.roll(plane[::-1, ::-1], 20, 1) for name, plane in formats.nuke(ways, frame).items()
    }


def proxies(ways: formats.Ways, frame: int) -> Planes:
    return {name: plane[::2, ::2] for name, plane in formats.nuke(ways, frame).items()}


def beauty(ways: formats.Ways, frame: int) -> Planes:
    return {f"{layer}.R": ways.before[frame][0] for layer in ("left", "right")}


BAD = {
    zeros: (PassError, "layer forward are all zero", "looked at frame 2, 3, 4, 5"),
    mirrored: (PassError, "do not tell how the plates move", "standing still, read as x "),
    proxies: (PassError, "frame.0002.exr is not of the plate's size", "48x36, not 96x72"),
    beauty: (PassError, "frame.0001.exr tells no motion", "left (R), right (R)"),
}


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_what_is_no_motion_of_the_shot_is_refused(tmp_path, plates, make):
    kind, what, found = BAD[make]
    pattern = written(tmp_path / "bad", make)
    with pytest.raises(kind) as refused:
        watched(plates, pattern)
    assert what in refused.value.what
    assert found in refused.value.found
    assert refused.value.do


def test_most_frames_must_have_vectors(tmp_path, plates):
    pattern = written(tmp_path / "few", formats.nuke, but=(1, 2, 3, 6))
    with pytest.raises(FrameError, match=r"Most frames .* none for frame 1-3, 6"):
        watched(plates, pattern)


def test_a_damaged_file_is_refused(tmp_path, plates):
    pattern = written(tmp_path / "torn", formats.nuke)
    path = tmp_path / "torn/frame.0004.exr"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ImageError, match=r"frame\.0004"):
        watched(plates, pattern)


def test_an_stmap_of_the_other_output_is_refused(tmp_path, plates):
    def backwards(ways: formats.Ways, frame: int) -> Planes:
        reversed_ways = formats.Ways(ways.before, ways.after)
        moved = reversed_ways.over(6, frame)
        x, y = vectors.start(HEIGHT, WIDTH) + moved + np.float32(0.5)
        return {"R": x / WIDTH, "G": 1 - y / HEIGHT}

    pattern = written(tmp_path / "stm", backwards)
    with pytest.raises(PassError, match=r"from the key to the frames.*st-map inverse"):
        watched(plates, stmap=(f"6:{pattern}",))


@pytest.mark.parametrize("key", [1, 6])
def test_an_stmap_of_another_key_is_refused(tmp_path, plates, key):
    def stmap(ways: formats.Ways, frame: int) -> Planes:
        return formats.stmap(ways, 7 - frame, 7 - key)

    with pytest.raises(PassError, match=r"do not lead to the key|from the key to the frames"):
        watched(plates, stmap=(f"{key}:{written(tmp_path / 'stm', stmap)}",))


WRONG = {
    ("up=motion",): "up=motion names no motion",
    ("forward=",): "forward= names no motion",
    ("forward=a,forward=b",): "forward is named twice",
    ("a.####.exr", "b.####.exr"): "Vectors lie in one sequence",
    ("nowhere.####.exr",): "No file matches nowhere.####.exr",
}


@pytest.mark.parametrize("motion", WRONG)
def test_words_that_name_no_motion_are_refused(plates, motion):
    with pytest.raises(VelaturaError) as refused:
        MotionFiles.parse(motion, (), plates)
    assert refused.value.what == WRONG[motion]
    assert refused.value.do


def test_stmaps_belong_to_a_key(tmp_path, plates):
    pattern = written(tmp_path / "stm", formats.nuke)
    with pytest.raises(PassError, match="An STMap belongs to a key"):
        MotionFiles.parse((), (pattern,), plates)
    with pytest.raises(FrameError, match="There is no frame 9 for the STMaps"):
        MotionFiles.parse((), (f"9:{pattern}",), plates)
    with pytest.raises(PassError, match="The key 6 has two STMaps"):
        MotionFiles.parse((), (f"6:{pattern}", f"6:{pattern}"), plates)


def test_other_numbers_than_the_plates_are_refused(tmp_path, plates):
    pattern = written(tmp_path / "nuke", formats.nuke)
    late = {frame + 1000: path for frame, path in plates.items()}
    with pytest.raises(FrameError, match="files 1 to 6, plates 1001 to 1006"):
        MotionFiles.parse((pattern,), (), late)


def test_a_memo_of_the_shot_changes_with_its_motion(tmp_path, plates):
    pattern = written(tmp_path / "nuke", formats.nuke)
    given = MotionFiles.parse((pattern,), (), plates)
    before = given.stamps()
    assert MotionFiles.parse((pattern,), (), plates).stamps() == before
    assert MotionFiles.parse((pattern, "motion"), (), plates).stamps() != before
    formats.write(tmp_path / "nuke", 3, zeros(WAYS, 3))
    assert given.stamps() != before
