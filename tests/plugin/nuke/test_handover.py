"""What the runtime is handed: passes under their own names, the working space, the frames."""

from __future__ import annotations

from pathlib import Path

import looks
import nuke
import numpy as np
import plates
import pytest
import stages
from shots import Studio

import velatura_nuke
from velatura import errors
from velatura.apply import sequence
from velatura.carry import packing
from velatura.carry.fields import Field
from velatura.carry.paint import Carry
from velatura.carry.painted_key import Key
from velatura.image import exr
from velatura.image.planes import Image, Window
from velatura.job import Job
from velatura.scene import tracks
from velatura.system.progress import Progress
from velatura_nuke import baking
from velatura_nuke.looknode import LookNode

RENDERED = {  # as Blender writes them, and as Nuke calls them once it has read them
    "ViewLayer_Position": "XYZ",
    "ViewLayer_Vector": "XYZW",
    "ViewLayer_Normal": "XYZ",
    "ViewLayer_CryptoObject00": ("red", "green", "blue", "alpha"),
    "depth": "Z",
    "N": "XYZ",
}


def passes(path: Path, *layers: str, colour: bool = True) -> Path:
    """Write a plate of 8 x 6 px with some passes in it, each channel a number of its own."""
    planes = plates.rgba(6, 8) if colour else {}
    names = [f"{layer}.{name}" for layer in layers for name in RENDERED[layer]]
    for number, name in enumerate(names):
        planes[name] = np.full((6, 8), number + 1, np.float32)
    window = Window(0, 0, 8, 6)
    exr.write(path, Image((exr.new_part(planes, window, window, {}),)))
    return path


def handed(node: nuke.Group) -> tuple[Job, Image]:
    """Return what the runtime is handed for frame 1."""
    bake = baking.prepare(LookNode(node), [1])
    baking.write(bake, [1])
    (job,) = bake.jobs([1])
    return job, exr.read(Path(job.plate % 1))


@pytest.fixture
def node(studio: Studio) -> nuke.Group:
    """A look that reads passes, on a plate without any."""
    node = studio.begin()
    reads = {"guides": ("normal",), "carried_by": ("position", "vector", "id")}
    velatura_nuke.set_look(node, looks.small(studio.folder / "shot.onnx", name="shot", **reads))
    return node


ALL = ("ViewLayer_Position", "ViewLayer_Vector", "ViewLayer_Normal", "ViewLayer_CryptoObject00")


def test_a_look_is_handed_the_passes_that_it_reads(studio: Studio, node: nuke.Group) -> None:
    passes(studio.plate(1), *ALL, "depth")
    node["datatype"].setValue("16 bit half")
    job, plate = handed(node)
    assert job.passes == (
        "normal=ViewLayer_Normal,position=ViewLayer_Position,vector=ViewLayer_Vector,"
        "id=ViewLayer_CryptoObject00"
    )
    wanted = {f"{layer}.{name}" for layer in ALL[:3] for name in RENDERED[layer]}
    wanted |= {"R", "G", "B", "A", "ViewLayer_CryptoObject00.red"}
    assert {name for _, name, _ in plate.planes()} == wanted  # no depth: nobody asked for it
    kinds = {plane.pixels.dtype for _, _, plane in plate.planes()}
    assert kinds == {np.dtype(np.float32)}  # a half holds no position, and no object's number
    assert plate.find("ViewLayer_Vector.W")[1].pixels[0, 0] == 7


def test_where_guides_is_wired_the_passes_come_from_there(studio, node) -> None:
    passes(studio.plate(1))
    passes(studio.folder / "aovs.0001.exr", *ALL, colour=False)
    aovs = nuke.nodes.Read(file_type="exr", raw=True, file=f"{studio.folder}/aovs.%04d.exr")
    node.setInput(2, aovs)
    job, plate = handed(node)
    assert job.passes.startswith("normal=ViewLayer_Normal")
    assert plate.find("ViewLayer_Position.X")[1].pixels.max() == 1
    assert plate.find("R")[1].pixels.std() > 0  # the picture is still img's


