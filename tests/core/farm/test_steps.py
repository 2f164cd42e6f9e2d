"""What a farm job means: steps in order, tasks, what is asked of machines, what is refused."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from pathlib import Path

import commands
import looks
import orders
import plates
import pytest

from velatura.errors import InputError
from velatura.farm import hosts, order, steps, writing

WHOLE = """
name = "show"
chunk = 10
cores = 4
gpu = "yes"
velatura = "/share/velatura/bin/velatura"

[[look]]
name = "ink"
file = "looks/ink.onnx"
plate = "sh010/plate.####.exr"
painted = ["sh010/paint.####.png"]
run = "runs/ink"
options = ["--minutes=5"]

[[look]]
name = "chalk"
file = "looks/chalk.onnx"
plate = "sh020/plate.####.exr"
painted = "sh020/paint.####.png"
run = "runs/chalk"
processes = 2

[[shot]]
name = "sh010"
plate = "sh010/plate.####.exr"
frames = "1001-1025"
out = "out/sh010"
looks = ["ink"]

[shot.apply]
write = "both"
strength = 0.8

[shot.render]
host = "nuke"
file = "sh010.nk"

[[shot]]
name = "sh020"
plate = "sh020/plate.####.exr"
frames = "1-4"
out = "out/sh020"
report = false
"""


@pytest.fixture
def whole(tmp_path: Path) -> order.Order:
    path = tmp_path / "show.toml"
    path.write_text(WHOLE)
    return order.read(path)


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, Path]:
    return looks.small(tmp_path / "small.onnx"), plates.shot(tmp_path / "in", 5)


def shell(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(folder / "run.sh"), *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )


def test_many_shots_by_many_looks_wait_for_what_they_need(whole):
    planned = {step.name: step for step in steps.planned(whole)}
    assert {name: step.after for name, step in planned.items()} == {
        "train-ink": (),
        "export-ink": ("train-ink",),
        "train-chalk": (),
        "export-chalk": ("train-chalk",),
        "apply-sh010": ("export-ink",),
        "report-sh010": ("apply-sh010",),
        "render-sh010": ("apply-sh010",),
        "apply-sh020-ink": ("export-ink",),
        "apply-sh020-chalk": ("export-chalk",),
    }
    assert planned["apply-sh010"].chunks(10) == ["1001-1010", "1011-1020", "1021-1025"]
    assert "--strength=0.8" in planned["apply-sh010"].argv
    assert planned["apply-sh020-ink"].writes[0].name == "ink"  # a folder for each look
    assert all(step.need.gpu for name, step in planned.items() if name.startswith("apply"))


def test_one_of_a_thing_is_said_as_one(whole):
    said = {
        (chunk, cores): list(
            writing.outline(
                (one := dataclasses.replace(whole, chunk=chunk, cores=cores)), steps.planned(one)
            )
        )
        for chunk, cores in ((10, 4), (25, 1))
    }
    (several,) = [line for line in said[10, 4] if line.startswith("apply-sh010:")]
    (one,) = [line for line in said[25, 1] if line.startswith("apply-sh010:")]
    assert several.startswith("apply-sh010: 25 frames in 3 tasks, 4 cores, ")
    assert one.startswith("apply-sh010: 25 frames in 1 task, 1 core, ")


@pytest.mark.parametrize("mask", ["roto.####.exr:A", "roto/r.####.png", "roto", "clip.mp4"])
def test_files_of_a_shot_are_relative_to_the_job_and_come_along(tmp_path, small, mask):
    (tmp_path / "roto").mkdir()
    (tmp_path / "show.ocio").touch()
    (tmp_path / "ids").mkdir()
    apply = {"write": "both", "mask": mask, "config": "show.ocio"}
    apply["passes"] = "normal=N,id=ids/id.####.exr"
    shot = {"apply": apply, "frames": "1-2"}  # the mask is still to be drawn
    step = steps.planned(orders.ordered(tmp_path, *small, shot=shot))[0]
    assert f"--mask={tmp_path / mask}" in step.argv
    assert f"--config={tmp_path / 'show.ocio'}" in step.argv
    assert f"--passes=normal=N,id={tmp_path / 'ids' / 'id.####.exr'}" in step.argv
    assert tmp_path / "ids" in step.reads
    assert {tmp_path, tmp_path / "roto"} & set(step.reads[2:])


def test_a_look_that_is_there_may_be_named_as_artists_name_it(tmp_path, small, monkeypatch):
    monkeypatch.setenv("VELATURA_LOOKS", str(tmp_path / "shelf"))
    (tmp_path / "shelf").mkdir()
    path = looks.small(tmp_path / "shelf" / "wash.onnx", name="Ink and Wash")
    job = orders.ordered(tmp_path, Path("ink and wash"), small[1])
    assert f"--look={path}" in steps.planned(job)[0].argv


def test_a_channel_for_a_mask_and_a_built_in_config_stay_names(tmp_path, small):
    apply = {"write": "both", "mask": "matte.R", "config": "cg-config-latest"}
    step = steps.planned(orders.ordered(tmp_path, *small, shot={"apply": apply}))[0]
    assert {"--mask=matte.R", "--config=cg-config-latest"} <= set(step.argv)
    assert len(step.reads) == 2


@pytest.mark.parametrize("farm", ["openjd", "slurm", "opencue", "shell"])
def test_a_dry_run_prints_everything_and_writes_nothing(whole, farm, tmp_path):
    out = tmp_path / "farm"
    done = commands.velatura("farm", tmp_path / "show.toml", out, "--to", farm, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert not out.exists()
    made = writing.files(farm, whole, steps.planned(whole))
    printed = done.stdout
    for name, text in made.items():
        assert f"--- {out / name}" in printed
        assert all(line in printed for line in text.splitlines())
    if farm != "openjd":
        for step in steps.planned(whole):
            lines = made[f"{step.name}.tasks"].splitlines()
            assert len(lines) == len(step.chunks(10))
            assert all("{" not in line for line in lines)
        assert "/share/velatura/bin/torchrun --standalone --nproc-per-node=2" in printed


def test_resubmission_does_only_what_is_missing(tmp_path, small):
    look, plate = small
    made = orders.ordered(tmp_path, look, plate, chunk=2)
    done = commands.velatura("apply", plate, "--look", look, "--out", tmp_path / "out")
    assert done.returncode == 0
    assert steps.planned(made, missing=True) == []
    (tmp_path / "out" / "plate.gain.0002.exr").unlink()
    plates.plain(tmp_path / "in" / "plate.0004.exr", seed=99)  # rendered anew
    apply, report = steps.planned(made, missing=True)
    assert apply.chunks(2) == ["2,4"]
    assert report.after == ("apply-sh010",)
    assert len(steps.planned(made)[0].frames) == 5


def test_the_shell_tries_again_what_a_machine_could_not_do_and_nothing_else(tmp_path, small):
    """The command is one that counts its calls, and ends as its frames say."""
    look, plate = small
    folder = orders.written(tmp_path, look, plate, "shell", chunk=1, retries=2)
    program = tmp_path / "velatura"
    program.write_text(
        "#!/usr/bin/env bash\n"
        f'echo "$*" >> {tmp_path}/calls\n'
        'case "$*" in *frames=2\\ *) exit 3;; *frames=3\\ *) exit 4;; esac\n'
        'case "$*" in *frames=4\\ *) kill -9 $$;; esac\n'
    )
    done = shell(folder, JOBS="3")
    assert done.returncode == 3
    assert "apply-sh010 is not done" in done.stderr
    calls = (tmp_path / "calls").read_text().splitlines()
    counts = {n: sum(f"--frames={n} " in call for call in calls) for n in range(1, 6)}
    assert counts == {1: 1, 2: 1, 3: 3, 4: 3, 5: 1}
    assert not any("report" in call for call in calls)  # it waits for what failed
    assert "apply-sh010 4: exit code 137" in done.stdout


def test_the_shell_makes_what_a_local_run_makes(tmp_path, small):
    look, _ = small
    plate = plates.shot(tmp_path / "Nina's\\ $HOME\n night", 5)  # a task is a line all the same
    named = {"name": "sh010_NIGHT"}  # with an N, which xargs must not take for a task's number
    folder = orders.written(tmp_path, look, plate, "shell", chunk=3, shot=named)
    assert shell(folder, "--dry-run").stdout.count(" apply ") == 2
    done = shell(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    commands.velatura("apply", plate, "--look", look, "--out", tmp_path / "local")
    for path in (tmp_path / "local").glob("*.exr"):
        assert path.read_bytes() == (tmp_path / "out" / path.name).read_bytes()
    assert (tmp_path / "out" / "report.html").is_file()


def test_a_host_s_render_gets_frames_as_it_reads_them(tmp_path):
    program = tmp_path / "nuke"
    program.write_text('#!/usr/bin/env bash\necho "$*"\nexit 5\n')
    program.chmod(0o755)
    words = ("render", "nuke", "a.nk", "--program", program)
    done = commands.velatura(*words, "--frames", "1-3:2")  # as Open Job Description writes it
    assert done.stdout == "-x -F 1 -F 3 a.nk\n"
    assert done.returncode == 5
    blender = hosts.argv("blender", "", "a.blend", "1-3")
    assert blender == ["blender", "--background", "a.blend", "--render-frame", "1,2,3"]
    assert commands.velatura(*words[:3], "--program", "none", "--frames=1").returncode == 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"chunks": 3}, "has no chunks"),
        ({"chunk": "3"}, "chunk of the job should be int"),
        ({"chunk": 0}, "should be 1 or more"),
        ({"look": []}, "has no look"),
        ({"look": "ink"}, "look should be tables"),
        ({"cores": 10**400}, "cores of the job should be 0"),
        ({"retries": -1}, "retries of the job should be 0"),
        ({"velatura": "\ud800"}, "velatura of the job holds what no file can"),
        ({"velatura": "a\0b"}, "velatura of the job holds what no file can"),
        ({"gpu": "perhaps"}, 'should be "yes" or "no"'),
        ({"name": "night\nrm -rf ."}, "name should be one line"),
        ({"name": ""}, "name should be one line"),
    ],
)
def test_what_is_no_job_is_refused_with_the_reason(change, words, tmp_path, small):
    path = tmp_path / "job.json"
    path.write_text(json.dumps(orders.said(*small, tmp_path / "out") | change))
    with pytest.raises(InputError, match=words):
        order.read(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"looks": ["chalk"]}, "looks that are not named: chalk"),
        ({"apply": {"strength": 9}}, "strength should be 0"),
        ({"apply": {"out": "x"}}, "which the shot says"),
        ({"apply": {"write": "picture", "deliver": "mp4"}}, "movie of its own frames alone"),
        ({"report": "no"}, "report of .* should be bool"),
        ({"looks": ["\ud800"]}, "holds what no file can"),
        ({"apply": 5}, "apply of .* should be a table"),
        ({"render": "a.nk"}, "render of .* should be a table"),
        ({"name": "sh 010"}, "is not a name"),
        ({"render": {"host": "flame", "file": "a"}}, "no host flame"),
        ({"render": {"host": "nuke"}}, "lacks file"),
    ],
)
def test_what_is_no_shot_is_refused_with_the_reason(change, words, tmp_path, small):
    path = tmp_path / "job.json"
    path.write_text(json.dumps(orders.said(*small, tmp_path / "out", shot=change)))
    with pytest.raises(InputError, match=words):
        order.read(path)


def test_a_template_has_so_many_parameters_at_most(tmp_path, small):
    one = orders.ordered(tmp_path, *small)
    (shot,) = one.shots
    many = tuple(
        dataclasses.replace(shot, name=f"sh{n}", out=f"{shot.out}{n}", frames="1")
        for n in range(30)
    )
    crowd = dataclasses.replace(one, shots=many)
    with pytest.raises(InputError, match="a template has 50"):
        writing.files("openjd", crowd, steps.planned(crowd))
