"""Teaching from inside Nuke: what is written and handed over, and what the panel shows."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import looks
import nuke
import numpy as np
import pytest
from nuke.session import SESSION
from shots import SIZE, Studio

import velatura_nuke
from velatura import errors
from velatura.image import exr
from velatura.image.planes import Image, Window
from velatura_nuke import teach_buttons

SCRIPT = """#!/bin/sh
echo "$@" | tr ' ' '\\n' > {folder}/$1.txt
if [ "$1" = export ]; then cp {folder}/learnt.onnx "$4"; exit; fi
for out in "$@"; do [ "$last" = --out ] && run="$out"; last="$out"; done
mkdir -p "$run"; printf sheet > "$run/contact_sheet.png"
echo "openjd_progress: 40.0"; echo "openjd_status: step 12 l1 0.2"
trap 'echo stopped >&2; exit 143' TERM
{then}
"""


@pytest.fixture
def node(studio: Studio) -> Iterator[nuke.Group]:
    """A look node whose input painted shows frame 2 painted over."""
    SESSION.begin(gui=True)
    node = studio.begin()
    paint = nuke.nodes.Expression(name="Paint", expr0="r * 3")
    paint.setInput(0, nuke.toNode("Plate"))
    node.setInput(3, paint)
    nuke.frame(2)
    node["add_key"].execute()
    yield node
    for training in teach_buttons._running.values():
        training.stop.set()
    served()


@pytest.fixture
def trainer(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trainer that learns at once, and writes down what it was told."""
    looks.small(studio.folder / "learnt.onnx", name="learnt")
    return scripted(studio, monkeypatch, "exit 0")


def scripted(studio: Studio, monkeypatch: pytest.MonkeyPatch, then: str) -> Path:
    program = studio.folder / "trainer"
    program.write_text(SCRIPT.format(folder=studio.folder, then=then))
    program.chmod(0o700)
    monkeypatch.setenv("VELATURA_RUNTIME", str(program))
    return program


def served() -> None:
    SESSION.serve(lambda: not teach_buttons._running)


def told(studio: Studio, command: str = "train") -> list[str]:
    return (studio.folder / f"{command}.txt").read_text().split()


def lesson(studio: Studio) -> Path:
    return studio.folder / "velatura/teach/Velatura1"


@pytest.mark.usefixtures("trainer")
def test_the_trainer_gets_plates_keys_and_what_nuke_knows(studio: Studio, node) -> None:
    node["minutes"].setValue(7)
    node["train"].execute()
    assert node["teach_state"].value().startswith("3 plates, 1 keys, ")
    served()
    assert node["teach_state"].value() == "learnt"
    folder, words = lesson(studio), told(studio)
    assert words[:2] == ["train", str(folder / "plate.####.exr")]
    pairs = dict(pairwise(words))
    assert pairs["--painted"] == str(folder / "paint.####.exr")
    assert pairs["--out"] == str(folder / "run-1")
    assert pairs["--space"] == "lin_rec709_scene"
    assert pairs["--passes"] == "depth=depth"  # of albedo the plate has red alone
    assert {"--minutes=7", "--progress=openjd"} <= set(words)
    assert sorted(path.name for path in folder.glob("p*.exr")) == [
        *("paint.0002.exr", "plate.0001.exr", "plate.0002.exr", "plate.0003.exr"),
    ]
    plate, paint = (exr.read(folder / f"{name}.0002.exr") for name in ("plate", "paint"))
    assert plate.find("depth.Z")[1].pixels.dtype == np.float32
    red, three = (image.find("R")[1].pixels for image in (plate, paint))
    fit = np.isfinite(red)
    np.testing.assert_array_equal(three[fit], np.float32(3) * red[fit])


@pytest.mark.usefixtures("trainer")
def test_the_look_is_loaded_when_it_is_written_and_its_sheet_is_shown(studio, node) -> None:
    node["train"].execute()
    served()
    assert node["file"].value() == (lesson(studio) / "Velatura1.onnx").as_posix()
    assert not node["baked"].value()
    assert node["sheet"].value() == f'<img src="{lesson(studio)}/run-1/contact_sheet.png">'
    assert told(studio, "export")[:2] == ["export", str(lesson(studio) / "run-1")]
    studio.guarded()
    with pytest.raises(RuntimeError, match="was not rendered"):
        nuke.execute("Final", 1, 1)


