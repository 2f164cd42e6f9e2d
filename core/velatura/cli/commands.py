"""The commands of the runtime: their arguments, and where each prints its answer.

Their docstrings are the help texts. Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Annotated, Literal

from velatura import library
from velatura.cli import tasks
from velatura.cli.options import (
    AsJson,
    Config,
    Degrain,
    Deliver,
    Exposure,
    Layer,
    MemoryMb,
    Numbers,
    Passes,
    Premultiplied,
    Shown,
    Space,
    Start,
    Views,
    basic,
    machine,
    picture,
)
from velatura.cli.shelf import looks, publish
from velatura.errors import FrameError, LookError, MachineError
from velatura.job import Device, Job
from velatura.system.next_step import needed, next_step
from velatura.system.progress import say

Written = Literal["gain", "picture", "both"]

log = logging.getLogger("velatura")


def apply(
    plate: Annotated[str, basic("PLATE")],
    *more: Annotated[str, basic("PLATE")],
    look: Annotated[str, basic("LOOK")],
    out: Annotated[str, basic("FOLDER")],
    frames: Numbers = "",
    write: Annotated[Written | None, basic()] = None,
    strength: Annotated[float, picture("NUMBER")] = 1.0,
    mask: Annotated[str, picture("MASK")] = "",
    device: Annotated[Device, machine()] = "auto",
    layer: Layer = "",
    passes: Passes = "",
    space: Space = "",
    workers: Annotated[int, machine("NUMBER")] = 0,
    memory_mb: MemoryMb = 0,
    config: Config = "",
    raw_strength: Annotated[bool, picture()] = False,
    exposure: Exposure = 0.0,
    degrain: Degrain = 0.0,
    premultiplied: Premultiplied = "auto",
    views: Views = "",
    start: Start = 0,
    deliver: Deliver = None,
    stop_at_first: Annotated[bool, machine(negative="--keep-going")] = False,
    progress: Shown = "auto",
) -> None:
    r"""Put a look on a shot: write its gain layer, the finished picture, or both.

    Finished frames are kept: after an interruption, run the same command again. Files
    are named after the plate: OUT/shot.gain.0001.exr and OUT/shot.0001.exr.

    For example:

        velatura apply shot.####.exr --look ink.onnx --out gains
        velatura apply shot.%04d.exr --look ink.onnx \
            --out final --write both --mask matte.R
        velatura apply clip.mp4 --look ink.onnx --out movie \
            --write picture --as mp4

    Args:
        plate: the frames: shot.####.exr, shot.%04d.exr, shot.$F4.exr, one file, a folder, or a
            movie. EXR, PNG, JPG, TIFF, DPX, Cineon, HDR, MOV, MP4, MKV.
        more: further files of the same shot, as a shell lists them for shot.*.exr.
        look: the look, an ONNX file that `velatura export` wrote, or the name of a published one,
            as `velatura looks` lists it.
        out: the folder to write into; created if missing.
        write: gain (the default) is the gain layer, for the look node in a host; picture is the
            finished picture; both is both, and the default with --strength, --mask or --as, which
            shape pictures alone.
        strength: of the look in the finished picture, 0 to 4; 0 is the plate, 1 as painted.
        mask: where the look goes, 0 to 1: a channel of the plate, such as matte.R, or a file or
            sequence, with its channel behind it where red is not meant: roto.####.exr:A.
        device: auto is CUDA where it answers, else the CPU; cpu; cuda must answer; tensorrt must
            answer, and builds an engine of minutes for each size of tile, which it keeps.
        workers: frames at a time; 0 for as many as there is room for.
        raw_strength: take --strength as a plain fraction of the stops, not even to the eye.
        stop_at_first: end at the first frame that cannot be done; else (--keep-going) the others
            are done, and then all bad ones are named.
    """
    from velatura.image import gathering, movies

    look = str(library.find(look))
    if Path(look).is_dir():
        raise LookError(
            f"The look {look} is a folder",
            do=f"If it is a training, write its look with `velatura export {look} --out ink.onnx`",
        )
    shaping = bool(mask or deliver or strength != 1)
    wanted: Written = write or ("both" if shaping else "gain")
    job = Job(
        *(gathering.only([plate, *more]) if more else plate, look, out, frames, wanted),
        strength,
        *(mask, device, layer, passes, space),
        *(workers, memory_mb, config, raw_strength),
        *(exposure, degrain),
        *(premultiplied, views),
        start,
        deliver or "",
        stop_at_first,
    ).checked()
    if wanted == "gain" and shaping:
        log.warning(
            "--strength and --mask shape the finished picture only (--write picture or both)"
        )
    tasks.run(job, progress)
    if progress not in {"auto", "bar"}:
        return
    if wanted == "picture":  # a report is about gain layers
        shot, made = movies.started(job.plate, start), Path(out, "*.exr")
        means = needed(layer=layer, passes=passes, space=space)
        next_step("velatura", "evaluate", "--result", made, "--plate", shot, *means)
    else:
        means = needed(layer=layer, space=space, start=start)
        next_step("velatura", "report", out, "--plate", job.plate, "--look", look, *means)


def info(look: Path, /, *, as_json: AsJson = False) -> None:
    """Show a look's card: what it is, what it reads, what it costs, who made it.

    For example:

        velatura info ink.onnx

    Args:
        look: an ONNX file that `velatura export` wrote, or the name of a published one.
    """
    from velatura.look import read
    from velatura.report import tables

    look = library.find(look)
    found = read(look)
    if as_json:
        _out(json.dumps({**json.loads(found.card.dumps()), "digest": found.digest}, indent=2))
    else:
        tables.show(look.name, tables.card(found))
        next_step(
            "velatura", "apply", "PLATE", "--look", look, "--out", "FOLDER", "--write", "both"
        )


def report(
    folder: Path | None = None,
    /,
    *,
    vote: Annotated[tuple[str, str] | None, basic("A B")] = None,
    plate: Annotated[str, basic("PLATE")] = "",
    truth: Annotated[str, basic("FRAMES")] = "",
    proofs: Annotated[Path | None, basic("FILE")] = None,
    look: Annotated[Path | None, basic("LOOK")] = None,
    note: Annotated[Path | None, basic("FILE")] = None,
    layer: Layer = "",
    space: Space = "",
    start: Start = 0,
    out: Annotated[Path | None, basic("FILE")] = None,
) -> None:
    """Write a page about a folder of gain layers, to show and to send: the look and what it does.

    With the plate it shows plate, result and truth under a wipe, at any strength. The page is one
    HTML file below 10 MB that fetches nothing.

    For example:

        velatura report gains --plate shot.####.exr --out ink.html

    Args:
        folder: where a host or `velatura apply` wrote the gain layers.
        vote: instead, two results of a shot: a page on which people choose between them, left and
            right at random; their answers go into a file.
        plate: the plates that they are for: shot.####.exr, a folder or a movie.
        truth: painted frames to compare with, numbered as the plates: paint.####.png.
        proofs: what `velatura verify --json` wrote.
        look: the look: a file, or the name of a published one; default: the published one that made
            them.
        note: a text file, shown at the top of the page.
        out: the page; default: FOLDER/report.html.
    """
    from velatura.image import gathering, movies
    from velatura.plate.reading import Reading
    from velatura.report import gain_report
    from velatura.report import vote as votes
    from velatura.report.compared import Shot

    if vote:
        page = out or Path("vote.html")
        _out(f"wrote {page}, {votes.write(page, *vote)} pairs")
        log.info("open it in a browser: %s", page.resolve().as_uri())
        return
    if folder is None:
        raise FrameError("There is nothing to report on", do="Name a folder, or --vote A B")
    shot = None
    if plate:
        plates = gathering.find(gathering.pattern(movies.started(plate, start)))
        truths = gathering.find(gathering.pattern(truth)) if truth else {}
        shot = Shot(plates, truths, Reading(layer, "", space))
    page = out or folder / "report.html"
    file = None if look is None else library.find(look)
    gain_report.write(folder, page, file, note, shot, proofs)
    _out(f"wrote {page}")
    log.info("open it in a browser: %s", page.resolve().as_uri())


def doctor(*, as_json: AsJson = False) -> None:
    """Show what is installed, which device answers, and what is missing.

    For example:

        velatura doctor
    """
    from velatura.cli import finding
    from velatura.cli.doctor import examine
    from velatura.report import tables

    findings = examine()
    if as_json:
        _out(json.dumps([vars(each) for each in findings], indent=2))
    else:
        tables.show("velatura doctor", [(f.what, f.found) for f in findings])
        _out("\n".join(finding.commands(findings)))  # a table would break them
    troubles = [f for f in findings if f.trouble]
    if troubles:
        mend = list(dict.fromkeys(f"`{f.add}`" for f in troubles if f.add))
        do = f"Run {', then '.join(mend)}" if mend else None
        raise MachineError(" ".join(f.trouble for f in troubles), do=do)


def worker() -> None:
    """Run jobs that arrive as JSON lines on stdin, until it closes: hosts use this.

    For example:

        velatura worker < /dev/null
    """
    from velatura.cli.worker import serve

    serve()


def _out(text: str) -> None:
    for line in text.splitlines():
        say(line)


ALL = (apply, looks, publish, info, report, doctor, worker)
"""Every command of the runtime itself, as help lists them."""
