"""The eyes: where their weights come from, what they refuse, and that they see."""

from pathlib import Path

import pytest
import torch

from velatura.errors import TrainingError
from velatura_training.losses import backbones, terms

WEIGHTS = Path(__file__).parents[4] / "shared" / "data" / "weights"
FILES = {
    "squeezenet": "squeezenet1_1_features_rgb.pth",
    "vgg19": "vgg19_conv1_1-conv3_4_rgb.pth",
}


def stripes(turned: bool) -> torch.Tensor:
    wave = (torch.arange(64) // 4 % 2).float().expand(1, 3, 64, 64)
    return wave.transpose(2, 3) if turned else wave


def test_the_default_needs_no_download():
    eyes = backbones.load()
    maps = eyes(torch.rand(2, 3, 64, 64))
    assert [m.shape[1] for m in maps] == [32, 96, 144]
    assert not any(p.requires_grad for p in eyes.parameters())


@pytest.mark.parametrize("name", backbones.BACKBONES)
def test_eyes_tell_textures_apart_wherever_they_lie(name):
    file = WEIGHTS / FILES[name] if name in FILES else None
    if file is not None and not file.exists():
        pytest.skip(f"{file.name} is not here")
    eyes = backbones.load(name, file)
    upright, moved, turned = stripes(False), stripes(False).roll(8, 3), stripes(True)
    same = terms.style(eyes(moved), eyes(upright))
    other = terms.style(eyes(turned), eyes(upright))
    assert other > 10 * same


def test_a_backbone_that_needs_a_file_says_so():
    with pytest.raises(TrainingError, match="--perceptual-weights"):
        backbones.load("vgg19")


def test_a_file_of_another_network_is_refused(tmp_path):
    torch.save({"conv.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(TrainingError, match=r"features\.0\.weight.* is missing.*conv\.weight"):
        backbones.load("squeezenet", tmp_path / "other.pth")


def test_a_file_that_is_no_weights_file_is_refused(tmp_path):
    (tmp_path / "broken.pth").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(TrainingError, match="not a readable weights file"):
        backbones.load("squeezenet", tmp_path / "broken.pth")


def test_a_file_that_is_not_what_its_name_promises_is_refused(tmp_path):
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "vgg19-dcbb9e9d.pth")
    with pytest.raises(TrainingError, match="not the file that its name promises"):
        backbones.load("vgg19", tmp_path / "vgg19-dcbb9e9d.pth")


def test_the_card_names_the_default_eyes_by_their_digest():
    assert "its wheel" in backbones.load().label
