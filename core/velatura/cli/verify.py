"""`velatura verify`: a look is held to its promises on given frames."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from velatura.errors import LookError
from velatura.job import Job
from velatura.system.progress import Progress, Style, say
from velatura.system.stopping import promptly


def verify(
    look: Path,
    plate: str,
    *more: str,
    frames: Annotated[str, Parameter(allow_leading_hyphen=True)] = "",
    painted: str = "",
    as_json: Annotated[bool, Parameter("--json", negative="")] = False,
    html: Path | None = None,
    stamp: Path | None = None,
    layer: str = "",
    passes: str = "",
    space: str = "",
    config: str = "",
    premultiplied: Literal["auto", "yes", "no"] = "auto",
    memory_mb: int = 0,
    progress: Style = "auto",
) -> None:
    """Run a look on given frames and prove what it promises, each with a figure and PASS or FAIL.

    Strength 0 gives the plate back; tiles, repeats and threads change no bit; exposure, painted
    frames, light, slider, flicker and cost are within their limits: docs/verify.md has them.
    Ends with exit code 3 if a proof fails. Nothing is written but what is asked for.

    Example::

        velatura verify ink.onnx shot.####.exr --frames 1-12 --html proofs.html

    Args:
        look: the look, an ONNX file that `velatura export` wrote.
        plate: the frames, as `velatura apply` takes them.
        more: further files of the same shot.
        frames: 1-12, 1-10x2 or 1,5,9-12; default: all on disk. Neighbours are needed to see
            flicker.
        painted: the painted keys, opaque pictures numbered like the plate; default: those that the
            look has on board.
        as_json: the verdict as JSON on stdout.
        html: write it as a page as well.
        stamp: a folder; the proof's digest is written into the headers of the EXRs in it that this
            look has made, if every proof passes.
        layer: the plate's layer to glaze; default: the beauty.
        passes: layers of the plate to read as passes, as of `velatura apply`.
        space: the plate's colour space; default: from its metadata.
        config: the OCIO config that defines it.
        premultiplied: whether the plate is multiplied by its alpha.
        memory_mb: memory for everything, in MiB; 0 for half of what is free.
        progress: a bar, lines for Open Job Description or Tractor, or nothing.
    """
    from velatura.image import gathering, numbered
    from velatura.report import tables
    from velatura.verify import page, proving
    from velatura.verify import stamp as stamps

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
    keys = numbered.find(painted) if painted else {}
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
