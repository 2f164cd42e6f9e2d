"""The scripting API: the same names and the same meaning as in Blender."""

from __future__ import annotations

import ast
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import looks
import nuke
import pytest
from nuke.session import SESSION
from shots import Studio, rich

import velatura_nuke
from velatura import errors
from velatura_nuke import look_list
from velatura_nuke.panel import NO_LOOK

ROOT = Path(__file__).parents[3]


def test_what_both_hosts_have_has_one_name() -> None:
    blender = ast.parse((ROOT / "plugin/blender/velatura_blender/api.py").read_text())
    names = {node.name for node in blender.body if isinstance(node, ast.FunctionDef)}
    shared = {"bake", "create", "set_even", "set_look", "set_strength", "status"}
    assert shared <= names
    assert shared <= set(velatura_nuke.__all__)


def test_a_look_goes_behind_a_node_and_feeds_what_that_fed(studio: Studio) -> None:
    node = studio.begin()
    final, plate = nuke.toNode("Final"), nuke.toNode("Plate")
    second = velatura_nuke.create(studio.look, after=plate)
    assert second.input(0) == plate
    assert node.input(0) == second
    assert final.input(0) == node
    assert second.ypos() > plate.ypos()


def test_without_a_place_a_look_goes_behind_what_is_selected(studio: Studio) -> None:
    studio.begin().setSelected(False)
    plate = nuke.toNode("Plate")
    plate.setSelected(True)
    assert velatura_nuke.create().input(0) == plate
    for node in nuke.selectedNodes():
        node.setSelected(False)
    assert velatura_nuke.create().input(0) is None


def test_a_look_takes_the_range_of_its_plate(studio: Studio) -> None:
    node = studio.begin()
    assert (node["first"].value(), node["last"].value()) == (1, 3)


def test_strength_is_set_and_keyed(studio: Studio) -> None:
    node = studio.begin()
    velatura_nuke.set_strength(node, 1.5)
    assert node["strength"].value() == 1.5
    velatura_nuke.set_strength(node, 0.0, frame=11)
    velatura_nuke.set_strength(node, 1.0, frame=21)
    found = [node["strength"].getValueAt(frame) for frame in (1, 11, 21, 30)]
    assert found == [0, 0, 1, 1]
    assert [node["amount"].getValueAt(frame) for frame in (11, 21)] == [0, 1]


@pytest.mark.parametrize("value", [-0.1, 4.5])
def test_a_strength_that_no_look_can_have_is_refused(studio: Studio, value: float) -> None:
    node = studio.begin()
    with pytest.raises(errors.InputError, match=r"0\.\.4"):
        velatura_nuke.set_strength(node, value)


def test_the_slider_is_even_to_the_eye_or_raw(studio: Studio) -> None:
    node = studio.begin()
    velatura_nuke.set_strength(node, 0.25)
    assert node["amount"].value() == pytest.approx(0.25**1.5, abs=1e-12)  # a knot of the look's
    velatura_nuke.set_even(node, even=False)
    assert node["amount"].value() == 0.25
    velatura_nuke.set_strength(node, 2.0)
    velatura_nuke.set_even(node)
    assert node["amount"].value() == 2


def test_what_is_no_look_node_is_refused(studio: Studio) -> None:
    studio.begin()
    plate = nuke.toNode("Plate")
    for call in (
        lambda: velatura_nuke.set_look(plate, studio.look),
        lambda: velatura_nuke.set_strength(plate, 1),
        lambda: velatura_nuke.bake(plate),
        lambda: velatura_nuke.status(plate),
    ):
        with pytest.raises(errors.InputError, match="Plate is not a look node"):
            call()


def test_a_script_without_looks_has_nothing_to_bake() -> None:
    with pytest.raises(errors.InputError, match="no look node"):
        velatura_nuke.bake()


def test_what_is_no_look_is_refused(studio: Studio) -> None:
    node = studio.begin()
    before = node["digest"].value()
    with pytest.raises(errors.LookError):
        velatura_nuke.set_look(node, studio.plate(1))
    assert node["digest"].value() == before


