"""A Blender that stays open and runs one script after the other, as it is told on stdin.

A script finds what it would find in a Blender that was just started: factory settings, no add-on
enabled, none of our modules imported, the environment it was sent with. One line of JSON is one
task; its end is told on stdout, after all that the script wrote there.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import sys
import traceback
from pathlib import Path

import bpy

_ADD_ON = "velatura_blender"
_HERE = Path(__file__).parent


def main() -> None:
    usual = dict(os.environ)
    for line in sys.stdin:
        task = json.loads(line)
        os.environ.update(task["env"])
        try:
            code = _run(task["script"])
        finally:
            _clean()
            os.environ.clear()
            os.environ.update(usual)
        sys.stderr.flush()
        sys.stdout.write(f"\nDONE {code}\n")
        sys.stdout.flush()


def _run(script: str) -> int:
    try:
        exec(compile(script, "<script>", "exec"), {"__name__": "__main__"})  # noqa: S102
    except Exception:  # noqa: BLE001  # the next script is not to suffer from it
        traceback.print_exc()
        return 1
    return 0


def _clean() -> None:
    """Undo what a script leaves behind."""
    if _ADD_ON in bpy.context.preferences.addons:
        bpy.ops.preferences.addon_disable(module=_ADD_ON)
    stage = sys.modules.get("stage")
    if stage is not None:
        stage.tidy()
        atexit.unregister(stage.tidy)
    for name, module in list(sys.modules.items()):
        ours = name.partition(".")[0] in {"velatura", _ADD_ON}
        file = getattr(module, "__file__", None)
        if ours or (name != "__main__" and file and Path(file).parent == _HERE):
            del sys.modules[name]
    bpy.ops.wm.read_factory_settings(use_empty=False)
    gc.collect()


if __name__ == "__main__":
    main()
