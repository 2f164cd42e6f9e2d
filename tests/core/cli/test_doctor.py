"""The doctor says how it is, whatever is broken, and never breaks itself."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from commands import velatura

from velatura.cli.finding import Finding, commands
from velatura.installation import source


def examined(code: int, **environment: object) -> dict[str, dict[str, str]]:
    """Return the findings by name, from a process with more environment variables."""
    result = velatura("doctor", "--json", env={k: str(v) for k, v in environment.items()})
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    findings = {finding["what"]: finding for finding in json.loads(result.stdout)}
    troubles = [finding["trouble"] for finding in findings.values() if finding["trouble"]]
    assert bool(troubles) == (code == 4)
    assert all(trouble in result.stderr for trouble in troubles)
    return findings


def test_a_sound_machine_says_what_answers():
    findings = examined(0, VELATURA_LOOKS="/shelf")
    assert "CPUExecutionProvider answers" in findings["device"]["found"]
    assert "no other beside it" in findings["ONNX Runtime"]["found"]
    if find_spec("torch"):
        assert "installed, with torch" in findings["trainer"]["found"]
    else:
        assert findings["trainer"]["add"]
    assert "mp4 (libx264), mov (prores_ks)" in findings["movies"]["found"]
    assert "GiB are free" in findings["memory"]["found"]
    assert "GiB of this folder's" in findings["disk"]["found"]
    flow = "DIS, of OpenCV" if find_spec("cv2") else "not installed; it comes with the trainer"
    assert findings["optical flow"]["found"].startswith(flow)
    assert findings["$VELATURA_LOOKS"]["found"] == "/shelf"


def test_hosts_are_found_by_their_programs_and_velatura_in_them(tmp_path):
    home, path = tmp_path / "home", tmp_path / "programs"
    for program in ("blender", "Nuke"):
        package_file(path / program, "#!/bin/sh\n").chmod(0o700)
    where = {"HOME": home, "XDG_CONFIG_HOME": home / ".config", "PATH": path}
    before = examined(0, **where)
    assert str(path / "blender") in before["Blender"]["found"]
    if source() is None:
        assert "it comes in velatura's source folder" in before["Blender"]["found"]
        assert "it comes in velatura's source folder" in before["Nuke"]["found"]
    else:
        assert before["Blender"]["add"].endswith("install.py blender")
        assert before["Nuke"]["add"].endswith("install.py nuke")
    package_file(home / ".config/blender/4.5/extensions/user_default/velatura_blender/a.py", "")
    package_file(home / ".nuke/init.py", "# >>> velatura >>>\n")
    after = examined(0, **where)
    assert "the add-on is in Blender 4.5" in after["Blender"]["found"]
    assert "the plug-in is in" in after["Nuke"]["found"]
    assert after["Blender"]["add"] == after["Nuke"]["add"] == ""


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_table_fits_its_terminal(columns):
    result = velatura("doctor", env={"COLUMNS": str(columns)})
    assert result.returncode == 0
    assert "CPUExecutionProvider" in result.stdout
    table, end, _ = result.stdout.partition("┘")  # what follows is commands, to be copied whole
    assert end
    assert max(map(len, table.splitlines())) <= columns


def test_two_onnx_runtimes_in_one_environment_are_trouble(tmp_path):
    gpu = tmp_path / "onnxruntime_gpu-1.30.0.dist-info"
    gpu.mkdir()
    (gpu / "METADATA").write_text("Metadata-Version: 2.1\nName: onnxruntime-gpu\nVersion: 1.30.0\n")
    findings = examined(4, PYTHONPATH=tmp_path)
    assert "onnxruntime-gpu 1.30.0" in findings["ONNX Runtime"]["found"]
    assert "overwrite each other" in findings["ONNX Runtime"]["trouble"]


@pytest.mark.parametrize(
    "broken", ["raise ImportError('libcudart.so.12: no such file')", "", "import nowhere"]
)
def test_an_onnx_runtime_that_does_not_load_is_trouble(tmp_path, broken):
    package(tmp_path / "onnxruntime", broken)
    findings = examined(4, PYTHONPATH=tmp_path)
    assert findings["device"]["found"].startswith("none answers")
    assert findings["device"]["trouble"] == "ONNX Runtime does not run."
    assert "-m pip install --force-reinstall" in findings["device"]["add"]


@pytest.mark.parametrize(
    "broken", ["raise ImportError('libGL.so.1: no such file')", "", "setNumThreads = int"]
)
def test_optical_flow_that_does_not_load_is_trouble(tmp_path, broken):
    """As after the installation of a second OpenCV, or in a container without its libraries."""
    package(tmp_path / "cv2", broken)
    findings = examined(4, PYTHONPATH=tmp_path)
    assert findings["optical flow"]["found"].startswith("none: ")
    assert findings["optical flow"]["trouble"] == "OpenCV does not run."
    assert "opencv-python-headless" in findings["optical flow"]["add"]


@pytest.mark.parametrize(
    ("module", "what"), [("onnxruntime", "device"), ("cv2", "optical flow"), ("av", "movies")]
)
def test_a_library_that_crashes_is_a_line(tmp_path, module, what):
    """As ONNX Runtime and FFmpeg did in one process, with Python 3.14 and glibc 2.43."""
    package(tmp_path / module, "import os, signal\nos.kill(os.getpid(), signal.SIGBUS)")
    findings = examined(4, PYTHONPATH=tmp_path)
    assert findings[what]["found"] == "none: its process crashed with SIGBUS"
    assert "does not run" in findings[what]["trouble"]
    assert findings[what]["add"]
    sound = {"device", "optical flow", "movies"} - {what}
    assert not any(findings[each]["trouble"] for each in sound)


def test_a_colour_config_that_does_not_load_is_trouble(tmp_path):
    findings = examined(4, OCIO=tmp_path / "none.ocio")
    assert "none.ocio" in findings["colour"]["trouble"]


def package_file(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def package(folder: Path, text: str) -> None:
    """Write a package that comes before the installed one of that name."""
    folder.mkdir()
    (folder / "__init__.py").write_text(text)


def test_commands_can_be_copied_and_stand_there_once():
    """A table would break them, and put its frame in between."""
    add, long = "pip install x", "python -m pip install " + "y" * 200
    found = [
        Finding("trainer", "not installed", add=add),
        Finding("optical flow", "not installed", add=add),
        Finding("device", "none answers", "It does not run.", long),
    ]
    said = ["to add trainer, optical flow:", f"    {add}", "to mend device:", f"    {long}"]
    assert commands([*found, Finding("memory", "8 GiB are free")]) == said
