"""The shipped Group on real EXR files: the core's picture in rgb, the plate in all else.

It is evaluated by our reading of Nuke, not by Nuke: see `evaluator`.
"""

from __future__ import annotations

import re

import glazing
import nuke
import numpy as np
import plates
import pytest
import shell
from images import assert_images_match
from nuke import scripts
from shots import SIZE, Studio, law, stack

import velatura_nuke
from velatura.image import exr
from velatura.image.planes import Image, Window, place

MATTE = np.float32([-0.5, 0.0, 0.25, 1.0, 2.5, 6.0, np.inf, np.nan])
"""What a matte may hold; above 1 it is 1, and what is no number is 0."""


@pytest.fixture
def look(studio: Studio) -> nuke.Group:
    """A look node whose gain is rendered, in a script that can be rendered."""
    node = studio.begin()
    velatura_nuke.bake(node)
    return node


@pytest.fixture
def matte(studio: Studio, look: nuke.Group) -> np.ndarray:
    """A matte on the input mask, as large as the plate."""
    values = np.resize(MATTE, SIZE[0] * SIZE[1]).reshape(SIZE).copy()
    data, display = Window(-4, -3, SIZE[1], SIZE[0]), Window(0, 0, 48, 32)
    planes = {"A": values, "matte.a": values[::-1].copy()}
    exr.write(studio.folder / "matte.exr", Image((exr.new_part(planes, data, display),)))
    node = nuke.nodes.Read(file=str(studio.folder / "matte.exr"), raw=True, file_type="exr")
    look.setInput(1, node)
    return np.where(np.isfinite(values), values, 0)


def test_strength_0_is_the_plate_bit_for_bit(studio: Studio, look: nuke.Group) -> None:
    look["strength"].setValue(0)
    found, plate = studio.render(), exr.read(studio.plate(1))
    # NaN, Inf and -0 too: Gate leads past
    assert_images_match(stack(found, *"RGBA"), stack(plate, *"RGBA"))


def test_a_matte_of_0_is_the_plate_bit_for_bit(studio: Studio, matte: np.ndarray) -> None:
    found, plate = studio.render(), exr.read(studio.plate(1))
    shown, wanted = (np.where(matte <= 0, stack(each, *"RGB"), 0) for each in (found, plate))
    assert_images_match(shown, wanted)


@pytest.mark.usefixtures("look")
def test_strength_1_is_what_velatura_apply_makes(studio: Studio) -> None:
    found = studio.render()
    picture = glazing.run(studio.plate(1), studio.look, studio.folder / "core", write="picture")
    shown, wanted = stack(found, *"RGB"), stack(picture, *"RGB")  # the core's is in halves
    beyond = np.abs(shown) > plates.SPECIAL[7]  # a half has no such numbers
    fit = np.isfinite(wanted) & ~beyond
    # A half keeps 11 bits; the two sides may round to either neighbour.
    assert (np.abs(shown[fit] - wanted[fit]) <= 2**-10 * np.abs(wanted[fit]) + 2**-24).all()
    assert fit.mean() > 0.99


@pytest.mark.parametrize("slider", [0.0, 0.03, 0.5, 1.0, 1.7, 4.0])
def test_every_strength_is_the_law(studio: Studio, look: nuke.Group, slider: float) -> None:
    velatura_nuke.set_strength(look, slider)
    law(studio, 1, slider, studio.render())


def test_raw_stops_where_the_artist_wants_them(studio: Studio, look: nuke.Group) -> None:
    look["even"].setValue(False)
    look["strength"].setValue(1.0)
    whole = studio.render()
    look["strength"].setValue(0.5)
    plate, layer = exr.read(studio.plate(1)), exr.read(studio.gain(1))
    half, wanted = stack(studio.render(), *"RGB"), glazing.law(plate, layer, 0.5)
    fit = np.isfinite(wanted)
    np.testing.assert_allclose(half[fit], wanted[fit], rtol=2e-6, atol=1e-7)  # as in `law`
    assert not np.array_equal(half, stack(whole, *"RGB"), equal_nan=True)


