"""A tour of a real Blender's window: it runs inside Blender, takes pictures, and tells what it saw.

    blender --factory-startup --python tour.py -- ZIP FOLDER

Installs the extension, then goes from step to step, each a moment after the last, so that the
window is drawn in between: EEVEE through a look, scrubbing, the viewport's compositor, undo, a
movie, one that a look without gains ends, and a look in a strip's modifier. Writes FOLDER/NAME.png
and FOLDER/found.json, and ends Blender.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy

ZIP, FOLDER = (Path(each) for each in sys.argv[sys.argv.index("--") + 1 :])
WIDTH, HEIGHT = 480, 270
FOUND: dict[str, object] = {"version": bpy.app.version_string}
_PAUSE = 2.0  # seconds in which a window on a software renderer is drawn


def steps() -> Iterator[None]:  # noqa: PLR0915  # one thing after another
    """Do one thing after another; the window is drawn wherever this yields."""
    bpy.ops.extensions.package_install_files(
        filepath=str(ZIP), repo="user_default", enable_on_install=True
    )
    from bl_ext.user_default import velatura_blender as velatura

    scene = bpy.context.scene
    scene.render.engine = "BLENDER_EEVEE"
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    scene.eevee.taa_render_samples, scene.frame_end = 2, 3
    bpy.data.objects["Cube"].keyframe_insert("rotation_euler", frame=1)
    bpy.data.objects["Cube"].rotation_euler.z = 1.0
    bpy.data.objects["Cube"].keyframe_insert("rotation_euler", frame=3)
    tree = bpy.data.node_groups.new("Comp", "CompositorNodeTree")
    tree.interface.new_socket(name="Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    scene.compositing_node_group = tree
    layers, result = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("NodeGroupOutput")
    result.location.x = 500
    tree.links.new(layers.outputs["Image"], result.inputs[0])
    tree.nodes.active = layers
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "shot.blend"))
    area = max(bpy.context.window.screen.areas, key=lambda each: each.width * each.height)
    area.type, area.ui_type = "NODE_EDITOR", "CompositorNodeTree"
    yield
    looks = Path(velatura.__file__).parent / "looks"
    bpy.ops.ed.undo_push(message="Before")
    with bpy.context.temp_override(area=area, region=area.regions[-1]):
        bpy.ops.velatura.add_look(path=str(looks / "starter_hatching.onnx"))
        FOUND["wired"] = wires()
        bpy.ops.node.view_all()
    bpy.ops.ed.undo_push(message="Add Look")
    area.spaces.active.show_region_ui = True
    yield
    FOUND["label before"] = label()
    bpy.ops.ed.undo()
    FOUND["nodes after undo"] = len(bpy.context.scene.compositing_node_group.nodes)
    bpy.ops.ed.redo()
    FOUND["wired after redo"] = wires()
    FOUND["nodes after redo"] = len(bpy.context.scene.compositing_node_group.nodes)
    yield
    picture("first")
    bpy.ops.render.render(write_still=False)
    yield
    FOUND["after F12"] = status(velatura)
    FOUND["label after F12"] = label()
    picture("graph")
    render = bpy.data.images["Render Result"]
    render.save_render(str(FOLDER / "render.png"))
    yield
    bpy.context.scene.frame_set(2)
    yield
    picture("scrubbed")
    view = viewport(area)
    yield
    yield
    picture("viewport")
    FOUND["viewport composites"] = view.shading.use_compositor
    view.shading.type = "SOLID"
    scene = bpy.context.scene
    scene.render.image_settings.media_type = "VIDEO"
    scene.render.image_settings.file_format = "FFMPEG"
    scene.render.filepath = str(FOLDER / "movie_")
    bpy.ops.render.render(animation=True)
    yield
    FOUND["after the movie"] = status(velatura)
    FOUND["movie"] = [(each.name, each.stat().st_size > 0) for each in FOLDER.glob("movie_*")]
    messages = sys.modules[velatura.__name__ + ".messages"]
    FOUND["messages"] = messages.latest()
    scene.velatura.bake, scene.frame_end = False, 6
    scene.render.filepath = str(FOLDER / "refused_")
    bpy.context.preferences.view.render_display_type = "NONE"
    bpy.ops.render.render("INVOKE_DEFAULT", animation=True)
    yield
    while bpy.app.is_job_running("RENDER"):
        yield
    (refused,) = FOLDER.glob("refused_*")
    FOUND["frames of the refused movie"] = bpy.data.movieclips.load(str(refused)).frame_duration
    FOUND["refusal"] = messages.latest()
    FOUND["a movie still"] = scene.render.is_movie_format
    FOUND["a look in a modifier of a strip"] = modified(refused)
    yield
    FOUND["refusal of a modifier"] = messages.latest()


def look() -> bpy.types.Node:
    nodes = bpy.context.scene.compositing_node_group.nodes
    return next(each for each in nodes if each.bl_idname == "CompositorNodeGroup")


def wires() -> list[tuple[str, str]]:
    links = bpy.context.scene.compositing_node_group.links
    return [(each.from_node.name, each.to_node.name) for each in links]


def modified(movie: Path) -> str:
    """Render an edit inside another one, where a strip has a look in a modifier; return its end."""
    edits = [bpy.data.scenes.new(name) for name in ("Edit", "Cut")]
    inner, outer = (edit.sequence_editor_create().strips for edit in edits)
    strip = inner.new_movie("Movie", str(movie), 1, 1)
    strip.modifiers.new("Look", "COMPOSITOR").node_group = look().id_data
    cut = outer.new_scene("Edit", edits[0], 1, 1)
    cut.scene_input = "SEQUENCER"
    edits[1].render.filepath = str(FOLDER / "strip_")
    try:
        bpy.ops.render.render(write_still=True, scene=edits[1].name)
    except RuntimeError as error:
        return str(error)
    return "finished"


def label() -> str:
    return look().label


def status(velatura: object) -> dict[str, str]:
    return {str(frame): told for frame, told in velatura.status(look(), range(1, 4)).items()}


def viewport(area: bpy.types.Area) -> bpy.types.SpaceView3D:
    """Let an area show the 3D through the camera, with the compositor."""
    area.type = "VIEW_3D"
    view = area.spaces.active
    view.shading.type, view.shading.use_compositor = "RENDERED", "ALWAYS"
    view.region_3d.view_perspective = "CAMERA"
    return view


def picture(name: str) -> None:
    """Take a picture of the screen: Blender's own are black on a software renderer."""
    command = ["/usr/bin/import", "-window", "root", FOLDER / f"{name}.png"]
    subprocess.run(command, check=True)


def go_on(left: Iterator[None]) -> Callable[[], float | None]:
    def step() -> float | None:
        window = bpy.context.window_manager.windows[0]
        try:
            with bpy.context.temp_override(window=window):
                next(left)
        except StopIteration:
            end()
        except BaseException:  # noqa: BLE001  # it is told, and Blender must end
            FOUND["error"] = traceback.format_exc()
            end()
        return _PAUSE

    return step


def end() -> None:
    (FOLDER / "found.json").write_text(json.dumps(FOUND, indent=2))
    os._exit(0)


bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(go_on(steps()), first_interval=_PAUSE, persistent=True)
