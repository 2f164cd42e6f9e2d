"""A look behind a Read, faded in, its gain rendered, and the script saved: without a window.

    nuke -t examples/nuke_node.py ink.onnx plate.%04d.exr 1001 1048 shot.nk

The plug-in must be installed. This was never run in a Nuke, only in the tests' stand-in for one.
"""

import sys

import nuke

import velatura_nuke

look_file, plate, first, last, script = sys.argv[1:]
nuke.scriptSaveAs(script, 1)
read = nuke.nodes.Read(file=plate, raw=True, first=int(first), last=int(last))
look = velatura_nuke.create(look_file, after=read)
velatura_nuke.set_strength(look, 0.0, frame=int(first))
velatura_nuke.set_strength(look, 1.0, frame=int(last))
velatura_nuke.bake(look, range(int(first), int(last) + 1))
print(velatura_nuke.status(look))
nuke.scriptSave()
