"""Operators: what the artist can do to looks, by button, menu or `bpy.ops.velatura`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import bpy

from velatura.errors import InputError, VelaturaError

from .. import api, compat, messages
from ..nodes import looknode, passes
from ..render.bake import is_at_hand
from . import asset_shelf, bake_status, previews, report, scope


class LookOperator(bpy.types.Operator):
    """The base of all: reports a refusal where it was asked for.

    A refusal is a RuntimeError to a script, as of every operator.

    Attributes:
        cures: whether what was refused before is put right once this has gone well.
    """

    cures = False

    @classmethod
    def obstacle(cls, _context: bpy.types.Context) -> str:
        """Return why this cannot be done now, for people; "" where it can."""
        return ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        why = cls.obstacle(context)
        if why:
            cls.poll_message_set(why)
        return not why

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            self.act(context)
        except VelaturaError as error:
            return self.refuse(error)
        if self.cures:
            messages.cured()
        return {"FINISHED"}

    def act(self, context: bpy.types.Context) -> None:
        raise NotImplementedError

    def refuse(self, error: VelaturaError) -> set[str]:
        messages.refuse(str(error))
        self.report({"ERROR"}, str(error))
        return {"CANCELLED"}


class GraphOperator(LookOperator):
    """Acts on the scene's compositor graph."""

    @classmethod
    def obstacle(cls, context: bpy.types.Context) -> str:
        return scope.obstacle(context)


class NodeOperator(GraphOperator):
    """Acts on the look node that is being worked on."""

    @classmethod
    def obstacle(cls, context: bpy.types.Context) -> str:
        return super().obstacle(context) or ("" if scope.looks(context) else scope.ADD)


