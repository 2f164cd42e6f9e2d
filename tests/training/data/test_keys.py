"""Painted keys meet their plates by number, in one colour space, or are refused with a reason."""

import numpy as np
import pytest
import torch
from tiny import HEIGHT, WIDTH, disc, paint, plate, write_frame, write_layer

from velatura.apply.feed import guides_of
from velatura.errors import FrameError, PassError, TrainingError
from velatura.image import exr, png
from velatura.image.planes import Image, Window
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura_training.data import lesson as lessons
from velatura_training.data import patches
from velatura_training.data.augment import Batch, add_grain, drop_guides, expose

CPU = torch.device("cpu")


def test_keys_are_paired_by_frame_number(shot):
    lesson = lessons.load(shot.plate, shot.painted)
    assert [key.frame for key in lesson.keys] == [1, 3]
    assert [key.frame for key in lesson.others] == [2]
    for key in lesson.keys:
        expected = np.stack([paint(key.frame)[c] for c in "RGB"])
        np.testing.assert_array_equal(key.paint.numpy(), expected.astype(np.float32))


def test_the_passes_there_are_become_guides(shot):
    lesson = lessons.load(shot.plate, shot.painted)
    assert lesson.guides == ("normal", "depth")
    assert lesson.keys[0].guides.shape == (4, HEIGHT, WIDTH)
    assert lesson.depth_scale == 9  # the ramp fills more than half of the frame


def test_where_things_are_and_how_they_move_is_learnt_from_only_if_asked_for(shot):
    for frame in (1, 2, 3):
        planes = plate(frame)
        planes |= {f"Position.{axis}": planes["Z"] for axis in "XYZ"}
        planes |= {f"Vector.{axis}": planes["Z"] for axis in "XYZW"}
        write_frame(shot.folder / f"plate.{frame:04d}.exr", planes)
    assert lessons.load(shot.plate, shot.painted).guides == ("normal", "depth")
    lesson = lessons.load(shot.plate, shot.painted, guides=["position", "vector"])
    assert lesson.guides == ("position", "vector")
    assert lesson.keys[0].guides.shape == (7, HEIGHT, WIDTH)


def test_a_pass_that_was_asked_for_and_is_missing_is_named(shot):
    with pytest.raises(TrainingError, match=r"plate\.0001\.exr has no albedo pass.*normal"):
        lessons.load(shot.plate, shot.painted, guides=["normal", "albedo"])


def test_a_pass_by_another_name_is_found_when_it_is_named(shot):
    for frame in (1, 2, 3):
        planes = plate(frame)
        for axis in "XYZ":
            planes[f"facing.{axis}"] = planes.pop(f"N.{axis}")
        write_frame(shot.folder / f"plate.{frame:04d}.exr", planes)
    assert lessons.load(shot.plate, shot.painted).guides == ("depth",)
    lesson = lessons.load(shot.plate, shot.painted, named_passes="normal=facing")
    assert lesson.guides == ("normal", "depth")


def test_learning_and_applying_see_the_same_plate(shot):
    """What the trainer takes for the plate is what the runtime will feed the look."""
    lesson = lessons.load(shot.plate, shot.painted)
    seen = Plate.of(exr.read(shot.folder / "plate.0001.exr"), Reading())
    everything = slice(0, HEIGHT), slice(0, WIDTH)
    light, guides = (
        seen.seen(*everything, lesson.space),
        guides_of(seen, lesson.guides, *everything),
    )
    np.testing.assert_array_equal(lesson.keys[0].plate.numpy(), light)
    np.testing.assert_array_equal(lesson.keys[0].guides.numpy(), guides)


def test_an_8_bit_key_is_taken_as_srgb(shot):
    for frame in (1, 3):
        (shot.folder / f"paint.{frame:04d}.exr").unlink()
    grey = np.full((HEIGHT, WIDTH, 3), 188, np.uint8)  # sRGB 188 is 0.5029 in linear light
    png.write_png(shot.folder / "paint.0003.png", grey)
    lesson = lessons.load(shot.plate, str(shot.folder / "paint.####.png"))
    assert lesson.keys[0].frame == 3
    assert lesson.keys[0].paint.mean() == pytest.approx(0.5029, abs=1e-3)


