"""The benchmark shots come out the same every time, and their figures see what they are for."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "benchmarks")]

pytest.importorskip("cv2")

import free_painter  # noqa: E402
import judge  # noqa: E402
import shotfolder  # noqa: E402
import street  # noqa: E402
import street_things  # noqa: E402

from velatura.image import exr  # noqa: E402
from velatura.plate import colour, flat  # noqa: E402

SIZE = (128, 72)


@pytest.fixture(scope="module")
def things() -> tuple[street_things.Layer, ...]:
    return street_things.things()


def seen(things: tuple[street_things.Layer, ...], number: int) -> np.ndarray:
    return street.frame(things, number, SIZE, lambda t: t)[0]


def test_the_street_is_the_same_every_time_and_holds_a_frame(
    things: tuple[street_things.Layer, ...],
) -> None:
    again = street_things.things()
    assert np.array_equal(seen(things, 12), seen(again, 12))
    assert np.array_equal(seen(things, 12), seen(things, 13))
    assert not np.array_equal(seen(things, 12), seen(things, 14))


def test_the_van_has_a_matte(things: tuple[street_things.Layer, ...]) -> None:
    _, matte = street.frame(things, 3, SIZE, lambda t: t)
    assert 0.02 < matte.mean() < 0.2
    assert matte.min() >= 0
    assert matte.max() <= 1 + 1e-6


def test_the_free_painter_paints_a_frame_again_but_never_two_alike(
    things: tuple[street_things.Layer, ...],
) -> None:
    plate = seen(things, 3)
    once, again, other = (free_painter.paint(plate, seed) for seed in (3, 3, 4))
    assert np.array_equal(once, again)
    assert np.abs(once - other).mean() > 0.01
    assert np.abs(once.mean((0, 1)) - other.mean((0, 1))).max() < 0.02


def test_bare_plate_is_seen_where_there_was_paint() -> None:
    plate = torch.full((1, 3, 40, 40), 0.18)
    truth, result = plate.clone(), plate.clone()
    truth[..., :20] = 0.4
    result[..., :10] = 0.4
    assert judge.bare_share(truth, truth, plate) == 0
    assert judge.bare_share(plate, truth, plate) == pytest.approx(1, abs=0.12)
    assert judge.bare_share(result, truth, plate) == pytest.approx(0.5, abs=0.12)


def test_a_layer_is_judged_over_its_plate_and_learnt_as_it_is(tmp_path: Path) -> None:
    light, alpha = np.full((8, 8, 3), 0.5, np.float32), np.zeros((8, 8), np.float32)
    alpha[:4] = 1
    shotfolder.write(tmp_path / "plate" / shotfolder.name(1), light)
    shotfolder.write(tmp_path / "layer" / shotfolder.name(1), 0.5 * light * alpha[..., None], alpha)
    (tmp_path / "keys").mkdir()
    (tmp_path / "truth").mkdir()
    shot = shotfolder.Shot.of(str(tmp_path), "layer", [1], "")
    pattern, truth = shot.lay_out(tmp_path / "keys", tmp_path / "truth")
    whole, _ = shotfolder.read(truth[1])
    assert np.allclose(whole[:4], 0.25)
    assert np.allclose(whole[4:], 0.5)
    assert pattern.endswith("frame.####.png")
    learnt = flat.read_rgb(tmp_path / "keys/frame.0001.png")
    assert not learnt.premultiplied
    assert learnt.alpha is not None
    assert np.array_equal(learnt.alpha, alpha)
    straight = colour.convert(learnt.rgb.transpose(2, 0, 1).copy(), learnt.space, shotfolder.LIGHT)
    assert np.allclose(straight[:, :4], 0.25, atol=1e-4)


def test_a_shot_is_stripped_of_all_but_the_passes_that_are_named() -> None:
    image = exr.read(shotfolder.COURTYARD / "plate" / shotfolder.name(1))
    kept = shotfolder.stripped(image, ["Vector"])
    assert [part.name for part in kept.parts] == ["ViewLayer.Combined", "ViewLayer.Vector"]
    with pytest.raises(SystemExit, match="Motion"):
        shotfolder.stripped(image, ["Motion"])
