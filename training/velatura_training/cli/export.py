"""`velatura export`: from a training run to a look's file, or to a live node for NukeX.

torch is imported inside the command: its help must not wait for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from velatura.cli.options import basic
from velatura.errors import TrainingError
from velatura.system.next_step import next_step
from velatura_training.cli import openmp
from velatura_training.cli.stages import Stages

LOAD, READ, EVEN = (
    ("loading the trainer", 2.5),
    ("reading the run", 0.5),
    ("evening the slider", 4.0),
)
WRITE, TRACE = ("writing the look, and proving it", 4.5), ("tracing it for NukeX", 9.0)
"""What is done, and the CPU-seconds that it took of a look for 24 frames of 480 by 270."""


def export(
    run: Annotated[Path, basic("RUN")],
    /,
    *,
    out: Annotated[Path | None, basic("LOOK")] = None,
    torchscript: Annotated[Path | None, basic("FOLDER")] = None,
    host: Annotated[Literal["flame", "houdini"] | None, basic()] = None,
    passes: Annotated[bool, basic(negative="")] = False,
    size: Annotated[str, basic("WIDTHxHEIGHT")] = "",
    name: Annotated[str, basic("NAME")] = "",
    author: Annotated[str, basic("NAME")] = "",
    licence: Annotated[str, basic("TERMS")] = "",
) -> None:
    r"""Write a training run as a look, one ONNX file, or as a live node for NukeX.

    First it is proved: ONNX Runtime or TorchScript must agree with the network that
    was trained, and strength 0 must give the plate back bit for bit.

    For example:

        velatura export runs/ink --out ink.onnx --author "Rossi"
        velatura export runs/ink --torchscript ~/.nuke/Cattery
        velatura export runs/ink --host flame --out ink_flame.onnx

    Args:
        run: the folder that `velatura train` wrote.
        out: the look's file.
        torchscript: a Cattery folder; the look gets a folder in it, with all that NukeX needs to
            make a .cat for its Inference node.
        host: write OUT for the inference node of flame or of houdini instead: a file of the
            finished picture that they run by themselves. docs/hosts.md.
        passes: with --host, the passes that the look reads are further inputs; else they count as
            missing.
        size: with --host, the only size that the file takes; default: any.
        name: what artists will call it; default: the name of the file, or of the run.
        author: who made it.
        licence: the terms it may be used under.
    """
    written = ((WRITE,) if out is not None else ()) + ((TRACE,) if torchscript is not None else ())
    stages = Stages(LOAD, READ, EVEN, *written)
    with stages.shown():
        openmp.spin_briefly()
        from velatura_training.export import host_picture, onnx_file
        from velatura_training.export.trained import load
        from velatura_training.learn import threads

        threads.alone_if_busy()
        _demand_target(out, torchscript, host)
        _demand_host(host, {"--passes": passes, "--size": bool(size)})
        called = name or (out.stem if out is not None else run.resolve().name)
        stages.at(READ[0])
        trained = load(run, called, author, licence, lambda part: stages.at(EVEN[0], part))
        if out is not None:
            stages.at(WRITE[0])
            if host is not None:
                asked = host_picture.asked(host, size, passes=passes)
                made = host_picture.write(trained, out, asked)
            else:
                card = onnx_file.write(trained, out).card
        if torchscript is not None:
            from velatura_training.export import cattery

            stages.at(TRACE[0])
            node = cattery.write(trained, torchscript)
    if host is not None:
        for path in made:
            print(f"wrote {path}")  # noqa: T201
    elif out is not None:
        print(f"wrote {out}")  # noqa: T201 - stdout carries machine lines
        print(  # noqa: T201
            f"cost {card.kflop_px:.1f} kFLOP/px, {card.parameters} parameters, "
            f"receptive field {card.receptive_field} px, halo {card.halo} px"
        )
        next_step("velatura", "apply", "PLATE", "--look", out, "--out", "glazed", "--write", "both")
    if torchscript is not None:
        print(f"wrote {node}")  # noqa: T201


def _demand_target(out: Path | None, torchscript: Path | None, host: str | None) -> None:
    """Raise TrainingError unless it is said where to write."""
    if out is None and (torchscript is None or host is not None):
        raise TrainingError(
            "Where should the look go?", do="Give --out LOOK.onnx, --torchscript FOLDER, or both."
        )


def _demand_host(host: str | None, given: dict[str, bool]) -> None:
    """Raise TrainingError where options that only a host's file takes are given without one."""
    idle = [option for option, there in given.items() if there]
    if host is None and idle:
        raise TrainingError(
            f"{' and '.join(idle)} would do nothing: a look reads its passes and takes any size",
            found="no --host",
            do="Give --host flame or --host houdini, or omit " + " and ".join(idle) + ".",
        )
