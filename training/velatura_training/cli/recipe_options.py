"""The options that change a recipe: the network, its losses, and the steps.

Where one is not given, the usual recipe of the look's kind has its value.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from velatura.cli.options import learning
from velatura_training import recipe

Steps = Annotated[
    int | None, learning("NUMBER", help="how many steps to learn, instead of --minutes.")
]
Tier = Annotated[
    recipe.Tier | None,
    learning(
        help="size of the network: draft is quick to run, and softer; standard (the default); fine "
        "takes longer to learn and to run."
    ),
]
Generator = Annotated[
    recipe.GeneratorName | None,
    learning(
        help="unet (the default); resnet is faster to run, with less detail; brush is for looks "
        "that are learnt from a painting (their default)."
    ),
]
Discriminator = Annotated[
    recipe.DiscriminatorName | None,
    learning(help="patch (the default); multiscale for frames of 1080p and more."),
]
Adversarial = Annotated[
    recipe.AdversarialName | None,
    learning(help="the critic's loss: lsgan (the default), hinge or bce."),
]
Perceptual = Annotated[
    recipe.PerceptualName | None,
    learning(
        help="eyes of the content and style losses: efficientnet (the default) comes with the "
        "trainer; vgg16 is added as `velatura doctor` says; squeezenet and vgg19 need a file."
    ),
]
PerceptualWeights = Annotated[
    Path | None, learning("FILE", help="that file, with torchvision's key names.")
]
Weights = Annotated[
    dict[str, float] | None,
    learning(
        name="--weight",
        help="how hard each loss pulls, e.g. --weight.l1 4 --weight.adversarial 0.",
    ),
]
Rate = Annotated[
    float | None, learning("NUMBER", help="learning rate at its height (default: 0.003).")
]
Patch = Annotated[int | None, learning("PX", help="side of a training patch (default: 64).")]
Batch = Annotated[
    int | None, learning("NUMBER", help="patches a step (default: 4; of a free look 8).")
]
VaryExposure = Annotated[
    float | None,
    learning(
        "STOPS",
        help="brighten and darken patches by up to this many stops while learning, for a look that "
        "will meet other light (default: 0).",
    ),
]
VaryGrain = Annotated[
    float | None,
    learning(
        "NUMBER",
        help="add fresh grain of up to this part of a value while learning, for a look that will "
        "meet other grain (default: 0).",
    ),
]
Seed = Annotated[int | None, learning("NUMBER", help="of everything random (default: 0).")]
