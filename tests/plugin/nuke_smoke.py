"""Asks a real Nuke whether what velatura assumes of it is so. Run once per version, by a licensee:

    nuke -i -t tests/plugin/nuke_smoke.py

One line an assumption, PASS, FAIL or SKIP with its number in docs/nuke-unverified.md; the exit code
is 1 if one failed. It needs no look, no runtime and no files of its own: what is read was written
by this Nuke. In the GUI's Script Editor,
``import runpy; runpy.run_path("tests/plugin/nuke_smoke.py", run_name="__main__")`` runs it too, and
N22 besides. The checks are in `tests/plugin/nuke/smoke`.

Standard library only, Python 3.7.
"""

from __future__ import annotations

import os
import sys
import traceback

import nuke

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "nuke", "smoke"))

import asking  # it lies on that path
import asking_knobs  # noqa: F401  # their checks note themselves
import asking_pixels  # noqa: F401
import asking_renders

NO_WINDOW = asking_renders.NO_WINDOW


def main():
    """Run every check in an empty script; return how many failed."""
    from velatura_nuke import guard

    failed = 0
    # The gains here are none of the runtime's: where the plug-in is installed it would refuse them.
    nuke.removeBeforeRender(guard.before_render, nodeClass="Write")
    nuke.removeBeforeFrameRender(guard.before_frame, nodeClass="Write")
    print("Nuke %s, Python %s" % (nuke.NUKE_VERSION_STRING, sys.version.split()[0]))
    for number, text, check in sorted(asking.ASSUMPTIONS, key=lambda each: int(each[0][1:])):
        nuke.scriptClear()
        try:
            said = check()
        except Exception as error:  # whatever it is, the next one is to be asked too
            failed += 1
            traceback.print_exc()
            print("FAIL %s %s: %s" % (number, text, error or type(error).__name__))
            continue
        verdict = "SKIP" if said == NO_WINDOW else "PASS"
        print("%s %s %s%s" % (verdict, number, text, ": " + said if said else ""))
    print(
        "%d assumptions, %d failed; files are in %s"
        % (len(asking.ASSUMPTIONS), failed, asking.FOLDER)
    )
    return failed


if __name__ == "__main__":
    ended = main()
    if ended and not nuke.GUI:
        sys.exit(1)
