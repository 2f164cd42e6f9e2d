"""Draw a file's compositor graph as Blender's editor shows it, and the look nodes in it opened.

    python docs/graph.py SHOT.blend OUT.svg

python has the bpy module; the add-on need not be there. Nodes, sockets, links, values and places
are the file's own, and the colours those of Blender's theme. Inside a look node, the nodes are
drawn low: a title, and the numbers that are not wired in.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import bpy
from mathutils import Vector

THEME = bpy.context.preferences.themes[0]
HEADERS = {"INPUT": "input", "OUTPUT": "output", "COLOR": "color", "CONVERTER": "converter"} | {
    "FILTER": "filter", "GROUP": "group", "INTERFACE": "group_socket", "MATTE": "matte",
    "DISTORT": "distor", "VECTOR": "vector", "TEXTURE": "texture", "SCRIPT": "script",
}  # fmt: skip  # a node's colour tag -> the theme's name for it, less "_node"
TITLE, ROW, FOOT = 24.0, 22.0, 8.0  # heights in an open node, in the editor's units
LOW, CLOSER = 62.0, 0.5  # height of a low node, and how much nearer to each other low nodes stand
MARGIN, WIDTH = 36.0, 1640.0  # of the picture
TEXT, PALE, FIELD, KEY = "#e6e6e6", "#a6a6a6", "#545454", "#e8c33a"
FONTS = "Inter, 'Segoe UI', Helvetica, Arial, sans-serif"

Point = tuple[float, float]
Place = tuple[str, bool, str]  # a socket: node, whether it is an output, identifier


def main() -> None:
    blend, out = map(Path, sys.argv[1:])
    bpy.ops.wm.open_mainfile(filepath=str(blend.resolve()), load_ui=False)
    scene = bpy.context.scene
    is5 = bpy.app.version >= (5, 0, 0)
    tree = scene.compositing_node_group if is5 else scene.node_tree
    sheet = Sheet()
    sheet.add(tree, open_node, 1.0)
    for node in tree.nodes:
        if node.bl_idname == "CompositorNodeGroup":
            sheet.caption(f"Inside {node.label or node.name}: Blender's own nodes")
            sheet.add(node.node_tree, low_node, CLOSER)
    out.write_text(sheet.text(), encoding="utf-8")


@dataclass
class Sheet:
    """The picture: graphs one below the other, each as wide as the picture."""

    parts: list[str] = field(default_factory=list)
    height: float = MARGIN

    def add(self, tree: bpy.types.NodeTree, draw: Drawer, closer: float) -> None:
        drawn = [draw(n, *(n.location_absolute * Vector((1, -closer)))) for n in tree.nodes]
        left, top = min(d.left for d in drawn), min(d.top for d in drawn)
        right, bottom = max(d.right for d in drawn), max(d.bottom for d in drawn)
        sockets = {place: at for each in drawn for place, at in each.sockets.items()}
        scale = (WIDTH - 2 * MARGIN) / (right - left)
        shift = f"translate({MARGIN:g} {self.height:g}) scale({scale:.4f})"
        self.parts += [f'<g transform="{shift} translate({-left:g} {-top:g})">']
        self.parts += [wire(link, sockets) for link in tree.links]
        self.parts += [part for each in drawn for part in each.parts]
        self.parts += ["</g>"]
        self.height += (bottom - top) * scale + MARGIN

    def caption(self, words: str) -> None:
        self.height += 14
        self.parts += [text(MARGIN, self.height, words, 22, PALE)]
        self.height += 26

    def text(self) -> str:
        size = f"{WIDTH:g} {self.height:g}"
        dots, back = shade(THEME.node_editor.grid), shade(THEME.node_editor.space.back)
        head = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" font-family="{FONTS}">',
            '<defs><pattern id="dots" width="28" height="28" patternUnits="userSpaceOnUse">',
            f'<circle cx="14" cy="14" r="1.3" fill="{dots}"/></pattern></defs>',
            f'<rect width="100%" height="100%" rx="10" fill="{back}"/>',
            '<rect width="100%" height="100%" rx="10" fill="url(#dots)"/>',
        ]
        return "\n".join([*head, *self.parts, "</svg>\n"])


@dataclass
class Drawn:
    """A node as drawn: its edges, its SVG, and where its sockets are."""

    left: float
    top: float
    right: float
    bottom: float
    parts: list[str]
    sockets: dict[Place, Point]


Drawer = Callable[[bpy.types.Node, float, float], Drawn]


def open_node(node: bpy.types.Node, x: float, y: float) -> Drawn:
    """Draw a node with all that it shows: outputs, what it is set to, inputs, and its keyframes."""
    if node.hide:
        return pill(node, x, y)
    outputs, inputs, settings = shown(node.outputs), shown(node.inputs), list(chosen(node))
    height = TITLE + ROW * (len(outputs) + len(settings) + len(inputs)) + FOOT
    drawn = Drawn(x, y, x + node.width, y + height, box(node, x, y, height), {})
    drawn.parts += [f'<path d="M{x + 8:g} {y + 10:g}h8l-4 5z" fill="{PALE}"/>']
    drawn.parts += [text(x + 21, y + 16.5, title(node), 12.5)]
    middle = y + TITLE + ROW / 2 + 2
    for socket in outputs:
        drawn.parts += [text(x + node.width - 12, middle + 4, socket.name, 12, anchor="end")]
        put(drawn, socket, (drawn.right, middle))
        middle += ROW
    for words in settings:
        drawn.parts += entry(x, middle, node.width, words, "", FIELD)
        middle += ROW
    for socket in inputs:
        keys = keyframes(socket)
        if socket.is_linked or socket.type not in {"VALUE", "INT"}:
            drawn.parts += [text(x + 12, middle + 4, socket.name, 12)]
        else:
            fill = shade(THEME.user_interface.wcol_state.inner_key) if keys else FIELD
            number = f"{socket.default_value:.3f}"
            drawn.parts += entry(x, middle, node.width, socket.name, number, fill)
        if keys:
            drawn.bottom += ROW
            drawn.parts += note(x, drawn.bottom - 4, keys)
        put(drawn, socket, (x, middle))
        middle += ROW
    return drawn


def low_node(node: bpy.types.Node, x: float, y: float) -> Drawn:
    """Draw a node as a title and the numbers in it, its sockets evenly along its sides."""
    drawn = Drawn(x, y, x + node.width, y + LOW, box(node, x, y, LOW), {})
    drawn.parts += [text(x + 10, y + 19, title(node), 16)]
    drawn.parts += [text(x + 10, y + 48, ", ".join(numbers(node)), 16, PALE)]
    for side, sockets in ((x, shown(node.inputs)), (drawn.right, shown(node.outputs))):
        for at, socket in enumerate(sockets, 1):
            put(drawn, socket, (side, y + LOW * at / (len(sockets) + 1)))
    return drawn


def pill(node: bpy.types.Node, x: float, y: float) -> Drawn:
    """Draw a node that is folded up, as H does it."""
    fill, middle = shade(getattr(THEME.node_editor, header(node))), y + 12
    drawn = Drawn(x, y, x + node.width, y + 24, [], {})
    shape = f'x="{x:g}" y="{y:g}" width="{node.width:g}" height="24" rx="12"'
    drawn.parts += [f'<rect {shape} fill="{fill}" stroke="#000" stroke-opacity=".6"/>']
    drawn.parts += [f'<path d="M{x + 13:g} {middle - 4:g}v8l5-4z" fill="{PALE}"/>']
    drawn.parts += [text(x + 25, middle + 4.5, title(node), 12.5)]
    for side, sockets in ((x, shown(node.inputs)), (drawn.right, shown(node.outputs))):
        for socket in sockets:
            drawn.sockets[place(socket)] = side, middle
    return drawn


def box(node: bpy.types.Node, x: float, y: float, height: float) -> list[str]:
    """Draw a node's body and the colour of its title."""
    theme = THEME.node_editor
    width, body, head = node.width, shade(theme.node_backdrop), shade(getattr(theme, header(node)))
    top = f"M{x:g} {y + TITLE:g}v{5 - TITLE:g}q0-5 5-5h{width - 10:g}q5 0 5 5v{TITLE - 5:g}z"
    shape = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5"'
    return [
        f'<rect {shape} fill="{body}" stroke="#000" stroke-opacity=".6"/>',
        f'<path d="{top}" fill="{head}"/>',
    ]


