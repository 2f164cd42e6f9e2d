"""Farm jobs for tests: one shot, one look that is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import commands

from velatura.farm import order as orders
from velatura.farm import steps, writing
from velatura.farm.order import Order


def said(look: Path, plate: Path, out: Path, **settings: Any) -> dict[str, Any]:
    """A job as its file says it; settings of the whole job, and ``shot`` for those of the shot."""
    shot = {"name": "sh010", "plate": str(plate), "out": str(out), **settings.pop("shot", {})}
    named = [{"name": "ink", "file": str(look)}]
    return {"name": "test", "look": named, "shot": [shot], **settings}


def ordered(folder: Path, look: Path, plate: Path, **settings: Any) -> Order:
    """A job, read from its file; its velatura is the one under test."""
    program = commands.executable(folder / "velatura")
    path = folder / "job.json"
    values = said(look, plate, folder / "out", **{"velatura": str(program), **settings})
    path.write_text(json.dumps(values))
    return orders.read(path)


def written(
    folder: Path,
    look: Path,
    plate: Path,
    farm: writing.Farm,
    *,
    missing: bool = False,
    **other: Any,
) -> Path:
    """Write a farm's files; return their folder."""
    order = ordered(folder, look, plate, **other)
    made = writing.files(farm, order, steps.planned(order, missing=missing))
    list(writing.write(folder / farm, made))
    return folder / farm
