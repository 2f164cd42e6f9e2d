"""The painter: bounded, norm-free, and as wide-sighted as its card will say."""

import pytest
import torch

from velatura.plate.passes import GUIDES
from velatura_training.network import build as builder
from velatura_training.network import generator
from velatura_training.network.cost import measure
from velatura_training.network.generator import Shape

NAMES = ("unet", "resnet")


def build(name: str, **shape) -> generator.Generator:
    torch.manual_seed(0)
    painter = builder.build(name, "standard", Shape(**shape)).eval()
    for parameter in painter.parameters():  # a fresh head is almost zero: make it speak
        torch.nn.init.normal_(parameter, std=0.2)
    return painter


@pytest.mark.parametrize("name", NAMES)
def test_stops_stay_within_the_bound_for_any_light(name):
    light = torch.tensor([0.0, -3.0, 1e-6, 0.18, 65504.0, 1e30]).repeat(8).expand(1, 3, 16, 48)
    with torch.no_grad():
        stops = build(name, bound=2.0)(light)
    assert stops.shape == light.shape
    assert torch.isfinite(stops).all()
    assert stops.abs().max() <= 2.0


@pytest.mark.parametrize("name", NAMES)
def test_a_new_painter_changes_next_to_nothing(name):
    torch.manual_seed(0)
    stops = builder.build(name, "standard", Shape())(torch.rand(1, 3, 32, 32))
    assert stops.abs().max() < 0.1  # stops


@pytest.mark.parametrize("name", NAMES)
def test_a_pixel_depends_on_nothing_beyond_the_halo(name):
    painter = build(name)
    halo, step = measure(painter).halo, painter.alignment
    side = 2 * halo + 2 * step
    light = torch.rand(1, 3, step, side, generator=torch.Generator().manual_seed(1))
    changed = light.clone()
    changed[..., :step] += 5  # the first cell; the last one lies more than a halo away
    with torch.no_grad():
        before, after = painter(light), painter(changed)
    assert torch.equal(before[..., step + halo :], after[..., step + halo :])
    assert not torch.equal(before[..., :step], after[..., :step])


@pytest.mark.parametrize("name", NAMES)
def test_missing_passes_are_zeros_and_present_ones_matter(name):
    painter = build(name, guides=tuple(GUIDES))
    light = torch.rand(1, 3, 16, 16)
    none = torch.zeros(1, painter.shape.channels, 16, 16)
    with torch.no_grad():
        for channel in range(painter.shape.channels):
            some = none.clone()
            some[:, channel] = 0.5
            assert not torch.equal(painter(light, none), painter(light, some)), channel


def test_the_cost_counts_every_convolution_once():
    # By hand, ResNet 32x6: stem 8*8*3*32 at 1/16 of the pixels, 12 convolutions of 9*32*32, head.
    cost = measure(builder.build("resnet", "standard", Shape()))
    macs = (64 * 3 * 32 + 12 * 9 * 32 * 32 + 9 * 32 * 48) / 16
    assert cost.kflop_px == pytest.approx(2 * macs / 1000)
    assert cost.parameters == sum(
        p.numel() for p in builder.build("resnet", "standard", Shape()).parameters()
    )
