"""The `velatura` command: what it can be asked, and how it answers.

stdout carries what was asked for: of `apply` and `worker` lines for machines only, of `info` and
`doctor` a table, or JSON with --json, of the trainer's commands their results. Warnings, errors
and bars go to stderr. Exit codes say whether another try
helps: 0 done, 1 a bug, 2 usage, 3 wrong input, 4 this machine cannot, 130 and 143 interrupted, 141
whoever read stdout has gone.
Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated, Literal, NoReturn

from cyclopts import App, CycloptsError, Parameter
from rich.console import Console

import velatura
from velatura.errors import MachineError, MissingRuntimeError, VelaturaError
from velatura.job import Job
from velatura.progress import Progress, Style, fail

_USAGE, _BUG, _UNHEARD = 2, 1, 141  # 141: as the shell has it, 128 + SIGPIPE
_TRAINER = ("velatura_training", "torch", "onnx", "onnxscript", "tensorboard", "efficientnet")
_ELSEWHERE = {  # command -> what it does; imported only when it is the one that is called
    "train": ("velatura_training.cli:train", "Learn a look from painted frames."),
    "export": ("velatura_training.cli:export", "Write a trained look as one ONNX file."),
    "evaluate": ("velatura_training.cli:evaluate", "Measure a result against painted frames."),
    "demo": ("velatura.demo:demo", "Learn a look from three painted frames and glaze a shot."),
}

JsonFlag = Annotated[bool, Parameter("--json", negative="")]

log = logging.getLogger("velatura")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: the only place where errors end."""
    logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stderr)
    log.setLevel(logging.INFO)
    if sys.stdout is None:  # closed by whoever started us: nobody listens, the work is still wanted
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  # for as long as the process lives
    signal.signal(signal.SIGTERM, _terminate)
    given = list(sys.argv[1:] if arguments is None else arguments)
    app = _app(given[0] if given else "")
    style: Style = "none"
    try:
        command, bound, _ = app.parse_args(given, exit_on_error=False, print_error=True)
        style = bound.arguments.get("progress", style)
        command(*bound.args, **bound.kwargs)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # each ends as `_ended` says
        return _ended(error, given, style)
    return 0


def _ended(error: BaseException, given: Sequence[str], style: Style) -> int:
    """Say why a command ended early; return its exit code."""
    match error:
        case VelaturaError():
            return _report(error, style)
        case CycloptsError():
            return _USAGE  # it has printed what was wrong, and how to ask
        case KeyboardInterrupt():
            log.warning("Interrupted; files under their final names are whole")
            return 128 + signal.SIGINT
        case BrokenPipeError():
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left has nowhere to go
            return _UNHEARD
        case ImportError() if _lacks_trainer(error):
            return _report(_without_trainer(given[0]), style)
    traceback.print_exception(error)  # a bug: the whole story, and the farm's code for it
    return _BUG


def _app(called: str) -> App:
    """Return the command line; the command that is ``called`` brings its own help text."""
    app = App(
        name="velatura",
        version=velatura.__version__,
        help="Trained looks as compositing nodes: learn a look from a few painted frames, "
        "glaze whole EXR shots with it.",
        help_format="markdown",
        default_parameter=Parameter(show_default=lambda value: value or None),
        error_console=Console(stderr=True),
    )
    for command in (apply, info, doctor, worker):
        app.command(command)
    for name, (where, what) in _ELSEWHERE.items():
        app.command(where, name=name, help=None if name == called else what)
    return app


