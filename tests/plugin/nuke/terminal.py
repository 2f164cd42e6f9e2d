"""Nuke's command line, without a window: ``terminal.py -x script.nk 1-3``, ``-t script.py``.

What of it we use: ``-x`` renders, ``-X NAME`` renders one node, ``-t`` runs Python, ``-F`` gives
frames, ``-i`` and ``-V`` mean nothing here. Each folder of $NUKE_PATH has its `init.py` run first,
but for ``--safe``.
Whatever goes wrong is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import runpy
import sys
import traceback
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "fake")]

import nuke  # noqa: E402  # it lies on that path
from nuke.groups import Group  # noqa: E402
from nuke.nodes import Node  # noqa: E402
from nuke.session import SESSION  # noqa: E402

_OURS = "velatura_nuke"


def main() -> int:
    SESSION.begin()
    SESSION.exe = os.environ.get("NUKE_EXE", sys.argv[0])
    given, rest = _parsed()
    SESSION.edition = "nc" if given.nc else ""
    path = "" if given.safe else os.environ.get("NUKE_PATH", "")
    folders = [folder for folder in path.split(os.pathsep) if folder]
    if not folders:
        sys.modules[_OURS] = None  # type: ignore[assignment]  # it is nowhere: importing it fails
    try:
        for folder in folders:
            nuke.pluginAddPath(folder)
            runpy.run_path(str(Path(folder, "init.py")), run_name="init")
        if given.terminal:
            sys.argv = [given.script, *rest]
            runpy.run_path(given.script, run_name="__main__")
        else:
            nuke.scriptOpen(given.script)
            _render(given.node, given.frames or (rest[0] if rest else ""))
    except Exception:  # noqa: BLE001  # whatever it is, this is how Nuke ends
        traceback.print_exc()
        return 1
    return 0


def _parsed() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser()
    parser.add_argument("-x", dest="execute", action="store_true")
    parser.add_argument("-t", dest="terminal", action="store_true")
    parser.add_argument("-i", dest="interactive", action="store_true")
    parser.add_argument("-V", dest="verbose", action="store_true")
    parser.add_argument("--safe", action="store_true")
    parser.add_argument("--nc", action="store_true")
    parser.add_argument("-X", dest="node", default="")
    parser.add_argument("-F", dest="frames", default="")
    parser.add_argument("script")
    return parser.parse_known_args()


def _render(name: str, frames: str) -> None:
    """Render a node, or all Writes that are not disabled, those inside groups too."""
    span = nuke.FrameRange(frames) if frames else nuke.root().frameRange()
    nodes = [nuke.toNode(name)] if name else _writes(nuke.root())
    for node in nodes:
        if node is None:
            raise RuntimeError(f"{name}: no such node")
        nuke.execute(node, span.first(), span.last(), span.increment())


def _writes(group: Group) -> list[Node]:
    found = [
        node for node in group.nodes() if node.Class() == "Write" and not node["disable"].value()
    ]
    for node in group.nodes():
        found += _writes(node) if isinstance(node, Group) else []
    return found


if __name__ == "__main__":
    sys.exit(main())
