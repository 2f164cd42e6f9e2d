"""The critic: judges whether a patch looks painted, so that the painter cannot get away with blur.

- `Patch`: PatchGAN (Isola et al. 2017): a score per receptive field rather than one per picture.
- `MultiScale`: the same at several resolutions (Wang et al. 2018, pix2pixHD), for large frames.

Spectral norm (Miyato et al. 2018) keeps it smooth. It sees encoded light and is not told the plate.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom
from torch.nn.utils.parametrizations import spectral_norm


class Patch(nn.Module):
    """Three 4x4 convolutions and a scoring one; 34 px see each score.

    Args:
        width: channels after the first layer; 16 costs a CPU about as much as the generator.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        widths = [3, width, 2 * width, 4 * width]
        layers: list[nn.Module] = []
        for narrow, wide, stride in zip(widths, widths[1:], (2, 2, 1), strict=False):
            layers += [spectral_norm(nn.Conv2d(narrow, wide, 4, stride, 1)), nn.LeakyReLU(0.2)]
        layers.append(spectral_norm(nn.Conv2d(widths[-1], 1, 4, 1, 1)))
        self.layers = nn.Sequential(*layers)

    def forward(self, encoded: Tensor) -> list[Tensor]:
        """Return one score map of ``(N, 3, H, W)`` encoded light; higher looks more painted."""
        return [self.layers(encoded)]


class MultiScale(nn.Module):
    """A `Patch` critic at full, half (and so on) resolution."""

    def __init__(self, width: int = 16, scales: int = 2) -> None:
        super().__init__()
        self.critics = nn.ModuleList(Patch(width) for _ in range(scales))

    def forward(self, encoded: Tensor) -> list[Tensor]:
        """Return a score map per scale, finest first."""
        scores: list[Tensor] = []
        for critic in self.critics:
            scores += critic(encoded)
            encoded = F.avg_pool2d(encoded, 2)
        return scores


def build(name: str) -> nn.Module:
    """Return the discriminator called ``patch`` or ``multiscale``."""
    return Patch() if name == "patch" else MultiScale()
