"""Each loss on cases whose answer is known by hand."""

import math

import pytest
import torch

from velatura_training.losses import terms


def maps(*values: float) -> list[torch.Tensor]:
    return [torch.full((2, 3, 4, 4), value) for value in values]


def test_equal_pictures_cost_nothing():
    picture = torch.rand(2, 3, 8, 8)
    assert terms.l1(picture, picture) == 0
    assert terms.l2(picture, picture) == 0
    assert terms.content([picture], [picture]) == 0
    assert terms.style([picture], [picture]) == 0


def test_l1_and_l2_are_means():
    assert terms.l1(torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 3.0)) == 3
    assert terms.l2(torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 3.0)) == 9


def test_content_is_relative_so_no_tap_outweighs_another():
    # Off by a half of what is there everywhere, whatever its size.
    assert terms.content(maps(1.5, 150.0), maps(1.0, 100.0)) == pytest.approx(0.5)


def test_style_does_not_care_where_things_are():
    picture = torch.rand(1, 5, 8, 8)
    moved = picture.roll((3, 2), (2, 3))
    assert terms.style([moved], [picture]) == pytest.approx(0, abs=1e-10)
    assert terms.content([moved], [picture]) > 0.05


def test_a_hand_is_known_by_its_textures_and_not_by_its_places():
    picture = torch.rand(1, 5, 8, 8)
    wanted = terms.Manner.of([[picture]])
    moved = picture.roll((3, 2), (2, 3))
    assert terms.hand([moved], [picture], wanted) == pytest.approx(0, abs=1e-10)
    # All channels twice as high: Gram matrices four times, off by three of one.
    assert terms.hand([2 * picture], [picture], wanted) == pytest.approx(9, rel=1e-4)


def test_gram_of_a_constant_map_is_the_product_of_its_channels():
    picture = torch.ones(1, 2, 4, 4) * torch.tensor([2.0, 3.0]).view(1, 2, 1, 1)
    assert torch.allclose(terms.gram(picture), torch.tensor([[[4.0, 6.0], [6.0, 9.0]]]))


def test_variation_sees_steps_not_levels():
    flat = torch.full((1, 1, 4, 4), 7.0)
    assert terms.total_variation(flat) == 0
    stripes = torch.tensor([0.0, 1.0, 0.0, 1.0]).expand(1, 1, 4, 4)
    assert terms.total_variation(stripes) == 1


@pytest.mark.parametrize(
    ("name", "score", "as_real", "as_fake"),
    [
        ("lsgan", 1.0, 0.0, 1.0),
        ("lsgan", 0.0, 1.0, 0.0),
        ("hinge", 1.0, 0.0, 2.0),
        ("hinge", -1.0, 2.0, 0.0),
        ("bce", 0.0, math.log(2), math.log(2)),
    ],
)
def test_the_critic_pays_for_being_wrong(name, score, as_real, as_fake):
    assert terms.CRITIC[name](maps(score), True) == pytest.approx(as_real)
    assert terms.CRITIC[name](maps(score), False) == pytest.approx(as_fake)


@pytest.mark.parametrize("name", ["lsgan", "hinge", "bce"])
def test_the_painter_gains_by_looking_painted(name):
    assert terms.fool(name, maps(0.9)) < terms.fool(name, maps(-0.9))


def test_the_grid_loss_sees_a_repeated_pattern_and_not_detail():
    dots = torch.zeros(1, 3, 32, 32)
    dots[..., ::2, ::2] = 0.1  # one dot every two pixels
    detail = 0.1 * torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    flat = torch.zeros(1, 3, 32, 32)
    assert terms.grid(dots, flat) == pytest.approx(0.025)
    # Noise of twice the dots' deviation averages out over the 64 places of a window.
    assert terms.grid(detail, flat) < 0.3 * terms.grid(dots, flat)
    assert terms.grid(flat + 0.5, flat) == pytest.approx(0, abs=1e-6), "levels are L1's business"
