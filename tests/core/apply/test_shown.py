"""What a look is shown: a plate without its grain, or brighter; the plate is painted as it is."""

from __future__ import annotations

from pathlib import Path

import looks
import numpy as np
import plates
import pytest
from glazing import run, stack

from velatura.apply import degrain, frame, targets
from velatura.apply.session import open_session
from velatura.image import exr
from velatura.image.planes import FloatArray, Image
from velatura.job import Job
from velatura.look import read
from velatura.plate.encoding import encoded

GRAIN = 0.15
"""Standard deviation of the tests' grain, stops."""


def step(height: int, width: int) -> FloatArray:
    """Return ``(3, H, W)`` light: two even walls, 1.5 stops apart."""
    light = np.full((3, height, width), 0.2, np.float32)
    light[:, :, width // 2 :] *= 2**1.5
    return light


def grainy(light: FloatArray, seed: int = 0) -> FloatArray:
    """Return the light with grain in stops, at 0.2 and above where the encoding counts stops."""
    noise = np.random.default_rng(seed).normal(0, GRAIN, light.shape)
    return (light * np.exp2(noise)).astype(np.float32)


def bordered(light: FloatArray) -> FloatArray:
    return np.pad(light, ((0, 0), *((degrain.REACH,) * 2,) * 2), mode="edge")


def written(path: Path, light: FloatArray, **attributes: object) -> Path:
    planes = dict(zip("RGB", light, strict=True))
    exr.write(path, Image((plates.part(planes, attributes=attributes),)))
    return path


def test_grain_goes_and_edges_stay():
    clean = step(64, 64)
    smoothed = degrain.smooth(bordered(grainy(clean)), GRAIN)
    stops = 8 * (encoded(smoothed) - encoded(clean))  # encoded light counts eighths of a stop
    # 25 pixels of which all count alike would leave a fifth of the deviation; near ones count more.
    assert stops.std() < GRAIN / 3.5, "beside the edge as well"
    across = smoothed.mean(axis=(0, 1))
    rise = np.log2(across[32] / across[31])
    assert rise == pytest.approx(1.5, abs=0.05), "from one px to the next"


def test_parts_of_a_frame_are_smoothed_as_the_whole_is():
    light = bordered(plates.light(50, 70))
    whole = degrain.smooth(light, GRAIN)
    border = 2 * degrain.REACH
    for top, left, height, width in (
        (0, 0, 20, 31),
        (7, 13, 1, 1),
        (33, 5, 17, 60),
        (9, 69, 41, 1),
    ):
        part = degrain.smooth(
            light[:, top : top + height + border, left : left + width + border], GRAIN
        )
        assert part.tobytes() == whole[:, top : top + height, left : left + width].tobytes()


def test_a_clean_plate_is_hardly_touched():
    # Waves of 10 px, a stop and a half high: only their crests are a little rounded.
    y, x = np.mgrid[:40, :60]
    light = np.exp2(0.75 * np.sin(x * 0.6) * np.cos(y * 0.5))[None].repeat(3, 0).astype(np.float32)
    smoothed = degrain.smooth(bordered(light), 0.1)
    assert np.abs(np.log2(smoothed / light)).max() < 0.15


def test_a_look_keeps_still_under_grain_and_the_picture_keeps_the_grain(tmp_path, look):
    clean = step(48, 96)
    for name, light in (("clean", clean), ("one", grainy(clean, 1)), ("two", grainy(clean, 2))):
        written(tmp_path / f"{name}.exr", light)

    def stops(name: str, amount: float) -> FloatArray:
        return stack(
            run(tmp_path / f"{name}.exr", look, tmp_path / f"{amount}", degrain=amount), *"RGB"
        )

    flicker, calmed = (
        np.abs(stops("one", amount) - stops("two", amount)).mean() for amount in (0.0, GRAIN)
    )
    assert calmed < flicker / 3.5
    edge = (..., slice(48 - 4, 48 + 4))
    assert np.abs(stops("one", GRAIN) - stops("clean", 0.0))[edge].mean() < flicker / 2
    picture = run(tmp_path / "one.exr", look, tmp_path / "p", write="picture", degrain=GRAIN)
    styled = stack(picture, *"RGB") / np.exp2(stops("one", GRAIN))
    noise = np.log2(styled / clean)[:, 8:-8, 8:40]
    # A darkening look passes grain as it is, a brightening one a little less because of the floor.
    assert noise.std() == pytest.approx(GRAIN, rel=0.1)


@pytest.mark.parametrize("settings", [{"degrain": GRAIN}, {"exposure": 1.5}])
def test_a_tiled_frame_equals_the_whole_one(tmp_path, look, settings):
    plate = written(tmp_path / "plate.exr", plates.with_specials(plates.light(150, 130)))
    layers = []
    for name, budget in (("whole", 2**30), ("tiled", 1200 * 1024)):
        job = Job(str(plate), str(look), str(tmp_path / name), **settings)
        Path(job.out).mkdir()
        files, session = targets.frames(job)[0], open_session(read(look), "cpu")
        frame.glaze(files, frame.load(files, job, session.card), job, session, budget)
        layers.append(stack(exr.read(tmp_path / name / "plate.gain.exr"), *"RGB"))
    assert layers[0].tobytes() == layers[1].tobytes()


@pytest.mark.parametrize("space", ["lin_rec709_scene", "lin_ap1_scene"])
def test_a_darker_plate_is_painted_as_the_usual_one_and_stays_dark(tmp_path, look, space):
    light = plates.light(40, 56) + np.float32(0.05)
    usual = written(tmp_path / "usual.exr", light, colorInteropID=space)
    dark = written(tmp_path / "dark.exr", light / 4, colorInteropID=space)
    wanted = run(usual, look, tmp_path / "o1", write="both")
    found = run(dark, look, tmp_path / "o2", write="both", exposure=2.0)
    # Half a gain layer keeps 11 bits of up to 8 stops: a part in 500 of the light.
    np.testing.assert_allclose(4 * stack(found, *"RGB"), stack(wanted, *"RGB"), rtol=4e-3)
    layers = [
        stack(exr.read(tmp_path / out / name), *"RGB")
        for out, name in (("o1", "usual.gain.exr"), ("o2", "dark.gain.exr"))
    ]
    darkening = layers[0] < 0  # brightening lifts by the floor, which counts more in the dark
    np.testing.assert_allclose(layers[1][darkening], layers[0][darkening], atol=0.01)
    unhelped = run(dark, look, tmp_path / "o3", write="picture")
    assert np.abs(4 * stack(unhelped, *"RGB") / stack(wanted, *"RGB") - 1).mean() > 0.02


def test_highlights_survive_an_exposure(tmp_path):
    darkening = looks.small(tmp_path / "look.onnx", strength=0.1)
    light = plates.light(40, 56)
    light[:, 10:20, 10:20] = 60000  # four times that is more than a half can hold
    plate = written(tmp_path / "plate.exr", light)
    picture = stack(run(plate, darkening, tmp_path / "out", write="picture", exposure=2.0), *"RGB")
    assert np.isfinite(picture).all()
    assert picture[:, 10:20, 10:20].min() > 20000