def test_stop_takes_the_best_so_far_and_resume_goes_on(studio, node, monkeypatch) -> None:
    shutil.copy(studio.look, studio.folder / "learnt.onnx")
    scripted(studio, monkeypatch, "while :; do sleep 0.1; done")
    node["train"].execute()
    SESSION.serve(lambda: node["teach_state"].value().startswith("40 %, step"))
    assert node["teach_state"].value() == "40 %, step 12 l1 0.2"
    begun = time.monotonic()
    node["stop"].execute()
    served()
    assert time.monotonic() - begun < 10
    assert node["teach_state"].value().startswith("stopped: this is the best")
    written = (lesson(studio) / "plate.0001.exr").stat().st_mtime_ns
    scripted(studio, monkeypatch, "exit 0")
    node["resume"].execute()
    served()
    assert "--resume" in told(studio)
    assert str(lesson(studio) / "run-1") in told(studio)
    assert (lesson(studio) / "plate.0001.exr").stat().st_mtime_ns == written
    node["train"].execute()
    served()
    assert str(lesson(studio) / "run-2") in told(studio)


def test_what_the_trainer_refuses_is_shown(studio, node, monkeypatch) -> None:
    scripted(studio, monkeypatch, "echo 'ERROR The keys are all white' >&2; exit 3")
    node["train"].execute()
    served()
    assert node["teach_state"].value().startswith("The keys are all white")
    assert any("The keys are all white" in text for text in SESSION.said)


@pytest.mark.usefixtures("trainer")
def test_forward_and_backward_motion_is_written_and_named(studio: Studio, node) -> None:
    planes = {
        f"{layer}.{name}": np.full(SIZE, value, np.float32)
        for layer, value in (("forward", 1), ("backward", -1))
        for name in "uv"
    }
    window = Window(0, 0, SIZE[1], SIZE[0])
    for frame in (1, 2, 3):
        path = studio.folder / f"vectors.{frame:04d}.exr"
        exr.write(path, Image((exr.new_part(planes, window, window, {}),)))
    files = f"{studio.folder}/vectors.%04d.exr"
    node.setInput(2, nuke.nodes.Read(file_type="exr", raw=True, file=files, first=1, last=3))
    node["motion"].setValue("forward and backward")
    node["train"].execute()
    served()
    words = told(studio)
    assert words[words.index("--motion") + 1] == "forward=forward,backward=backward"
    plate = exr.read(lesson(studio) / "plate.0002.exr")
    assert plate.find("backward.v")[1].pixels[20, 20] == -1
    node.setInput(2, None)
    node["train"].execute()
    assert any("no layer forward, backward" in text for text in SESSION.said)


def distorts(node: nuke.Group) -> list[tuple[str, float, str]]:
    """Return a list that takes down what VectorDistort is asked for whenever it is written."""
    asked: list[tuple[str, float, str]] = []

    def look(_: object = None) -> None:
        for inner in node.nodes():
            if inner.Class() == "VectorDistort":
                knobs = (inner["referenceFrame"].value(), inner["outputMode"].value())
                asked.append((inner.input(1).name(), *knobs))

    nuke.addBeforeRender(look, nodeClass="Write")
    return asked


def smart(studio: Studio, node: nuke.Group) -> nuke.Node:
    """Wire a Read of SmartVectors to guides, with two keyframes; return it."""
    for frame in (1, 2, 3):
        shutil.copy(studio.plate(frame), studio.folder / f"smart.{frame:04d}.exr")
    files = f"{studio.folder}/smart.%04d.exr"
    vectors = nuke.nodes.Read(file_type="exr", raw=True, file=files, first=1, last=3)
    node.setInput(2, vectors)
    node["keyframes"].setValue("1, 3")
    node["motion"].setValue("SmartVectors")
    return vectors


