"""The shipped Group: what the builder makes, and nothing that another machine would not have."""

from __future__ import annotations

import re
from pathlib import Path

from velatura import strength
from velatura_nuke import gain_expressions, nkscript
from velatura_nuke.group import look_group
from velatura_nuke.nodespec import Expression

ROOT = Path(__file__).parents[3]
GIZMO = ROOT / "plugin/nuke/Velatura.gizmo"


def test_the_shipped_text_is_what_the_builder_makes() -> None:
    made = nkscript.dumps(look_group())
    assert GIZMO.read_text(encoding="utf-8") == made, (
        "python -m velatura_nuke.nkscript > plugin/nuke/Velatura.gizmo"
    )


def test_it_is_a_group_and_no_reference_to_a_gizmo() -> None:
    text = GIZMO.read_text(encoding="utf-8")
    assert text.startswith("Group {\n")
    assert not re.search(r"^\s*(Gizmo|Velatura) \{", text, re.MULTILINE)
    assert text.endswith("end_group\n")


def test_every_node_is_wired_to_one_that_came_before() -> None:
    known: set[str] = set()
    for node in look_group().nodes:
        assert set(node.inputs) <= known
        known.add(node.name)


def test_its_python_holds_where_there_is_no_plug_in() -> None:
    scripts = [knob.text for knob in look_group().panel if knob.kind == "PyScript_Knob"]
    assert len(scripts) == 11
    for text in scripts:
        compile(text, "knob", "exec")
        assert text.startswith(
            "import nuke\n\ntry:\n    import velatura_nuke\nexcept ImportError:\n"
        )


def test_expressions_name_only_knobs_that_there_are() -> None:
    group = look_group()
    knobs = {knob.name for knob in group.panel}
    texts = [str(value) for node in group.nodes for _, value in node.knobs]
    named = {name for text in texts for name in re.findall(r"parent\.(?!input)(\w+)", text)}
    assert named == {
        *("amount", "mix", "baked", "invert_mask", "gain_floor", "opaque", "digest", "name")
    }
    assert named <= knobs | {"name"}


def test_the_slider_is_the_calibration() -> None:
    # Evaluated as Python, which this expression almost is.
    lut = tuple((knot / 16) ** 2 for knot in range(17))
    text = gain_expressions.amount(lut)
    condition, _, rest = text.partition(" ? ")
    ramps, _, raw = rest.rpartition(" : ")
    program = f"({ramps}) if {condition.replace('&&', 'and')} else {raw}"
    names = {"clamp": lambda value: min(max(value, 0), 1), "max": max}
    for slider in (0, 0.01, 1 / 16, 0.5, 0.77, 1, 1.5, 4):
        for even in (True, False):
            found = eval(program, {**names, "strength": slider, "even": even})  # noqa: S307
            wanted = strength.even(lut if even else (), slider)
            assert abs(found - wanted) < 1e-15 * 16  # sixteen roundings of numbers up to 1


def test_a_slider_without_calibration_is_the_laws_gain() -> None:
    amount = next(knob for knob in look_group().panel if knob.name == "amount")
    assert amount.value == Expression("max(strength, 0)")
