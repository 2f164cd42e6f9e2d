"""A look as one TorchScript module, for nodes that run a network themselves: plate in, picture out.

The gain law, its mask, the slider's calibration and the border are all inside, so that strength
means what it means everywhere else. What such a node has no channels for is left out: passes and
carried paint are not there, as on a plate that lacks them. The canvas is on board.

What goes in and comes out is in the plate's own type, half or float; light is worked on in float,
the network in the plate's type.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from velatura.apply import canvas
from velatura.atomic import replacing
from velatura.errors import TrainingError
from velatura.gain import law
from velatura.image.planes import FloatArray, Window
from velatura.job import MOST_STRENGTH
from velatura.look import Card
from velatura.plate.encoding import SLOPE
from velatura.strength import KNOTS, even
from velatura_training.encoding import HALF_MAX, STOPS
from velatura_training.export import proof, torchscript_trace
from velatura_training.network.generator import Generator

_LEVELS = 64  # steps per unit of the canvas, which is kept in whole numbers
_VECTOR = 4  # as in `velatura.apply.tile`: the border is the same, and so are the pixels beside it


class Live(nn.Module):
    """The module before it is scripted: TorchScript, so no globals, and nothing newer than 1.6.

    Attributes:
        strength: the slider, 0 to 4; 1 is as painted.
        use_mask: 1 to multiply the gain by the mask, 0 for the look everywhere.
        unpremult: 1 for a plate that is premultiplied by its alpha, where it comes with one.
    """

    def __init__(self, network: torch.jit.ScriptModule, card: Card) -> None:
        super().__init__()
        self.network = network
        self.strength = 1.0
        self.use_mask = 0
        self.unpremult = 0
        self.calibration = list(card.strength_lut or (knot / (KNOTS - 1) for knot in range(KNOTS)))
        self.knots = KNOTS - 1
        self.colours = 3
        self.strongest = MOST_STRENGTH
        self.floor = card.floor
        self.bound = card.bound
        self.step = math.lcm(card.alignment, _VECTOR)
        self.brightest = HALF_MAX
        self.slope = SLOPE
        self.stops = STOPS
        self.levels = float(_LEVELS)
        self.period = canvas.PERIOD
        self.has_canvas = card.canvas
        period = Window(0, 0, canvas.PERIOD, canvas.PERIOD)
        weave = canvas.patch(period) if card.canvas else np.zeros((0, 1, 1), np.float32)
        # Whole numbers stay what they are where a host makes halves of all that is not.
        self.weave = nn.Buffer(torch.from_numpy(weave * _LEVELS).to(torch.int8))

    def forward(self, x: Tensor) -> Tensor:
        """Return the picture.

        Args:
            x: ``(N, 4, H, W)`` red, green, blue, mask; or ``(N, 5, H, W)`` with alpha before the
                mask. Scene-linear, in the look's colour space; half or float.

        Returns:
            ``(N, 3, H, W)``, of the same type, on the same device. Where the gain is 0 it is the
            plate bit for bit, and so where the plate is NaN or Inf.
        """
        rgb = x.narrow(1, 0, self.colours)  # a slice would be written in a way that 1.6 cannot read
        strength = self.even()
        if strength == 0.0:
            return rgb.contiguous()
        plate = rgb.float()
        alpha = torch.ones_like(rgb.narrow(1, 0, 1), dtype=torch.float)
        if self.unpremult != 0 and x.size(1) > self.colours + 1:
            alpha = x.narrow(1, self.colours, 1).float()
        amount = torch.zeros_like(alpha) + strength
        if self.use_mask != 0 and x.size(1) > self.colours:
            mask = x.narrow(1, x.size(1) - 1, 1).float()
            mask = mask.masked_fill(~mask.isfinite(), 0.0).clamp(min=0.0)
            amount = (amount * mask).clamp(max=self.strongest)
        wild = ~(plate.isfinite().all(1, keepdim=True) & alpha.isfinite())
        alpha = alpha.masked_fill(wild, 0.0).clamp(min=0.0)
        stops = self.look(plate.masked_fill(wild, 0.0), alpha, x.dtype).masked_fill(wild, 0.0)
        exponent = amount * stops
        base = plate.clamp(0.0, self.brightest) + self.floor * alpha * (stops > 0.0).float()
        glazed = plate + base * (torch.pow(2.0, exponent) - 1.0)
        if x.dtype == torch.float16:
            glazed = glazed.clamp(-self.brightest, self.brightest)
        return torch.where(exponent == 0.0, rgb, glazed.to(x.dtype)).contiguous()

    def even(self) -> float:
        """Return the law's gain for the slider: `velatura.strength.even`."""
        strength = min(max(self.strength, 0.0), self.strongest)
        if strength >= 1.0:
            return strength
        place = strength * self.knots
        knot = int(place)
        low, high = self.calibration[knot], self.calibration[knot + 1]
        return low + (place - knot) * (high - low)

    def look(self, plate: Tensor, alpha: Tensor, dtype: torch.dtype) -> Tensor:
        """Return the look's stops for a finite plate and its alpha, ``(N, 3, H, W)`` float."""
        height, width = plate.size(2), plate.size(3)
        seen = plate / torch.where(alpha > 0.0, alpha, torch.ones_like(alpha))
        light = torch.log(1.0 + self.slope * seen.clamp(0.0, self.brightest)) * (1.0 / self.stops)
        rows, columns = self.span(height, plate), self.span(width, plate)
        light = light.index_select(2, rows).index_select(3, columns)
        if self.has_canvas:
            weave = self.weave.index_select(1, rows % self.period)
            weave = weave.index_select(2, columns % self.period).float() / self.levels
            weave = weave.unsqueeze(0).expand(light.size(0), -1, -1, -1)
            light = torch.cat([light, weave], 1)
        answer = self.network(light.to(dtype)).narrow(1, 0, self.colours)
        answer = answer.narrow(2, self.step, height).narrow(3, self.step, width)
        return self.bound * torch.tanh(answer.float())

    def span(self, size: int, plate: Tensor) -> Tensor:
        """Return where to take each row or column from: edges repeated, to whole steps."""
        whole = (size + self.step - 1) // self.step * self.step + 2 * self.step
        return (torch.arange(whole, device=plate.device) - self.step).clamp(0, size - 1)