def test_bake_vectors_writes_the_maps_and_train_takes_them(studio, node, trainer) -> None:
    smart(studio, node)
    node.setInput(3, None)  # maps need no paint
    asked = distorts(node)
    node["bake_vectors"].execute()
    assert asked == [("guides", 1, "st-map inverse"), ("guides", 3, "st-map inverse")]
    folder = lesson(studio) / "maps"
    assert len(list(folder.glob("key1.*.exr"))) == len(list(folder.glob("key3.*.exr"))) == 3
    assert node["teach_state"].value().startswith("6 maps, 0 MB in ")
    assert trainer.is_file()
    assert not (studio.folder / "train.txt").exists()
    node.setInput(3, nuke.toNode("Paint"))
    asked.clear()
    node["train"].execute()
    served()
    assert asked == []
    assert told(studio)[told(studio).index("--stmap") + 1] == f"1:{folder}/key1.####.exr"
    node["bake_vectors"].execute()
    assert len(asked) == 2  # the button writes them anew


@pytest.mark.usefixtures("trainer")
@pytest.mark.parametrize("spoil", ["graph", "files", "gone", "range"])
def test_maps_of_other_vectors_are_written_anew(studio, node, spoil) -> None:
    vectors = smart(studio, node)
    node["bake_vectors"].execute()
    asked = distorts(node)
    if spoil == "graph":
        shutil.copytree(studio.folder, studio.folder.parent / "other")
        vectors["file"].setValue(f"{studio.folder.parent}/other/smart.%04d.exr")
    elif spoil == "files":
        later = time.time() + 5
        os.utime(studio.folder / "smart.0003.exr", (later, later))
    elif spoil == "gone":
        (lesson(studio) / "maps/key3.0002.exr").unlink()
    else:
        node["first"].setValue(0)
        for name in ("smart", "plate"):
            shutil.copy(studio.plate(1), studio.folder / f"{name}.0000.exr")
    node["train"].execute()
    served()
    assert [frame for _, frame, _ in asked] == ([3] if spoil == "gone" else [1, 3])


def test_vectors_that_are_not_wired_in_are_said(studio, node, trainer) -> None:
    smart(studio, node)
    node.setInput(2, None)
    for button in ("bake_vectors", "train"):
        node[button].execute()
        assert "input guides of Velatura1" in SESSION.said[-1]
    assert trainer.is_file()
    assert not lesson(studio).exists()


@pytest.mark.usefixtures("trainer")
def test_smartvectors_become_an_stmap_for_each_keyframe(studio: Studio, node) -> None:
    smart(studio, node)
    asked = distorts(node)
    node["train"].execute()
    served()
    assert asked == [("guides", 1, "st-map inverse"), ("guides", 3, "st-map inverse")]
    words, folder = told(studio), lesson(studio) / "maps"
    at = words.index("--stmap")
    assert words[at + 1 : at + 3] == [f"{key}:{folder}/key{key}.####.exr" for key in (1, 3)]
    assert len(list(folder.glob("*.exr"))) == 6
    assert "VectorDistort1" not in {inner.name() for inner in node.nodes()}
    assert node.node("SrcWrite").input(0).name() == "Passes4"


@pytest.mark.parametrize(
    ("spoil", "kind", "says"),
    [
        (lambda node: node.setInput(3, None), errors.InputError, "painted"),
        (lambda node: node["keyframes"].setValue(""), errors.FrameError, "no keyframes"),
        (lambda node: node["keyframes"].setValue("2 9"), errors.FrameError, "outside.* 9"),
        (lambda node: node["keyframes"].setValue("two"), errors.FrameError, "no frame number"),
        (lambda node: node["teach_folder"].setValue("here"), errors.InputError, "never saved"),
    ],
)
def test_what_cannot_be_learnt_is_refused_before_anything_is_written(
    studio: Studio, node, trainer: Path, spoil, kind, says
) -> None:
    spoil(node)
    with pytest.raises(kind, match=says):
        velatura_nuke.train(node)
    assert not lesson(studio).exists()
    assert trainer.is_file()


@pytest.mark.slow
def test_the_real_trainer_learns_from_nukes_own_files(studio: Studio, node) -> None:
    """More than a minute: the look that comes out is rendered and shown."""
    SESSION.gui = False
    node["minutes"].setValue(0.05)
    node["keyframes"].setValue("1 3")
    path = velatura_nuke.train(node)
    assert path.is_file()
    record = json.loads((lesson(studio) / "run-1/lesson.json").read_text())
    assert "plate" in json.dumps(record)
    velatura_nuke.bake(node)
    assert velatura_nuke.status(node) == dict.fromkeys((1, 2, 3), "baked")