def put(drawn: Drawn, socket: bpy.types.NodeSocket, at: Point) -> None:
    fill = shade(socket.draw_color_simple())
    drawn.sockets[place(socket)] = at
    circle = f'<circle cx="{at[0]:g}" cy="{at[1]:g}" r="4.6" fill="{fill}" stroke="#111"/>'
    drawn.parts += [circle]


def wire(link: bpy.types.NodeLink, sockets: dict[Place, Point]) -> str:
    """Draw a link as Blender bends it, in the colour of what it carries."""
    (x0, y0), (x1, y1) = sockets[place(link.from_socket)], sockets[place(link.to_socket)]
    bend, colour = max(abs(x1 - x0) / 2, 12), shade(link.from_socket.draw_color_simple())
    way = f"M{x0:g} {y0:g}C{x0 + bend:g} {y0:g} {x1 - bend:g} {y1:g} {x1:g} {y1:g}"
    strokes = (("#111", 4), (colour, 2))
    return "".join(
        f'<path d="{way}" fill="none" stroke="{paint}" stroke-width="{width}"/>'
        for paint, width in strokes
    )


def entry(x: float, middle: float, width: float, name: str, value: str, fill: str) -> list[str]:
    """Draw a field to type in."""
    shape = f'x="{x + 10:g}" y="{middle - 9:g}" width="{width - 20:g}" height="18" rx="3"'
    return [
        f'<rect {shape} fill="{fill}"/>',
        text(x + 17, middle + 4, name, 12),
        text(x + width - 17, middle + 4, value, 12, anchor="end"),
    ]


