"""Placed nodes: nodes added to a group in columns, so that who opens it can read it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import bpy

from ..compat import new_math, new_value

COLUMN, ROW = 190, -175  # distance of nodes in the editor, in its units


class Placed:
    """Adds nodes to a group, in columns from left to right."""

    def __init__(self, tree: bpy.types.NodeTree) -> None:
        self._tree = tree
        self._rows: dict[int, Iterator[int]] = {}

    def new(self, kind: str, column: int, name: str = "") -> bpy.types.Node:
        return self._placed(self._tree.nodes.new(kind), column, name)

    def new_value(self, column: int, name: str, value: float) -> bpy.types.NodeSocket:
        node = self._placed(new_value(self._tree), column, name)
        node.outputs[0].default_value = value
        return node.outputs[0]

    def math(
        self, column: int, operation: str, *values: float | bpy.types.NodeSocket, name: str = ""
    ) -> bpy.types.NodeSocket:
        node = self._placed(new_math(self._tree), column, name)
        node.operation = operation
        for value, socket in zip(values, node.inputs, strict=False):
            if isinstance(value, float):
                socket.default_value = value
            else:
                self.link(value, socket)
        return node.outputs[0]

    def link(self, output: bpy.types.NodeSocket, socket: bpy.types.NodeSocket) -> None:
        self._tree.links.new(output, socket)

    def _placed(self, node: bpy.types.Node, column: int, name: str = "") -> bpy.types.Node:
        row = next(self._rows.setdefault(column, count()))
        node.location = column * COLUMN, row * ROW
        if name:
            node.name = node.label = name
        return node
