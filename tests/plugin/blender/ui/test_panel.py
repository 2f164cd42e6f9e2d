"""What an artist sees: the velatura tab and the Add menu, before, with and after the add-on.

Panels and menus are drawn by Blender itself, on its own layouts, without a window (see `drawn`).
What only a window shows is not tested: colours, sizes, and thumbnails on screen.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import sidebar
from projects import Project

pytestmark = pytest.mark.host_blender


@pytest.fixture
def project(tmp_path: Path, python: Path) -> Project:
    return sidebar.stocked(tmp_path, python)


def test_a_graph_without_looks_says_how_to_add_one(project: Project) -> None:
    found = sidebar.drawn(project, "", "panel.VELATURA_PT_look", "panel.VELATURA_PT_frames")
    assert sidebar.texts(found["VELATURA_PT_look"]) == "No look is in this graph yet Add Look"
    assert found["VELATURA_PT_frames"] is None


def test_an_empty_library_says_how_to_fill_it(project: Project) -> None:
    found = sidebar.drawn(project, "", "panel.VELATURA_PT_looks", VELATURA_LOOKS="")
    assert "velatura publish" in sidebar.texts(found["VELATURA_PT_looks"])


def test_the_library_is_listed_with_what_cannot_be_used(project: Project) -> None:
    found = sidebar.drawn(project, "", "panel.VELATURA_PT_looks", "look_menu.VELATURA_MT_looks")
    library = project.folder / "library"
    adds = {name: f'add_look(path="{library}/{name.lower()}.onnx")' for name in ("Chalk", "Ink")}
    listed, menu = (found[name] for name in ("VELATURA_PT_looks", "VELATURA_MT_looks"))
    assert sidebar.behind(listed) == adds | {
        "Refresh Looks": "refresh_looks()",
        "Looks as Assets": "publish_assets()",
    }
    assert "is not an ONNX file" in sidebar.texts(listed)
    assert sidebar.behind(menu) == adds | {"From File...": 'add_look(path="")'}
    assert "1 in the folders cannot be used" in sidebar.texts(menu)


@pytest.mark.parametrize("kind", ["CompositorNodeTree", "GeometryNodeTree"])
def test_the_add_menu_of_the_compositor_has_a_velatura_menu(project: Project, kind: str) -> None:
    script = f"""{sidebar.START}
def added(menu, context):
    for draw in bpy.types.NODE_MT_add.draw._draw_funcs[1:]:  # the first is Blender's own
        draw(menu, context)
drawn.say(added, panel.VELATURA_PT_look, kind={kind!r})
"""
    found = project.alone(script)
    compositor = kind == "CompositorNodeTree"
    assert [row[0] for row in found["added"]] == (["velatura"] if compositor else [])
    assert (found["VELATURA_PT_look"] is not None) == compositor


def test_the_sidebar_shows_the_look_that_is_worked_on(project: Project) -> None:
    found = sidebar.drawn(
        project,
        """
bpy.ops.velatura.add_look(path=f"{P}/library/ink.onnx")
bpy.ops.velatura.bake(start=2, end=3)
bpy.ops.velatura.add_look(path=f"{P}/library/chalk.onnx")
mask = tree.nodes.new("CompositorNodeRGB")
tree.links.new(mask.outputs[0], tree.nodes["Chalk"].inputs["Mask"])
tree.nodes["Chalk"].inputs["Strength"].default_value = 0.5
messages.add("something to say")
""",
        "panel.VELATURA_PT_look",
        "panel.VELATURA_PT_frames",
        "panel.VELATURA_PT_messages",
    )
    look, frames, said = found.values()
    assert sidebar.behind(look) == {
        "Ink": 'select_look(node="Ink")',
        "Chalk": 'select_look(node="Chalk")',
        "Strength: 0.500": "NodeSocketFloat.default_value[0]",  # the node's own: it can be keyed
        "Even to the Eye": "VELATURA_LookSettings.even[0]",
        "Auto": "VELATURA_LookSettings.premultiplied[0]",
        "Enable Passes": "enable_passes()",
    }
    assert "Mask: wired in" in sidebar.texts(look)
    assert "The look reads normal, depth: not rendered" in sidebar.texts(look)
    assert sidebar.behind(frames) == {
        "Bake While Rendering": "VELATURA_SceneSettings.bake[0]",
        "Keep Renders": "VELATURA_SceneSettings.keep[0]",
        "Bake Range": "bake(frames='SCENE')",
        "This Frame": "bake(frames='CURRENT')",
    }
    assert "Missing 1-4" in sidebar.texts(frames)
    assert sidebar.texts(said).startswith("something to say")
    assert "open_report()" in sidebar.behind(said).values()
    assert "clear_messages()" in sidebar.behind(said).values()


def test_frames_are_summed_up_by_state_and_a_look_that_is_gone_is_said(project: Project) -> None:
    found = sidebar.drawn(
        project,
        """
bpy.ops.velatura.add_look(path=f"{P}/a.onnx")
bpy.ops.velatura.bake(start=1, end=1)
bpy.ops.velatura.choose_look(path=f"{P}/library/ink.onnx")
bpy.ops.velatura.bake(start=2, end=3)
os.remove(f"{P}/library/ink.onnx")
previews.refresh()
bake_status.forget()
""",
        "panel.VELATURA_PT_look",
        "panel.VELATURA_PT_frames",
    )
    look, frames = found.values()
    rows = [text for text, _ in frames[1:4]]
    assert rows == ["Out of date 1", "Baked 2-3", "Missing 4"]
    assert "ink.onnxcannotberead" in sidebar.texts(look).replace(" ", "")  # a path may be broken
    assert "What is baked still renders" in sidebar.texts(look)
    assert "Strength: 1.000" in sidebar.behind(look)
    assert "Even to the Eye" not in sidebar.behind(look)  # it has no calibration


WRITTEN = """
from types import SimpleNamespace as Stand
from velatura_blender.ui import panel
said = "The look ink cannot be read. Found: /shots/" + 9 * "long_name" + ". Choose another."

