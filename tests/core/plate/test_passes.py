"""Beauty and guides are found by the names that Blender, Nuke, Arnold and RenderMan write."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from velatura.errors import PassError
from velatura.image import exr
from velatura.image.planes import Image, Part, Plane, Window
from velatura.plate import ids, passes
from velatura.plate.beauty import Beauty, pick_beauty

SHOT = Path(exr.__file__).parents[1] / "courtyard/plate/frame.0001.exr"
WINDOW = Window(0, 0, 4, 3)


def part(names: str | list[str], name: str = "", window: Window = WINDOW, start: int = 1) -> Part:
    """Return a part whose planes are filled with 1, 2, 3... in the order of their names."""
    listed = names.split() if isinstance(names, str) else names
    shape = (window.height, window.width)
    planes = [Plane(n, np.full(shape, start + i, np.float32)) for i, n in enumerate(listed)]
    return Part(name, tuple(planes), window, window, {})


def image(names: str | list[str]) -> Image:
    return Image((part(names),), "beauty.0001.exr")


def with_plane(name: str, pixels: np.ndarray) -> Image:
    return Image((Part("", (Plane(name, pixels),), WINDOW, WINDOW, {}),))


BLENDER = [
    *("ViewLayer.Combined.A", "ViewLayer.Combined.B", "ViewLayer.Combined.G"),
    *("ViewLayer.Combined.R", "ViewLayer.Noisy Image.R", "ViewLayer.Noisy Image.G"),
    *("ViewLayer.Noisy Image.B", "ViewLayer.Normal.X", "ViewLayer.Normal.Y", "ViewLayer.Normal.Z"),
    *("ViewLayer.Depth.Z", "ViewLayer.Diffuse Color.R", "ViewLayer.Diffuse Color.G"),
    *("ViewLayer.Diffuse Color.B", "ViewLayer.CryptoObject00.r", "ViewLayer.CryptoObject00.g"),
]
NUKE = "R G B A diffuse.red diffuse.green diffuse.blue depth.Z forward.u forward.v"
ARNOLD = (
    "R G B A Z N.X N.Y N.Z diffuse_albedo.R diffuse_albedo.G diffuse_albedo.B "
    "crypto_object.R crypto_object.G crypto_object.B crypto_object00.R crypto_object00.G"
)
RENDERMAN = "Ci.r Ci.g Ci.b a z Nn.r Nn.g Nn.b albedo.r albedo.g albedo.b __Pworld.r __Pworld.g"


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (BLENDER, " ".join(f"ViewLayer.Combined.{component}" for component in "RGBA")),
        (NUKE, "R G B A"),
        ("rgba.red rgba.green rgba.blue rgba.alpha",
         "rgba.red rgba.green rgba.blue rgba.alpha"),
        ("beauty.R beauty.G beauty.B diffuse.R diffuse.G diffuse.B",
         "beauty.R beauty.G beauty.B None"),
        (ARNOLD, "R G B A"),
        ("RGBA.R RGBA.G RGBA.B RGBA.A", "RGBA.R RGBA.G RGBA.B RGBA.A"),
        (RENDERMAN, "Ci.r Ci.g Ci.b a"),
        ("r g b a", "r g b a"),
        ("B G R", "R G B None"),
    ],
)  # fmt: skip
def test_the_beauty_is_found_in_every_dialect(names, wanted):
    beauty = pick_beauty(image(names))
    assert " ".join([*beauty.rgb, str(beauty.alpha)]) == wanted


def test_a_finished_composite_wins_over_the_layers_it_is_made_of():
    names = [f"{layer}.Combined.{c}" for layer in ("Composite", "Sky", "Set") for c in "RGBA"]
    assert pick_beauty(image(names)).rgb[0] == "Composite.Combined.R"


def test_parts_that_all_hold_r_g_b_are_told_apart_by_their_names():
    parts = (part("R G B", "albedo"), part("R G B A", "C", start=11), part("X Y Z", "N", start=21))
    plate = Image(parts)
    assert pick_beauty(plate) == Beauty(("C.R", "C.G", "C.B"), "A")
    found = passes.pick_guides(plate, list(passes.GUIDES))
    assert {name: values[:, 0, 0].tolist() for name, values in found.items()} == {
        "albedo": [1, 2, 3],
        "normal": [21, 22, 23],
    }


def test_a_bare_z_in_a_part_of_vectors_is_no_depth():
    plate = Image((part("R G B A", "rgba"), part("X Y Z", "position")))
    assert passes.pick_guides(plate, ["depth"]) == {}


def test_the_beauty_need_not_be_the_first_part_nor_have_a_known_name():
    plate = Image((part("R G B", "albedo"), part("Z", "depth"), part("R G B", "shot")))
    assert pick_beauty(plate).rgb == ("shot.R", "shot.G", "shot.B")


def test_of_views_without_known_names_the_first_is_the_main_one():
    plate = Image((part("R G B A", "left"), part("R G B A", "right")))
    assert pick_beauty(plate) == Beauty(("left.R", "left.G", "left.B"), "left.A")


@pytest.mark.parametrize(
    ("names", "layer", "wanted"),
    [
        (NUKE, "diffuse", ("diffuse.red", "diffuse.green", "diffuse.blue", "A")),
        (NUKE, "Diffuse", ("diffuse.red", "diffuse.green", "diffuse.blue", "A")),
        (NUKE, "diffuse.red, diffuse.green,diffuse.blue",
         ("diffuse.red", "diffuse.green", "diffuse.blue", "A")),
        (NUKE, "R,R,R,depth.Z", ("R", "R", "R", "depth.Z")),
        (BLENDER, "noisy image", ("ViewLayer.Noisy Image.R", "ViewLayer.Noisy Image.G",
                                  "ViewLayer.Noisy Image.B", "ViewLayer.Combined.A")),
    ],
)  # fmt: skip
def test_another_layer_can_be_named_and_shares_the_beautys_alpha(names, layer, wanted):
    beauty = pick_beauty(image(names), layer)
    assert (*beauty.rgb, beauty.alpha) == wanted


@pytest.mark.parametrize(
    ("names", "layer", "message"),
    [
        ("ViewLayer.Depth.Z Y", "", r"no red, green and blue.* ViewLayer\.Depth \(Z\), \(Y\)"),
        (NUKE, "specular", r"no layer specular\. Found: \(R G B A\), diffuse \(red green blue\)"),
        (NUKE, "forward", "no red, green and blue in forward"),
        (NUKE, "R,G", "names 2 channels"),
        (NUKE, "R,G,X", "no channel X"),
        (["a.diffuse.R", "b.diffuse.R"], "diffuse", "more than one layer diffuse"),
    ],
)
def test_where_there_is_none_the_channels_there_are_get_named(names, layer, message):
    with pytest.raises(PassError, match=message) as refusal:
        pick_beauty(image(names), layer)
    assert refusal.value.exit_code == 3


def test_planes_that_do_not_cover_the_same_pixels_make_no_beauty():
    plate = Image((part("R G", "a"), part("B", "b", Window(1, 1, 4, 3))))
    with pytest.raises(PassError, match="do not cover the same pixels"):
        pick_beauty(plate, "R,G,B")


def test_alpha_of_another_data_window_is_not_taken():
    plate = Image((part("R G B", "a"), part("A", "b", Window(1, 1, 4, 3))))
    assert pick_beauty(plate).alpha is None


@pytest.mark.parametrize(
    ("names", "guides"),
    [
        (BLENDER, {"normal": [8, 9, 10], "depth": [11], "albedo": [12, 13, 14], "id": 15}),
        ([n.replace("Diffuse Color", "DiffCol").replace("00.r", "00.R") for n in BLENDER],
         {"normal": [8, 9, 10], "depth": [11], "albedo": [12, 13, 14], "id": 15}),
        (NUKE, {"depth": [8]}),
        (ARNOLD, {"normal": [6, 7, 8], "depth": [5], "albedo": [9, 10, 11], "id": 15}),
        (RENDERMAN, {"normal": [6, 7, 8], "depth": [5], "albedo": [9, 10, 11]}),
        (BLENDER + [f"ViewLayer.{name}" for name in (*(f"Position.{c}" for c in "XYZ"),
                                                     *(f"Vector.{c}" for c in "WXYZ"))],
         {"normal": [8, 9, 10], "depth": [11], "albedo": [12, 13, 14], "id": 15,
          "position": [17, 18, 19], "vector": [21, 22, 23, 20]}),
        ("R G B A P.X P.Y P.Z motionvector.R motionvector.G", {"position": [5, 6, 7]}),
        ("Ci.r Ci.g Ci.b __Pworld.r __Pworld.g __Pworld.b", {"position": [4, 5, 6]}),
        ("R G B A", {}),
    ],
)  # fmt: skip
def test_guides_are_found_in_every_dialect(names, guides):
    plate = image(names)
    found = passes.pick_guides(plate, list(passes.GUIDES))
    assert set(found) == set(guides)
    for guide, values in found.items():
        assert values.shape == (passes.GUIDES[guide], 3, 4)
        assert values.dtype == np.float32
        if guide == "id":
            objects = np.full((3, 4), guides["id"], np.float32).view(np.uint32)
            np.testing.assert_array_equal(values, ids.coloured(objects))
        else:
            assert values[:, 0, 0].tolist() == guides[guide]


def test_a_guide_can_be_taken_from_any_layer():
    plate = image("R G B bump.X bump.Y bump.Z")
    found = passes.pick_guides(plate, ["normal"], {"normal": "bump"})
    assert found["normal"][:, 0, 0].tolist() == [4, 5, 6]
    with pytest.raises(PassError, match="no layer dents"):
        passes.pick_guides(plate, ["normal"], {"normal": "dents"})
    with pytest.raises(PassError, match="no depth channels"):
        passes.pick_guides(image("R G B x.U"), ["depth"], {"depth": "x"})


def test_motion_of_two_channels_is_not_taken_for_motion_both_ways():
    plate = image("R G B A forward.u forward.v")
    assert passes.pick_guides(plate, ["vector"]) == {}
    with pytest.raises(PassError, match="forward has no vector channels"):
        passes.pick_guides(plate, ["vector"], {"vector": "forward"})
    named = passes.pick_guides(image("R G B m.R m.G m.B m.A"), ["vector"], {"vector": "m"})
    assert named["vector"][:, 0, 0].tolist() == [4, 5, 6, 7]


def test_a_guide_of_one_channel_can_be_named_by_its_channel():
    plate = image("R G B A Z crypto_object00.R crypto_object00.G deep.front deep.back")
    overrides = {"depth": "deep.back", "id": "crypto_object00.R"}
    found = passes.pick_guides(plate, ["depth", "id"], overrides)
    assert found["depth"][0, 0, 0] == 9
    np.testing.assert_array_equal(found["id"], passes.pick_guides(plate, ["id"])["id"])
    assert passes.pick_guides(plate, ["depth"], {"depth": "Z"})["depth"][0, 0, 0] == 5


def test_guides_that_are_lacking_get_named():
    lacking = passes.lacking(image(NUKE), list(passes.GUIDES))
    assert lacking == ("normal", "albedo", "id", "position", "vector")
    assert passes.lacking(image(NUKE), ["albedo"], {"albedo": "diffuse"}) == ()


def test_depth_has_zeros_where_there_is_nothing():
    depth = np.array([[1, 1e10, np.inf, np.nan], [-1, 0, 5e8, 1e30]] * 2, np.float32)[:3]
    found = passes.pick_guides(with_plane("depth.Z", depth), ["depth"])
    wanted = np.array([[1, 0, 0, 0], [0, 0, 5e8, 0]] * 2, np.float32)[:3]
    np.testing.assert_array_equal(found["depth"][0], wanted)


def test_a_guide_never_hands_nan_or_inf_to_the_network_nor_changes_the_plate():
    plate = image("N.X N.Y N.Z")
    plate.parts[0].planes[1].pixels[0, :2] = np.nan, -np.inf
    before = plate.parts[0].planes[1].pixels.copy()
    found = passes.pick_guides(plate, ["normal"])["normal"]
    assert found[1, 0].tolist() == [0, 0, 2, 2]
    np.testing.assert_array_equal(plate.parts[0].planes[1].pixels, before)


def test_guides_of_another_data_window_are_laid_where_the_beauty_is():
    plate = Image((part("R G B"), part("depth.Z", "d", Window(-2, 1, 4, 5), start=7)))
    found = passes.pick_guides(plate, ["depth"], window=WINDOW)
    assert found["depth"][0].tolist() == [[0, 0, 0, 0], [7, 7, 0, 0], [7, 7, 0, 0]]
    away = Image((part("R G B"), part("depth.Z", "d", Window(90, 90, 4, 5), start=7)))
    assert not passes.pick_guides(away, ["depth"], window=WINDOW)["depth"].any()


def test_guides_stack_in_the_looks_order_with_zeros_for_missing_ones():
    found = {"depth": np.ones((1, 3, 4), np.float32), "id": np.full((3, 3, 4), 2, np.float32)}
    stacked = passes.stack_guides(found, ["normal", "depth", "id"], 3, 4)
    assert stacked.dtype == np.float32
    assert stacked[:, 0, 0].tolist() == [0, 0, 0, 1, 2, 2, 2]
    assert passes.stack_guides({}, [], 3, 4).shape == (0, 3, 4)


def test_a_real_blender_shot_has_the_usual_guides_and_one_colour_per_object():
    plate = exr.read(SHOT)
    assert pick_beauty(plate).alpha == "ViewLayer.Combined.A"
    wanted = ["normal", "depth", "albedo", "id"]
    found = passes.pick_guides(plate, wanted)
    assert list(found) == wanted
    assert 0 < found["depth"].max() < 100
    manifest = json.loads(plate.parts[0].attributes["cryptomatte/542cafa/manifest"])
    colours = {tuple(colour) for colour in found["id"].reshape(3, -1).T.tolist()}
    known = np.array([[int(bits, 16) for bits in manifest.values()]], np.uint32)
    assert colours - {(0, 0, 0)} <= {tuple(c) for c in ids.coloured(known)[:, 0].T.tolist()}
    assert len(colours) == 6  # five objects and the sky
