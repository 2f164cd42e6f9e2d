"""The `velatura` command: its sub-commands, its output and its exit codes.

stdout carries what was asked for: of `apply` and `worker` lines for machines only, of `looks`,
`info` and `doctor` a table, or JSON with --json, of the trainer's commands their results. Warnings,
errors and bars go to stderr. Exit codes say whether another try helps: 0 done, 1 a bug, 2 usage,
3 wrong input, 4 this machine cannot, 130 and 143 interrupted, 141 the reader of stdout has gone.
Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

from cyclopts import App, CycloptsError, Parameter

import velatura
from velatura import installation
from velatura.cli import commands, packages, usage
from velatura.cli.options import COMMANDS, OTHER_COMMANDS, OTHER_OPTIONS
from velatura.cli.packages import Package
from velatura.errors import (
    CancelledError,
    MachineError,
    MissingRuntimeError,
    StorageError,
    VelaturaError,
    of_system,
)
from velatura.system import terminal
from velatura.system.log_lines import OneLine
from velatura.system.progress import FRAMES, Style, fail

_USAGE, _BUG, _BROKEN_PIPE = 2, 1, 141  # 141: as the shell has it, 128 + SIGPIPE
_ELSEWHERE = {  # command -> what it does; imported only when it is the one that is called
    "train": ("velatura_training.cli.train:train", "Learn a look from painted frames."),
    "paint": (
        "velatura_training.cli.paint:paint",
        "Paint keys of a shot in the manner of a painting.",
    ),
    "export": ("velatura_training.cli.export:export", "Write a trained look as one ONNX file."),
    "evaluate": (
        "velatura_training.cli.evaluate:evaluate",
        "Measure results: fidelity, style, content, calm.",
    ),
    "suggest": ("velatura_training.cli.suggest:suggest", "Name the frame to paint next."),
    "verify": ("velatura.cli.verify:verify", "Prove what a look promises, on given frames."),
    "farm": (
        "velatura.cli.farm:farm",
        "Write a job for a farm: OpenJD, Slurm, OpenCue.",
    ),
    "render": ("velatura.cli.farm:render", "Render a host's file, as a task of a farm."),
    "session": ("velatura.cli.farm:session", "Keep one worker for the tasks of a farm's session."),
    "glaze": ("velatura.cli.glaze:glaze", "From footage and painted frames to the finished shot."),
    "demo": ("velatura.cli.demo:demo", "Learn a look from three painted frames and glaze a shot."),
}
_COMPLETION = "Let the shell complete commands and options: bash, zsh, fish, PowerShell."

log = logging.getLogger("velatura")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: the only place where errors end."""
    _open_closed_streams()
    if not logging.root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(OneLine("%(levelname)s %(message)s"))
        logging.root.addHandler(handler)
    logging.raiseExceptions = False  # stderr on a full disk is no reason to stop
    log.setLevel(logging.INFO)
    logging.getLogger(FRAMES).setLevel(logging.WARNING)  # until a farm listens
    with suppress(OSError, ValueError):  # a crash inside a library says where it was
        faulthandler.enable(sys.stderr, all_threads=False)
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
    if ours := _ours(error, given):
        return _report(ours, style)
    match error:
        case CycloptsError():
            return _USAGE  # it has printed what was wrong, and how to ask
        case KeyboardInterrupt():
            log.info("Stopped. Files under their final names are whole; the same command goes on")
            return 128 + signal.SIGINT
        case BrokenPipeError():
            _drop_stdout()
            return _BROKEN_PIPE
    traceback.print_exception(error)  # a bug: the whole story, and the farm's code for it
    return _BUG


def _ours(error: BaseException, given: Sequence[str]) -> VelaturaError | None:
    """Return an error as one of ours, where it is no bug: of the input, or of this machine."""
    match error:
        case VelaturaError():
            return error
        case MemoryError():
            return MachineError("There is not enough memory", found=str(error))
        case BrokenPipeError():
            return None
        case OSError():
            return of_system(error)
        case ImportError() if package := _missing(error):
            return _without(package, given[0])
    return None


def _app(called: str) -> App:
    """Return the command line; the command that is ``called`` brings its own help text."""
    app = App(
        name="velatura",
        version=velatura.__version__,
        help="Trained looks as compositing nodes: learn a look from a few painted frames, "
        "glaze whole EXR shots with it.",
        help_format="markdown",
        default_parameter=Parameter(show_default=_default, negative_bool="", negative_iterable=""),
        group_commands=OTHER_COMMANDS,
        group_parameters=OTHER_OPTIONS,
        error_console=terminal.console(stderr=True),
        error_formatter=usage.mistake,
        console=terminal.console(),
    )
    for command in commands.ALL:
        name = command.__name__
        app.command(command, usage=usage.of(name), group=COMMANDS.get(name, ()))
    for name, (where, what) in _ELSEWHERE.items():
        text = None if name == called else what
        app.command(where, name=name, help=text, usage=usage.of(name), group=COMMANDS.get(name, ()))
    app.register_install_completion_command(help=_COMPLETION)
    return app


def _default(value: object) -> object:
    """Return what help shows of a default: nothing of one that its text explains."""
    if value is None or value in ("", ()) or value is False:
        return None
    return f"{value:g}" if isinstance(value, float) else value


def _report(error: VelaturaError, style: Style) -> int:
    if isinstance(error, CancelledError):  # somebody wanted it so
        log.info(error)
    else:
        log.error(error)
    try:
        fail(style, str(error))
        sys.stdout.flush()
    except (OSError, StorageError):
        _drop_stdout()
    return error.exit_code


def _open_closed_streams() -> None:
    """Put nothing in the place of streams that whoever started us has closed.

    Nobody listens, and the work is still wanted. All three descriptors are taken before a file is
    opened that would land in one of them, and be written into.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:  # noqa: PLR2004  # stderr
        pass
    os.close(number)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # for as long as the process lives
            nowhere = Path(os.devnull).open("r" if name == "stdin" else "w")  # noqa: SIM115
            setattr(sys, name, nowhere)


def _drop_stdout() -> None:
    """Let what is left in stdout's buffer go nowhere."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _missing(error: BaseException | None) -> Package | None:
    """Return the package of velatura's that a failed import did not find; None for a bug."""
    if isinstance(error, ModuleNotFoundError):
        return packages.of_module((error.name or "").partition(".")[0])
    return None if error is None else _missing(error.__cause__)


def _without(package: Package, command: str) -> VelaturaError:
    whole = {"cpu": "ONNX Runtime", "train": "the trainer"}.get(package.part, package.name)
    return MissingRuntimeError(
        f"`velatura {command}` needs {whole}, which is not installed",
        found=f"no {package.name}" if whole != package.name else None,
        do=f"Run `{installation.adding(*packages.wanted(package.part))}`",
    )


def _terminate(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
