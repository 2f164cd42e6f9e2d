"""The add-on's preferences: where the runtime is, where looks lie, which device."""

from __future__ import annotations

import bpy

ID = __package__
_DEVICES = (
    ("auto", "Automatic", "The graphics card where it answers, else the processor"),
    ("cpu", "Processor", "Slower, and the same bits on every machine"),
    ("cuda", "Graphics card", "NVIDIA, by CUDA; an error where it does not answer"),
)


class VELATURA_Preferences(bpy.types.AddonPreferences):
    """Where velatura finds its runtime and its looks, and where it bakes."""

    bl_idname = ID

    runtime: bpy.props.StringProperty(
        name="Runtime",
        description="The velatura program. Empty: the one that `install.py blender` has set up",
        subtype="FILE_PATH",
    )
    looks: bpy.props.StringProperty(
        name="Look Folder",
        description="A folder of looks, before those of $VELATURA_LOOKS and your own",
        subtype="DIR_PATH",
    )
    cache: bpy.props.StringProperty(
        name="Cache",
        description="Where new look nodes bake their gain layers; // is beside the .blend file",
        subtype="DIR_PATH",
        default="//velatura",
    )
    device: bpy.props.EnumProperty(
        name="Device",
        description="What the network runs on",
        items=_DEVICES,
    )

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        for name in ("runtime", "looks", "cache", "device"):
            self.layout.prop(self, name)


def preferences() -> VELATURA_Preferences:
    return bpy.context.preferences.addons[ID].preferences
