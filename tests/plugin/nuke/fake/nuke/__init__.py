"""A Nuke for tests: the module `nuke` as strict values, which raise where Nuke would.

It knows the classes of nodes and the knobs of `knobs.toml` and no others, keeps expressions and
curves as scripts have them, saves and opens real .nk text, and renders through the evaluator. It is
written from public documentation; whether Nuke does the same is what `nuke_smoke.py` asks.
"""

from __future__ import annotations

from typing import Any

from . import callbacks
from .contexts import OutputContext, Undo
from .groups import Group, Root
from .knobs import (
    DISABLED,
    DO_NOT_WRITE,
    ENDLINE,
    INVISIBLE,
    NO_ANIMATION,
    READ_ONLY,
    STARTLINE,
    Enumeration_Knob,
    Knob,
)
from .menus import Menu, MenuItem, ask, error, menu, message, tprint, warning
from .nodes import Node
from .numberknobs import (
    AColor_Knob,
    Array_Knob,
    BBox_Knob,
    Boolean_Knob,
    Disable_Knob,
    Double_Knob,
    Int_Knob,
)
from .ranges import FrameRange, FrameRanges, Info
from .render import execute, executeMultiple
from .render import tree_views as views
from .scripts import (
    nodeCopy,
    nodePaste,
    scriptClear,
    scriptName,
    scriptNew,
    scriptOpen,
    scriptReadText,
    scriptSave,
    scriptSaveAs,
)
from .session import SESSION
from .tasks import ProgressTask, executeInMainThread, executeInMainThreadWithResult
from .tclcommands import exists, runIn, script_directory, tcl, value
from .tree import (
    allNodes,
    createNode,
    delete,
    nodes,
    root,
    selectedNode,
    selectedNodes,
    thisGroup,
    thisKnob,
    thisNode,
    thisParent,
    toNode,
)
from .wordknobs import (
    Channel_Knob,
    ChannelMask_Knob,
    EvalString_Knob,
    File_Knob,
    Format_Knob,
    Link_Knob,
    Multiline_Eval_String_Knob,
    PyScript_Knob,
    Script_Knob,
    String_Knob,
    Tab_Knob,
    Text_Knob,
)

globals().update(callbacks.FUNCTIONS)

NUKE_VERSION_MAJOR, NUKE_VERSION_MINOR, NUKE_VERSION_RELEASE = 13, 2, 8
NUKE_VERSION_STRING = "13.2v8"
REPLACE = 1
INPUTS, HIDDEN_INPUTS, EXPRESSIONS = 1, 4, 8
WRITE_ALL, WRITE_NON_DEFAULT_ONLY, WRITE_USER_KNOB_DEFS, TO_SCRIPT = 1, 2, 4, 8
TABBEGINGROUP, TABBEGINCLOSEDGROUP, TABENDGROUP = 1, 2, -1


def __getattr__(name: str) -> Any:
    """Return what changes from session to session."""
    if name in {"GUI", "INTERACTIVE"}:
        return SESSION.gui
    if name == "EXE_PATH":
        return SESSION.exe
    if name == "env":
        limits = {name: SESSION.edition == name for name in ("nc", "indie")}
        return {
            "gui": SESSION.gui,
            "NukeVersionMajor": NUKE_VERSION_MAJOR,
            "nukex": False,
            **limits,
        }
    raise AttributeError(f"module 'nuke' has no attribute {name!r}")


def frame(at: int | None = None) -> int:
    SESSION.demand_main("frame")
    if at is not None:
        SESSION.frame = at
    return SESSION.frame


def executing() -> bool:
    return SESSION.rendering


def filename(node: Node, _mode: int = 0) -> str | None:
    knob = node.knob("file")
    return (
        knob.evaluate()
        if isinstance(knob, File_Knob) and _mode == REPLACE
        else (str(knob.value()) if knob else None)
    )


def filenameFilter(name: str) -> str:
    """Return a file name as this machine has it; no filter is registered here."""
    return name


def pluginPath() -> list[str]:
    return list(SESSION.plugins)


def pluginAddPath(folder: str, addToSysPath: bool = True) -> None:
    import sys

    SESSION.plugins.insert(0, folder)
    if addToSysPath and folder not in sys.path:
        sys.path.insert(0, folder)


def usingOcio() -> bool:
    return bool(root()["colorManagement"].value() == "OCIO")


def clearRAMCache() -> None:
    SESSION.demand_main("clearRAMCache")