def script(painter: Generator, card: Card) -> torch.jit.ScriptModule:
    """Return a look as TorchScript, with `Live`'s attributes and its ``forward``.

    Raises:
        TrainingError: the painter has an operator that an old torch may lack.
    """
    with quiet():
        network = torchscript_trace.script(painter)
        scripted: torch.jit.ScriptModule = torch.jit.script(Live(network, card))
    return scripted.eval()


def save(live: torch.jit.ScriptModule, path: Path) -> None:
    """Write a module that `script` made, whole or not at all: the inverse of `load`.

    Raises:
        StorageError: it cannot be written.
    """
    with quiet(), replacing(path) as beside:
        data = io.BytesIO()
        torch.jit.save(live, data)
        beside.write_bytes(data.getvalue())


def load(path: Path) -> torch.jit.ScriptModule:
    """Return the module that `save` wrote."""
    with quiet():
        loaded: torch.jit.ScriptModule = torch.jit.load(  # type: ignore[no-untyped-call]
            path, map_location="cpu"
        )
    return loaded


def prove(live: torch.jit.ScriptModule, painter: Generator, card: Card) -> float:
    """Return the largest difference between a module and its painter, of the encoded range.

    Raises:
        TrainingError: it is above `proof.TOLERANCE`, or strength 0 is not the identity.
    """
    worst = 0.0
    for seed, (height, width) in enumerate(((1, 7), (61, 83))):
        rng = np.random.default_rng(seed)
        plate = proof.trial_plate(rng, height, width)
        mask = rng.uniform(0, 1.5, (1, height, width)).astype(np.float32)
        x = torch.from_numpy(np.concatenate([plate, mask]))[None]
        stops = _stops(painter, card, plate)
        for strength, used in ((1.0, 0), (0.4, 1)):
            live.strength, live.use_mask = strength, used
            amount = even(card.strength_lut, strength) * (mask if used else np.ones_like(mask))
            wanted = law.apply(plate, stops, amount, floor=card.floor)
            worst = max(worst, proof.difference(live(x)[0], wanted))
        live.strength, live.use_mask = 0.0, 0
        if not torch.equal(live(x), x[:, :3]):
            raise TrainingError("Strength 0 does not give the plate back; nothing was written")
        live.strength = 1.0
    proof.demand_small(
        worst, "The TorchScript and the painter disagree about this look; nothing was written"
    )
    return worst


def _stops(painter: Generator, card: Card, plate: FloatArray) -> FloatArray:
    """Return what the painter says to a plate without passes, bordered as tiles are."""
    step = math.lcm(card.alignment, _VECTOR)
    height, width = plate.shape[1:]
    border = ((0, 0), *((step, step + -size % step) for size in (height, width)))
    second = np.zeros((painter.shape.channels, height, width), np.float32)
    if card.canvas:
        first = painter.shape.plain - canvas.CHANNELS
        second[first : painter.shape.plain] = canvas.patch(Window(0, 0, width, height))
    fed = [
        torch.from_numpy(np.pad(planes, border, mode="edge"))[None] for planes in (plate, second)
    ]
    with torch.no_grad():
        stops: FloatArray = painter(fed[0], fed[1] if painter.shape.channels else None)[0].numpy()
    return stops[:, step : step + height, step : step + width]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep torch from saying that TorchScript is on its way out: Nuke reads nothing else."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit", DeprecationWarning)
        yield
