"""What the extension's zip holds, laid out without a Blender: the add-on, the core, the looks."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import extension
from velatura import __version__, look

ROOT = Path(__file__).parents[3]
ADD_ON = ROOT / "plugin/blender/velatura_blender"
SOURCES = sorted(path.relative_to(ADD_ON) for path in ADD_ON.rglob("*.py"))
HOSTED = [name.removesuffix(".py") for name in extension.SHARED if name[0] != "_"]
WHEELS = [
    Path("onnxruntime-1.32.0-cp311-cp311-manylinux_2_28_x86_64.whl"),
    Path("onnxruntime-1.32.0-cp311-cp311-macosx_14_0_arm64.whl"),
    Path("onnxruntime-1.32.0-cp311-cp311-win_amd64.whl"),
    Path("rich-15.0.0-py3-none-any.whl"),
]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stage = tmp_path_factory.mktemp("zip") / extension.ID
    extension.lay_out(stage)
    return stage


def absolute(path: Path) -> list[str]:
    """Return what a file imports by its whole name."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.append(node.module or "")
    return names


def test_the_manifest_has_the_version_of_all() -> None:
    assert tomllib.loads(extension.MANIFEST)["version"] == __version__


def test_the_manifest_names_the_wheels_and_their_platforms() -> None:
    said = tomllib.loads(extension.manifest(WHEELS))
    assert said["wheels"] == [f"./wheels/{wheel.name}" for wheel in WHEELS]
    assert said["platforms"] == ["linux-x64", "macos-arm64", "windows-x64"]
    assert said["permissions"] == {"files": "Reads and writes renders, painted frames and looks"}
    assert "wheels" not in tomllib.loads(extension.manifest([]))


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_the_add_on_reaches_the_core_as_its_sub_package(stage: Path, path: Path) -> None:
    """As an extension it is called bl_ext.user_default.velatura_blender, and so is the core."""
    ours = {"velatura", "velatura_blender"}
    assert not ours & {name.partition(".")[0] for name in absolute(stage / path)}


def test_modules_that_run_in_blender_need_the_standard_library_alone(stage: Path) -> None:
    names = [f"anything.core.velatura.{name}" for name in HOSTED]
    stage.rename(stage.with_name("anything"))
    code = (
        f"import sys; sys.path.insert(0, {str(stage.parent)!r})\n"
        "import types; package = types.ModuleType('anything')\n"
        f"package.__path__ = [{str(stage.parent / 'anything')!r}]\n"
        "sys.modules['anything'] = package\n"
        "from importlib import import_module\n"
        f"for name in {names!r}: import_module(name)\n"
        "assert 'velatura' not in sys.modules, 'it found another core'"
    )
    done = subprocess.run(
        [sys.executable, "-IBSc", code], capture_output=True, text=True, check=False
    )
    stage.with_name("anything").rename(stage)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_command_runs_from_the_same_files(stage: Path) -> None:
    """This Python's packages stand for those that the wheels bring."""
    start = stage / "core/velatura/cli/embedded.py"
    site = next(path for path in sys.path if path.endswith("site-packages"))
    command = [sys.executable, "-IB", str(start), site, "--", "info"]
    starter = min((stage / "looks").iterdir())
    done = subprocess.run([*command, starter], capture_output=True, text=True, check=False, env={})
    assert done.returncode == 0, done.stderr
    assert "CC0-1.0" in done.stdout


def test_four_starter_looks_are_in_it(stage: Path) -> None:
    looks = sorted((stage / "looks").iterdir())
    cards = {path.name: look.read(path).card for path in looks}
    names = [card.name for card in cards.values()]
    assert names == ["Gouache", "Hatching", "Ink and Wash", "Oil"]
    assert all(not card.passes and card.thumbnail for card in cards.values())
    assert {card.licence for card in cards.values()} == {"CC0-1.0"}
    assert sum(path.stat().st_size for path in looks) < 3e6


def test_no_data_and_no_bytecode_comes_along(stage: Path) -> None:
    names = {path.name for path in stage.rglob("*")}
    assert not names & {"courtyard", "starter", "__pycache__"}
    assert (stage / "core/LICENSE").read_text().strip().startswith("Apache License")


def test_a_source_tree_without_the_core_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(extension, "CORE", tmp_path / "core/velatura")
    with pytest.raises(SystemExit) as stopped:
        extension.lay_out(tmp_path / "stage")
    assert stopped.value.code == 4
    assert "does not hold velatura's core" in capsys.readouterr().err


def test_a_python_without_blender_says_so() -> None:
    done = subprocess.run(
        [sys.executable, extension.__file__, "build"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert "has no bpy module" in done.stderr
