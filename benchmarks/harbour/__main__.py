"""The harbour: a second shot to measure looks on, made from nothing but the files beside this one.

    <a Python that has bpy 5.0> benchmarks/harbour OUT [--frames 1 12] [--only plate]

Writes 12 frames of 320 x 180 with Cycles on the CPU, in some three minutes on two cores:

    OUT/plate/frame.####.exr    Combined, Depth, Position, Normal, Vector, Diffuse Color and
                                CryptoObject00, laid out as the courtyard's plates
    OUT/painted/frame.####.exr  the painted truth of every frame, half RGB; see paintbox.py

What the courtyard does not have: a flag that *deforms* (two shape keys in quadrature make a wave
that runs along it), a boat that *enters* the picture after frame 4, a wide sea with few features,
and a post close to the camera that hides what passes behind it. A barrel rolls along the quay. The
camera travels. Motion vectors lead on beyond the shot's ends, as in a shot cut from a longer take;
the sky has none (0), as Cycles writes none. Keys to train on: 1, 6 and 12; the others are for
measuring only.

Everything is own work and CC0 1.0: no texture, model or panorama is read from anywhere.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import bpy  # before the others: it brings bmesh and mathutils

# isort: split
import paintbox
import scenery

SAMPLES = 24


def set_up(scene: Any, *, paint: bool) -> None:
    render, layer = scene.render, scene.view_layers[0]
    render.engine, render.use_persistent_data = "CYCLES", True
    render.resolution_x, render.resolution_y, render.resolution_percentage = 320, 180, 100
    scene.cycles.device, scene.cycles.samples = "CPU", SAMPLES
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.use_denoising = not paint  # paint has no noise, and lines are not to be smoothed
    scene.cycles.max_bounces = 0 if paint else 5
    form = render.image_settings
    form.media_type = "IMAGE" if paint else "MULTI_LAYER_IMAGE"  # before the format
    form.file_format = "OPEN_EXR" if paint else "OPEN_EXR_MULTILAYER"
    form.color_depth, form.exr_codec = "16", "ZIP"  # passes of data are float all the same
    if paint:
        form.color_mode = "RGB"
        ink(scene, layer)
        return
    for name in ("z", "position", "normal", "vector", "diffuse_color", "cryptomatte_object"):
        setattr(layer, f"use_pass_{name}", True)
    layer.pass_cryptomatte_depth = 2


def ink(scene: Any, layer: Any) -> None:
    """Draw the outline."""
    scene.render.use_freestyle, scene.render.line_thickness_mode = True, "ABSOLUTE"
    settings = layer.freestyle_settings
    settings.crease_angle = math.radians(120)
    for unset in list(settings.linesets):
        settings.linesets.remove(unset)
    lines = settings.linesets.new("Outline")
    lines.select_border = lines.select_crease = lines.select_silhouette = True
    lines.select_material_boundary = True
    lines.linestyle.color, lines.linestyle.thickness = paintbox.INK, 1.5


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--frames", type=int, nargs=2, default=(1, scenery.FRAMES))
    parser.add_argument("--only", choices=("plate", "painted"))
    given = parser.parse_args()
    for kind in (given.only,) if given.only else ("plate", "painted"):
        scene = scenery.build(paint=kind == "painted")
        set_up(scene, paint=kind == "painted")
        scene.frame_start, scene.frame_end = given.frames
        scene.render.filepath = str(given.out.resolve() / kind / "frame.####.exr")
        bpy.ops.render.render(animation=True)


if __name__ == "__main__":
    main()
