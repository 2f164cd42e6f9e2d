"""Colour: the space that the script works in, and the OCIO config that defines it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nuke

from velatura.errors import ColourError
from velatura.look import Card

_LINEAR = "lin_rec709_scene"  # what Nuke's own colour management calls linear
_ROLE = re.compile(r"(\w+) \(.+\)")  # Nuke 15 shows `scene_linear (ACES - ACEScg)`


def working(card: Card) -> tuple[str, str]:
    """Return the working space and the OCIO config that names it, as a Job has them.

    Nuke's own colour management has no config: the look's own one knows its space.

    Raises:
        ColourError: the script's config is nowhere.
    """
    space, config = told()
    return space, config or card.config


def told() -> tuple[str, str]:
    """Return the working space and the OCIO config; none for Nuke's own colour management.

    Raises:
        ColourError: as of `working`.
    """
    root = nuke.root()
    if root["colorManagement"].value() != "OCIO":
        return _LINEAR, ""
    space = str(root["workingSpaceLUT"].value())
    role = _ROLE.fullmatch(space)
    return role[1] if role else space, _config(root)


def _config(root: nuke.Root) -> str:
    """Return the script's OCIO config; $OCIO wins, as it does in Nuke.

    Nuke's own knob says which file its choice is: artists may add configs, which lie elsewhere.
    """
    named = os.environ.get("OCIO", "")
    if named:
        return named
    choice = str(root["OCIO_config"].value())
    if choice == "custom":
        return str(root["customOCIOConfigPath"].getEvaluatedValue())  # type: ignore[attr-defined]
    told = root.knob("OCIOConfigPath")
    path = str(told.getEvaluatedValue() or "") if told is not None else ""  # type: ignore[attr-defined]
    if path.startswith("ocio://") or Path(path).is_file():
        return path.replace("ocio://", "", 1)
    shipped = Path(nuke.EXE_PATH).parent / "plugins" / "OCIOConfigs" / "configs"
    for file in (shipped / choice / "config.ocio", shipped / f"{choice}.ocio"):
        if file.is_file():
            return str(file)
    raise ColourError(
        f"The OCIO config {choice} of the project settings is not where Nuke keeps its own",
        found=path or str(shipped),
        do="Choose custom there and name the config's file, or set $OCIO",
    )
