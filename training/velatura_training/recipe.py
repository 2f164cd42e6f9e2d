"""The recipe: every number that shapes a look, with the reason beside it.

A recipe is written into the run's folder and into the look's card, so a look says how it was made.
The defaults were chosen on the courtyard shot; ``docs/learning.md`` has the tables.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, get_args

from velatura.errors import TrainingError

GeneratorName = Literal["unet", "resnet", "brush"]
Tier = Literal["draft", "standard", "fine"]
DiscriminatorName = Literal["patch", "multiscale"]
AdversarialName = Literal["lsgan", "hinge", "bce"]
PerceptualName = Literal["efficientnet", "squeezenet", "vgg19", "vgg16"]


SMALLEST_PATCH = 32
"""Smallest side of a patch, px: below it the critic's and the backbone's strides see nothing."""


@dataclass(frozen=True)
class Weights:
    """How hard each loss pulls; 0 switches it off and saves its time.

    ``consistency`` and ``warp`` ask for calm between frames
    (`velatura_training.losses.consistency`). Either makes a late step up to a quarter longer; both
    together do no more than that.
    """

    l1: float = 4.0
    l2: float = 0.0
    content: float = 1.0
    style: float = 0.0
    adversarial: float = 0.25
    variation: float = 0.0
    grid: float = 12.0
    consistency: float = 0.0
    warp: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """How a look is trained.

    Attributes:
        generator: shape of the painter.
        tier: its size.
        discriminator: shape of the critic.
        adversarial: the critic's loss.
        perceptual: backbone of the content and style losses.
        perceptual_weights: its local weights file, where it needs one.
        weights: how hard each loss pulls.
        patch: side of a training patch, px; cut to the smallest painted key.
        batch: patches a step.
        rate: Adam's learning rate at its height; cosine to 2 % of it.
        refine_from: part of the budget after which content, style and critic join in, 0..1. Before
            it the painter learns colours and places from L1 alone, in steps of half the time.
        glance: content, style and critic see a patch less this many px, at a random place in it:
            their strides must not line up with the painter's, or both agree on a pattern.
        average: decay of the averaged weights, which are what is exported.
        guide_dropout: chance that a patch loses a pass, and that it loses all of them, so that the
            look tolerates their absence.
        paint_dropout: chance that a patch loses all carried paint, so that the look works
            without it on another shot.
        exposure: patches are brightened or darkened by up to this many stops.
        grain: patches get fresh noise of up to this part of their value; the target stays clean.
        stroke: how large the strokes of a painting shall be; see
            ``velatura_training.data.paintings``.
        clip: largest gradient norm.
        seed: of everything random.
    """

    generator: GeneratorName = "unet"
    tier: Tier = "standard"
    discriminator: DiscriminatorName = "patch"
    adversarial: AdversarialName = "lsgan"
    perceptual: PerceptualName = "efficientnet"
    perceptual_weights: str = ""
    weights: Weights = field(default_factory=Weights)
    patch: int = 64
    batch: int = 8
    rate: float = 3e-3
    refine_from: float = 0.5
    glance: int = 8
    average: float = 0.995
    guide_dropout: float = 0.04
    paint_dropout: float = 0.04
    exposure: float = 0.0
    grain: float = 0.0
    stroke: float = 1.0
    clip: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        weights = asdict(self.weights)
        _demand(self.batch >= 1, "batch", self.batch, "1 or more")
        _demand(self.patch >= SMALLEST_PATCH, "patch", self.patch, f"{SMALLEST_PATCH} px or more")
        _demand(0 < self.rate < math.inf, "rate", self.rate, "more than 0")
        _demand(self.clip > 0, "clip", self.clip, "more than 0")
        _demand(0 <= self.glance <= SMALLEST_PATCH // 4, "glance", self.glance, "0 to 8 px")
        _demand(self.exposure >= 0 and self.grain >= 0, "exposure and grain", "", "0 or more")
        _demand(0.1 <= self.stroke <= 10, "stroke", self.stroke, "0.1 to 10")  # noqa: PLR2004
        for name in ("refine_from", "average", "guide_dropout", "paint_dropout"):
            _demand(0 <= getattr(self, name) <= 1, name, getattr(self, name), "between 0 and 1")
        for name, weight in weights.items():
            _demand(0 <= weight < math.inf, f"the weight of {name}", weight, "0 or more")
        _demand(weights["l1"] + weights["l2"] > 0, "the weights of l1 and l2", 0, "not both 0")

    def dumps(self) -> str:
        """Return the recipe as JSON: the inverse of `loads`."""
        return json.dumps(asdict(self), indent=2, sort_keys=True)

    @classmethod
    def loads(cls, text: str) -> Recipe:
        """Return the recipe that ``text`` holds, or raise TrainingError."""
        try:
            found = json.loads(text)
            return _known(cls(**{**found, "weights": Weights(**found["weights"])}))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise TrainingError(
                "The run's recipe is not one of ours", found=str(error), do="Train again."
            ) from error

    def but(self, weights: Mapping[str, float] | None = None, **settings: Any) -> Recipe:
        """Return the recipe with some settings changed; None leaves one as it is.

        Raises:
            TrainingError: no such weight, or a value that makes no sense.
        """
        known = [item.name for item in fields(Weights)]
        unknown = [name for name in weights or {} if name not in known]
        if unknown:
            raise TrainingError(f"No loss is called {unknown[0]}", found=", ".join(known))
        given = {name: value for name, value in settings.items() if value is not None}
        return replace(self, weights=replace(self.weights, **(weights or {})), **given)

    def difference(self, other: Recipe) -> list[str]:
        """Return the names of the settings in which two recipes differ."""
        return [f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name)]


@dataclass(frozen=True)
class Budget:
    """When training ends: after ``minutes`` of it, or after ``steps``; exactly one is set."""

    minutes: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.steps is None):
            raise TrainingError("A budget is either --minutes or --steps", do="Give one of them.")
        if (self.minutes or self.steps or 0) <= 0:
            given = (
                f"--steps {self.steps}" if self.minutes is None else f"--minutes {self.minutes:g}"
            )
            raise TrainingError(
                "There is no time to learn in", found=given, do="Give a number above 0."
            )

    def progress(self, seconds: float, steps: int) -> float:
        """Return how much of the budget is used, 0..1."""
        if self.steps is not None:
            return min(1.0, steps / self.steps)
        return min(1.0, seconds / (60 * (self.minutes or 1)))


def _demand(holds: bool, name: str, found: object, wanted: str) -> None:
    if not holds:
        raise TrainingError(f"In the recipe, {name} should be {wanted}", found=str(found) or None)


def as_json(value: Mapping[str, Any]) -> str:
    """Return readable JSON for a run's folder."""
    return json.dumps(value, indent=2, sort_keys=True)


