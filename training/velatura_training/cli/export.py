"""`velatura export`: from a training run to a look's file, or to a live node for NukeX.

torch is imported inside the command: its help must not wait for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from velatura.cli.options import basic
from velatura.errors import TrainingError


def export(
    run: Annotated[Path, basic("RUN")],
    /,
    *,
    out: Annotated[Path | None, basic("LOOK")] = None,
    torchscript: Annotated[Path | None, basic("FOLDER")] = None,
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

    Args:
        run: the folder that `velatura train` wrote.
        out: the look's file.
        torchscript: a Cattery folder; the look gets a folder in it, with all that NukeX needs to
            make a .cat for its Inference node.
        name: what artists will call it; default: the name of the file, or of the run.
        author: who made it.
        licence: the terms it may be used under.
    """
    from velatura_training.export import onnx_file
    from velatura_training.export.trained import load

    if out is None and torchscript is None:
        raise TrainingError(
            "Where should the look go?", do="Give --out LOOK.onnx, --torchscript FOLDER, or both."
        )
    called = name or (out.stem if out is not None else run.resolve().name)
    trained = load(run, called, author, licence)
    if out is not None:
        card = onnx_file.write(trained, out).card
        print(f"wrote {out}")  # noqa: T201 - stdout carries machine lines
        print(  # noqa: T201
            f"cost {card.kflop_px:.1f} kFLOP/px, {card.parameters} parameters, "
            f"receptive field {card.receptive_field} px, halo {card.halo} px"
        )
    if torchscript is not None:
        from velatura_training.export import cattery

        print(f"wrote {cattery.write(trained, torchscript)}")  # noqa: T201