class FileOperator:
    """Takes a look's file, and asks for it if none is given."""

    path: bpy.props.StringProperty(
        name="Look",
        description="The look's file",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    filepath: bpy.props.StringProperty(
        description="What was chosen in the file browser",
        subtype="FILE_PATH",
        options={"HIDDEN", "SKIP_SAVE"},
    )
    filter_glob: bpy.props.StringProperty(default="*.onnx", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def description(cls, _context: bpy.types.Context, given: bpy.types.OperatorProperties) -> str:
        item = previews.current().item(Path(given.path)) if given.path else None
        return f"{cls.__doc__}\n{item.tip}" if item else cls.__doc__ or ""

    @property
    def file(self) -> Path:
        return Path(bpy.path.abspath(self.path or self.filepath))

    def ask(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}


class VELATURA_OT_add_look(FileOperator, GraphOperator):
    """Add a look: behind the selected node, else where you click"""

    bl_idname = "velatura.add_look"
    bl_label = "Add Look"
    bl_options = {"REGISTER", "UNDO"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.path:
            return self.ask(context)
        if scope.is_editor(context) and context.region.type == "WINDOW":
            place = event.mouse_region_x, event.mouse_region_y
            context.space_data.cursor_location_from_region(*place)
        done = self.execute(context)
        if "FINISHED" in done and not scope.demand(context).node.inputs["Image"].is_linked:
            # It hangs from the mouse, as every new node does; dropped on a link it goes in there.
            bpy.ops.node.translate_attach_remove_on_cancel("INVOKE_DEFAULT")
        elif "FINISHED" in done and is_at_hand(context.scene, context.scene.frame_current):
            with suppress(RuntimeError):  # told in the sidebar; the look is there all the same
                bpy.ops.velatura.bake("INVOKE_DEFAULT", frames="CURRENT")  # a picture at once
        return done

    def act(self, context: bpy.types.Context) -> None:
        tree = scope.edited(context)
        picture = _picture(tree.nodes.active)
        if picture is None and scope.is_editor(context):
            node = looknode.create(tree, self.path or self.filepath)
            node.location = context.space_data.cursor_location
        else:
            node = api.create(self.path or self.filepath, context.scene, picture)
        _select(node.id_data, node)


class VELATURA_OT_choose_look(FileOperator, NodeOperator):
    """Let the look node use another look; its gain layers are then out of date"""

    bl_idname = "velatura.choose_look"
    bl_label = "Choose Look"
    cures = True
    bl_options = {"REGISTER", "UNDO"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return self.execute(context) if self.path else self.ask(context)

    def act(self, context: bpy.types.Context) -> None:
        looknode.change(scope.demand(context).node, self.path or self.filepath)


class VELATURA_OT_select_look(NodeOperator):
    """Work on this look: select its node"""

    bl_idname = "velatura.select_look"
    bl_label = "Select Look"
    bl_options = {"UNDO"}

    node: bpy.props.StringProperty(
        name="Node", description="The look node's name", options={"SKIP_SAVE"}
    )

    def act(self, context: bpy.types.Context) -> None:
        named = {" / ".join(look.place.names): look.node for look in scope.looks(context)}
        if self.node not in named:
            raise InputError(f"{self.node!r} is not the name of a look node")
        node = named[self.node]
        _select(node.id_data, node)


class VELATURA_OT_enable_passes(NodeOperator):
    """Render the passes that the look reads: switch them on in the view layer before it"""

    bl_idname = "velatura.enable_passes"
    bl_label = "Enable Passes"
    cures = True
    bl_options = {"REGISTER", "UNDO"}

    def act(self, context: bpy.types.Context) -> None:
        look = scope.demand(context)
        guides = bake_status.of(look, compat.frames(context.scene)).guides
        enabled = passes.enable(look, guides)
        missing = passes.absent(look, guides)
        if missing and not enabled:
            raise InputError(
                f"The passes {', '.join(missing)} cannot be switched on for {look.title}",
                found="no Render Layers node before it",
                do="Wire one in, or an Image node with these passes",
            )
        text = f"Enabled {', '.join(enabled)}" if enabled else f"{look.title} has all its passes"
        self.report({"INFO"}, text)


class VELATURA_OT_open_report(NodeOperator):
    """Write a page about this look's gain layers, with the messages below, and open it"""

    bl_idname = "velatura.open_report"
    bl_label = "Open Report"

    def act(self, context: bpy.types.Context) -> None:
        page = report.write(scope.demand(context))
        bpy.ops.wm.url_open(url=page.as_uri())


class VELATURA_OT_refresh_looks(LookOperator):
    """Read the look folders and the state of the frames again"""

    bl_idname = "velatura.refresh_looks"
    bl_label = "Refresh Looks"

    def act(self, _context: bpy.types.Context) -> None:
        previews.refresh()
        bake_status.forget()


class VELATURA_OT_publish_assets(LookOperator):
    """Put the published looks into an asset library, which the compositor's asset shelf shows"""

    bl_idname = "velatura.publish_assets"
    bl_label = "Looks as Assets"

    def act(self, _context: bpy.types.Context) -> None:
        found = previews.refresh().items
        file = asset_shelf.publish(found)
        self.report({"INFO"}, f"{len(found)} looks are assets now, in {file.parent}")


class VELATURA_OT_clear_messages(LookOperator):
    """Forget these messages; what is still wrong is said again by the next bake"""

    bl_idname = "velatura.clear_messages"
    bl_label = "Clear Messages"

    def act(self, _context: bpy.types.Context) -> None:
        messages.clear()


def _picture(node: bpy.types.Node | None) -> bpy.types.NodeSocket | None:
    """Return the output of a selected node that a look would go behind; None where it has none."""
    if node is None or not node.select:
        return None
    pictures = [each for each in node.outputs if each.enabled and each.type == "RGBA"]
    pictures.sort(key=lambda each: not each.is_linked)
    return next(iter(pictures), None)


def _select(tree: bpy.types.NodeTree, node: bpy.types.Node) -> None:
    for each in tree.nodes:
        each.select = each == node
    tree.nodes.active = node


CLASSES = (
    VELATURA_OT_add_look,
    VELATURA_OT_choose_look,
    VELATURA_OT_select_look,
    VELATURA_OT_enable_passes,
    VELATURA_OT_open_report,
    VELATURA_OT_refresh_looks,
    VELATURA_OT_publish_assets,
    VELATURA_OT_clear_messages,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
