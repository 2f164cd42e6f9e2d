"""The extension's way into real Blenders, and out again without a trace."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from zipfile import ZipFile

import hosts
import pytest

ROOT = hosts.ROOT
SCRIPT = ROOT / "plugin/blender/extension.py"
ID = "velatura_blender"
MODULE = f"bl_ext.user_default.{ID}"

pytestmark = pytest.mark.host_blender

READ = "import bpy, sys; bpy.ops.wm.read_userpref()\n"  # as a Blender with a screen does by itself

ENABLED = f"""{READ}
import addon_utils
assert addon_utils.check("{MODULE}") == (True, True)
import {MODULE} as add_on
from {MODULE}.core.velatura import job
print(add_on.__file__, job.__file__, sep="\\n")
addon_utils.disable("{MODULE}")
addon_utils.enable("{MODULE}")
assert addon_utils.check("{MODULE}")[1]
"""

GONE = f"""{READ}
import addon_utils, importlib.util
assert addon_utils.check("{MODULE}") == (False, False)
assert "{MODULE}" not in bpy.context.preferences.addons
assert importlib.util.find_spec("velatura") is None
"""

VALIDATE = """import bpy, pathlib, subprocess, sys
scripts = pathlib.Path(bpy.utils.system_resource("SCRIPTS"))
tool = scripts / "addons_core/bl_pkg/cli/blender_ext.py"
tags = scripts / "modules/_bpy_internal/extensions/tags.py"
command = [sys.executable, tool, "validate", "--valid-tags", tags, sys.argv[1]]
sys.exit(subprocess.run(command).returncode)
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of all that the extension is made of, to be changed."""
    copy, skip = tmp_path / "sources", shutil.ignore_patterns("courtyard", "__pycache__")
    for part in ("core", "plugin"):
        shutil.copytree(ROOT / part, copy / part, ignore=skip)
    shutil.copy(ROOT / "LICENSE", copy)
    return copy


@pytest.fixture(scope="module")
def installed(python: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folders of a user who has installed the add-on, not to be changed; and what was said."""
    home = tmp_path_factory.mktemp("user") / "home"
    return home, extension(python, "install", home=home)


@pytest.fixture
def home(installed: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of these folders."""
    return shutil.copytree(installed[0], tmp_path / "home", symlinks=True)


def extension(python: Path, *arguments: object, home: Path, script: Path = SCRIPT) -> str:
    """Run extension.py for a user, and return what it printed."""
    done = hosts.run(python, script, *arguments, home=home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def run(python: Path, script: str, *arguments: object, home: Path) -> list[str]:
    done = hosts.run(python, script, *arguments, home=home)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def ours(home: Path) -> list[Path]:
    """Return all below the user's folders that has our name."""
    return sorted(path for path in home.rglob("*") if "velatura" in path.name)


def tree(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_blenders_own_tool_builds_it_and_accepts_its_tags(python: Path, tmp_path: Path) -> None:
    before = tree(ROOT / "plugin/blender" / ID)
    said = extension(python, "build", "--out", tmp_path / "zips", home=tmp_path)
    assert tree(ROOT / "plugin/blender" / ID) == before  # nothing generated lies in the sources
    (zipped,) = (tmp_path / "zips").iterdir()
    assert f"built: {zipped}" in said
    assert "Success" in run(python, VALIDATE, zipped, home=tmp_path)[0]
    with ZipFile(zipped) as packed:
        names = {name for name in packed.namelist() if not name.endswith("/")}
    folder = ROOT / "plugin/blender" / ID
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    sources = {path.as_posix() for path in files if "__pycache__" not in path.parts}
    assert {"nodes/looknode.py", "render/hook.py", "ui/panel.py"} <= sources
    assert sources <= names
    rest = {name.partition("/")[0] for name in names - sources}
    assert rest == {"core", "looks"}


def test_the_next_blender_finds_it_enabled(python: Path, installed: tuple[Path, str]) -> None:
    home, said = installed
    extensions = home / "blender/extensions"
    assert f"installed: {extensions / 'user_default' / ID}" in said
    add_on, job = run(python, ENABLED, home=home)[:2]
    assert Path(add_on).parent == extensions / "user_default" / ID
    assert (extensions / "user_default" / ID / "core") in Path(job).parents


def test_uninstalling_leaves_nothing_of_ours(python: Path, home: Path) -> None:
    assert ours(home)
    extension(python, "uninstall", home=home)
    assert ours(home) == []
    run(python, GONE, home=home)
    assert "not installed" in extension(python, "uninstall", home=home)


def test_what_the_user_prefers_stays_as_it_was(python: Path, tmp_path: Path) -> None:
    preferences = "bpy.context.preferences"
    save = "; bpy.ops.wm.save_userpref()"
    run(python, f"import bpy; {preferences}.edit.undo_steps = 77{save}", home=tmp_path)
    extension(python, "install", home=tmp_path)
    own = f"{preferences}.addons['{MODULE}'].preferences"
    run(python, f"{READ}{own}.runtime = 'mine'{save}", home=tmp_path)
    extension(python, "install", home=tmp_path)
    asked = f"{READ}print({preferences}.edit.undo_steps, {own}.runtime)"
    assert run(python, asked, home=tmp_path)[-1] == "77 mine"
    extension(python, "uninstall", home=tmp_path)
    asked = f"{READ}print({preferences}.edit.undo_steps)"
    assert run(python, asked, home=tmp_path)[-1] == "77"


def test_a_changed_core_comes_along_under_the_same_version(
    python: Path, home: Path, sources: Path
) -> None:
    with (sources / "core/velatura/job.py").open("a") as module:
        module.write("\nNEW = 1\n")
    with (sources / "plugin/blender" / ID / "__init__.py").open("a") as module:
        module.write("\nfrom velatura.job import NEW\n")  # as in the sources
    extension(python, "install", home=home, script=sources / "plugin/blender/extension.py")
    run(python, f"{READ}from {MODULE} import NEW", home=home)


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("__init__.py", "import paint", "No module named 'paint'"),
        ("blender_manifest.toml", 'tagline = "Looks."', "Blender's tool refuses to build"),
        ("blender_manifest.toml", 'blender_version_min = "99.0.0"', "needs Blender 99.0.0 or late"),
    ],
)
def test_what_blender_cannot_take_is_an_error_that_says_why(
    python: Path, tmp_path: Path, sources: Path, file: str, text: str, says: str
) -> None:
    path = sources / "plugin/blender" / ID / file
    if path.suffix == ".toml":
        whole, line = path.read_text(), text.split(" = ", maxsplit=1)[0]
        text = re.sub(f"(?m)^{line} = .*", text, whole)
    path.write_text(text)
    script = sources / "plugin/blender/extension.py"
    done = hosts.run(python, script, "install", home=tmp_path / "home")
    assert done.returncode == 4
    assert says in done.stderr
    assert "Traceback" not in done.stderr
