"""A look from its making to the farm, under the strict fake, with a real worker and a real look."""

from __future__ import annotations

import os
from pathlib import Path

import nuke
import numpy as np
import pytest
import shell
from nuke.session import SESSION
from shots import Studio, law, stack, ticked

import velatura_nuke
from velatura.image import exr

SLIDER = (0.0, 1.0, 0.5)
"""The strength in each frame of the shot."""


def test_made_baked_saved_opened_and_rendered_on_the_farm(studio: Studio) -> None:
    look = studio.begin()
    assert velatura_nuke.status(look) == dict.fromkeys((1, 2, 3), "missing")
    step = velatura_nuke.bake(look)
    assert (step.made, step.kept) == (3, 0)
    assert velatura_nuke.status(look) == dict.fromkeys((1, 2, 3), "baked")
    for frame, value in enumerate(SLIDER, 1):
        velatura_nuke.set_strength(look, value, frame=frame)
    assert velatura_nuke.status(look) == dict.fromkeys((1, 2, 3), "baked")  # strength is live
    nuke.scriptSave()

    nuke.scriptOpen(str(studio.script))
    again = nuke.toNode("Velatura1")
    assert velatura_nuke.status(again) == dict.fromkeys((1, 2, 3), "baked")
    assert velatura_nuke.bake(again).kept == 3

    done = shell.nuke("-x", studio.script, "1-3")
    assert done.returncode == 0, done.stderr
    for frame, value in enumerate(SLIDER, 1):
        law(studio, frame, value, exr.read(studio.rendered(frame)))


def test_a_baked_script_renders_in_a_nuke_without_the_plug_in(studio: Studio) -> None:
    velatura_nuke.bake(studio.begin())
    nuke.scriptSave()
    done = shell.nuke("-x", studio.script, "1-3", NUKE_PATH="", VELATURA_RUNTIME="/nowhere")
    assert done.returncode == 0, done.stderr
    law(studio, 2, 1.0, exr.read(studio.rendered(2)))


def test_a_script_that_bakes_runs_in_a_terminal(studio: Studio, tmp_path: Path) -> None:
    studio.begin()
    nuke.scriptSave()
    job = tmp_path / "bake.py"
    job.write_text(
        f"import nuke, velatura_nuke\nnuke.scriptOpen({str(studio.script)!r})\n"
        "velatura_nuke.bake()\nnuke.scriptSave()\nnuke.execute('Final', 1, 3)\n"
    )
    done = shell.nuke("-t", job, VELATURA_RUNTIME=os.environ["VELATURA_RUNTIME"])
    assert done.returncode == 0, done.stderr
    assert ", 3 made, 0 kept" in done.stdout
    law(studio, 3, 1.0, exr.read(studio.rendered(3)))


def test_what_changes_before_the_look_makes_its_gain_stale(studio: Studio) -> None:
    look = studio.begin()
    velatura_nuke.bake(look)
    grade = nuke.nodes.Expression(name="Grade", expr0="r*2")
    grade.setInput(0, nuke.toNode("Plate"))
    look.setInput(0, grade)
    assert set(velatura_nuke.status(look).values()) == {"stale"}
    velatura_nuke.bake(look, [2])
    assert velatura_nuke.status(look) == {1: "stale", 2: "baked", 3: "stale"}
    with pytest.raises(RuntimeError, match="Velatura1 is out of date for frame 3"):
        studio.guarded().render(3)


def test_the_button_renders_while_the_artist_works_on(studio: Studio) -> None:
    SESSION.begin(gui=True)
    look = studio.begin()
    assert look.node("Gate")["which"].value() == 0  # the plate, in the window, before it is baked
    look["render"].execute()
    nuke.nodes.Dot(name="Meanwhile")
    ticked(look)
    (task,) = SESSION.tasks
    assert (task.percent, task.message[-6:]) == (100, "3 of 3")
    assert set(velatura_nuke.status(look).values()) == {"baked"}
    assert look["state"].value() == "rendered"
    assert look.node("Gate")["which"].value() == 1
    assert look.node("GainRead")["reload"]._pressed
    law(studio, 1, 1.0, studio.render(1))


def test_two_views_have_a_gain_each(studio: Studio) -> None:
    for frame in range(1, studio.frames + 1):
        for view, seed in (("left", 0), ("right", 50)):
            (studio.folder / view).mkdir(exist_ok=True)
            studio.plates(view, frame, frame + seed)
    nuke.root()["views"].fromScript("left #ff0000\nright #00ff00")
    look = studio.begin("%V/")
    velatura_nuke.bake(look)
    nuke.toNode("Final")["file"].setValue(str(studio.folder / "out/%V.####.exr"))
    nuke.execute("Final", 2, 2)
    rgb = [stack(exr.read(studio.folder / f"out/{v}.0002.exr"), *"RGB") for v in ("left", "right")]
    assert not np.array_equal(rgb[0], rgb[1], equal_nan=True)
