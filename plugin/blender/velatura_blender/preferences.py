"""The add-on's preferences: runtime and trainer, where looks lie, which device."""

from __future__ import annotations

import bpy

from . import bundled

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
        description="The velatura program, such as one that runs on a graphics card. Empty: the one"
        " that this extension brings, else the one that `install.py blender` has set up",
        subtype="FILE_PATH",
    )
    trainer: bpy.props.StringProperty(
        name="Trainer",
        description="The velatura program that learns looks, of an environment with the trainer."
        " Empty: the one that `install.py train` has set up",
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
        self.layout.prop(self, "runtime")
        if not self.runtime:
            own = bundled.command()
            said = "This extension's own, on the processor" if own else "What is installed beside"
            self.layout.label(text=said, icon="CHECKMARK" if own else "BLANK1")
        for name in ("trainer", "looks", "cache", "device"):
            self.layout.prop(self, name)


def preferences() -> VELATURA_Preferences:
    return bpy.context.preferences.addons[ID].preferences
