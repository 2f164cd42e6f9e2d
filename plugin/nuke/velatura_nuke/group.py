"""The Group: what a look node consists of.

::

    img ─┬─ SrcKeep ─ Passes1..4 ─ SrcWrite      what the look sees, written once
         │              └ PassesFrom (img or guides)
         ├─────────────────────────── B ┐
         │  GainRead ─ GainOrError ─ White ─ Matte ─ A Law ─ PlateBox ─┐
         │     └ NoGain ─┘               └ mask                        │
         └──────────────────────────────────────────────────────────── Gate ─ Output

Only nodes of Nuke's own are in it and no Python that matters, so a script with rendered gains opens
and renders in a Nuke without the plug-in. Gate leads the plate past the law where the strength is
0, and in the GUI where no gain was rendered yet. GainOrError ends a render at NoGain, an Assert
that never holds, wherever there is no gain of this look: no file that is not there has to be named,
which farms' submitters would look for.
"""

from __future__ import annotations

from . import gain_expressions
from .nodespec import Expression, GroupSpec, Node
from .panel import FLOATS, panel

NAME = "Velatura1"
PASSES = 4  # Copy nodes of four channels each: all six guides together have fifteen
SLOTS = 4  # channels that one Copy node copies
LATEST = 999999
"""The last frame that a gain is rendered for; the first is 0."""

_MASKED = "[exists parent.input1]"
_HELP = "velatura: a trained look. Render its gain once; strength, mask and mix are live."
_DIGEST = "[metadata -n GainRead exr/velatura/digest]"
_REFUSED = (
    "velatura: [value parent.name] has no gain of its look for this frame. Render gain, save the"
    " script, and render again"
)


def look_group() -> GroupSpec:
    """Return the Group as it is before a look was chosen."""
    return GroupSpec(
        NAME,
        (("help", _HELP), ("tile_color", 0x6B5A45FF), ("label", "[value note]")),
        panel(),
        (*_inputs(), *_source(), *_gain(), *_glaze()),
    )


def _inputs() -> tuple[Node, ...]:
    """Return the inputs; Nuke numbers them as they are made."""
    return (
        Node("Input", "img", (0, 0)),
        Node("Input", "mask", (400, 0), knobs=(("number", 1),)),
        Node("Input", "guides", (-400, 0), knobs=(("number", 2),)),
        Node("Input", "painted", (-600, 0), knobs=(("number", 3),)),
    )


def _source() -> tuple[Node, ...]:
    """Return what writes the plate for the look: its picture, and the passes that it reads."""
    copies = []
    before = "SrcKeep"
    for number in range(1, PASSES + 1):
        name, at = f"Passes{number}", (-200, 100 + 50 * number)
        copies.append(Node("Copy", name, at, (before, "PassesFrom"), (("disable", True),)))
        before = name
    return (
        Node(
            "Remove",
            "SrcKeep",
            (-200, 100),
            ("img",),
            (("operation", "keep"), ("channels", "rgba")),
        ),
        Node("Switch", "PassesFrom", (-400, 100), ("img", "guides")),
        *copies,
        Node(
            "Write",
            "SrcWrite",
            (-200, 400),
            (before,),
            (
                ("channels", "all"),
                ("file_type", "exr"),
                ("raw", True),
                ("datatype", FLOATS),
                ("compression", "Zip (1 scanline)"),
                (
                    "metadata",
                    "no metadata",
                ),  # times of files: the same plate is to be the same file
                ("write_hash", False),
                ("disable", True),  # else `nuke -x` would write it along with the shot
            ),
        ),
    )


def _gain() -> tuple[Node, ...]:
    """Return what reads the gain, with the matte as its alpha."""
    return (
        Node(
            "Read",
            "GainRead",
            (200, 100),
            knobs=(
                ("file_type", "exr"),
                ("origset", True),
                ("on_error", "error"),
                ("raw", True),
                ("localizationPolicy", "off"),
                ("postage_stamp", False),
            ),
        ),
        Node(
            "Assert",
            "NoGain",
            (300, 100),
            ("GainRead",),
            (("expression", 0), ("message", _REFUSED)),
        ),
        Node(
            "Switch",
            "GainOrError",
            (200, 130),
            ("GainRead", "NoGain"),
            (("which", Expression(_missing())),),
        ),
        Node(
            "FrameRange",
            "GainRange",
            (200, 150),
            ("GainOrError",),
            (("first_frame", 1), ("last_frame", 1)),
        ),
        Node("Expression", "White", (200, 200), ("GainRange",), (("expr3", "1"),)),
        Node(
            "Copy",
            "Matte",
            (200, 250),
            ("White", "mask"),
            (
                ("from0", "rgba.alpha"),
                ("to0", "rgba.alpha"),
                ("disable", Expression(f"!{_MASKED}")),
            ),
        ),
        Node(
            "Expression",
            "MatteInvert",
            (200, 300),
            ("Matte",),
            (("expr3", "1 - a"), ("disable", Expression(f"!parent.invert_mask || !{_MASKED}"))),
        ),
    )


def _glaze() -> tuple[Node, ...]:
    """Return what puts the gain on the plate."""
    wanted = "parent.amount * parent.mix != 0"
    return (
        Node("MergeExpression", "Law", (0, 400), ("img", "MatteInvert"), gain_expressions.pixels()),
        Node("CopyBBox", "PlateBox", (0, 450), ("Law", "img")),
        Node(
            "Switch",
            "Gate",
            (0, 500),
            ("img", "PlateBox"),
            (("which", Expression(f"{wanted} && (parent.baked || ($gui ? 0 : 1))")),),
        ),
        Node("Output", "Output1", (0, 550), ("Gate",)),
    )


def _missing() -> str:
    """Return the expression that is true where GainRead has no gain of this look.

    A Read holds its first and its last frame, and says nothing. The gain's own digest is in its
    header; where Nuke tells no metadata, nothing is compared.
    """
    outside = "frame < GainRead.first || frame > GainRead.last"
    other = f"[string length {_DIGEST}] && ![string equal {_DIGEST} [value parent.digest]]"
    return f"!parent.baked || {outside} || {other}"
