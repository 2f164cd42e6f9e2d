"""What farms' own submitters make of a script: their code from PyPI, run against the fake Nuke.

``submitters.py FOLDER SCRIPT`` prints one line of JSON. FOLDER is where pip installed
deadline-cloud-for-nuke and cionuke. Of both only the modules that touch Nuke's nodes are imported,
for their packages' own begin with Qt.
"""

from __future__ import annotations

import json
import sys
import types
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "fake")]

import nuke  # noqa: E402  # it lies on that path
from nuke.session import SESSION  # noqa: E402

DEADLINE_WINDOWLESS = "deadline.nuke_submitter"


def main() -> None:
    packages, script = sys.argv[1:]
    sys.path.append(packages)  # last: of what is in both, ours is meant
    SESSION.begin()
    asked: list[str] = []
    nuke.scriptOpen(script)
    nuke.root()["project_directory"].setValue(str(Path(script).parent))
    with mock.patch.object(nuke.File_Knob, "getEvaluatedValue", _counted(asked)):
        found = deadline()
    told = {"asked": len(asked), **found, "conductor": conductor()}
    sys.stdout.write(f"{json.dumps(told)}\n")


def deadline() -> dict[str, Any]:
    """Return which files AWS Deadline Cloud attaches, and whether it would take the job."""
    _bare(DEADLINE_WINDOWLESS)
    assets: Any = import_module("deadline.nuke_submitter.assets")
    upload: Any = import_module("deadline.job_attachments.upload")
    outcome = assets.get_scene_asset_references()
    inputs = outcome.asset_references.input_filenames
    outputs = outcome.asset_references.output_directories
    manager = upload.S3AssetManager(asset_uploader=object())
    refused = ""
    groups: list[Any] = []
    try:
        groups = manager.prepare_paths_for_upload(list(inputs), list(outputs), []).asset_groups
    except Exception as error:  # noqa: BLE001  # whatever it is, the artist sees it
        refused = f"{type(error).__name__}: {error}"
    return {
        "unparsed": outcome.failed_to_parse_nodes,
        "raised": outcome.high_level_exception,
        "refused": refused,
        "attached": sorted(str(path) for group in groups for path in group.inputs),
        "missing": sorted(str(path) for group in groups for path in group.references),
    }


def conductor() -> list[str]:
    """Return which files Conductor would upload for the Write of the script."""
    for name in ("PySide2", "PySide6"):
        sys.modules[name] = types.ModuleType(name)
        for part in ("QtWidgets", "QtCore", "QtGui"):
            setattr(sys.modules[name], part, mock.MagicMock(QFrame=object))
    assets: Any = import_module("cionuke.components.assets")
    paths: Any = import_module("ciopath.gpath_list")
    submitter = nuke.nodes.NoOp(name="Conductor")
    submitter.setInput(0, nuke.toNode("Final"))
    found = paths.PathList()
    found.add(*assets.scrape_assets(submitter))
    found.real_files()
    return sorted(path.fslash() for path in found)


def _counted(asked: list[str]) -> Any:
    real = nuke.File_Knob.getEvaluatedValue

    def ask(knob: Any, *context: Any) -> str:
        asked.append(knob.name())
        return str(real(knob, *context))

    return ask


def _bare(package: str) -> None:
    """Let a package's modules be imported without the package's own code."""
    made = types.ModuleType(package)
    parent, _, last = package.rpartition(".")
    made.__path__ = [str(Path(import_module(parent).__path__[0], last))]
    sys.modules[package] = made


if __name__ == "__main__":
    main()
