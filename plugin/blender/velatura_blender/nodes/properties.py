"""What velatura remembers: of each look node in the file, of each scene, and of the user."""

from __future__ import annotations

import bpy

from ..preferences import VELATURA_Preferences
from . import gain_nodes


def _is_even(look: VELATURA_LookSettings) -> bool:
    return gain_nodes.is_even(look.id_data)


def _set_even(look: VELATURA_LookSettings, even: bool) -> None:
    gain_nodes.set_even(look.id_data, even)


def _set_alpha(look: VELATURA_LookSettings, _: bpy.types.Context) -> None:
    gain_nodes.set_opaque(look.id_data, look.premultiplied == "no")


class VELATURA_LookSettings(bpy.types.PropertyGroup):
    """What a look node's group knows of its look."""

    uid: bpy.props.StringProperty(
        name="Identity",
        description="Tells this node's gain layers from those of all others",
    )
    home: bpy.props.StringProperty(
        name="Home",
        description="The .blend that this node's gain layers belong to",
    )
    cache: bpy.props.StringProperty(
        name="Cache",
        description="The folder of this node's gain layers, as it was named in that .blend",
    )
    look: bpy.props.StringProperty(
        name="Look",
        description="The look's file; // is the .blend's folder",
    )
    seen: bpy.props.StringProperty(
        name="Seen",
        description="The look's file by its whole path, where it was when it was chosen",
    )
    free: bpy.props.BoolProperty(
        name="Free",
        description="The look may be put on other shots than the one it was painted for",
        default=True,
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
        description="On: 0.5 looks like half the look. Off: 0.5 is half the stops, which looks like"
        " more. 0 and values from 1 up are unaffected",
        get=_is_even,
        set=_set_even,
    )
    premultiplied: bpy.props.EnumProperty(
        name="Premultiplied",
        description="Whether the picture is multiplied by its alpha",
        items=(
            ("auto", "Auto", "Yes, as Blender has it, with a warning where that looks wrong"),
            ("yes", "Yes", "It is, however bright it may be"),
            ("no", "No", "Its alpha is a roto, a key or another pass, and not its own"),
        ),
        update=_set_alpha,
    )


class VELATURA_SceneSettings(bpy.types.PropertyGroup):
    """How a scene's looks are rendered."""

    bake: bpy.props.BoolProperty(
        name="Bake While Rendering",
        description="Check every frame's gain layers while rendering, and make those that are"
        " missing or out of date. Off, baked layers are used as they are, and a frame"
        " whose layer is missing or out of date stops the render",
        default=True,
    )
    known_as: bpy.props.StringProperty()
    """The scene's name when its looks were last seen to: a copy of it has another."""
    keep: bpy.props.BoolProperty(
        name="Keep Renders",
        description="Bake Range writes the finished frames as well, as Render Animation does. Off,"
        " it renders the 3D for the gain layers alone, and a render does so once more",
        default=False,
    )


CLASSES = (VELATURA_LookSettings, VELATURA_SceneSettings, VELATURA_Preferences)


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
