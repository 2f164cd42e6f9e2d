"""`velatura verify`: a look is held to its promises on given frames."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from velatura import library
from velatura.cli.options import (
    AsJson,
    Config,
    Layer,
    MemoryMb,
    Numbers,
    Passes,
    Premultiplied,
    Shown,
    Space,
    basic,
)
from velatura.errors import LookError
from velatura.job import Job
from velatura.system.progress import Progress, say
from velatura.system.stopping import promptly


def verify(
    look: Annotated[Path, basic("LOOK")],
    plate: Annotated[str, basic("PLATE")],
    *more: Annotated[str, basic("PLATE")],
    frames: Numbers = "",
    painted: Annotated[str, basic("KEYS")] = "",
    as_json: AsJson = False,
    html: Annotated[Path | None, basic("FILE")] = None,
    stamp: Annotated[Path | None, basic("FOLDER")] = None,
    layer: Layer = "",
    passes: Passes = "",
    space: Space = "",
    config: Config = "",
    premultiplied: Premultiplied = "auto",
    memory_mb: MemoryMb = 0,
    progress: Shown = "auto",
) -> None:
    r"""Run a look on given frames and prove what it promises, each with a figure and PASS or FAIL.

    Strength 0 gives the plate back; tiles, repeats and threads change no bit; exposure, painted
    frames, light, slider, flicker and cost are within their limits: docs/verify.md has them.
    Ends with exit code 3 if a proof fails. Nothing is written but what is asked for.

    For example:

        velatura verify ink.onnx shot.####.exr --frames 1-3 \
            --html proofs.html

    Args:
        look: the look, an ONNX file that `velatura export` wrote, or the name of a published one.
        plate: the frames, as `velatura apply` takes them.
        more: further files of the same shot.
        frames: 1-12, 1-10x2 or 1,5,9-12; default: all on disk. Neighbours are needed to see
            flicker.
        painted: the painted keys, opaque pictures numbered like the plate; default: those that the
            look has on board.
        html: write it as a page as well.
        stamp: a folder; the proof's digest is written into the headers of the EXRs in it that this
            look has made, if every proof passes.
    """
    from velatura.image import gathering
    from velatura.report import tables
    from velatura.verify import page, proving
    from velatura.verify import stamp as stamps

    look = library.find(look)
    shot = gathering.only([plate, *more]) if more else plate
    job = Job(
        *(shot, str(look), "verify", frames),
        layer=layer,
        passes=passes,
        space=space,
        config=config,
        premultiplied=premultiplied,
        memory_mb=memory_mb,
    ).checked()
    keys = gathering.find(painted) if painted else {}
    with promptly(), Progress(progress, "frames of four runs") as report:
        verdict = proving.prove(job, report, keys)
    if html is not None:
        page.write(html, verdict)
    if as_json:
        for line in verdict.dumps().splitlines():
            say(line)
    else:
        tables.show(f"Proofs of {verdict.look}", page.rows(verdict))
    if verdict.failed:
        raise LookError(
            f"{len(verdict.failed)} of {len(verdict.proofs)} proofs of {look} failed",
            found=", ".join(verdict.failed),
            do="docs/verify.md says of each proof what fails it",
        )
    if stamp is not None:
        for path in stamps.stamp(stamp, verdict):
            say(f"wrote {path}")
