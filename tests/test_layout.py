"""The shape of the project: what lies where, what may be read by whom, what must not slip in."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import extension
import velatura

ROOT = Path(__file__).parents[1]
PACKAGES = [
    "core/velatura",
    "training/velatura_training",
    "plugin/blender/velatura_blender",
    "plugin/nuke/velatura_nuke",
]
COMMAND = "__main__"  # `python -m velatura`: directly in the package, but no host imports it
IN_HOSTS = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "core/velatura").glob("*.py")
    if path.stem != COMMAND
)
COURTYARD = ROOT / "core/velatura/courtyard"


def files() -> list[Path]:
    """Every file that git keeps or would keep, relative to the root."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [Path(name) for name in names.split("\0") if (ROOT / name).is_file()]


def test_the_top_level_holds_what_is_named_here_and_nothing_else() -> None:
    documents = {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"}
    set_up = {"pyproject.toml", "constraints.txt", "pins", "noxfile.py", "install.py"}
    folders = {"core", "training", "plugin", "tests", "benchmarks", "examples"}
    wanted = documents | set_up | folders | {".ci", ".gitignore"}
    assert {path.parts[0] for path in files()} - {"docs"} == wanted


def test_no_module_is_longer_than_300_lines() -> None:
    sources = [path for path in files() if path.suffix == ".py" and path.parts[0] != "tests"]
    lengths = {str(path): (ROOT / path).read_bytes().count(b"\n") for path in sources}
    assert {path: lines for path, lines in lengths.items() if lines > 300} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_it_is_and_that_it_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()
    assert ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text()))


def test_no_file_names_a_machine_or_a_package_registry() -> None:
    machine = rb"(?<![\w.])/(?:home|root|Users|work|tmp|opt)/\w|[A-Z]:\\+Users"
    registry = rb"https?://[\w.-]*(?:pypi|pythonhosted|registry|mirror)|file:/{3}"
    named = re.compile(machine + rb"|" + registry)
    found = {
        str(path): match[0].decode(errors="replace")
        for path in files()
        if (match := named.search((ROOT / path).read_bytes()))
    }
    assert found == {}


def test_hosts_can_import_the_client_with_nothing_but_the_standard_library() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'core')!r}); import velatura;"
        "assert [m for m in sys.modules if m.startswith('velatura')] == ['velatura'];"
        "import velatura.errors, velatura.job, velatura.client"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


@pytest.mark.parametrize("path", IN_HOSTS)
def test_what_hosts_import_is_python_3_9(path: str) -> None:
    ast.parse((ROOT / path).read_text(encoding="utf-8"), feature_version=(3, 9))


def test_what_hosts_import_is_exactly_what_lies_directly_in_the_core() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    (listed,) = [
        re.fullmatch(r"core/velatura/\{(.*)\}\.py", path)[1]
        for path, python in tool["ruff"]["per-file-target-version"].items()
        if path.startswith("core/") and python == "py39"
    ]
    assert sorted(f"core/velatura/{name}.py" for name in listed.split(",")) == IN_HOSTS
    shipped = sorted(f"core/velatura/{name}" for name in extension.SHARED if name.endswith(".py"))
    assert shipped == IN_HOSTS
    contracts = {each["name"]: each for each in tool["importlinter"]["contracts"]}
    held = contracts["Host adapters reach no third-party package, not even through velatura"]
    assert "velatura.*" in held["source_modules"]  # each module directly in it, no deeper one
    assert not held["as_packages"]
    assert held["ignore_imports"] == [f"velatura.{COMMAND} -> velatura.cli.main"]


@pytest.mark.parametrize("path", IN_HOSTS)
def test_what_hosts_import_says_what_is_public_with_a_docstring_for_each(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    named = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    assert named, f"{path} has no __all__"
    defined = {
        node.name: ast.get_docstring(node)
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
    }
    assert set(defined) <= set(named[0])
    assert [name for name in defined if not defined[name]] == []


def test_what_nuke_imports_is_python_3_9() -> None:
    for path in (ROOT / "plugin/nuke").rglob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


def test_install_is_short_and_python_3_8_can_read_it() -> None:
    text = (ROOT / "install.py").read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 8))
    assert text.count("\n") <= 300


def test_ci_runs_the_command_that_everybody_runs() -> None:
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & 0o111
    assert script.read_text().splitlines()[-1] == "exec python install.py test"


def test_each_licence_stands_beside_what_it_covers() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    add_on = (ROOT / "plugin/blender/velatura_blender/LICENSE").read_text()
    assert "GNU GENERAL PUBLIC LICENSE" in add_on
    assert "CC0" in (COURTYARD / "README.md").read_text(encoding="utf-8")


def test_the_version_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == velatura.__version__
    assert f"## [{velatura.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_demo_shot_is_whole_small_and_keeps_keys_and_truth_apart() -> None:
    def frames(folder: str) -> set[int]:
        return {int(path.suffixes[0][1:]) for path in (COURTYARD / folder).glob("frame.*.exr")}

    assert frames("plate") == set(range(1, 13))
    assert frames("painted") == {1, 6, 12}
    assert frames("truth") == set(range(1, 13)) - {1, 6, 12}
    assert sum(path.stat().st_size for path in COURTYARD.rglob("*")) <= 22e6


def test_onnx_runtime_is_only_loaded_where_its_telemetry_is_off() -> None:
    loads = re.compile(r"^\s*(?:import|from) onnxruntime", re.MULTILINE)
    sources = [path for folder in ("core", "training") for path in (ROOT / folder).rglob("*.py")]
    found = [path.name for path in sources if loads.search(path.read_text(encoding="utf-8"))]
    assert found == ["onnx_runtime.py"]


PAGES = [
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/RESULTS.md"),
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
]


def anchors(page: Path) -> set[str]:
    """Return what a link's # may name in a page: its headings, as GitHub spells them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_pages_that_others_send_readers_to_are_there() -> None:
    assert {f"docs/{name}.md" for name in ("architecture", "api", "blender", "nuke")} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_to_a_file_and_to_a_heading(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    for link in links:
        name, _, anchor = link.partition("#")
        path = (ROOT / page).parent / name if name else ROOT / page
        assert path.is_file(), link
        assert not anchor or anchor in anchors(path), link