def note(x: float, y: float, words: str) -> list[str]:
    """Write beneath a node, behind the diamond of a keyframe."""
    diamond = f'<path d="M{x + 8:g} {y - 9:g}l5 5l-5 5l-5-5z" fill="{KEY}"/>'
    return [diamond, text(x + 18, y, words, 12, KEY)]


def text(
    x: float, y: float, words: str, size: float, fill: str = TEXT, anchor: str = "start"
) -> str:
    look = f'font-size="{size:g}" fill="{fill}" text-anchor="{anchor}"'
    return f'<text x="{x:g}" y="{y:g}" {look}>{escape(words)}</text>' if words else ""


def title(node: bpy.types.Node) -> str:
    """Return what Blender writes over a node: its label, its group, or what it does."""
    group = getattr(node, "node_tree", None)
    if node.label or group:
        return node.label or group.name
    if not hasattr(node, "operation"):
        return node.bl_label
    return node.bl_rna.properties["operation"].enum_items[node.operation].name


def chosen(node: bpy.types.Node) -> Iterator[str]:
    """Yield what a node's menus say."""
    if node.bl_idname == "CompositorNodeGroup":
        yield node.node_tree.name
    if node.bl_idname == "CompositorNodeRLayers" and node.scene:
        yield node.scene.name
        yield node.layer


def numbers(node: bpy.types.Node) -> Iterator[str]:
    """Yield the numbers that are set in a node, and what else it holds."""
    if node.bl_idname.endswith("NodeValue"):
        yield f"{node.outputs[0].default_value:.4g}"
    if getattr(node, "image", None):
        yield f"{node.image.source.title()}"
    for socket in shown(node.inputs):
        if socket.type == "VALUE" and not socket.is_linked:
            yield f"{socket.default_value:.6g}"


def keyframes(socket: bpy.types.NodeSocket) -> str:
    """Return an input's keyframes in words; "" where it has none."""
    tree = socket.id_data
    action = tree.animation_data and tree.animation_data.action
    if not action:
        return ""
    path = socket.path_from_id("default_value")
    points = [  # of layered actions, as Blender has made them since 4.4
        f"{point.co.y:g} in frame {point.co.x:g}"
        for strip in action.layers[0].strips
        for bag in strip.channelbags
        for curve in bag.fcurves
        if curve.data_path == path
        for point in curve.keyframe_points
    ]
    return ", ".join(points)


def shown(sockets: bpy.types.NodeInputs) -> list[bpy.types.NodeSocket]:
    return [
        each
        for each in sockets
        if each.enabled and not each.hide and not each.is_unavailable and each.type != "CUSTOM"
    ]


def place(socket: bpy.types.NodeSocket) -> Place:
    return socket.node.name, socket.is_output, socket.identifier


def header(node: bpy.types.Node) -> str:
    return f"{HEADERS.get(node.color_tag, 'group_socket')}_node"


def shade(colour: tuple[float, ...]) -> str:
    """Return a colour as the web writes it."""
    return "#" + "".join(f"{round(min(part, 1) * 255):02x}" for part in colour[:3])


if __name__ == "__main__":
    main()
