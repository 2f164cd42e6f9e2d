"""The wheel that the Blender extension brings, with what of the core runs inside hosts."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

import extension
from velatura import __version__

ROOT = Path(__file__).parents[3]
ADD_ON = ROOT / "plugin/blender/velatura_blender"
SOURCES = sorted(path.relative_to(ADD_ON) for path in ADD_ON.rglob("*.py"))
MODULES = [f"velatura/{name}" for name in extension.SHARED if name.endswith(".py")]


def imported(path: Path) -> set[str]:
    """Return every module of velatura that a file imports, at its top or inside its functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    modules = {name.replace(".", "/") + ".py" for name in names if name.startswith("velatura.")}
    return {module for module in modules if (ROOT / "core" / module).is_file()}


def test_the_manifest_has_the_version_of_all() -> None:
    manifest = tomllib.loads(extension.MANIFEST)
    assert manifest["version"] == __version__
    assert manifest["wheels"] == [f"./wheels/velatura_host-{__version__}-py3-none-any.whl"]


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_the_wheel_holds_all_that_the_add_on_imports(path: Path) -> None:
    assert imported(ADD_ON / path) <= set(MODULES)


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_the_add_on_never_names_itself(path: Path) -> None:
    """As an extension it is called bl_ext.user_default.velatura_blender."""
    for node in ast.walk(ast.parse((ADD_ON / path).read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        assert not [name for name in names if name.split(".")[0] == ADD_ON.name]


@pytest.mark.parametrize("module", MODULES)
def test_the_wheel_holds_all_that_its_modules_import(module: str) -> None:
    assert imported(ROOT / "core" / module) <= set(MODULES)


def test_every_module_is_imported_from_the_wheel_with_the_standard_library_alone(
    tmp_path: Path,
) -> None:
    wheel = extension.write_wheel(tmp_path)
    names = [module.removesuffix(".py").replace("/", ".") for module in MODULES]
    code = (
        f"import sys; sys.path.insert(0, {str(wheel)!r}); from importlib import import_module as i;"
        f"assert all({str(wheel)!r} in i(name).__file__ for name in {names!r})"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_pip_takes_the_wheel_for_whole(tmp_path: Path) -> None:
    wheel = extension.write_wheel(tmp_path)
    with ZipFile(wheel) as files:
        names = files.namelist()
        record = next(name for name in names if name.endswith("RECORD"))
        lines = dict(line.split(",", 1) for line in files.read(record).decode().splitlines())
        for name in names:
            data = files.read(name)
            right = f"sha256={extension.sha256(data)},{len(data)}" if name != record else ","
            assert lines[name] == right
    assert list(lines) == names
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", target, wheel], capture_output=True, check=True)
    assert (target / "velatura/job.py").is_file()


def test_the_same_sources_make_the_same_wheel(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    first, second = extension.write_wheel(tmp_path), extension.write_wheel(tmp_path / "again")
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_a_source_tree_without_the_core_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(extension, "CORE", tmp_path / "core/velatura")
    with pytest.raises(SystemExit) as stopped:
        extension.write_wheel(tmp_path)
    assert stopped.value.code == 4
    assert "does not hold velatura's core" in capsys.readouterr().err


def test_the_wheel_holds_no_module_that_runs_in_the_runtimes_own_process(tmp_path: Path) -> None:
    with ZipFile(extension.write_wheel(tmp_path)) as files:
        ours = [name for name in files.namelist() if name.startswith("velatura/")]
    assert all(name.count("/") == 1 for name in ours)
    assert "velatura/__main__.py" not in ours  # it is the command, which needs the runtime
    assert {"velatura/bakes.py", "velatura/resident.py", "velatura/channels.py"} <= set(ours)


def test_a_python_without_blender_says_so() -> None:
    done = subprocess.run(
        [sys.executable, extension.__file__, "build"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert "has no bpy module" in done.stderr