def test_a_pass_under_another_name_is_named_on_the_panel(studio, node) -> None:
    passes(studio.plate(1), *ALL[:2], ALL[3], "N")
    node["passes"].setValue("normal=N")
    assert handed(node)[0].passes.startswith("normal=N,")


@pytest.mark.parametrize("text", ["velvet=N", "normal", "normal=N,normal=M"])
def test_what_the_knob_passes_cannot_mean_is_refused_with_the_nodes_name(
    studio: Studio, node: nuke.Group, text: str
) -> None:
    passes(studio.plate(1), *ALL)
    node["passes"].setValue(text)
    with pytest.raises(errors.PassError, match=r"knob passes of Velatura1: .* Write passes like"):
        handed(node)


def test_a_pass_that_is_not_there_is_named(studio: Studio, node: nuke.Group) -> None:
    passes(studio.plate(1), *ALL[:2])
    with pytest.raises(errors.PassError, match=r"reads normal, id, .*ViewLayer_Position"):
        handed(node)


def test_a_look_without_passes_leaves_none_of_the_last_one(studio, node) -> None:
    passes(studio.plate(1), *ALL)
    handed(node)
    velatura_nuke.set_look(node, studio.look)
    job, plate = handed(node)
    assert job.passes == ""
    assert {name for _, name, _ in plate.planes()} == {"R", "G", "B", "A"}


@pytest.mark.parametrize(
    ("choice", "plate", "kind"),
    [
        ("16 bit half", np.float32, "f2"),
        ("32 bit float", np.float16, "f4"),
        ("as the plate", np.float16, "f2"),
        ("as the plate", np.float32, "f4"),
    ],
)
def test_a_plate_is_handed_over_in_its_precision_or_the_one_that_is_chosen(
    studio: Studio, choice: str, plate: type, kind: str
) -> None:
    node = studio.begin()
    window = Window(0, 0, 8, 6)
    planes = {name: each.astype(plate) for name, each in plates.rgba(6, 8).items()}
    exr.write(studio.plate(1), Image((exr.new_part(planes, window, window, {}),)))
    node["datatype"].setValue(choice)
    _, found = handed(node)
    assert {each.pixels.dtype for _, _, each in found.planes()} == {np.dtype(kind)}
    if choice == "as the plate":  # a value that was changed may be no half any more
        grade = nuke.nodes.Expression(expr0="r * 1.3")
        grade.setInput(0, node.input(0))
        node.setInput(0, grade)
        _, found = handed(node)
        assert {each.pixels.dtype for _, _, each in found.planes()} == {np.dtype("f4")}


def test_exposure_and_grain_are_handed_over_and_make_another_gain(studio: Studio) -> None:
    node = studio.begin()
    job, _ = handed(node)
    assert (job.exposure, job.degrain) == (0, 0)
    velatura_nuke.bake(node, [1])
    node["exposure"].setValue(1.5)
    node["degrain"].setValue(0.1)
    job, _ = handed(node)
    assert (job.exposure, job.degrain) == (1.5, 0.1)
    assert velatura_nuke.status(node, [1]) == {1: "stale"}
    node["degrain"].setValue(7)
    with pytest.raises(errors.InputError, match="degrain"):
        handed(node)


def test_the_frames_are_the_shots_own(studio: Studio) -> None:
    node = studio.begin()
    for frame in (1001, 1002, 1005):
        passes(studio.plate(frame))
    nuke.toNode("Plate")["last"].setValue(1005)
    bake = baking.prepare(LookNode(node), [1005, 1001, 1002])
    assert [job.frames for job in bake.jobs(bake.batches[0])] == ["1001-1002,1005-1005"]
    assert bake.total == 3


def test_nukes_own_colours_are_linear_rec_709(studio: Studio) -> None:
    job, _ = handed(studio.begin())
    assert (job.space, job.config) == (
        "lin_rec709_scene",
        "cg-config-v4.0.0_aces-v2.0_ocio-v2.5",  # the look's own knows it by that name
    )