def apply(
    plate: str,
    *,
    look: str,
    out: str,
    frames: str = "",
    write: Literal["gain", "picture", "both"] = "gain",
    strength: float = 1.0,
    mask: str = "",
    device: Literal["auto", "cpu", "cuda"] = "auto",
    layer: str = "",
    passes: str = "",
    space: str = "",
    workers: int = 0,
    memory_mb: int = 0,
    config: str = "",
    progress: Style = "auto",
) -> None:
    """Put a look on a shot: write its gain layer, the finished picture, or both.

    Frames that are done already are kept; run the same line again after an interruption. Files
    are named after the plate: OUT/shot.gain.0001.exr and OUT/shot.0001.exr.

    Example::

        velatura apply shot.####.exr --look ink.onnx --out glazed --frames 1-12

        velatura apply shot.%04d.exr --look ink.onnx --out final --write both --mask matte.R

    Args:
        plate: the frames: shot.####.exr, shot.%04d.exr, shot.$F4.exr, or one file.
        look: the look, an ONNX file that `velatura export` wrote.
        out: the folder to write into; made if it is not there.
        frames: 1-12, 1-10x2 or 1,5,9-12; all that lie on disk if left away.
        write: the gain layer (for the look node in a host), the finished picture, or both.
        strength: of the look in the finished picture, 0 to 4; 0 is the plate, 1 as painted.
        mask: where the look goes: a channel of the plate, such as matte.R, or a file or sequence.
        device: auto is CUDA where it answers, else the CPU.
        layer: the plate's layer to glaze, such as diffuse; the beauty if left away.
        passes: layers of the plate to read as passes, where their names are not the usual ones:
            normal=N,depth=Z,albedo=diffuse,id=crypto_object00.
        space: the plate's colour space; from its metadata if left away.
        workers: frames at a time; 0 for as many as processors and memory allow.
        memory_mb: memory for everything, in MiB; 0 for half of what is free.
        config: the OCIO config that defines --space, a file or a built-in's name; $OCIO, else a
            built-in one, if left away.
        progress: a bar on a terminal, or lines for Open Job Description or Tractor on stdout.
    """
    from velatura import sequence

    job = Job(
        *(plate, look, out, frames, write),
        strength,
        *(mask, device, layer, passes, space),
        *(workers, memory_mb, config),
    ).checked()
    if write == "gain" and (mask or strength != 1):
        log.warning(
            "--strength and --mask shape the finished picture only (--write picture or both)"
        )
    with Progress(progress) as report:
        sequence.run(job, report)


def info(look: Path, *, as_json: JsonFlag = False) -> None:
    """Show a look's card: what it is, what it reads, what it costs, who made it.

    Example::

        velatura info ink.onnx

    Args:
        look: an ONNX file that `velatura export` wrote.
        as_json: the whole card as JSON on stdout.
    """
    from velatura import table
    from velatura.look import read

    found = read(look)
    if as_json:
        _out(json.dumps({**json.loads(found.card.dumps()), "digest": found.digest}, indent=2))
    else:
        table.show(look.name, table.card(found))


def doctor(*, as_json: JsonFlag = False) -> None:
    """Say what is installed, which device answers, and what is in the way.

    Example::

        velatura doctor

    Args:
        as_json: the findings as JSON on stdout.
    """
    from velatura import table
    from velatura.doctor import examine

    findings = examine()
    if as_json:
        _out(json.dumps([vars(finding) for finding in findings], indent=2))
    else:
        table.show("velatura doctor", [(f.what, f.found) for f in findings])
    troubles = [finding.trouble for finding in findings if finding.trouble]
    if troubles:
        raise MachineError(" ".join(troubles))


def worker() -> None:
    """Stay up and run jobs that come as JSON lines on stdin: how hosts talk to velatura.

    Example::

        velatura worker
    """
    from velatura.worker import serve

    serve()


def _report(error: VelaturaError, style: Style) -> int:
    log.error(error)
    fail(style, str(error))
    return error.exit_code


def _lacks_trainer(error: BaseException | None) -> bool:
    """Say whether an import failed because a package of the trainer is not installed."""
    if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith(_TRAINER):
        return True
    return error is not None and _lacks_trainer(error.__cause__)


def _without_trainer(command: str) -> VelaturaError:
    return MissingRuntimeError(
        f"`velatura {command}` needs the trainer, which is not installed",
        do="Run `python install.py train`",
    )


def _terminate(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _out(text: str) -> None:
    sys.stdout.write(text + "\n")
