"""Does a live look's TorchScript say the same in another torch?

    python benchmarks/live_torch.py LOOK.pt answers.pt          # with the torch that wrote it
    python3.8 benchmarks/live_torch.py LOOK.pt answers.pt       # with another: 1.6, 1.12, 2.1 ...

The first run writes plates and answers, later ones compare. Only torch is imported, in the manner
of 1.6, and Python 3.7 will do: those are Nuke 13's.
"""

import os
import sys

import torch

CASES = [(1, 1, 1.0, 0), (37, 51, 0.5, 1), (270, 480, 1.7, 1)]
"""Height, width, strength, use_mask."""


def answer(module, x, strength, use_mask):
    module.strength, module.use_mask, module.unpremult = strength, use_mask, 1
    return module(x)


def main(path, kept):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    module = torch.jit.load(path, map_location="cpu")
    if not os.path.exists(kept):  # noqa: PTH110
        plates = [torch.rand(1, 5, case[0], case[1]) for case in CASES]  # alpha and mask: 0 to 1
        for x in plates:
            x[:, :3] = torch.exp2(x[:, :3] * 16 - 10)
        plates[2][0, :4, 5, 5] = torch.tensor([float("nan"), float("inf"), -0.0, float("nan")])
        made = [answer(module, x, *case[2:]) for x, case in zip(plates, CASES)]  # noqa: B905
        torch.save((plates, made), kept, _use_new_zipfile_serialization=False)
    for x, wanted, case in zip(*torch.load(kept), CASES):  # noqa: B905
        found = answer(module, x, *case[2:])
        codes = [torch.log2(1 + 128 * picture.clamp(0, 65504)) for picture in (found, wanted)]
        same = (found == wanted) | ((found != found) & (wanted != wanted))  # noqa: PLR0124  # NaN
        worst = float((codes[0] - codes[1]).masked_fill(same, 0).abs().max())
        apart = worst / 23  # log2(1 + 128 x 65504)
        print(f"torch {torch.__version__}, {case[0]}x{case[1]}: {apart:.1e} of the encoded range")


if __name__ == "__main__":
    main(*sys.argv[1:])