@pytest.mark.parametrize("slider", [0.4, 1.0])
def test_a_matte_is_where_the_look_goes(
    studio: Studio, look: nuke.Group, matte: np.ndarray, slider: float
) -> None:
    look["strength"].setValue(slider)
    law(studio, 1, slider, studio.render(), matte)


@pytest.mark.usefixtures("matte")
def test_an_inverted_matte(studio: Studio, look: nuke.Group) -> None:
    look["invert_mask"].setValue(True)
    raw = exr.read(studio.folder / "matte.exr").find("A")[1].pixels.astype(np.float32)
    inverted = np.where(np.isfinite(raw), 1 - raw, 0)
    law(studio, 1, 1.0, studio.render(), inverted)


def test_a_matte_in_another_channel(studio: Studio, look: nuke.Group, matte: np.ndarray) -> None:
    look["maskChannelInput"].setValue("matte.a")
    law(studio, 1, 1.0, studio.render(), matte[::-1])


def test_invert_without_a_matte_changes_nothing(studio: Studio, look: nuke.Group) -> None:
    look["invert_mask"].setValue(True)
    law(studio, 1, 1.0, studio.render())


@pytest.mark.parametrize("mix", [0.0, 0.3])
def test_mix_dissolves_in_light(studio: Studio, look: nuke.Group, mix: float) -> None:
    look["mix"].setValue(mix)
    law(studio, 1, 1.0, studio.render(), mix=mix)


@pytest.mark.parametrize("window", [Window(3, 2, 9, 7), Window(-30, -20, 120, 90)])
def test_a_matte_of_another_size_is_nothing_outside_and_moves_no_window(
    studio: Studio, look: nuke.Group, window: Window
) -> None:
    ones = np.ones((window.height, window.width), np.float32)
    part = exr.new_part({"A": ones}, window, Window(0, 0, 48, 32))
    exr.write(studio.folder / "other.exr", Image((part,)))
    node = nuke.nodes.Read(file=str(studio.folder / "other.exr"), raw=True, file_type="exr")
    look.setInput(1, node)
    law(studio, 1, 1.0, studio.render(), place(ones, window, Window(-4, -3, SIZE[1], SIZE[0])))


def test_metadata_comes_from_the_plate(look: nuke.Group) -> None:
    assert look.metadata("exr/owner") == "the studio"


def test_a_plate_without_alpha_counts_as_opaque(studio: Studio) -> None:
    window = Window(0, 0, 32, 24)
    rgb = plates.light(24, 32)
    for frame in (1, 2, 3):
        part = exr.new_part(dict(zip("RGB", rgb, strict=True)), window, window)
        exr.write(studio.plate(frame), Image((part,)))
    look = studio.begin()
    velatura_nuke.bake(look)
    found, layer = studio.render(), exr.read(studio.gain(1))
    assert sorted(found.names) == ["B", "G", "R"]
    wanted = glazing.law(exr.read(studio.plate(1)), layer, 1.0)
    np.testing.assert_allclose(stack(found, *"RGB"), wanted, rtol=2e-6, atol=1e-7)  # as in `law`


def test_the_shipped_text_is_the_node_that_python_makes() -> None:
    def bared(knobs: dict[str, str]) -> dict[str, str]:
        """Return knobs as they read without the quotes that one way of writing may omit."""
        bare = {name: re.sub(r'^\{"(.*)"\}$', r"{\1}", text) for name, text in knobs.items()}
        return {name: text.replace("\\", "") for name, text in bare.items()}

    nuke.nodePaste(str(shell.PLUGIN / "Velatura.gizmo"))
    pasted = nuke.toNode("Velatura1")
    pasted.setName("Pasted")
    made = velatura_nuke.create()

    def shape(node: nuke.Node) -> object:
        text = scripts.as_text(node)
        inner = [
            (
                each.kind,
                each.name,
                bared(each.knobs),
                [source and source.name for source in each.inputs],
            )
            for each in text.nodes
        ]
        live = {"uid", "selected", "look", "first", "last", "xpos", "ypos", "label"}
        knobs = bared({name: value for name, value in text.knobs.items() if name not in live})
        users = [words for words in text.users if words[1] != "look"]
        return knobs, users, sorted(inner, key=str)

    assert shape(pasted) == shape(made)
