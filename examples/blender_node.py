"""A look over the shot in a .blend: added, faded in, baked and rendered, without a window.

    blender --background shot.blend --python examples/blender_node.py -- ink.onnx

The add-on must be installed, and the file's compositor must reach its output.
"""

import sys

import bpy
from bl_ext.user_default import velatura_blender as velatura

scene = bpy.context.scene
look = velatura.create(sys.argv[-1])
bpy.ops.velatura.enable_passes()
velatura.set_strength(look, 0.0, frame=scene.frame_start)
velatura.set_strength(look, 1.0, frame=scene.frame_end)
velatura.bake()
print(velatura.status(look, range(scene.frame_start, scene.frame_end + 1)))
bpy.ops.wm.save_mainfile()
bpy.ops.render.render(animation=True)
