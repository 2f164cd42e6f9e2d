"""The panel: the knobs of a look node, named as Nuke's own nodes name theirs."""

from __future__ import annotations

import velatura
from velatura.job import PREMULTIPLIED
from velatura.texts import inert

from . import gain_expressions
from .nodespec import Expression, UserKnob

NO_LOOK = "(choose a look)"
NOT_RENDERED = "The gain is not rendered yet: the plate is shown as it is, and renders fail"
UNCOMPARED = (
    "rendered. This edition of Nuke does not see when another plate is wired in: press Verify gain"
)
HALVES, FLOATS = "16 bit half", "32 bit float"  # what Nuke's EXR writer calls them
AS_PLATE = "as the plate"
NO_MOTION, LAYERS, SMART = "from the plate", "forward and backward", "SmartVectors"
TEACH = "[file dirname [value root.name]]/velatura/teach"
CACHE = "[file dirname [value root.name]]/velatura"  # beside the script, wherever it is moved

_ABSENT = "velatura is not installed in this Nuke. What is rendered already needs no plug-in."
_BUTTON = """import nuke

try:
    import velatura_nuke
except ImportError:
    nuke.message('{absent}')
else:
    velatura_nuke.press('{verb}', nuke.thisNode())"""


def panel() -> tuple[UserKnob, ...]:
    """Return the knobs in the order of the panel."""
    return (*_look(), *_gain(), *_hidden(), *_teach(), *_info())


def _look() -> tuple[UserKnob, ...]:
    return (
        UserKnob("Tab_Knob", "velatura", "Velatura"),
        UserKnob("Enumeration_Knob", "look", "look", items=(NO_LOOK,), tip="A look of the library"),
        UserKnob("File_Knob", "file", "file", tip="The look's file: velatura export wrote it"),
        UserKnob("Text_Knob", "line_1", ""),
        UserKnob(
            "Double_Knob",
            "strength",
            "strength",
            1.0,
            "How much of the look: 0 is the plate, 1 as painted, 2 twice as strong in stops. Live",
            ends=(0, 2),
        ),
        UserKnob(
            "Boolean_Knob",
            "even",
            "even strength",
            value=True,
            tip="Half the strength shows half of the look; off: half of its stops",
            newline=False,
        ),
        UserKnob("Link_Knob", "maskChannelInput", "mask", text="Matte.from0"),
        UserKnob("Boolean_Knob", "invert_mask", "invert", newline=False),
        UserKnob(
            "Double_Knob", "mix", "mix", 1.0, "Dissolve between the plate and the look", ends=(0, 1)
        ),
        UserKnob("Text_Knob", "line_2", ""),
        UserKnob("Text_Knob", "state", "gain", text=NOT_RENDERED),
        _button("render", "Render gain", "Let the look see every frame of the range, once"),
        _button("cancel", "Cancel", "Stop rendering: frames that are there stay", newline=False),
        _button("reload", "Reload", "Read the looks and the gain from disk again", newline=False),
        _button(
            "verify",
            "Verify gain",
            "Write this frame's plate again, and compare its pixels with those of the gain",
            newline=False,
        ),
        _button("report", "Report", "A page about this look and its gain", newline=False),
    )