def test_a_layer_painted_over_the_plate_leaves_the_rest_as_it_is(shot):
    for frame in (1, 3):
        (shot.folder / f"paint.{frame:04d}.exr").unlink()
    layer = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    layer[:, : WIDTH // 2] = (188, 188, 188, 255)
    write_layer(shot.folder / "paint.0001.png", layer)
    (key,) = lessons.load(shot.plate, str(shot.folder / "paint.####.png")).keys
    half = WIDTH // 2
    assert key.paint[:, :, :half].mean() == pytest.approx(0.5029, abs=1e-3)
    assert torch.equal(key.paint[:, :, half:], key.plate[:, :, half:])


def test_a_single_plate_and_a_single_painting_make_a_pair(tmp_path):
    write_frame(tmp_path / "still.exr", plate(1))
    write_frame(tmp_path / "painting.exr", paint(1))
    lesson = lessons.load(str(tmp_path / "still.exr"), str(tmp_path / "painting.exr"))
    assert len(lesson.keys) == 1


def test_transparent_plates_are_learnt_unpremultiplied(tmp_path):
    alpha = np.full((HEIGHT, WIDTH), 0.25, np.float32)
    alpha[:, : WIDTH // 2] = 0
    planes = {c: np.full((HEIGHT, WIDTH), 0.1, np.float32) * (alpha > 0) for c in "RGB"}
    write_frame(tmp_path / "plate.0001.exr", {**planes, "A": alpha})
    write_frame(tmp_path / "paint.0001.exr", planes)
    lesson = lessons.load(str(tmp_path / "plate.####.exr"), str(tmp_path / "paint.####.exr"))
    rgb = lesson.keys[0].plate.numpy()
    assert (rgb[:, :, : WIDTH // 2] == 0).all()
    np.testing.assert_allclose(rgb[:, :, WIDTH // 2 :], 0.4, rtol=1e-6)


def test_nan_and_inf_in_a_plate_are_black_for_the_painter(shot):
    planes = plate(1)
    planes["R"] = planes["R"].copy()
    planes["R"][0, :2] = (np.nan, np.inf)
    write_frame(shot.folder / "plate.0001.exr", planes)
    lesson = lessons.load(shot.plate, shot.painted)
    assert (lesson.keys[0].plate[0, 0, :2] == 0).all()


def test_paint_of_an_overscan_plate_covers_the_display_window(tmp_path):
    overscan, display = Window(-8, -8, WIDTH + 16, HEIGHT + 16), Window(0, 0, WIDTH, HEIGHT)
    wide = np.arange((HEIGHT + 16) * (WIDTH + 16), dtype=np.float32)
    wide = wide.reshape(HEIGHT + 16, WIDTH + 16)
    part = exr.new_part(dict.fromkeys("RGB", wide), overscan, display)
    exr.write(tmp_path / "plate.0001.exr", Image((part,)))
    png.write_png(tmp_path / "paint.0001.png", np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    lesson = lessons.load(str(tmp_path / "plate.####.exr"), str(tmp_path / "paint.####.png"))
    np.testing.assert_array_equal(lesson.keys[0].plate[0].numpy(), wide[8:-8, 8:-8])


def test_a_key_without_a_plate_is_named(shot):
    write_frame(shot.folder / "paint.0007.exr", paint(1))
    with pytest.raises(TrainingError, match=r"frame 7 .*plate frames 1, 2, 3"):
        lessons.load(shot.plate, shot.painted)


def test_a_key_of_another_size_is_refused_with_both_sizes(shot):
    write_frame(shot.folder / "paint.0003.exr", {c: np.ones((20, 30), np.float32) for c in "RGB"})
    with pytest.raises(TrainingError, match=r"paint\.0003\.exr.*30x20.*64x48"):
        lessons.load(shot.plate, shot.painted)


def test_no_painted_key_at_all_is_said(shot):
    with pytest.raises(FrameError, match="No file matches"):
        lessons.load(shot.plate, str(shot.folder / "nothing.####.png"))


def test_a_plate_without_rgb_names_the_channels_there_are(shot):
    write_frame(shot.folder / "plate.0001.exr", {"Z": disc(1)})
    with pytest.raises(PassError, match="Z"):
        lessons.load(shot.plate, shot.painted)


def test_patches_come_from_every_key_equally_often(shot):
    lesson = lessons.load(shot.plate, shot.painted)
    rng = torch.Generator().manual_seed(0)
    batch = patches.sample(lesson.keys, 32, 6, rng, CPU)
    assert batch.plate.shape == batch.paint.shape == (6, 3, 32, 32)
    depths = batch.guides[:, 3].amin((1, 2)), batch.guides[:, 3].amax((1, 2))
    assert (depths[1] == 9).all()
    again = patches.sample(lesson.keys, 32, 6, torch.Generator().manual_seed(0), CPU)
    assert torch.equal(batch.plate, again.plate)


def test_exposure_moves_plate_and_paint_together():
    batch = Batch(torch.rand(4, 3, 8, 8), torch.zeros(4, 0, 8, 8), torch.rand(4, 3, 8, 8))
    moved = expose(batch, 3, 0, torch.Generator().manual_seed(0))
    ratios = (moved.plate / batch.plate).flatten(1)
    assert torch.allclose(ratios, (moved.paint / batch.paint).flatten(1), rtol=1e-5)
    assert (ratios.amax(1) / ratios.amin(1) < 1.001).all()
    assert (ratios.mean(1).log2().abs() <= 3).all()
    assert len(set(ratios.mean(1).tolist())) == 4


def test_grain_leaves_the_paint_clean():
    batch = Batch(torch.rand(2, 3, 8, 8), torch.zeros(2, 0, 8, 8), torch.rand(2, 3, 8, 8))
    grainy = add_grain(batch, 0.1, torch.Generator().manual_seed(0))
    assert torch.equal(grainy.paint, batch.paint)
    assert 0 < (grainy.plate - batch.plate).std() < 0.1


def test_a_dropped_pass_is_zero_in_all_its_channels():
    batch = Batch(torch.rand(400, 3, 2, 2), torch.ones(400, 4, 2, 2), torch.rand(400, 3, 2, 2))
    dropped = drop_guides(batch, 0.2, ("normal", "depth"), torch.Generator().manual_seed(0))
    normal, depth = dropped.guides[:, :3].flatten(1), dropped.guides[:, 3:].flatten(1)
    assert ((normal == 0).all(1) | (normal == 1).all(1)).all()
    lost = torch.stack([normal.mean(1) == 0, depth.mean(1) == 0]).float()
    # One by one (0.2) or all together (0.2): 0.36 of each, and both for 0.2 + 0.8 * 0.04 = 0.23.
    # 400 patches: four standard deviations are below 0.1.
    assert lost.mean(1).tolist() == pytest.approx([0.36, 0.36], abs=0.1)
    assert float(lost.prod(0).mean()) == pytest.approx(0.23, abs=0.1)
