"""The check signal: less than a plate, and enough to see that the plate has not changed.

Blender takes longer to write a plate than to compute it, and the time goes by how many numbers it
writes. So a frame that is baked already is looked at in one number a pixel: a weighted sum of its
colours and its alpha. A change stays unseen only if it leaves that sum as it was in every pixel
that it touches, to a part in eight million: one so small, or channels that make up for each other
by the roots below.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from contextlib import suppress
from pathlib import Path

import bpy

from velatura import regular
from velatura.atomic import replacing
from velatura.errors import ImageError, StorageError

from .. import compat

SUMMED = ("normal", "albedo")
"""Passes that are summed. Others hold distances and ids, beside which a sum would lose the rest."""

_WEIGHTS = (0.7071068, 0.5773503, 0.4472136)  # of R, G, B: roots of 1/2, 1/3, 1/5, no simple ratios
_ALPHA = 0.3779645  # root of 1/7
_PIECE = 2**16  # bytes: a change in one piece alone is missed once in four billion times
_NOTES = "checks.json"  # beside the gain layers: frame -> digests of its signal and of its plate


def reduced(tree: bpy.types.NodeTree, socket: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """Return a socket with the weighted sum of a picture's colours, or of a vector's parts."""
    if socket.type == "VALUE":
        return socket
    dot = tree.nodes.new("ShaderNodeVectorMath")
    dot.operation, dot.inputs[1].default_value = "DOT_PRODUCT", _WEIGHTS
    tree.links.new(socket, dot.inputs[0])
    if socket.type != "RGBA":
        return dot.outputs["Value"]
    parts, total = tree.nodes.new("CompositorNodeSeparateColor"), compat.new_math(tree)
    total.operation, total.inputs[1].default_value = "MULTIPLY_ADD", _ALPHA
    tree.links.new(socket, parts.inputs[0])
    tree.links.new(parts.outputs[3], total.inputs[0])
    tree.links.new(dot.outputs["Value"], total.inputs[2])
    return total.outputs[0]


class CheckNotes:
    """What the check signals of a look's frames were, when their gain layers were last compared.

    Args:
        folder: the look's folder of gain layers.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known = self._read()
        self._before = dict(self._known)

    def __contains__(self, frame: int) -> bool:
        return frame in self._known

    def plate(self, frame: int, signal: Path) -> str:
        """Return the digest of the plate that a signal stands for; "" if it is another signal."""
        before, plate = self._known[frame]
        return plate if _digest(signal) == before else ""

    def note(self, frame: int, signal: Path, plate: str) -> None:
        """Note a frame's signal beside the digest of its plate."""
        self._known[frame] = _digest(signal), plate

    def save(self) -> None:
        """Write the notes; where that cannot be, the next render compares whole plates again."""
        if self._known != self._before:
            with suppress(StorageError), replacing(self._folder / _NOTES) as path:
                path.write_text(json.dumps(self._known), encoding="utf-8")

    def _read(self) -> dict[int, tuple[str, str]]:
        try:
            found = regular.table(self._folder / _NOTES)
            return {
                int(frame): (str(signal), str(plate)) for frame, (signal, plate) in found.items()
            }
        except (OSError, ValueError, TypeError):  # not there yet, or not ours
            return {}


def _digest(signal: Path) -> str:
    """Return the digest of a signal's content: of the CRC-32 of its pieces.

    Nobody forges a signal, so checksums will do: they take a quarter of the time of
    `velatura.fingerprint.of_file`.
    """
    found = hashlib.sha256()
    try:
        with signal.open("rb", buffering=0) as stream:
            while piece := stream.read(_PIECE):
                found.update(zlib.crc32(piece).to_bytes(4, "little"))
    except OSError as error:
        raise ImageError(f"{signal} cannot be read", found=error.strerror) from error
    return found.hexdigest()
