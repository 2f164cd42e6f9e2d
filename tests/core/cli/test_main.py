"""The real `velatura` process: exit codes, machine lines, help."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import looks
import numpy as np
import plates
import pytest
from commands import COMMAND, started, velatura
from images import assert_images_match

import velatura as package
from velatura.look import read


@pytest.fixture
def plate(tmp_path):
    return plates.shot(tmp_path / "in", 2)


def test_help_and_version_end_well():
    for arguments in ((), ("--help",), ("apply", "--help"), ("--version",)):
        assert velatura(*arguments).returncode == 0
    assert package.__version__ in velatura("--version").stdout


TRAINERS = pytest.mark.skipif(find_spec("torch") is None, reason="the trainer is not installed")


@pytest.mark.parametrize(
    "command",
    [
        *("apply", "looks", "publish", "info", "report", "doctor", "worker", "demo"),
        *(
            pytest.param(name, marks=TRAINERS)
            for name in ("train", "export", "evaluate", "suggest")
        ),
    ],
)
def test_every_command_has_an_example(command):
    said = velatura(command, "--help").stdout
    assert "For example:" in said
    assert f"velatura {command}" in said


def test_help_does_not_wait_for_numpy_or_onnx_runtime():
    code = (
        "import sys; from velatura.cli.main import main; main(['--help']);"
        "print({'numpy', 'onnxruntime', 'torch', 'OpenImageIO'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "set()"


def test_a_done_job_ends_with_0_and_names_each_file_to_machines(tmp_path, plate, look):
    out = tmp_path / "out"
    order = "apply", plate, "--look", look, "--out", out, "--workers", 1
    result = velatura(*order, "--progress", "none")
    assert result.returncode == 0
    assert result.stdout.splitlines() == [
        f"wrote {out / f'plate.gain.000{frame}.exr'}" for frame in (1, 2)
    ]


def test_people_are_told_in_one_line_what_was_written_and_what_was_kept(tmp_path, plate, look):
    out = tmp_path / "out"
    order = "apply", plate, "--look", look, "--out", out
    first, again = velatura(*order), velatura(*order)
    assert first.stdout == f"wrote {out}: plate.gain.####.exr (2)\n"
    assert again.stdout == "kept 2 frames, which are as they would be written\n"
    (out / "plate.gain.0002.exr").unlink()
    one = f"wrote {out / 'plate.gain.0002.exr'}"
    assert velatura(*order).stdout.splitlines()[0] == one


@pytest.mark.parametrize(
    ("style", "lines"),
    [
        ("openjd", ["openjd_progress: 50.0", "openjd_progress: 100.0"]),
        ("alf", ["ALF_PROGRESS 50%", "ALF_PROGRESS 100%"]),
    ],
)
def test_a_farm_reads_the_progress(tmp_path, plate, look, style, lines):
    result = velatura("apply", plate, "--look", look, "--out", tmp_path / "o", "--progress", style)
    found = [
        line for line in result.stdout.splitlines() if line.startswith(("openjd_progress", "ALF"))
    ]
    assert found == lines


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["apply"], "PLATE is missing. Usage: velatura apply PLATE... --look LOOK --out FOLDER"),
        (["apply", "a.exr"], "--look is missing. Usage: velatura apply PLATE... --look"),
        (["suggest", "a.exr", "--count"], "--count requires an argument"),
        (["apply", "a.exr", "--look", "b.onnx", "--out", "c", "--strength", "much"], '"much"'),
        (["apply", "a.exr", "--look", "b.onnx", "--out", "c", "--write", "all"], '"all"'),
        (["conjure"], '"conjure"'),
    ],
)
def test_wrong_usage_ends_with_2(arguments, said):
    result = velatura(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert said in " ".join(result.stderr.replace("\N{BOX DRAWINGS LIGHT VERTICAL}", "").split())


def test_wrong_input_ends_with_3_and_tells_the_farm_why(tmp_path, plate, look):
    result = velatura(
        *("apply", plate, "--look", look, "--out", tmp_path / "o", "--frames", "1-4"),
        *("--progress", "openjd"),
    )
    assert result.returncode == 3
    assert "ERROR 2 of 4 plate frames are missing" in result.stderr
    assert "openjd_fail: 2 of 4 plate frames are missing" in result.stdout
    assert "Traceback" not in result.stderr


def test_a_farm_is_told_in_its_own_words_only(tmp_path, look):
    named = tmp_path / "x.openjd"
    arguments = ("apply", tmp_path / "no.exr", "--look", look, f"--out={named}")
    assert velatura(*arguments).stdout == ""
    assert velatura(*arguments, "--progress=alf").stdout == ""
    for style in (("--progress", "openjd"), ("--progress=openjd",)):
        assert velatura(*arguments, *style).stdout.startswith("openjd_fail: ")
    strong = velatura(*arguments, "--progress=openjd", "--strength=-1")
    assert strong.returncode == 3
    assert "openjd_fail: In the job, strength should be 0..4" in strong.stdout


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.exr", b"", "an empty file"),
        ("a.exr", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "a PNG picture"),
    ],
)
def test_a_plate_that_is_none_ends_with_3(tmp_path, look, name, data, message):
    (tmp_path / name).write_bytes(data)
    result = velatura("apply", tmp_path / name, "--look", look, "--out", tmp_path / "o")
    assert (result.returncode, message in result.stderr) == (3, True), result.stderr


def test_a_look_that_is_none_ends_with_3(tmp_path, plate):
    (tmp_path / "x.onnx").write_bytes(b"garbage")
    result = velatura("apply", plate, "--look", tmp_path / "x.onnx", "--out", tmp_path / "o")
    assert result.returncode == 3
    assert "x.onnx is not an ONNX file" in result.stderr


def test_cuda_where_there_is_none_ends_with_4(tmp_path, plate, look):
    result = velatura("apply", plate, "--look", look, "--out", tmp_path / "o", "--device", "cuda")
    assert result.returncode == 4
    assert "CUDA was asked for, the CPU answered" in result.stderr


def test_a_layer_by_name(tmp_path, look):
    planes = plates.rgba(20, 30)
    planes |= {f"diffuse.{name}": planes[name] for name in "RGB"}
    plates.exr.write(tmp_path / "p.exr", plates.Image((plates.part(planes),)))
    arguments = ("apply", tmp_path / "p.exr", "--look", look, "--out", tmp_path / "o")
    assert velatura(*arguments, "--layer", "diffuse", "--write", "picture").returncode == 0
    before, after = plates.exr.read(tmp_path / "p.exr"), plates.exr.read(tmp_path / "o" / "p.exr")
    beauty = ("diffuse.R", "diffuse.G", "diffuse.B")
    assert_images_match(after, before, ignore_channels=beauty, ignore_metadata=("velatura/*",))
    result = velatura(*arguments, "--layer", "specular")
    assert result.returncode == 3
    assert "diffuse" in result.stderr


def test_options_that_shape_pictures_ask_for_them(tmp_path, plate, look):
    out = tmp_path / "o"
    arguments = ("apply", plate, "--look", look, "--out", out)
    assert velatura(*arguments).returncode == 0
    gains = sorted(path.name for path in out.iterdir())
    assert all(".gain." in name for name in gains)
    told = velatura(*arguments, "--strength", 0.5, "--write", "gain").stderr
    assert "the finished picture only" in told
    for shaping in (("--strength", 0.5), ("--as", "png")):
        done = velatura(*arguments, *shaping)
        assert "the finished picture only" not in done.stderr
        assert len(list(out.iterdir())) > len(gains), shaping
        for path in out.iterdir():
            if path.name not in gains:
                path.unlink()
    assert velatura(*arguments, "--mask", "gone.png").returncode == 3


def test_passes_by_name(tmp_path):
    guided = looks.small(tmp_path / "guided.onnx", ("normal",))
    planes = plates.rgba(20, 30) | {f"bump.{axis}": plates.light(20, 30)[0] for axis in "XYZ"}
    plates.exr.write(tmp_path / "p.exr", plates.Image((plates.part(planes),)))
    arguments = ("apply", tmp_path / "p.exr", "--look", guided, "--out", tmp_path / "o")
    assert "p.exr has no pass for normal" in velatura(*arguments).stderr
    named = velatura(*arguments, "--passes", "normal=bump")
    assert named.returncode == 0
    assert "has no pass" not in named.stderr
    assert "wrote" in named.stdout  # and not kept: it is another picture now
    assert velatura(*arguments, "--passes", "velvet=bump").returncode == 3


def test_a_look_may_read_where_things_are_and_how_they_move(tmp_path):
    guided = looks.small(tmp_path / "guided.onnx", ("position", "vector"))
    planes = plates.rgba(20, 30)
    planes |= {f"V.Position.{axis}": plates.light(20, 30)[0] for axis in "XYZ"}
    still = planes | {f"V.Vector.{axis}": np.zeros((20, 30), np.float32) for axis in "XYZW"}
    moving = still | {"V.Vector.W": np.full((20, 30), 0.5, np.float32)}
    stops = []
    for number, found in enumerate((planes, still, moving)):
        path = tmp_path / f"p.{number}.exr"
        plates.exr.write(path, plates.Image((plates.part(found),)))
        done = velatura("apply", path, "--look", guided, "--out", tmp_path / "o")
        assert done.returncode == 0, done.stderr
        assert ("no pass for vector" in done.stderr) == (number == 0)
        layer = plates.exr.read(tmp_path / "o" / f"p.gain.{number}.exr")
        stops.append(layer.find("R")[1].pixels)
    np.testing.assert_array_equal(stops[0], stops[1])  # a pass that is missing is 0
    assert not np.array_equal(stops[1], stops[2])


def test_info_shows_the_card(look):
    shown = velatura("info", look).stdout
    assert "small" in shown
    assert "3,000 parameters" in shown
    card = json.loads(velatura("info", look, "--json").stdout)
    assert card["digest"] == read(look).digest
    assert card["halo"] == 20


@pytest.mark.parametrize("mask", ["roto.exr", "gone/roto.exr", "gone/roto.png:A"])
def test_a_mask_file_that_is_not_there_is_called_that(tmp_path, plate, look, mask):
    arguments = ("apply", plate, "--look", look, "--out", tmp_path / "o", "--write", "picture")
    result = velatura(*arguments, "--mask", mask)
    assert result.returncode == 3
    assert f"There is no mask file {mask.removesuffix(':A')}" in result.stderr
    assert "has no channel matte.R" in velatura(*arguments, "--mask", "matte.R").stderr


def test_publishing_the_same_look_again_says_that_nothing_changed(tmp_path, look):
    home = {"XDG_DATA_HOME": str(tmp_path)}
    first, second = (velatura("publish", look, env=home) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout.startswith("wrote ")
    assert second.stdout.startswith("kept ")
    assert "nothing has changed" in second.stdout
    assert "free look" in velatura("looks", env=home).stdout


def test_a_card_cannot_play_with_the_terminal(tmp_path):
    path = looks.small(tmp_path / "x.onnx", name="[/bold]ink[red]\x1b[2J", author="a\nb")
    result = velatura("info", path)
    assert result.returncode == 0, result.stderr
    assert "[/bold]ink[red]?[2J" in result.stdout
    assert "a?b" in result.stdout


def test_whoever_stops_reading_ends_the_job_quietly(tmp_path, plate, look):
    with started("apply", plate, "--look", look, "--out", tmp_path / "o") as process:
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 141
    assert "Traceback" not in said
    for path in (tmp_path / "o").iterdir():
        plates.exr.read(path)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a Unix shell")
def test_without_a_stdout_the_work_is_done_all_the_same(tmp_path, plate, look):
    command = [*COMMAND, "apply", plate, f"--look={look}", f"--out={tmp_path / 'o'}"]
    subprocess.run(["/bin/sh", "-c", '"$@" >&-', "sh", *map(str, command)], check=True)
    assert len(list((tmp_path / "o").iterdir())) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="a name of any bytes")
def test_a_name_that_is_not_utf8_is_refused(tmp_path, look):
    name = os.fsencode(tmp_path) + b"/pl\xff.exr"
    plates.plain(tmp_path / "p.exr").rename(os.fsdecode(name))
    result = velatura(
        "apply", os.fsdecode(name), "--look", look, "--out", tmp_path, "--progress", "openjd"
    )
    assert result.returncode == 3
    assert "is not UTF-8" in result.stdout
    assert "is not UTF-8" in result.stderr


def test_onnx_runtime_leaves_no_trace_of_its_user(tmp_path, plate, look):
    home = tmp_path / "home"
    home.mkdir()
    places = {name: str(home) for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
    result = velatura("apply", plate, "--look", look, "--out", tmp_path / "o", env=places)
    assert result.returncode == 0, result.stderr
    # There it keeps an id of the device, and what it will send. Ours is that the look passed.
    assert {path.relative_to(home).parts[:3] for path in home.rglob("*.*")} == {
        ("velatura", "cache", "trials")
    }
