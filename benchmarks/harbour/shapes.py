"""Bodies made of numbers: boxes, what a lathe turns, and sheets."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import bmesh
import bpy
import numpy as np
from mathutils import Matrix


def thing(name: str, stuff: str, mesh: bmesh.types.BMesh, at: Sequence[float] = (0, 0, 0)) -> Any:
    """Add an object made of one of `STUFFS`."""
    data = bpy.data.meshes.new(name)
    mesh.to_mesh(data)
    mesh.free()
    data.materials.append(bpy.data.materials.get(stuff) or bpy.data.materials.new(stuff))
    made = bpy.data.objects.new(name, data)
    made.location = at
    bpy.context.scene.collection.objects.link(made)
    return made


def box(size: Sequence[float]) -> bmesh.types.BMesh:
    mesh = bmesh.new()
    bmesh.ops.create_cube(mesh, size=1, matrix=Matrix.Diagonal((*size, 1)))
    return mesh


def turned(profile: Sequence[tuple[float, float]], sides: int = 48) -> bmesh.types.BMesh:
    """Turn a profile of (radius, height) around the Z axis, as on a lathe."""
    mesh = bmesh.new()
    rings = [
        [
            mesh.verts.new((r * math.cos(a), r * math.sin(a), z))
            for a in (2 * math.pi * side / sides for side in range(sides))
        ]
        for r, z in profile
    ]
    for low, high in itertools.pairwise(rings):
        for side in range(sides):
            after = (side + 1) % sides
            mesh.faces.new((low[side], low[after], high[after], high[side])).smooth = True
    mesh.faces.new(rings[0][::-1])
    mesh.faces.new(rings[-1])
    return mesh


def sheet(points: np.ndarray) -> bmesh.types.BMesh:
    """Return a smooth grid through ``(rows, columns, 3)`` points, with a UV map of 0..1."""
    rows, columns = points.shape[:2]
    mesh = bmesh.new()
    corners = [[mesh.verts.new(point) for point in row] for row in points]
    uv = mesh.loops.layers.uv.new()
    for row in range(rows - 1):
        for column in range(columns - 1):
            around = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)]
            face = mesh.faces.new([corners[r][c] for r, c in around])
            face.smooth = True
            for loop, (r, c) in zip(face.loops, around, strict=True):
                loop[uv].uv = c / (columns - 1) * 1.6, r / (rows - 1)
    return mesh
