"""The network that mends optical flow: where it can be trusted, and what belongs together."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

STEPS = 16
"""So many times motion is passed on to neighbouring cells of 4 px: it reaches 64 px."""

CELL = 4
"""Height and width of a cell, px."""

_AROUND = 9  # a cell and the eight around it
_SOME = 1e-4  # keeps a quotient finite


class Refiner(nn.Module):
    """Flow that is trusted is kept; elsewhere it is what trusted flow around it says.

    A U-Net gives for each pixel how far the flow is trusted, how much of it is kept and a small
    correction, and for each cell how much of each neighbour belongs to it. Motion is passed on
    between cells by these shares, and brought to pixels by shares as well (Teed & Deng 2020,
    "RAFT", 3.3).
    """

    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth, coarse = 24, 48, 56, 64
        self.i, self.i2 = _conv(44, half), _conv(half, half)
        self.q1, self.q2 = _conv(half, quarter, 2), _conv(quarter, quarter)
        self.r1, self.r2 = _conv(quarter, eighth, 2), _conv(eighth, eighth)
        self.t1, self.t2 = _conv(eighth, coarse, 2), _conv(coarse, coarse)
        self.v1 = _conv(coarse, coarse, 2)
        self.ut, self.ur = _conv(2 * coarse, coarse), _conv(coarse + eighth, eighth)
        self.uq, self.uq2 = _conv(eighth + quarter, quarter), _conv(quarter, quarter)
        self.uh = _conv(quarter + half, half)
        self.head, self.aff = _conv(half, 20), _conv(quarter, _AROUND)
        self.up = nn.Conv2d(quarter, _AROUND * CELL**2, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, a=0.1)
                assert module.bias is not None  # noqa: S101
                nn.init.zeros_(module.bias)
        with torch.no_grad():
            for last in (self.head, self.aff, self.up):
                last.weight *= 0.1

    def forward(self, planes: Tensor, flow: Tensor) -> tuple[Tensor, Tensor]:
        """Return the flow ``(n, 2, h, w)`` px, and the log of its usual error ``(n, h, w)``.

        Args:
            planes: ``(n, 11, h, w)``, see `velatura.scene.refined_flow`; sizes in steps of 32.
            flow: ``(n, 2, h, w)`` px.
        """
        pixels, cells = self._seen(planes)
        told = F.pixel_shuffle(self.head(pixels), 2)
        trust, kept = torch.sigmoid(told[:, :1]), torch.sigmoid(told[:, 1:2] + 1)
        anchor = F.avg_pool2d(trust, CELL)
        first = F.avg_pool2d(trust * flow, CELL) / (anchor + _SOME)
        share = torch.softmax(self.aff(cells), 1)[:, None]
        passed = _passed_on(first, anchor, share)
        fine = torch.softmax(self.up(cells).unflatten(1, (_AROUND, CELL**2)), 1)[:, None]
        around = _around(passed)[:, :, :, None]
        spread = F.pixel_shuffle((around * fine).sum(2).flatten(1, 2), CELL)
        return kept * flow + (1 - kept) * spread + told[:, 2:4], told[:, 4]

    def _seen(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Return features at half the size, and of cells."""
        half = _lit(self.i2(_lit(self.i(F.pixel_unshuffle(planes, 2)))))
        quarter = _lit(self.q2(_lit(self.q1(half))))
        eighth = _lit(self.r2(_lit(self.r1(quarter))))
        coarse = _lit(self.t2(_lit(self.t1(eighth))))
        coarse = _lit(self.ut(_joined(_lit(self.v1(coarse)), coarse)))
        eighth = _lit(self.ur(_joined(coarse, eighth)))
        quarter = _lit(self.uq2(_lit(self.uq(_joined(eighth, quarter)))))
        return _lit(self.uh(_joined(quarter, half))), quarter


def _passed_on(first: Tensor, anchor: Tensor, share: Tensor) -> Tensor:
    """Return the motion of cells after `STEPS` of being passed on, weighted by its trust."""
    motion, trust = first, anchor
    for _ in range(STEPS):
        around = (_around(torch.cat([trust * motion, trust], 1)) * share).sum(2)
        led, sure = around[:, :2], around[:, 2:]
        trust = anchor + (1 - anchor) * sure
        motion = (anchor * first + (1 - anchor) * led) / (trust + _SOME)
    return motion


def _around(cells: Tensor) -> Tensor:
    """Return ``(n, c, 9, h, w)``: of each cell the 3x3 around it, row by row."""
    number = cells.shape[1]
    pick = torch.eye(_AROUND, dtype=cells.dtype, device=cells.device).view(_AROUND, 1, 3, 3)
    padded = F.pad(cells, (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, pick.repeat(number, 1, 1, 1), groups=number).unflatten(1, (number, 9))


def _joined(coarse: Tensor, fine: Tensor) -> Tensor:
    size = fine.shape[2:]
    return torch.cat([F.interpolate(coarse, size, mode="bilinear", align_corners=False), fine], 1)


def _conv(inward: int, outward: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inward, outward, 3, stride, 1)


def _lit(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.1)
