"""Nothing of Nuke is named that was not read somewhere: the table, and who is held to it."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import nk
import nuke
import pytest
from scope import Readable
from shots import Studio
from table import table

ROOT = Path(__file__).parents[3]
PLUGIN = [
    path for path in sorted((ROOT / "plugin/nuke").rglob("*.py")) if path.stem != "velatura_startup"
]
SMOKE = [
    ROOT / "tests/plugin/nuke_smoke.py",
    ROOT / "tests/plugin/nuke_nc_smoke.py",
    *sorted((ROOT / "tests/plugin/nuke/smoke").glob("*.py")),
]
BY_PYTHON = [path for path in SMOKE if path.stem not in {"nuke_nc_smoke", "plainexr"}]
"""But for those that ask for no node: they index planes, and the fake looks at their Tcl."""
SCAN = tomllib.loads(Path(__file__).with_name("scan.toml").read_text(encoding="utf-8"))
GIZMO = (ROOT / "plugin/nuke/Velatura.gizmo").read_text(encoding="utf-8")


@cache
def stubs() -> dict[str, set[str]]:
    """Return what types-nuke knows: names of the module, and of each class its methods."""
    found: dict[str, set[str]] = {"": set()}
    for file in distribution("types-nuke").files or ():
        if file.suffix == ".pyi" and file.parts[0] == "nuke-stubs":
            for each in ast.parse(Path(str(file.locate())).read_text(encoding="utf-8")).body:
                if isinstance(each, ast.ClassDef):
                    found.setdefault(each.name, set()).update(_names(each.body))
                found[""] |= _names([each])
    return found


def _names(body: list[ast.stmt]) -> set[str]:
    names = {e.name for e in body if isinstance(e, ast.ClassDef | ast.FunctionDef)}
    assigned = [each.target for each in body if isinstance(each, ast.AnnAssign)]
    return names | {target.id for target in assigned if isinstance(target, ast.Name)}


def used(path: Path) -> set[str]:
    """Return which names of the module `nuke` a file uses."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    attributes = [each for each in ast.walk(tree) if isinstance(each, ast.Attribute)]
    return {e.attr for e in attributes if isinstance(e.value, ast.Name) and e.value.id == "nuke"}


def knobs_named(path: Path) -> set[str]:
    """Return every text in brackets behind a value, ``node["mix"]``, and in ``knob("mix")``."""
    found = set()
    for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(each, ast.Subscript):
            found.add(getattr(each.slice, "value", None))
        if isinstance(each, ast.Call) and getattr(each.func, "attr", "") == "knob":
            found.add(getattr(each.args[0], "value", None))
    return {name for name in found if isinstance(name, str)}


def outside(root: nk.Node) -> list[str]:
    """Return every class and knob in a script that is neither in the table nor its user's."""
    found = []
    for node in root.walk():
        known = table().classes.get(node.kind)
        own = {words[1] for words in node.users}
        found += [] if known else [node.kind]
        allowed = own | set(known.knobs if known else ())
        found += [f"{node.kind}.{knob}" for knob in node.knobs if knob not in allowed]
        found += [words[0] for words in node.users if words[0] not in table().users]
    return found


def test_every_name_has_a_source_that_is_told() -> None:
    told = table().sources
    classes = table().classes.values()
    asked = {each.source for each in classes}
    asked |= {knob.source for each in classes for knob in each.knobs.values()}
    assert asked <= told.keys()
    for source in told.values():
        assert re.match(r"https://|[\w.-]+/[\w.-]+: \S|.* \S+ ", source), source


@pytest.mark.parametrize("kind", SCAN)
def test_a_scan_of_nuke_17_has_the_same_knobs(kind: str) -> None:
    """And they begin with the same there, and offer what we choose from."""
    scan, ours = SCAN[kind], table().classes[kind]
    common = table().classes["Dot"].knobs  # that has none of its own
    own = {name for name, knob in ours.knobs.items() if name not in common and not knob.needs}
    assert own == {*scan["knobs"], *scan.get("unsaid", ())}
    for name, value in scan.get("first", {}).items():
        assert ours.knobs[name].default == str(value), name
    for name, values in scan.get("values", {}).items():
        assert list(ours.knobs[name].values) == values, name
    assert ours.inputs == scan.get("inputs", ours.inputs)


def test_the_classes_of_the_shipped_group_are_in_the_scan() -> None:
    """But for Group, Input and Output, and CopyBBox: they have no knobs that we set but number."""
    made = {node.kind for node in nk.parse(GIZMO).walk()}
    assert made - SCAN.keys() == {"Group", "Input", "Output", "CopyBBox"}


def test_the_shipped_group_names_nothing_else() -> None:
    assert outside(nk.parse(GIZMO)) == []


def test_the_script_of_a_shot_names_nothing_else(studio: Studio) -> None:
    studio.begin()
    nuke.scriptSave()
    assert outside(nk.parse(studio.script.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", [*PLUGIN, *SMOKE], ids=lambda path: path.name)
def test_python_uses_of_nukes_module_only_what_its_stubs_know(path: Path) -> None:
    assert used(path) - stubs()[""] == set()


@pytest.mark.parametrize("path", [*PLUGIN, *BY_PYTHON], ids=lambda path: path.name)
def test_python_names_only_knobs_that_there_are(path: Path) -> None:
    of_nuke = {knob for each in table().classes.values() for knob in each.knobs}
    ours = {words[1] for node in nk.parse(GIZMO).walk() for words in node.users}
    assert knobs_named(path) - of_nuke - ours - {"name"} == set()


def test_the_fake_offers_nothing_that_nuke_has_not() -> None:
    """But for what expressions ask of a node, and helpers that say that they are no part of it."""
    known = stubs()
    modules = {"annotations", "Any", "SESSION"} | {
        each.stem for each in Path(str(nuke.__file__)).parent.glob("*.py")
    }
    assert {name for name in vars(nuke) if not name.startswith("__")} - modules <= known[""]
    for name, kind in vars(nuke).items():
        if isinstance(kind, type):
            bases = [base.__name__ for base in kind.__mro__]
            there = set().union(*(known.get(base, set()) for base in bases))
            made = {each for each, value in vars(kind).items() if not each.startswith("_")}
            own = {each for each in made if "no part of" in (getattr(kind, each).__doc__ or "")}
            own |= set(vars(Readable))
            assert made - own - there == set(), name