def rows(width, scale):
    written = []
    label = lambda text, icon: written.append(text)
    layout = Stand(column=lambda align: Stand(label=label))
    system = Stand(ui_scale=scale)
    context = Stand(preferences=Stand(system=system), region=Stand(width=width))
    panel.write(layout, context, said)
    return written

stage.say(said=said, narrow=rows(280, 1.0), wide=rows(800, 1.0), scaled=rows(800, 2.0))
"""


def test_a_message_is_written_in_rows_that_fit_the_sidebar(project: Project) -> None:
    """By a letter of 7 px at 100 %, and 70 px for what stands beside it."""
    found = project.found("stage.start()\nstage.enable()\n" + WRITTEN)
    for name, width in (("narrow", 280), ("wide", 800), ("scaled", 400)):
        rows = found[name]
        assert len(rows) > 1
        assert max(map(len, rows)) <= (width - 70) / 7
        assert "".join(rows).replace(" ", "") == found["said"].replace(" ", "")


def test_a_panel_that_cannot_be_filled_says_so_and_does_not_raise(project: Project) -> None:
    found = sidebar.drawn(
        project,
        """
bpy.ops.velatura.add_look(path=f"{P}/a.onnx")
bake_status.of = lambda *_: 1 / 0
""",
        "panel.VELATURA_PT_look",
        "panel.VELATURA_PT_frames",
    )
    for rows in found.values():
        assert "A bug in velatura" in sidebar.texts(rows)
        assert "ZeroDivisionError: division by zero" in sidebar.texts(rows)


def test_the_panel_shows_how_far_a_bake_is(project: Project) -> None:
    found = sidebar.drawn(
        project,
        """
bpy.ops.velatura.add_look(path=f"{P}/library/ink.onnx")
from types import SimpleNamespace
modal_bake._bake = SimpleNamespace(progress=0.25, text="Baking frame 2 (1 of 4)")
""",
        "panel.VELATURA_PT_frames",
    )
    assert "Baking frame 2 (1 of 4)" in sidebar.texts(found["VELATURA_PT_frames"])


def test_everything_has_a_tooltip(project: Project) -> None:
    found = project.found(
        sidebar.START
        + """
from types import SimpleNamespace
verbs = {name: getattr(bpy.ops.velatura, name).get_rna_type() for name in dir(bpy.ops.velatura)}
bare = [name for name, verb in verbs.items() if not verb.description]
bare += [f"{name}.{each.identifier}" for name, verb in verbs.items() for each in verb.properties
    if not each.description and each.identifier not in ("rna_type", "filter_glob")]
classes = [each for part in (panel.CLASSES, [look_menu.VELATURA_MT_looks]) for each in part]
bare += [each.__name__ for each in classes if not each.__doc__]
bare += ["choice"] * (not bpy.types.NodeTree.bl_rna.properties["velatura_choice"].description)
add = bpy.types.VELATURA_OT_add_look
tip = add.description(bpy.context, SimpleNamespace(path=f"{P}/library/ink.onnx"))
stage.say(verbs=len(verbs), bare=bare, tip=tip)
"""
    )
    assert found["verbs"] == 17
    assert found["bare"] == []
    assert "By Ada\nLicence: CC0" in found["tip"]


def test_disabling_the_add_on_leaves_nothing_behind(project: Project) -> None:
    found = project.alone(
        """
import bpy.utils.previews
bpy.ops.wm.read_factory_settings(use_empty=False)

def there():
    handlers = {name: [each.__module__ for each in getattr(bpy.app.handlers, name)]
        for name in dir(bpy.app.handlers) if isinstance(getattr(bpy.app.handlers, name), list)}
    kinds = bpy.types.NodeTree, bpy.types.Scene, bpy.types.WindowManager
    return {
        "classes": sorted(name for name in dir(bpy.types) if "elatura" in name.lower()),
        "handlers": {n: h for n, h in handlers.items() if any("velatura" in m for m in h)},
        "operators": dir(bpy.ops.velatura),
        "properties": [name for kind in kinds for name in dir(kind) if "velatura" in name],
        "previews": len(bpy.utils.previews._uuid_open),
        "menus": [f.__name__ for f in getattr(bpy.types.NODE_MT_add.draw, "_draw_funcs", [])],
    }

states = [there()]
for _ in range(2):
    stage.enable()
    from velatura_blender.ui import previews
    previews.current()
    states.append(there())
    bpy.ops.preferences.addon_disable(module="velatura_blender")
    states.append(there())
stage.enable()  # and the process ends with the add-on enabled
stage.say(states=states)
"""
    )
    before, first, off, second, off_again = found["states"]
    assert before["classes"] == before["operators"] == before["properties"] == []
    assert first == second
    assert len(first["classes"]) >= 13
    assert len(first["menus"]) == 2
    assert first["previews"] == 2
    assert off == off_again
    assert {**off, "menus": []} == {**before, "menus": []}
    assert len(off["menus"]) <= 1  # Blender's own