def _gain() -> tuple[UserKnob, ...]:
    return (
        UserKnob("Tab_Knob", "gain_tab", "Gain"),
        UserKnob("Int_Knob", "first", "frame range", 1),
        UserKnob("Int_Knob", "last", "", 1, newline=False),
        _button("reset", "Reset", "Take the range of the plate", newline=False),
        UserKnob(  # no File_Knob: submitters of farms take what such knobs hold for files
            "String_Knob", "cache", "cache folder", CACHE, "Where the next gain is rendered to"
        ),
        UserKnob(
            "Boolean_Knob",
            "relative",
            "read it from there too",
            tip="On: the gain is read from this folder as it is evaluated then, beside whichever"
            " copy of the script runs. Off: from where it was rendered to",
            newline=False,
        ),
        UserKnob("Boolean_Knob", "useGPUIfAvailable", "Use GPU if available", value=True),
        UserKnob(
            "Enumeration_Knob",
            "datatype",
            "write plate as",
            items=(AS_PLATE, FLOATS, HALVES),
            tip="What the look is handed. as the plate: halves where the plate is read from such"
            " and not changed. A look that reads passes always gets 32 bit floats",
        ),
        UserKnob(
            "String_Knob",
            "passes",
            "passes",
            tip="Layers of passes with unusual names: normal=N,depth=Z",
        ),
        UserKnob(
            "Enumeration_Knob",
            "premultiplied",
            "premultiplied",
            items=PREMULTIPLIED,
            tip="Whether the plate is multiplied by its alpha. no: its alpha is a roto, a key or an"
            " AOV. auto: yes, with a warning where that looks wrong",
        ),
        UserKnob(
            "Double_Knob",
            "exposure",
            "exposure",
            tip="Stops by which the look sees the plate brighter than it is, for a shot that is"
            " darker than those it has learnt. The picture keeps its own brightness",
            ends=(-4, 4),
        ),
        UserKnob(
            "Double_Knob",
            "degrain",
            "degrain",
            tip="Grain of the plate, in stops; film has about 0.1. The look sees the plate without"
            " it, and does not shimmer; the picture keeps its grain",
            ends=(0, 0.5),
        ),
        UserKnob(
            "Boolean_Knob",
            "refuse_stale",
            "refuse stale gain",
            value=True,
            tip="Renders fail where the graph before this node is another than when the gain was"
            " rendered. A missing gain, or another look's, always fails",
        ),
    )


def _hidden() -> tuple[UserKnob, ...]:
    return (
        UserKnob("Double_Knob", "amount", value=Expression(gain_expressions.amount()), hidden=True),
        UserKnob("Double_Knob", "gain_floor", hidden=True),
        UserKnob("Boolean_Knob", "opaque", hidden=True),
        UserKnob("Boolean_Knob", "baked", hidden=True),
        UserKnob("String_Knob", "note", hidden=True),
        UserKnob("String_Knob", "uid", hidden=True),
        UserKnob("String_Knob", "scopes", hidden=True),
        UserKnob("String_Knob", "digest", hidden=True),
    )


def _teach() -> tuple[UserKnob, ...]:
    return (
        UserKnob("Tab_Knob", "teach_tab", "Teach"),
        UserKnob(
            "String_Knob",
            "keyframes",
            "keyframes",
            tip="Frames in which the input painted is painted over, as 1001 1024. img has the same"
            " frames as they were",
        ),
        _button("add_key", "Add this frame", "Add the current frame to the keyframes"),
        UserKnob("Double_Knob", "minutes", "minutes", 30.0, "How long to learn", ends=(1, 120)),
        UserKnob(
            "Boolean_Knob",
            "teach_free",
            "for any shot",
            tip="Learn a look from the plate alone, instead of carrying the paint along this shot",
            newline=False,
        ),
        UserKnob(
            "Enumeration_Knob",
            "motion",
            "motion",
            items=(NO_MOTION, LAYERS, SMART),
            tip="How the shot moves: by the plate's own passes or optical flow; by the layers"
            " forward and backward (VectorGenerator) in img or guides; or by SmartVectors in"
            " guides, which VectorDistort writes as an STMap for each keyframe (NukeX)",
        ),
        _button(
            "bake_vectors",
            "Bake vectors",
            "Write the STMaps of SmartVectors in guides now, anew for each keyframe (NukeX)",
            newline=False,
        ),
        UserKnob("String_Knob", "teach_folder", "folder", TEACH, "Where plates, keys and runs lie"),
        _button("train", "Train", "Write plates and keys, and learn from them: velatura train"),
        _button("stop", "Stop", "Stop learning; the best look so far is taken", newline=False),
        _button("resume", "Resume", "Go on with the last training", newline=False),
        UserKnob("Text_Knob", "teach_state", "training", text="not begun"),
        UserKnob("Text_Knob", "sheet", ""),
    )


def _info() -> tuple[UserKnob, ...]:
    return (
        UserKnob("Tab_Knob", "info", "Info"),
        UserKnob("Text_Knob", "about", "", text=about("none chosen yet")),
    )


def about(look: str) -> str:
    """Return what the Info tab says."""
    return f"velatura {velatura.__version__}\nLook: {inert(look)}"


def _button(verb: str, label: str, tip: str, *, newline: bool = True) -> UserKnob:
    code = _BUTTON.format(absent=_ABSENT, verb=verb)
    return UserKnob("PyScript_Knob", verb, label, tip=tip, text=code, newline=newline)
