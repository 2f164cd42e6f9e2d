"""Stereo: each view is glazed as if it were a picture of its own, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import plates
import pytest
from glazing import law, run, stack

from velatura.errors import PassError
from velatura.image import exr
from velatura.image.planes import Image, Window


def planes(seed: int, prefix: str = "", width: int = 56) -> dict[str, np.ndarray]:
    return {prefix + name: plane for name, plane in plates.rgba(40, width, seed).items()}


def single(path: Path) -> Path:
    """Nuke's: one part, the second view's channels behind its name."""
    both = {**planes(1), **planes(2, "right."), "depth.Z": np.ones((40, 56), np.float32)}
    exr.write(path, Image((plates.part(both, attributes={"multiView": ["left", "right"]}),)))
    return path


def multi(path: Path) -> Path:
    """A part for each view, of other widths."""
    parts = [
        plates.part(planes(seed, width=width), view, {"view": view})
        for seed, view, width in ((1, "left", 56), (2, "right", 48))
    ]
    parts[1] = replace(parts[1], display=parts[0].display)
    parts.append(plates.part({"Z": np.ones((40, 56), np.float32)}, "depth"))
    exr.write(path, Image(tuple(parts)))
    return path


def untold(path: Path) -> Path:
    """Channels of both views, by their names alone."""
    both = {**planes(1, "left."), **planes(2, "right."), "depth.Z": np.ones((40, 56), np.float32)}
    exr.write(path, Image((plates.part(both),)))
    return path


def untold_parts(path: Path) -> Path:
    """A part for each view, by their names alone."""
    exr.write(path, Image(tuple(plates.part(planes(n), v) for n, v in ((1, "left"), (2, "right")))))
    return path


RIGHT = {single: ("right.R", "right.G", "right.B"), multi: ("right.R", "right.G", "right.B")}


@pytest.mark.parametrize("made", [single, multi, untold, untold_parts])
def test_each_view_comes_out_as_it_would_alone(tmp_path, look, made):
    plate = made(tmp_path / "plate.exr")
    found = run(plate, look, tmp_path / "out", write="both")
    layer = exr.read(tmp_path / "out" / "plate.gain.exr")
    for seed, view in ((1, "left"), (2, "right")):
        width = 48 if made is multi and view == "right" else 56
        alone = tmp_path / f"{view}.exr"
        part = plates.part(planes(seed, width=width))
        exr.write(alone, Image((replace(part, display=Window(0, 0, 56, 40)),)))
        wanted = run(alone, look, tmp_path / view, write="both")
        gain = exr.read(tmp_path / view / f"{view}.gain.exr")
        of_parts = made in {multi, untold_parts}
        prefix = f"{view}." if of_parts or made is untold or view == "right" else ""
        names = [prefix + name for name in "RGB"]
        np.testing.assert_array_equal(stack(found, *names), stack(wanted, *"RGB"))
        names = names if made is multi or view == "right" else list("RGB")
        np.testing.assert_array_equal(stack(layer, *names), stack(gain, *"RGB"))
        assert np.abs(stack(gain, *"RGB")).max() > 0


@pytest.mark.parametrize("made", [single, multi])
def test_one_view_may_be_chosen_and_the_other_is_said_to_stay(tmp_path, look, made, caplog):
    plate = made(tmp_path / "plate.exr")
    found = run(plate, look, tmp_path / "out", write="both", views="left")
    before = exr.read(plate)
    np.testing.assert_array_equal(stack(found, *RIGHT[made]), stack(before, *RIGHT[made]))
    left = [f"left.{name}" for name in "RGB"] if made is multi else [*"RGB"]
    layer = exr.read(tmp_path / "out" / "plate.gain.exr")
    assert layer.names == [*"BGR"]
    rgb = Image((plates.part(dict(zip("RGBA", stack(before, *left, _alpha(made)), strict=True))),))
    np.testing.assert_allclose(stack(found, *left), law(rgb, layer, 1.0), rtol=2e-3, atol=1e-6)
    assert "right" in caplog.text


def _alpha(made: object) -> str:
    return "left.A" if made is multi else "A"


def test_a_view_that_is_not_there_is_refused(tmp_path, look):
    plate = single(tmp_path / "plate.exr")
    with pytest.raises(PassError, match=r"no view middle.*left, right.*--views"):
        run(plate, look, tmp_path / "out", views="middle")
    with pytest.raises(PassError, match=r"no view left.*one view"):
        run(plates.plain(tmp_path / "mono.exr"), look, tmp_path / "out", views="left")


@pytest.mark.parametrize("made", [single, multi])
def test_one_matte_of_the_plate_holds_for_both_views_and_the_main_one_is_delivered(
    tmp_path, look, made
):
    plate = made(tmp_path / "plate.exr")
    settings = {"write": "picture", "mask": "depth.Z" if made is single else "Z"}
    masked = run(plate, look, tmp_path / "out", deliver="png", **settings)
    plain = run(plate, look, tmp_path / "plain", write="picture")
    for name in RIGHT[made]:
        np.testing.assert_array_equal(stack(masked, name), stack(plain, name))
    assert (tmp_path / "out" / "plate.png").is_file()
    run(plate, look, tmp_path / "out", deliver="mov", **settings)
    assert (tmp_path / "out" / "plate.mov").is_file()


def test_a_picture_for_looking_is_of_one_view_which_is_said(tmp_path, look, caplog):
    path = single(tmp_path / "plate.exr")
    run(path, look, tmp_path / "both", write="picture", deliver="png", strength=0.0)
    assert "--as png writes one view, left. --views takes another: right" in caplog.text
    caplog.clear()
    run(path, look, tmp_path / "one", write="picture", deliver="png", views="right")
    assert "--as png" not in caplog.text
    both, one = ((tmp_path / name / "plate.png").read_bytes() for name in ("both", "one"))
    assert both != one


@pytest.mark.parametrize("apart", [False, True])
def test_lights_called_left_and_right_are_no_views(tmp_path, look, caplog, apart):
    """Beside a picture of its own, such layers are AOVs: they stay as they are, which is said."""
    if apart:
        named = (("", 1), ("left", 2), ("right", 3))
        parts = [plates.part(planes(seed), name or "rgba") for name, seed in named]
    else:
        parts = [plates.part({**planes(1), **planes(2, "left."), **planes(3, "right.")})]
    plate = tmp_path / "plate.exr"
    exr.write(plate, Image(tuple(parts)))
    found, before = run(plate, look, tmp_path / "out", write="picture"), exr.read(plate)
    changed = [
        n for n in before.names if not np.array_equal(*(stack(i, n) for i in (found, before)))
    ]
    beauty = [n for n in before.names if n.partition(".")[0] not in {"left", "right"}]
    assert set(changed) == {n for n in beauty if not n.endswith("A")}
    assert "left as they are: left, right" in caplog.text
