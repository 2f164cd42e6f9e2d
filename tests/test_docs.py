"""The pages about the code say what the code is: its tree, its public names, its words."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from velatura.cli import commands, main
from velatura.client import PROTOCOL
from velatura.job import Job
from velatura.look import FORMAT, Card

ROOT = Path(__file__).parents[1]
CORE = ROOT / "core/velatura"
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
API = (ROOT / "docs/api.md").read_text(encoding="utf-8")
PACKAGES = [
    "core/velatura",
    "training/velatura_training",
    "plugin/blender/velatura_blender",
    "plugin/nuke/velatura_nuke",
]
PUBLIC = [
    *(f"velatura.{path.stem}" for path in sorted(CORE.glob("*.py")) if path.stem[0] != "_"),
    *("velatura_blender", "velatura_nuke"),
]


def section(page: str, title: str) -> str:
    """Return what stands under a heading, up to the next one of its level or above."""
    (level,) = re.findall(rf"^(#+) {re.escape(title)}$", page, re.MULTILINE)
    rest = page.split(f"\n{level} {title}\n", 1)[1]
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of all tables in a text, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    heads = {
        place + step for place, line in enumerate(lines) if line[:2] == "|-" for step in (0, -1)
    }
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for place, line in enumerate(lines)
        if place not in heads
    ]


def names(cell: str) -> list[str]:
    return re.findall(r"`([\w./]+)`", cell)


def exported(module: str) -> list[str]:
    """Return a module's `__all__`, read from its source: a host's cannot be imported here."""
    stem = module.removeprefix("velatura.")
    path = CORE / f"{stem}.py"
    if stem == module:
        path = next(ROOT / each / "__init__.py" for each in PACKAGES if each.endswith(module))
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return sorted(ast.literal_eval(node.value))
    pytest.fail(f"{path.relative_to(ROOT)} has no __all__")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_sub_package_and_module_is_in_the_tree(package: str) -> None:
    named: set[str] = set()
    for first, *rest in rows(section(ARCHITECTURE, package)):
        for name in names(first):
            named |= {name, *(f"{name}{each}" for each in names(rest[-1]) if name.endswith("/"))}
    sources = [path.relative_to(ROOT / package) for path in (ROOT / package).rglob("*.py")]
    there = {path.with_suffix("").as_posix() for path in sources if path.stem[:2] != "__"}
    there |= {f"{path.parent}/" for path in sources if path.parent.name}
    assert there - named == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_in_the_tree_exists(package: str) -> None:
    for first, *rest in rows(section(ARCHITECTURE, package)):
        folder, *_ = names(first)
        if folder.endswith("/"):
            modules = [f"{folder}{name}" for name in names(rest[-1])]
            assert modules, first
        else:
            modules = names(first)
        for module in modules:
            assert (ROOT / package / f"{module}.py").is_file(), module


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports, as ``package/module``; of its own package alone."""
    package = path.parent.name
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        *_, last = (node.module or "").split(".")
        if node.level == 1 and node.module:
            found.add(node.module.split(".")[0])
        elif node.level == 1 or last == package:
            found |= {alias.name for alias in node.names}
        elif f".{package}." in f".{node.module}":
            found.add(last)
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_within_a_package_modules_import_those_to_their_right(package: str) -> None:
    for first, *rest in rows(section(ARCHITECTURE, package)):
        folder, *_ = names(first)
        modules = names(rest[-1]) if folder.endswith("/") else []
        for place, module in enumerate(modules):
            left = imported(ROOT / package / folder / f"{module}.py") & set(modules[:place])
            assert not left, f"{folder}{module} imports {', '.join(left)}"


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md", "README.md"])
def test_every_file_that_a_page_names_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8").replace("plugin/NAME/", "")
    paths = re.findall(r"\b((?:core|training|plugin|tests|benchmarks|docs)/[\w./-]*\w/?)", text)
    assert len(paths) > 5
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_order_of_the_core_is_that_of_its_contract() -> None:
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.findall(
        r'containers = \["velatura"\]\nlayers = \[\n(.*?)\n\]', contract, re.DOTALL
    )[0]
    ranks = {
        name: rank
        for rank, line in enumerate(re.findall(r'"(.*?)"', layers))
        for name in re.split(r" [:|] ", line)
    }
    shown = [names(first)[0] for first, *_ in rows(section(ARCHITECTURE, "core/velatura"))]
    order = [name.rstrip("/") for name in shown]
    assert set(order) == ranks.keys() - {"__main__"}
    assert order == sorted(order, key=lambda name: ranks[name])


@pytest.mark.parametrize("module", PUBLIC)
def test_the_public_names_are_those_of_all(module: str) -> None:
    listed = [name for row in rows(section(API, module)) for name in names(row[0])]
    assert sorted(listed) == exported(module)


def test_the_page_knows_every_field_of_a_job_and_of_a_card() -> None:
    (job,) = [row[1] for row in rows(section(API, "velatura.job")) if row[0] == "`Job`"]
    assert {item.name for item in fields(Job)} <= set(names(job))
    (_, card) = section(API, "The look file").split("| field | meaning |")
    listed = [name for row in rows("| field | meaning |" + card) for name in names(row[0])]
    assert sorted(listed) == sorted(item.name for item in fields(Card))


def test_the_protocol_and_the_format_are_those_of_the_code() -> None:
    assert f'"protocol": {PROTOCOL},' in section(API, "The worker protocol")
    assert f"version of this list: {FORMAT} today" in section(API, "The look file")


def test_the_page_knows_every_operator_of_the_add_on() -> None:
    sources = (ROOT / "plugin/blender/velatura_blender/ui").glob("*.py")
    found = {
        name
        for path in sources
        for name in re.findall(r'bl_idname = "velatura\.(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert found <= set(names(section(API, "velatura_blender")))


def test_the_page_knows_every_command() -> None:
    listed = names(section(API, "The command line"))
    assert {command.__name__ for command in commands.ALL} | set(main._ELSEWHERE) <= set(listed)