@pytest.mark.parametrize(
    "name", ["ink[python nuke.tprint(1)]", "ink#", "ink.%04d", "ink$env(HOME)", "ink\\b"]
)
def test_a_name_that_nuke_would_run_is_refused(studio: Studio, name: str) -> None:
    """A file knob evaluates Tcl: the name of a stranger's look may be a program."""
    node = studio.begin()
    before = node["file"].value(), node["digest"].value()
    path = shutil.copy(studio.look, studio.folder / f"{name}.onnx")
    with pytest.raises(errors.LookError, match="it would run parts of its name"):
        velatura_nuke.set_look(node, path)
    assert (node["file"].value(), node["digest"].value()) == before


def test_a_card_brings_no_tcl_and_no_markup_into_a_panel(studio: Studio) -> None:
    node = studio.begin()
    said = "[python x]$env(HOME)\\<b>\x1b\u202e"
    velatura_nuke.set_look(
        node, looks.small(studio.folder / "b.onnx", name=said, author=said, licence=said)
    )
    look_list.fill(node)
    texts = [node["about"].value(), *node["look"].values()]
    assert any("python x" in text for text in texts)
    assert not [text for text in texts if set(text) & set("[]$\\\x1b\u202e") or "<b>" in text]


def test_the_list_shows_the_library_and_what_is_used(studio: Studio, monkeypatch) -> None:
    library = studio.folder / "library"
    library.mkdir()
    monkeypatch.setenv("VELATURA_LOOKS", str(library))
    shutil.copy(studio.look, library / "ink.onnx")
    for file in ("chalk_a", "chalk_b"):
        looks.small(library / f"{file}.onnx", name="chalk")
    node = studio.begin()  # with a look that is not of the library
    assert node["look"].values() == [NO_LOOK, "chalk (chalk_a)", "chalk (chalk_b)", "ink"]
    assert node["look"].value() == "ink"
    other = velatura_nuke.create(library / "chalk_b.onnx")
    assert other["look"].value() == "chalk (chalk_b)"


def test_choosing_in_the_list_is_choosing_a_look(studio: Studio, monkeypatch) -> None:
    SESSION.begin(gui=True)
    library = studio.folder / "library"
    library.mkdir()
    monkeypatch.setenv("VELATURA_LOOKS", str(library))
    chalk = looks.small(library / "chalk.onnx", name="chalk", floor=0.02)
    node = studio.begin()
    nuke.addKnobChanged(look_list.on_change, nodeClass="Group")
    node["look"].setValue("chalk")
    assert node["file"].value() == chalk.as_posix()
    assert node["gain_floor"].value() == 0.02
    node["file"].setValue(studio.plate(1).as_posix())
    assert any("plate.0001.exr" in text for text in SESSION.said)


def test_the_info_tab_says_who_and_which(studio: Studio) -> None:
    look = looks.small(studio.folder / "a.onnx", name="Wash", author="A. Painter", licence="CC0")
    text = velatura_nuke.create(look)["about"].value()
    assert "Wash, by A. Painter, CC0, " in text


def test_a_created_node_is_the_shipped_one() -> None:
    nuke.scriptReadText((ROOT / "plugin/nuke/Velatura.gizmo").read_text(encoding="utf-8"))
    (read,) = nuke.root().nodes()
    made = velatura_nuke.create()
    assert [node.name() for node in read.nodes()] == [node.name() for node in made.nodes()]
    for one, other in zip(read.nodes(), made.nodes(), strict=True):
        assert one.Class() == other.Class()
        wired = [
            [node.input(place).name() for place in range(node.inputs())] for node in (one, other)
        ]
        assert wired[0] == wired[1]
        assert told(one) == told(other)
    own = {"name", "uid", "last", "selected"}  # a range of its own: the script's
    differ = {name for name, text in told(made).items() if told(read)[name] != text}
    assert differ <= own


def test_creating_is_one_step_of_undo_and_leaves_viewers_alone(studio: Studio) -> None:
    studio.begin()
    plate, viewer = nuke.toNode("Plate"), nuke.nodes.Viewer()
    viewer.setInput(0, plate)
    SESSION.undone.clear()
    velatura_nuke.create(studio.look, after=plate)
    assert SESSION.undone == ["Add a look"]
    assert viewer.input(0) is plate