@pytest.mark.parametrize("shown", ["scene_linear", "scene_linear (ACES - ACEScg)"])
def test_the_scripts_working_space_and_config_are_handed_over(studio, monkeypatch, shown) -> None:
    node, root = studio.begin(), nuke.root()
    root["colorManagement"].setValue("OCIO")
    root["OCIO_config"].setValue("custom")
    root["customOCIOConfigPath"].setValue("/configs/ours.ocio")
    root["workingSpaceLUT"].setValue(shown)
    job, _ = handed(node)
    assert (job.space, job.config) == ("scene_linear", "/configs/ours.ocio")
    monkeypatch.setenv("OCIO", "/configs/studio.ocio")
    assert handed(node)[0].config == "/configs/studio.ocio"


def test_nuke_says_which_file_its_choice_of_a_config_is(studio: Studio) -> None:
    """Artists may add configs of their own, which lie elsewhere than Nuke's."""
    node, root = studio.begin(), nuke.root()
    root["colorManagement"].setValue("OCIO")
    root["OCIO_config"].setValue("aces_1.2")
    root["workingSpaceLUT"].setValue("ACES - ACEScg")
    config = studio.folder / "added/config.ocio"
    config.parent.mkdir()
    config.touch()
    root["OCIOConfigPath"].setValue(str(config))
    assert handed(node)[0].config == str(config)


def test_a_config_that_came_with_nuke_is_found_there(studio, monkeypatch) -> None:
    node, root = studio.begin(), nuke.root()
    root["colorManagement"].setValue("OCIO")
    root["OCIO_config"].setValue("aces_1.2")
    root["workingSpaceLUT"].setValue("ACES - ACEScg")
    with pytest.raises(errors.ColourError, match=r"aces_1\.2"):
        handed(node)
    monkeypatch.setattr(nuke, "EXE_PATH", str(studio.folder / "Nuke13.2"))
    config = studio.folder / "plugins/OCIOConfigs/configs/aces_1.2/config.ocio"
    config.parent.mkdir(parents=True)
    config.touch()
    job, _ = handed(node)
    assert (job.space, job.config) == ("ACES - ACEScg", str(config))


def test_the_gpu_may_be_left_alone(studio: Studio) -> None:
    node = studio.begin()
    assert handed(node)[0].device == "auto"
    node["useGPUIfAvailable"].setValue(False)
    assert handed(node)[0].device == "cpu"


def test_a_shot_look_finds_its_shot_again_through_nuke(studio: Studio) -> None:
    """Painted keys are carried by position and object numbers, and by the frame's own number."""
    stage = stages.Stage()
    stage.write(studio.folder, painted=())
    sights = {frame: stage.sight(frame) for frame in stage.frames}
    found = tracks.solve(stage.frames, list(sights.values()), Progress("none"))
    # Brighter than any plate, so that it is all gain: see `looks.faithful`.
    keys = tuple(Key.of(f, stage.paint(f) + 1, sights[f], found) for f in (1, 5))
    across, down = ((np.arange(size) + 0.5) / size for size in (stages.WIDTH, stages.HEIGHT))
    still = Field.certain(np.stack(np.meshgrid(across, down)).astype(np.float32))
    fields = {(frame, key.frame): still for frame in stage.frames for key in keys}
    load = packing.pack(Carry(keys, found, fields))
    shot = looks.faithful(studio.folder / "shot.onnx", load, carried_by=("position", "id"))
    node = studio.begin()
    nuke.toNode("Plate")["last"].setValue(5)
    velatura_nuke.set_look(node, shot)
    velatura_nuke.bake(node, [3])
    ours = exr.read(LookNode(node).gain(3, "main"))
    out = studio.folder / "theirs"
    sequence.run(Job(str(studio.plate(3)), str(shot), str(out), workers=1), Progress("none"))
    theirs = exr.read(out / "plate.gain.0003.exr")
    for name in "RGB":
        found_here = ours.find(name)[1].pixels
        np.testing.assert_array_equal(found_here, theirs.find(name)[1].pixels)
        assert found_here.max() > 0.5  # stops: the paint is there