FREE = Recipe()
"""The usual recipe of a free look."""

SHOT = Recipe(weights=Weights(adversarial=0.0), batch=4, refine_from=0.3)
"""The usual recipe of a shot look: texture comes with the carried paint, so there is no critic, and
smaller batches give more steps in the same time."""

PAINTING = Recipe(
    generator="brush",
    tier="standard",
    discriminator="multiscale",
    weights=Weights(
        l1=0.0,
        l2=300.0,
        content=0.5,
        style=100.0,
        adversarial=0.0,
        variation=0.02,
        grid=4.0,
        consistency=10.0,
    ),
    patch=192,
    batch=1,
    rate=2e-3,
    refine_from=0.1,
)
"""The usual recipe of a look that is learnt from a painting alone."""

TAUGHT = replace(PAINTING, weights=replace(PAINTING.weights, content=0.1, consistency=5.0))
"""The usual recipe where painted keys teach it as well: they say what stays of the plate, which
``content`` would hold on to as a photograph does."""


def _known(recipe: Recipe) -> Recipe:
    """Return a recipe, or raise ValueError if it names a network that there is not."""
    for chosen, allowed in ((recipe.tier, Tier), (recipe.generator, GeneratorName)):
        if chosen not in get_args(allowed):
            raise ValueError(f"{chosen!r}, where {' or '.join(get_args(allowed))} should be")
    recipe.dumps()  # RecursionError here, and not where it is written again
    return recipe
