"""Our reading of Nuke's nodes, on scripts so small that their pictures can be told by hand."""

from __future__ import annotations

from pathlib import Path

import evaluator
import expression
import nk
import numpy as np
import pytest
from evaluator import Evaluator, RenderError
from nk import NkError
from numpy.testing import assert_array_equal
from scope import Scope

from velatura.image import exr
from velatura.image.planes import Image, Window

HALVES = """
Constant {
 inputs 0
 channels rgba
 color {0.5 0.25 4 0.5}
 name A
}
set A [stack 0]
Constant {
 inputs 0
 channels rgba
 color {1 2 -1 0.25}
 name B
}
set B [stack 0]
"""


def shown(script: str, node: str, frame: int = 1) -> list[float]:
    """Return the four numbers that a node of constant pictures shows."""
    root = nk.parse(HALVES + script)
    pixels = evaluator.pixels_of(Evaluator(root).picture(root.node(node), frame))
    assert (pixels == pixels[:, :1, :1]).all()
    return [float(each) for each in pixels[:, 0, 0]]


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        ("Merge2 {\n inputs 2\n operation copy\n", [0.5, 0.25, 4, 0.5]),
        ("Merge2 {\n inputs 2\n operation copy\n mix 0.5\n", [0.75, 1.125, 1.5, 0.375]),
        ("Merge2 {\n inputs 2\n", [1, 1.25, 3.5, 0.625]),  # A over B
        ("Merge2 {\n inputs 2\n disable true\n", [1, 2, -1, 0.25]),
        ("Switch {\n inputs 2\n which 1\n", [0.5, 0.25, 4, 0.5]),
        ("Switch {\n inputs 2\n which 7\n", [0.5, 0.25, 4, 0.5]),
        ("Copy {\n inputs 2\n", [1, 2, -1, 0.5]),
        ("Copy {\n inputs 2\n from0 rgba.blue\n to0 rgba.red\n", [4, 2, -1, 0.25]),
        ("MergeExpression {\n inputs 2\n expr0 Ar-Br\n channel3 none\n", [-0.5, 2, -1, 0.25]),
        ("Expression {\n expr0 r>0?b:a\n", [-1, 2, -1, 0.25]),
        ("Expression {\n channel0 rgb\n expr0 a\n", [0.25, 0.25, 0.25, 0.25]),
        ("Expression {\n channel0 {none -rgba.red rgba.blue}\n expr0 7\n", [1, 2, 7, 0.25]),
        ("Expression {\n temp_name0 k\n temp_expr0 r*8\n expr0 k+1\n", [9, 2, -1, 0.25]),
        ("Remove {\n operation keep\n channels alpha\n", [0, 0, 0, 0.25]),
    ],
)
def test_a_node(node: str, wanted: list[float]) -> None:
    assert shown(f"push $A\npush $B\n{node} name X\n}}\n", "X") == wanted


def test_a_mask_limits_a_merge() -> None:
    merge = "Merge2 {\n inputs 2+1\n operation copy\n maskChannelInput rgba.alpha\n%s name X\n}\n"
    script = f"push $B\npush $A\npush $B\n{merge}"
    assert shown(script % "", "X") == [0.875, 1.5625, 0.25, 0.3125]
    assert shown(script % " invert_mask true\n", "X") == [0.625, 0.6875, 2.75, 0.4375]


def test_a_group_shows_what_its_knobs_and_inputs_say() -> None:
    script = """
push 0
push $A
Group {
 inputs 2
 name G
 addUserKnob {7 strength}
 strength {{curve L x1 0 x11 1}}
 addUserKnob {7 twice}
 twice {{"strength * 2"}}
}
 Input {
  inputs 0
  name Input1
 }
 set I [stack 0]
 Expression {
  expr0 parent.twice
  expr1 "parent.strength(11)"
  disable {{"\\[exists parent.input1] || !\\[exists parent.input0]"}}
  name E
 }
 Output {
  name Output1
 }
end_group
"""
    assert shown(script, "G", frame=6) == [1, 1, 4, 0.5]


def test_a_file_is_read_and_written_bit_for_bit(tmp_path: Path) -> None:
    pixels = np.float32([[1e-30, -0.0, np.inf], [np.nan, 65504.123, -3]])
    window, display = Window(-2, 1, 3, 2), Window(0, 0, 4, 4)
    planes = {"R": pixels, "albedo.R": pixels.astype(np.float16), "depth.Z": pixels}
    exr.write(
        tmp_path / "a.0007.exr",
        Image((exr.new_part(planes, window, display, {"owner": "us"}),)),
    )
    root = nk.parse(f"""
Read {{
 inputs 0
 file {tmp_path}/a.%04d.exr
 first 1
 last 9
 raw true
 name R
}}
Write {{
 channels all
 file {tmp_path}/b.####.exr
 file_type exr
 datatype "32 bit float"
 raw true
 name W
}}
""")
    evaluated = Evaluator(root)
    assert evaluated.picture(root.node("R"), 7).metadata["exr/owner"] == "us"
    part = exr.read(evaluated.write(root.node("W"), 7)).parts[0]
    assert (part.data, part.display) == (window, display)
    again = {plane.name: plane.pixels for plane in part.planes}
    assert set(again) == {"R", "albedo.red", "depth.Z"}
    assert_array_equal(again["depth.Z"].view(np.uint32), pixels.view(np.uint32))
    with pytest.raises(RenderError, match=r"a\.0008\.exr: Read error"):
        evaluated.picture(root.node("R"), 8)


def test_what_is_not_understood_is_refused_not_guessed() -> None:
    for node in (
        "Blur {\n name X\n}",
        "Merge2 {\n inputs 2\n operation stencil\n name X\n}",
        "Expression {\n expr0 noise(r)\n name X\n}",
        "Expression {\n expr0 nobody\n name X\n}",
        "Switch {\n inputs 2\n which {{curve x1 0 x9 1}}\n name X\n}",  # Nuke's own way between
    ):
        with pytest.raises(NkError):
            shown(f"push $A\npush $B\n{node}\n", "X", frame=3)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 + 2 * 3 - 4 / 8", 6.5),
        ("-2 * -(1 - 3)", -4),
        ("1 < 2 && 2 <= 2 || 0 / 0", 1),
        ("!0 + !3", 1),
        ("1 ? 2 : 3 ? 4 : 5", 2),
        ("0 ? 2 : 0 ? 4 : 5", 5),
        ("clamp(7) + clamp(-1) + clamp(7, 0, 3)", 4),
        ("pow(2, -1) + max(1, 5, 3) + min(2, -1)", 4.5),
        ("1e3 + .5", 1000.5),
    ],
)
def test_an_expression(text: str, wanted: float) -> None:
    scope = Scope(nk.Node("Root"), 1)
    assert expression.evaluate(text, scope.named, scope.at) == wanted
