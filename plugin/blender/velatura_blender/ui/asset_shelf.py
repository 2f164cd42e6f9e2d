"""The asset shelf: the published looks as assets of an asset library, with their thumbnails.

The library is one .blend in the user's velatura folder. A look that is dragged from it gets a
folder of its own in the file it comes into, see `velatura_blender.nodes.ownership`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import bpy

from velatura import userdir
from velatura.errors import StorageError
from velatura.look import read

from ..nodes import gain_nodes, looknode
from .previews import Item

LIBRARY = "velatura"
"""The asset library's name in Blender's preferences."""

_FOLDER, _FILE = "blender-assets", "looks.blend"
_CATALOGUE = "c3f0a4de-6f0b-4d0c-9a5e-2d3b5a1e7f10"  # any UUID, and the same one each time
_CATALOGUES = f"VERSION 1\n\n{_CATALOGUE}:velatura:velatura\n"
_HOME = "the asset library"  # no .blend's name: who takes a look from it is noticed


def publish(items: Sequence[Item]) -> Path:
    """Write the looks as assets, and let Blender's preferences name their library; return its file.

    Raises:
        StorageError: the folder cannot be written to.
        LookError: a look is gone since it was listed.
    """
    folder = userdir.home() / _FOLDER
    file, made = folder / _FILE, []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "blender_assets.cats.txt").write_text(_CATALOGUES, encoding="utf-8")
        made = [_asset(item) for item in items]
        bpy.data.libraries.write(str(file), set(made), path_remap="NONE", fake_user=True)
    except (OSError, RuntimeError) as error:  # Blender has no other for a file it cannot write
        raise StorageError(f"The looks cannot be written to {folder}", found=str(error)) from error
    finally:
        for group in made:
            image = gain_nodes.gain_image(group)
            bpy.data.node_groups.remove(group)
            bpy.data.images.remove(image)
    libraries = bpy.context.preferences.filepaths.asset_libraries
    if LIBRARY not in libraries:
        libraries.new(name=LIBRARY, directory=str(folder))
    return file


def _asset(item: Item) -> bpy.types.NodeTree:
    """Return a look's group as an asset, which stands in no graph."""
    found = read(item.path)
    image = bpy.data.images.new(f"{found.card.name} gain", 1, 1, float_buffer=True, is_data=True)
    group = looknode.group_of(found, str(item.path), image)
    group.velatura.look, group.velatura.home = str(item.path), _HOME
    group.asset_mark()
    data = group.asset_data
    data.catalog_id, data.description = _CATALOGUE, item.tip
    data.author, data.license = found.card.author, found.card.licence
    if item.picture is not None:
        picture = bpy.data.images.load(str(item.picture))
        preview = group.preview_ensure()
        preview.image_size = picture.size
        preview.image_pixels_float = list(picture.pixels)
        bpy.data.images.remove(picture)
    return group
