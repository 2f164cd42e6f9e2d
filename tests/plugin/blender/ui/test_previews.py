"""What the sidebar knows of the disk: looks and their pictures, and the frames that are baked."""

from __future__ import annotations

import base64
from pathlib import Path

import looks
import pytest
import sidebar
from projects import Project

pytestmark = pytest.mark.host_blender


@pytest.fixture
def project(tmp_path: Path, python: Path) -> Project:
    return sidebar.stocked(tmp_path, python)


def test_frame_states_are_summed_up_in_words(project: Project) -> None:
    cases: list[dict[int, str]] = [
        {},
        dict.fromkeys(range(1, 49), "baked")
        | dict.fromkeys(range(49, 61), "stale")
        | dict.fromkeys(range(61, 97), "missing"),
        {1: "baked", 3: "baked", 5: "missing", 7: "baked"},  # every second frame is rendered
        {frame: "baked" if frame % 2 else "missing" for frame in range(1, 13)},
    ]
    script = f"stage.say(said=[bake_status.summary(each) for each in {cases!r}])"
    found = project.found(f"{sidebar.START}\n{script}")
    assert found["said"] == [
        {},
        {"baked": "1-48", "stale": "49-60", "missing": "61-96"},
        {"baked": "1-3, 7", "missing": "5"},
        {"baked": "1, 3, 5, 7, ... (6 frames)", "missing": "2, 4, 6, 8, ... (6 frames)"},
    ]


def test_a_redraw_reads_no_frames_unless_something_has_changed(project: Project) -> None:
    found = project.found(
        sidebar.BAKES
        + """
from velatura_blender.nodes import graph_digest
from types import SimpleNamespace
reads, states, clock = [], graph_digest.states, [0.0]
graph_digest.states = lambda *given: reads.append(1) or states(*given)
bake_status.time = SimpleNamespace(monotonic=lambda: clock[0])

def draw(seconds):
    clock[0] += seconds
    bake_status.of(look, compat.frames(scene))
    return len(reads)

still = [draw(0) for _ in range(100)][-1], draw(60)
look.gain(1).parent.mkdir(parents=True)
soon, later = draw(1), draw(60)
bpy.ops.velatura.bake()  # forgets
after = draw(0)
bpy.ops.render.render()  # forgets as well
rendered = draw(0)
scene.frame_end = 3
other = draw(0)
bpy.ops.velatura.choose_look(path=f"{P}/a.onnx")
stage.say(still=still, soon=soon, later=later, after=after, rendered=rendered, other=other,
    chosen=draw(0))
"""
    )
    assert found == {
        "still": [1, 1],  # redraws and time alone
        "soon": 1,  # a farm that bakes a frame a second does not slow the slider down
        "later": 2,
        "after": 3,
        "rendered": 4,
        "other": 5,
        "chosen": 6,
    }


def test_thumbnails_are_those_of_the_cards_and_bad_ones_do_no_harm(project: Project) -> None:
    library = project.folder / "library"
    bad = {
        "words": "no base64!",
        "noise": base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode(),
        "vast": base64.b64encode(sidebar.png(2000, 1)).decode(),
    }
    for name, thumbnail in bad.items():
        looks.small(library / f"{name}.onnx", name=name, thumbnail=thumbnail)
    found = project.found(
        sidebar.START
        + """
whole = previews.current()
previews = whole._previews
sizes = {key: tuple(each.image_size) for key, each in previews.items()}
shown = {len(set(each.image_pixels_float[:4])) for each in previews.values()}
names = [item.name for item in whole.items]
stage.say(sizes=sorted(sizes.values()), names=names)
"""
    )
    assert found["names"] == ["Chalk", "Ink", "noise", "vast", "words"]
    assert [160, 90] in found["sizes"]
    assert [32, 32] in found["sizes"]  # stands for all that bring none
    assert not [size for size in found["sizes"] if max(size) > 1024]


def test_the_menu_changes_the_look_and_keeps_its_numbers(project: Project) -> None:
    found = project.found(
        sidebar.START
        + """
bpy.ops.velatura.add_look(path=f"{P}/a.onnx")  # from a folder of its own
group = scope.look(bpy.context).group
own = group.velatura_choice
offered = [os.path.basename(each[0]) for each in look_menu._offered(group, bpy.context)]
ink = next(item for item in previews.current().items if item.name == "Ink")
import shutil
shutil.copy(f"{P}/b.onnx", f"{P}/library/before.onnx")
os.remove(f"{P}/library/chalk.onnx")
names = [item.name for item in previews.refresh().items]
same = next(item for item in previews.current().items if item.name == "Ink") == ink
group.velatura_choice = ink_path = str(ink.path)
now = group.velatura.look, group.velatura_choice, scope.look(bpy.context).node.label
os.remove(ink_path)
previews.refresh()
gone = group.velatura_choice
torn = previews.current().item(previews.Path(P, "library/torn.onnx"))
look_menu._choose(group, torn.number)
stage.say(own=own, offered=offered, names=names, same=same, now=now, gone=gone,
    kept=group.velatura.look, said=messages.latest())
"""
    )
    library = project.folder / "library"
    ink = str(library / "ink.onnx")
    assert found["own"] == str(project.folder / "a.onnx")
    assert found["offered"] == ["a.onnx", "chalk.onnx", "ink.onnx"]
    assert found["names"] == ["chalk", "Ink"]
    assert found["same"]
    assert found["now"] == ["//library/ink.onnx", ink, "Ink"]
    assert (found["gone"], found["kept"]) == (ink, "//library/ink.onnx")
    assert "torn.onnx is not an ONNX file" in found["said"][0]


def test_the_preferences_name_a_folder_of_looks(project: Project) -> None:
    found = project.found(
        sidebar.START
        + """
from velatura_blender.preferences import preferences
preferences().looks = "//library"
stage.say(names=[item.name for item in previews.refresh().items])
""",
        VELATURA_LOOKS="",
    )
    assert found["names"] == ["Chalk", "Ink"]