def told(node: nuke.Node) -> dict[str, str]:
    """Return a node's knobs as a script has them, but for the quotes around expressions."""
    return {name: re.sub(r'["\\\\]', "", knob.toScript()) for name, knob in node.knobs().items()}


def test_the_pages_example_runs_as_it_stands(
    tmp_path: Path, ink: Path, resident: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VELATURA_RUNTIME", str(resident))
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/nuke.md").read_text(), re.DOTALL)
    (tmp_path / "looks").mkdir()
    shutil.copy(ink, tmp_path / "looks")
    plate = rich(tmp_path / "plate.1001.exr")
    for frame in range(1002, 1049):
        (tmp_path / f"plate.{frame}.exr").symlink_to(plate)
    nuke.scriptSaveAs(str(tmp_path / "shot.nk"))
    files = str(tmp_path / "plate.%04d.exr")
    nuke.nodes.Read(name="Read1", raw=True, file=files, first=1001, last=1048)
    exec(code, {})  # noqa: S102
    nuke.scriptOpen(str(tmp_path / "shot.nk"))
    (look,) = (node for node in nuke.root().nodes() if node.Class() == "Group")
    assert look["baked"].value()
    assert velatura_nuke.status(look) == dict.fromkeys(range(1001, 1049), "baked")
    assert [look["strength"].getValueAt(frame) for frame in (1001, 1048)] == [0, 1]


def test_nuke_starts_with_guarded_renders_and_a_menu() -> None:
    SESSION.begin(gui=True)
    for name in ("init.py", "menu.py"):
        runpy.run_path(str(ROOT / "plugin/nuke" / name))
    nuke.menu("Nodes").findItem("velatura/Velatura").invoke()
    (node,) = nuke.root().nodes()
    nuke.nodes.Write(name="Final", file_type="exr", raw=True).setInput(0, node)
    with pytest.raises(RuntimeError, match="was not rendered"):
        nuke.execute("Final", 1, 1)


@pytest.mark.parametrize("name", ["init.py", "menu.py"])
def test_what_goes_wrong_at_the_start_is_printed_and_nuke_goes_on(name, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "velatura_nuke", None)
    monkeypatch.setitem(sys.modules, "velatura_nuke.guard", None)
    runpy.run_path(str(ROOT / "plugin/nuke" / name))
    assert "Traceback" in capsys.readouterr().err


def test_the_plug_in_starts_with_nothing_but_the_standard_library_and_nuke() -> None:
    """A module `nuke` of two functions, in a Python that sees neither our packages nor others."""
    code = (
        "import runpy, sys, types; nuke = sys.modules['nuke'] = types.ModuleType('nuke');"
        "nuke.addBeforeRender = nuke.addBeforeFrameRender = lambda call, **_: print(call.__name__);"
        f"sys.path.insert(0, {str(ROOT / 'plugin/nuke')!r});"
        f"runpy.run_path({str(ROOT / 'plugin/nuke/init.py')!r})"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["before_render", "before_frame"]


def test_a_package_of_the_plug_in_and_the_host_modules_is_enough(tmp_path: Path) -> None:
    """As rez and zips bring it: `plugin/nuke`, and what lies directly in `core/velatura`."""
    shutil.copytree(ROOT / "plugin/nuke", tmp_path / "plugin/nuke")
    (tmp_path / "core/velatura").mkdir(parents=True)
    for module in (ROOT / "core/velatura").glob("*.py"):
        shutil.copy(module, tmp_path / "core/velatura")
    names = [path.stem for path in (ROOT / "plugin/nuke/velatura_nuke").glob("[a-z]*.py")]
    code = (
        "import importlib, runpy, sys; from unittest.mock import MagicMock;"
        "sys.modules['nuke'] = MagicMock(env={});"
        f"sys.path.insert(0, {str(tmp_path / 'plugin/nuke')!r});"
        f"runpy.run_path({str(tmp_path / 'plugin/nuke/init.py')!r});"
        f"[importlib.import_module('velatura_nuke.' + name) for name in {names!r}];"
        "print(sys.modules['velatura'].__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.strip() == str(tmp_path / "core/velatura/__init__.py")
