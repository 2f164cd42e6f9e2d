"""Each figure on cases whose answer is known: perfect, blurred, noisy, shifted, flickering."""

import math

import pytest
import scene
import torch

from velatura_training.encoding import display
from velatura_training.losses import backbones, terms
from velatura_training.metrics import fidelity, flip, highlights, motion, structure, texture


@pytest.fixture(scope="module")
def eyes():
    return backbones.load()


PAINT = scene.painted()
SHOWN = display(PAINT)


def of_display(figure):
    return lambda result: figure(display(result), SHOWN)


def of_maps(figure):
    def measured(result, eyes):
        return figure(eyes(display(result)), eyes(SHOWN))

    return measured


ERRORS = {
    "l1log": lambda result, _: fidelity.l1log(result, PAINT),
    "flip": lambda result, _: flip.ldr(display(result), SHOWN),
    "lpips": of_maps(fidelity.lpips),
    "gram": of_maps(texture.gram_distance),
    "swd": of_maps(texture.sliced_wasserstein),
    "msssim": lambda result, _: 1 - structure.ms_ssim(display(result), SHOWN),
    "edge": lambda result, _: 1 - structure.edge_f1(display(result), SHOWN),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_zero_at_perfection_and_grows_with_the_damage(name, eyes):
    error = ERRORS[name]
    # Everything is computed twice in the same way, so nothing is left but float32's rounding.
    assert error(PAINT, eyes) == pytest.approx(0, abs=1e-6)
    little, much = (error(scene.blurred(PAINT, reach), eyes) for reach in (1, 4))
    assert 0.001 < little < much
    assert error(scene.noisy(PAINT), eyes) > 0.005
    assert error(scene.plain(), eyes) > little  # the plate as it came is no result


def test_psnr_is_what_the_formula_says_and_capped_at_perfection():
    assert fidelity.psnr(SHOWN, SHOWN) == 100
    assert fidelity.psnr(SHOWN * 0 + 0.5, SHOWN * 0 + 0.4) == pytest.approx(20, abs=1e-3)


def test_l1log_is_a_share_of_eight_stops():
    black, stop = torch.zeros(1, 3, 4, 4), torch.full((1, 3, 4, 4), 1 / 128)
    assert fidelity.l1log(stop, black) == pytest.approx(1 / 8)  # E(1/128) = log2(2) / 8


def test_sharpness_falls_with_blur_and_rises_with_noise():
    assert fidelity.sharpness(SHOWN, SHOWN) == 1
    assert fidelity.sharpness(display(scene.blurred(PAINT, 4)), SHOWN) < 0.8
    assert fidelity.sharpness(display(scene.noisy(PAINT)), SHOWN) > 1.2


def test_lpips_is_one_minus_the_cosine_of_the_features():
    right, up = torch.zeros(1, 2, 3, 3), torch.zeros(1, 2, 3, 3)
    right[:, 0], up[:, 1] = 5, 0.1
    assert fidelity.lpips([right], [up]) == pytest.approx(1)
    assert fidelity.lpips([right], [right * 7]) == pytest.approx(0, abs=1e-6)  # length is no matter
    nothing = torch.zeros(1, 2, 3, 3)
    assert fidelity.lpips([nothing], [nothing]) == 0  # where a network sees nothing, all is equal


def test_textures_may_lie_elsewhere(eyes):
    """The same daubs in other places are the same manner, and not the same picture."""
    moved = display(scene.shifted(PAINT, 44))
    maps, wanted = eyes(moved), eyes(SHOWN)
    assert texture.gram_distance(maps, wanted) < 0.05
    assert texture.sliced_wasserstein(maps, wanted) < 0.05
    assert fidelity.lpips(maps, wanted) > 0.1


def test_a_flat_picture_of_the_right_mean_is_one_spread_away():
    rng = torch.Generator().manual_seed(0)
    wanted = torch.rand(1, 8, 40, 40, generator=rng)
    flat = wanted.mean((2, 3), keepdim=True).expand_as(wanted)
    assert texture.sliced_wasserstein([flat], [wanted]) == pytest.approx(1, abs=1e-5)
    assert texture.gram_distance([torch.zeros_like(wanted)], [wanted]) == 1


def test_sizes_of_pictures_do_not_matter_to_textures():
    rng = torch.Generator().manual_seed(0)
    small, large = (torch.rand(1, 8, side, side, generator=rng) for side in (60, 200))
    other = large.square()  # another distribution
    near = texture.sliced_wasserstein([small], [large])
    # 3600 against 16384 samples of one distribution: what is left is sampling, about 1/sqrt(3600)
    assert near < 0.03
    assert texture.sliced_wasserstein([small], [other]) > 10 * near


def test_the_wasserstein_figure_sees_what_gram_matrices_cannot():
    """Two values, or any between: equal second moments, other distributions."""
    rng = torch.Generator().manual_seed(0)
    even = torch.rand(1, 1, 80, 80, generator=rng) * math.sqrt(3)
    two = (torch.rand(1, 1, 80, 80, generator=rng) > 0.5).float() * math.sqrt(2)
    assert texture.gram_distance([even], [two]) < 0.05
    assert texture.sliced_wasserstein([even], [two]) > 0.3


def test_ms_ssim_is_not_made_up_for_small_frames():
    side = structure.SMALLEST_SIDE
    assert structure.ms_ssim(SHOWN[..., :side, :side], SHOWN[..., :side, :side]) is not None
    assert structure.ms_ssim(SHOWN[..., : side - 1, :side], SHOWN[..., : side - 1, :side]) is None


def test_edges_may_be_a_pixel_off_and_no_more():
    assert structure.edge_f1(display(scene.shifted(PAINT, 1)), SHOWN) > 0.97
    # At three pixels only upright edges are lost: the ones along the shift still meet.
    assert structure.edge_f1(display(scene.shifted(PAINT, 3)), SHOWN) < 0.8


def test_edges_are_thin_and_where_the_steps_are():
    shown = torch.zeros(1, 3, 40, 60)
    shown[..., 20:] = 1
    found = structure.edges(shown)[0, 0]
    columns = found.any(0).nonzero().flatten().tolist()
    assert columns in ([19], [20])  # the step lies between the two
    assert found[:, columns[0]].all()


def test_a_weak_edge_counts_only_where_a_strong_one_goes_on():
    shown = torch.zeros(1, 3, 40, 80)
    shown[:, :, 20:] = torch.linspace(0.2, 0.24, 80)  # between the thresholds, after the blur
    assert not structure.edges(shown).any()
    shown[:, :, 20:] = torch.linspace(0.2, 0.6, 80)  # the same, and strong further on
    assert structure.edges(shown)[0, 0, 18:22].any(0).all()


def test_no_edges_anywhere_is_agreement_and_on_one_side_only_is_none():
    flat = torch.full((1, 3, 40, 40), 0.5)
    assert structure.edge_f1(flat, flat) == 1
    assert structure.edge_f1(flat, SHOWN[..., :40, :40]) == 0


def test_the_heat_map_is_black_where_nothing_differs():
    other = SHOWN.clone()
    other[..., :, 120:] = 1 - other[..., :, 120:]
    heat = flip.heat(other, SHOWN)
    assert heat.shape == (scene.SIDE, scene.SIDE, 3)
    assert heat[:, :80].max() < 0.02  # magma's black is (0, 0, 4) of 255
    assert heat[:, 140:].mean() > 0.3


def test_the_plate_as_its_own_result_has_lost_no_light():
    scores = highlights.measure(PAINT, PAINT)
    broken = ("negative", "nonfinite", "clipped", "p999")
    assert {name: scores[name] for name in broken} == dict.fromkeys(broken, 0)
    assert scores["over1"] == 1
    assert scores["order"] == pytest.approx(1)


def test_a_picture_squeezed_through_a_screen_has_lost_its_highlights():
    scores = highlights.measure(SHOWN, PAINT)
    lamp = 20 * 30 / scene.SIDE**2
    assert scores["clipped"] == pytest.approx(lamp, rel=0.01)
    assert scores["over1"] == 0
    assert scores["order"] == 0  # all the same: no order left
    assert scores["p999"] < -1.5


def test_highlights_that_move_by_a_stop_keep_their_order():
    scores = highlights.measure(PAINT / 2, PAINT)
    assert scores["p999"] == pytest.approx(-1, abs=1e-4)
    assert scores["order"] == pytest.approx(1)
    assert scores["clipped"] == 0
    turned = torch.where(PAINT > 1, 10 - PAINT, PAINT)
    assert highlights.measure(turned, PAINT)["order"] == pytest.approx(-1)


def test_only_what_the_result_broke_is_counted():
    plate, result = PAINT.clone(), PAINT.clone()
    plate[0, 0, 0, :4], result[0, 0, 0, :4] = -0.1, -0.2  # was negative
    plate[0, 0, 1, :4] = result[0, 0, 1, :4] = math.inf  # was Inf
    result[0, 1, 2, :8] = -1e-3
    result[0, 2, 3, :2] = math.nan
    scores = highlights.measure(result, plate)
    assert scores["negative"] == pytest.approx(8 / plate.numel())
    assert scores["nonfinite"] == pytest.approx(2 / plate.numel())


def test_a_dark_plate_has_no_highlights_to_judge():
    assert not {"over1", "order"} & highlights.measure(PAINT * 0.1, PAINT * 0.1).keys()


def panned(speed=6):
    """Two frames of a camera that pans: the first, the second, and the vectors between them."""
    wide = torch.cat([PAINT, PAINT.flip(3)], 3)
    before, now = wide[..., 40 : 40 + scene.SIDE], wide[..., 40 + speed : 40 + speed + scene.SIDE]
    vectors = torch.zeros(4, scene.SIDE, scene.SIDE)
    vectors[0], vectors[2] = speed, speed  # X: was further right; Z: will be further left
    return before, now, vectors


def test_what_is_carried_along_does_not_flicker():
    before, now, vectors = panned()
    followed = motion.of_vectors(vectors, vectors)
    # Whole pixels: bilinear fetches are exact but for the rounding of grid coordinates.
    assert motion.warp_error(before, now, followed) == pytest.approx(0, abs=1e-4)
    assert not followed.visible[:, -6:].any()  # what came in was not there before
    assert followed.visible[:, :-6].all()


def test_vectors_point_up_and_pictures_down():
    before = PAINT
    now = PAINT.roll(5, 2)  # 5 px down the picture
    vectors = torch.zeros(4, scene.SIDE, scene.SIDE)
    vectors[1], vectors[3] = 5, 5  # was at y - Y, will be at y + W
    assert motion.warp_error(before, now, motion.of_vectors(vectors, vectors)) < 1e-4


def test_flicker_raises_the_warp_error_and_blur_lowers_it():
    before, now, vectors = panned()
    followed = motion.of_vectors(vectors, vectors)
    texture_alive = [scene.noisy(f, seed) for seed, f in enumerate((before, now))]
    alive = motion.warp_error(*texture_alive, followed)
    flickering = motion.warp_error(texture_alive[0], 1.3 * texture_alive[1], followed)
    calmer = motion.warp_error(*map(scene.blurred, texture_alive), followed)
    assert calmer < 0.5 * alive < alive < flickering


def test_zeros_at_the_end_of_a_render_are_not_taken_for_rest():
    """The first frame's X, Y and the last one's Z, W are 0 though things move: the ways differ."""
    _, _, vectors = panned()
    end = vectors.clone()
    end[:2] = 0
    assert not motion.of_vectors(vectors, end).visible.any()
    assert motion.warp_error(PAINT, PAINT, motion.of_vectors(vectors, end)) is None


def test_the_sky_does_not_count_where_depth_tells_it():
    _, _, vectors = panned()
    surface = torch.zeros(scene.SIDE, scene.SIDE, dtype=torch.bool)
    surface[50:60, 50:60] = True
    assert motion.of_vectors(vectors, vectors, surface).visible.sum() == 100


def test_optical_flow_sees_the_same_pan():
    pytest.importorskip("cv2")
    before, now, vectors = panned()
    seen = motion.of_flow(display(before), display(now))
    told = motion.of_vectors(vectors, vectors)
    inner = seen.visible & told.visible
    assert inner.float().mean() > 0.5
    assert (seen.back - told.back)[:, inner].abs().median() < 0.25  # px
    assert motion.warp_error(before, now, seen) < 0.2 * motion.warp_error(
        before, now, motion.of_vectors(vectors * 0, vectors * 0)
    )


def test_gram_matrices_are_those_of_the_style_loss():
    maps = [torch.rand(1, 4, 9, 9, generator=torch.Generator().manual_seed(2))]
    other = [torch.rand(1, 4, 9, 9, generator=torch.Generator().manual_seed(3))]
    assert texture.gram_distance(maps, other) ** 2 == pytest.approx(
        float(terms.style(maps, other)), rel=1e-5
    )
