"""What velatura remembers: of each look node in the file, of each scene, and of the user."""

from __future__ import annotations

import bpy

from . import law

ID = __package__

_DEVICES = (
    ("auto", "Automatic", "The graphics card where it answers, else the processor"),
    ("cpu", "Processor", "Slower, and the same bits on every machine"),
    ("cuda", "Graphics card", "NVIDIA, by CUDA; an error where it does not answer"),
)


def _is_even(look: VELATURA_LookSettings) -> bool:
    return law.is_even(look.id_data)


def _set_even(look: VELATURA_LookSettings, even: bool) -> None:
    law.set_even(look.id_data, even)


class VELATURA_LookSettings(bpy.types.PropertyGroup):
    """What a look node's group knows of its look."""

    uid: bpy.props.StringProperty(
        name="Identity",
        description="Tells this node's gain layers from those of all others",
    )
    look: bpy.props.StringProperty(
        name="Look",
        description="The look's file",
        subtype="FILE_PATH",
    )
    digest: bpy.props.StringProperty(
        name="Digest",
        description="The look file's contents when it was chosen, as a SHA-256 sum",
    )
    guides: bpy.props.StringProperty(
        name="Passes",
        description="The passes that the look reads beside the picture",
    )
    even: bpy.props.BoolProperty(
        name="Even to the Eye",
        description="Half the strength shows half of the look. Off, it is half of the look's stops,"
        " of which the first show most. 0, and 1 and more, are the same either way",
        get=_is_even,
        set=_set_even,
    )


class VELATURA_SceneSettings(bpy.types.PropertyGroup):
    """How a scene's looks are rendered."""

    bake: bpy.props.BoolProperty(
        name="Bake While Rendering",
        description="Check every frame's gain layers while rendering, and make those that are"
        " missing or out of date. Without, what was baked is used as it is, and a frame that"
        " was not baked, or is out of date, stops the render",
        default=True,
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


CLASSES = (VELATURA_LookSettings, VELATURA_SceneSettings, VELATURA_Preferences)


def preferences() -> VELATURA_Preferences:
    return bpy.context.preferences.addons[ID].preferences


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.NodeTree.velatura = bpy.props.PointerProperty(type=VELATURA_LookSettings)
    bpy.types.Scene.velatura = bpy.props.PointerProperty(type=VELATURA_SceneSettings)


def unregister() -> None:
    del bpy.types.NodeTree.velatura
    del bpy.types.Scene.velatura
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
