"""velatura in Nuke's window: the look node in the toolbar, and a menu."""

from __future__ import annotations

import sys
import traceback


def _start() -> None:
    if sys.version_info < (3, 9):  # noqa: UP036  # as init.py said
        return
    import nuke

    import velatura_nuke
    from velatura_nuke import buttons, look_list

    nuke.menu("Nodes").addMenu("velatura").addCommand("Velatura", velatura_nuke.create)
    menu = nuke.menu("Nuke").addMenu("velatura")
    menu.addCommand("Add a look", velatura_nuke.create)
    menu.addCommand("Render every gain", buttons.render_every)
    nuke.addKnobChanged(look_list.on_change, nodeClass="Group")


try:
    _start()
except Exception:  # noqa: BLE001  # nobody's Nuke may fail to start over this
    traceback.print_exc()
