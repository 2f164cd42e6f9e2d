"""The usage lines of all commands: what each wants, in the order in which it is typed."""

from __future__ import annotations

from cyclopts import CycloptsError, CycloptsPanel, MissingArgumentError
from rich.panel import Panel

_LINES = {
    "apply": ["PLATE... --look LOOK --out FOLDER [OPTIONS]"],
    "demo": ["[OPTIONS]"],
    "doctor": ["[OPTIONS]"],
    "evaluate": [
        "--result PICTURES --painted KEYS [OPTIONS]",
        "--result PICTURES --plate PLATE [OPTIONS]",
        "--result PICTURES --style PAINTING... [OPTIONS]",
    ],
    "export": [
        "RUN --out LOOK [OPTIONS]",
        "RUN --torchscript FOLDER [OPTIONS]",
        "RUN --host flame|houdini --out FILE [OPTIONS]",
    ],
    "farm": ["JOB FOLDER --to openjd|slurm|opencue|shell [OPTIONS]"],
    "glaze": ["PLATE... --painted KEYS --out FOLDER [OPTIONS]"],
    "info": ["LOOK [OPTIONS]"],
    "looks": ["[OPTIONS]"],
    "paint": ["PLATE --style PAINTING... --out FOLDER [OPTIONS]"],
    "publish": ["LOOK [OPTIONS]"],
    "render": ["blender|nuke FILE --frames FRAMES [OPTIONS]"],
    "report": ["FOLDER [OPTIONS]"],
    "session": ["start|stop|serve [OPTIONS]"],
    "suggest": ["PLATE [OPTIONS]"],
    "train": [
        "PLATE... --painted KEYS... --out RUN [OPTIONS]",
        "PLATE... --style PAINTING... --out RUN [OPTIONS]",
    ],
    "verify": ["LOOK PLATE... [OPTIONS]"],
    "worker": [""],
}


def of(command: str) -> str | None:
    """Return a command's usage, one line for each way to call it; None where it has none yet."""
    ways = _LINES.get(command, [])
    return "\n       ".join(f"velatura {command} {way}".rstrip() for way in ways) or None


def mistake(error: CycloptsError) -> Panel:
    """Return what was wrong in what was typed; of what is missing, as it is to be typed."""
    wanted = error.argument
    if not isinstance(error, MissingArgumentError) or wanted is None or error.keyword is not None:
        return CycloptsPanel(error)
    name, usual = wanted.name, of(" ".join(error.command_chain or ()))
    if wanted.field_info.is_positional:  # a name as of an option, and typed without one
        name = name.removeprefix("--").upper()
    return CycloptsPanel(f"{name} is missing." + (f"\nUsage: {usual}" if usual else ""))
