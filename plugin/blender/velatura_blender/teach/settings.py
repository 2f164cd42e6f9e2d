"""What a scene remembers of its teaching: the painted frames, and how long to learn."""

from __future__ import annotations

import bpy


class VELATURA_PaintedFrame(bpy.types.PropertyGroup):
    """A frame that somebody has painted."""

    frame: bpy.props.IntProperty(name="Frame", description="The frame that was painted")
    path: bpy.props.StringProperty(name="Paint", description="The painting")


class VELATURA_TeachSettings(bpy.types.PropertyGroup):
    """How a look is learnt from this scene's painted frames."""

    keys: bpy.props.CollectionProperty(type=VELATURA_PaintedFrame)
    plates: bpy.props.StringProperty(
        name="Plates",
        description="The frames that were painted over: EXRs numbered like shot.####.exr, or a"
        " movie. Empty: the renders that Paint This Frame keeps",
        subtype="FILE_PATH",
    )
    start: bpy.props.IntProperty(
        name="First Frame", description="The number of the movie's first frame", default=1
    )
    name: bpy.props.StringProperty(
        name="Name", description="What the look will be called", default="my look"
    )
    minutes: bpy.props.FloatProperty(
        name="Minutes", description="How long to learn, all in all", default=5, min=0.05, max=600
    )
    free: bpy.props.BoolProperty(
        name="For Any Shot",
        description="On: learn from the picture alone, for any shot. Off: take the painted frames"
        " along into every frame of this shot, which needs its plates and passes",
        default=True,
    )


CLASSES = (VELATURA_PaintedFrame, VELATURA_TeachSettings)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.velatura_teach = bpy.props.PointerProperty(type=VELATURA_TeachSettings)


def unregister() -> None:
    del bpy.types.Scene.velatura_teach
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
