"""install.py: which packages it picks, when it does nothing, and what it hands on.

Its real work, a gigabyte of packages, is done by every CI run. Here it runs for real against an
environment of three shell scripts, which write down how they are called.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from importlib import metadata
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")


@dataclass(frozen=True)
class Bench:
    """A copy of what install.py needs, on a machine whose PATH holds nothing but what we put."""

    root: Path

    @property
    def calls(self) -> list[str]:
        log = self.root / "calls.log"
        return log.read_text().splitlines() if log.exists() else []

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        self.program(self.root / "path/echo", "")  # so that the folder is there
        return subprocess.run(
            [sys.executable, self.root / "install.py", *arguments],
            env={
                "PATH": str(self.root / "path"),
                "HOME": str(self.root / "home"),
                "PYTHONDONTWRITEBYTECODE": "1",
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def program(self, path: Path, script: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def driver(self, code: int = 0) -> None:
        self.program(self.root / "path/nvidia-smi", f"exit {code}")

    def blender(self, code: int = 0, name: str = "blender") -> Path:
        """Put a Blender on the PATH that logs what it is to do; return it."""
        path = self.root / "path" / name
        self.program(path, f'echo "{name} $*" >> {self.root}/calls.log\nexit {code}')
        return path

    @property
    def notes(self) -> list[Path]:
        """The notes in the user's folders that say where the runtime is."""
        return list((self.root / "home").rglob("velatura/runtime"))

    def environment(self, fails: str = "*fails*) exit 1;;", runtime: str = "cpu") -> None:
        """Put a `.venv` of ours there whose programs log their calls, and fail on a pattern."""
        for name in ("python", "velatura"):
            log = f'echo "{name} $*$PYTHONPATH$PYTHONHOME" >> {self.root}/calls.log'
            self.program(self.root / ".venv/bin" / name, f'{log}\ncase "$*" in {fails} esac')
        stamp = {"files": "older", "runtime": runtime, "parts": ["runtime"]}
        stamp["place"] = f"Python {MINOR} in {self.root / '.venv'}"
        (self.root / ".venv/velatura.json").write_text(json.dumps(stamp))

    def package(self, name: str) -> None:
        site = self.root / f".venv/lib/python{MINOR}/site-packages"
        (site / f"{name}-1.30.0.dist-info").mkdir(parents=True)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    for name in ("install.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "pins", tmp_path / "pins")
    (tmp_path / "core/velatura").mkdir(parents=True)
    for name in ("__init__.py", "userdir.py"):
        shutil.copy(ROOT / "core/velatura" / name, tmp_path / "core/velatura")
    return Bench(tmp_path)


def test_a_dry_run_names_every_step_and_does_none(bench: Bench) -> None:
    before = sorted(bench.root.rglob("*"))
    done = bench.run("test", "--dry-run")
    shutil.rmtree(bench.root / "path")
    assert done.returncode == 0
    assert sorted(bench.root.rglob("*")) == before
    steps = ["MB (runtime ", "-m venv", "pins/pip.txt", "pins/torch-cpu.txt", "--group dev"]
    steps = [*steps, "--editable .", "velatura.json"]
    steps = [*steps, "--session lint tests fuzz host_blender host_nuke slurm"]
    places = [done.stdout.index(step) for step in steps]
    assert places == sorted(places)


def test_a_machine_without_a_driver_gets_no_cuda(bench: Bench) -> None:
    steps = bench.run("train", "--dry-run").stdout
    assert "pins/torch-cpu.txt" in steps
    assert "'onnxruntime>=" in steps
    assert "'torch>=" in steps
    assert "gpu" not in steps


def test_a_machine_whose_driver_answers_gets_cuda(bench: Bench) -> None:
    bench.driver()
    steps = bench.run("train", "--dry-run").stdout
    assert "'torch==2.13.0,!=2.13.0+cpu'" in steps
    assert "'onnxruntime-gpu[cuda,cudnn]>=" in steps
    assert "index-url" not in steps


def test_a_driver_that_does_not_answer_is_none(bench: Bench) -> None:
    bench.driver(code=9)
    assert "'onnxruntime>=" in bench.run("--dry-run").stdout


def test_the_runtime_alone_needs_no_torch(bench: Bench) -> None:
    assert "torch" not in bench.run("--dry-run").stdout


@pytest.mark.parametrize(
    ("there", "driver", "leaves"),
    [
        (["onnxruntime_gpu"], False, "onnxruntime-gpu"),
        (["onnxruntime"], True, "onnxruntime"),
        (["onnxruntime", "onnxruntime_gpu"], False, "onnxruntime onnxruntime-gpu"),
        (["onnxruntime", "onnxruntime_gpu"], True, "onnxruntime onnxruntime-gpu"),
    ],
)
def test_the_other_onnxruntime_leaves_before_ours_comes(
    bench: Bench, there: list[str], driver: bool, leaves: str
) -> None:
    bench.environment()
    if driver:
        bench.driver()
    for name in there:
        bench.package(name)
    assert bench.run().returncode == 0
    uninstall, install, _ = bench.calls
    assert uninstall.endswith(f"uninstall --yes {leaves}")
    assert (" onnxruntime-gpu[" if driver else " onnxruntime>=") in install


def test_where_the_other_onnxruntime_cannot_leave_ours_does_not_come(bench: Bench) -> None:
    bench.environment(fails="*uninstall*) exit 1;;")
    bench.package("onnxruntime_gpu")
    assert bench.run().returncode == 4
    assert len(bench.calls) == 1


def test_this_environment_holds_one_onnxruntime() -> None:
    names = {distribution.name.lower() for distribution in metadata.distributions()}
    assert len(names & {"onnxruntime", "onnxruntime-gpu"}) == 1


def test_a_second_run_does_nothing(bench: Bench) -> None:
    bench.environment()
    assert bench.run("train").returncode == 0
    calls = bench.calls
    assert len(calls) == 3  # torch, the packages, ours
    assert "installed already" in bench.run("train").stdout
    assert "installed already" in bench.run().stdout
    assert bench.calls == calls


def test_a_changed_constraint_is_installed_with_all_that_was_there(bench: Bench) -> None:
    bench.environment()
    bench.run("train")
    with (bench.root / "constraints.txt").open("a") as constraints:
        constraints.write("numpy<3\n")
    bench.run()
    assert "--constraint constraints.txt" in bench.calls[-2]
    assert " torch>=" in bench.calls[-2]
    assert len(bench.calls) == 6


def test_what_pip_installs_is_held_to_hashes_and_builds_nothing(bench: Bench) -> None:
    bench.environment()
    bench.run("train")
    *fetched, ours = [call for call in bench.calls if " install " in call]
    assert len(fetched) == 2
    for call in fetched:
        assert "--require-hashes" in call
        assert "--only-binary :all:" in call
    assert ours.endswith("install --no-deps --no-build-isolation --editable .")


def test_a_torch_without_a_known_hash_is_installed_and_said(bench: Bench) -> None:
    bench.environment()
    pins = bench.root / "pins/torch-cpu.txt"
    pins.write_text(pins.read_text().replace("python_version", "implementation_version"))
    done = bench.run("train")
    assert "no hash is known of torch" in done.stdout
    assert bench.calls[0].endswith("install torch==2.13.0+cpu --no-deps")
    assert "--require-hashes" in bench.calls[1]


def test_what_pyproject_asks_for_is_pinned_and_every_pin_has_a_hash() -> None:
    """What `nox -s pins` wrote from the index, and what a hand has changed since."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pins = pinned(ROOT / "constraints.txt")
    extras, groups = project["project"]["optional-dependencies"], project["dependency-groups"]
    lists = [project["project"]["dependencies"], project["build-system"]["requires"]]
    for text in chain(*lists, *extras.values(), *groups.values()):
        if isinstance(text, str):
            wanted = Requirement(text)
            versions = pins[canonicalize_name(wanted.name)]
            assert all(wanted.specifier.contains(version) for version in versions), text
    for path in (ROOT / "pins").glob("*.txt"):
        assert pinned(path), path
    (torch,) = pinned(ROOT / "pins/torch-cpu.txt")["torch"]
    assert {torch} == {f"{version}+cpu" for version in pins["torch"]}


def pinned(path: Path) -> dict[str, set[str]]:
    """Return the versions of each package in a file of pins; each must have a whole hash."""
    found: dict[str, set[str]] = defaultdict(set)
    lines = path.read_text().replace("\\\n", " ").splitlines()
    for line in lines:
        if line.startswith("#"):
            continue
        said, *hashes = line.split("--hash=sha256:")
        wanted = Requirement(said.strip())
        (version,) = wanted.specifier
        assert version.operator == "==", line
        assert hashes, f"{line} has no hash: run `nox -s pins`"
        assert all(re.fullmatch(r"[0-9a-f]{64}\s*", digest) for digest in hashes), line
        found[canonicalize_name(wanted.name)].add(version.version)
    return found


def test_a_failed_install_counts_as_none(bench: Bench) -> None:
    bench.environment(fails="*editable*) exit 1;;")
    done = bench.run()
    assert done.returncode == 4
    assert "pip could not install velatura" in done.stderr
    assert not (bench.root / ".venv/velatura.json").exists()


def test_pytorchs_own_index_is_asked_only_where_pip_finds_no_cpu_build(bench: Bench) -> None:
    bench.environment(fails="*index-url*) exit 0;; *torch-cpu*|*+cpu*) exit 1;;")
    assert bench.run("train").returncode == 0
    first, second, *_ = bench.calls
    assert "index-url" not in first
    assert second.endswith(" --no-deps --index-url https://download.pytorch.org/whl/cpu")


def test_a_machine_without_a_cpu_build_of_torch_never_falls_back_to_cuda(bench: Bench) -> None:
    bench.environment(fails="*torch-cpu*|*torch==*) exit 1;;")
    done = bench.run("train")
    assert done.returncode == 4
    assert "torch==2.13.0" in done.stderr
    assert "PIP_FIND_LINKS" in done.stderr
    assert all("torch-cpu" in call or "+cpu" in call for call in bench.calls)


def test_no_other_pythons_packages_leak_in(bench: Bench) -> None:
    bench.environment()
    bench.run("demo", PYTHONPATH="/leak")
    assert len(bench.calls) == 4
    assert not any("leak" in call for call in bench.calls)


def test_demo_is_handed_its_arguments_and_its_return_code(bench: Bench) -> None:
    bench.environment(fails="demo*) exit 3;;")
    done = bench.run("demo", "--out", "my demo", "--dry")
    assert bench.calls[-1] == "velatura demo --out my demo --dry"
    assert done.returncode == 3


def test_test_hands_over_to_the_sessions_of_this_environment(bench: Bench) -> None:
    bench.environment(fails="*nox*) exit 1;;")
    done = bench.run("test", "-k", "gain")
    sessions = (
        f"--noxfile {bench.root}/noxfile.py --session lint tests host_blender host_nuke slurm"
    )
    assert bench.calls[-1] == f"python -m nox {sessions} -- -k gain"
    assert done.returncode == 1


def test_a_dry_run_of_a_hosts_verbs_says_what_and_where_and_does_nothing(bench: Bench) -> None:
    bench.blender()
    before = sorted(bench.root.rglob("*"))
    install = bench.run("blender", "--dry-run").stdout
    uninstall = bench.run("uninstall", "blender", "--dry-run").stdout
    bench.program(bench.root / "path/echo", "")
    assert set(bench.root.rglob("*")) == {*before, bench.root / "path/echo"}
    script = f"--python {bench.root}/plugin/blender/extension.py --"
    steps = ["-m venv", "'onnxruntime>=", f"{script} install", "velatura/runtime"]
    places = [install.index(step) for step in steps]
    assert places == sorted(places)
    assert f"{script} uninstall" in uninstall
    assert "venv" not in uninstall


def test_the_add_on_comes_after_its_runtime_and_is_told_where_that_is(bench: Bench) -> None:
    bench.environment()
    bench.blender()
    done = bench.run("blender")
    assert done.returncode == 0
    _, runtime, add_on = bench.calls
    assert runtime.endswith("--editable .")
    script = f"{bench.root}/plugin/blender/extension.py"
    blender = "blender --background --python-exit-code 4 --python"
    assert add_on == f"{blender} {script} -- install"
    (note,) = bench.notes
    assert note.read_text() == f"{bench.root}/.venv/bin/velatura\n"
    assert str(note) in done.stdout


def test_a_python_that_has_bpy_is_a_blender(bench: Bench) -> None:
    bench.environment()
    python = bench.blender(name="python3.11")
    assert bench.run("blender", "--blender", str(python)).returncode == 0
    script = f"{bench.root}/plugin/blender/extension.py"
    assert bench.calls[-1] == f"python3.11 {script} -- install"


def test_uninstalling_takes_the_add_on_and_the_note_and_nothing_else(bench: Bench) -> None:
    bench.environment()
    bench.blender()
    bench.run("blender")
    (note,) = bench.notes
    assert bench.run("uninstall", "blender").returncode == 0
    assert bench.calls[-1].endswith("-- uninstall")
    assert not note.exists()
    assert (bench.root / ".venv").exists()


def test_a_note_of_another_runtime_stays(bench: Bench) -> None:
    bench.environment()
    bench.blender()
    bench.run("blender")
    (note,) = bench.notes
    note.write_text("elsewhere/velatura\n")
    assert bench.run("uninstall", "blender").returncode == 0
    assert note.read_text() == "elsewhere/velatura\n"


@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_where_blender_refuses_nothing_is_noted_or_forgotten(bench: Bench, verb: str) -> None:
    bench.environment()
    if verb == "uninstall":
        bench.blender()
        bench.run("blender")
    notes = bench.notes
    bench.blender(code=1)
    done = bench.run(*(["uninstall"] if verb == "uninstall" else []), "blender")
    assert done.returncode == 4
    assert f"Blender did not {verb} the add-on" in done.stderr
    assert bench.notes == notes


def test_without_a_blender_nothing_is_begun(bench: Bench) -> None:
    done = bench.run("blender")
    assert done.returncode == 4
    assert "no blender on the PATH" in done.stderr
    assert not (bench.root / ".venv").exists()


def test_a_blender_that_is_none_is_an_error_of_usage(bench: Bench) -> None:
    done = bench.run("blender", "--blender", "blonder")
    assert done.returncode == 2
    assert "blonder is no program" in done.stderr


def test_nukes_plug_in_comes_after_its_runtime_and_leaves_without_it(bench: Bench) -> None:
    bench.environment()
    (bench.root / "plugin/nuke").mkdir(parents=True)
    shutil.copy(ROOT / "plugin/nuke/velatura_startup.py", bench.root / "plugin/nuke")
    assert bench.run("nuke").returncode == 0
    assert bench.calls[-1].endswith("--editable .")
    path = bench.root / "home/.nuke/init.py"
    assert f"nuke.pluginAddPath('{bench.root}/plugin/nuke')" in path.read_text()
    assert bench.notes == []  # it finds the runtime beside itself
    before = len(bench.calls)
    assert bench.run("uninstall", "nuke").returncode == 0
    assert not path.exists()
    assert len(bench.calls) == before


def test_a_dry_run_leaves_nukes_init_alone(bench: Bench) -> None:
    said = bench.run("nuke", "--dry-run").stdout
    assert f"{bench.root}/plugin/nuke/velatura_startup.py install" in said
    assert not (bench.root / "home/.nuke").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--frobnicate"],
        ["train", "more"],
        ["paint"],
        ["blender", "more"],
        ["uninstall"],
        ["uninstall", "train"],
        ["uninstall", "blender", "more"],
        ["nuke", "more"],
        ["nuke", "--blender", "blender"],
        ["demo", "--blender", "blender"],
    ],
)
def test_what_it_cannot_read_it_refuses(bench: Bench, wrong: list[str]) -> None:
    assert bench.run(*wrong).returncode == 2


@pytest.mark.parametrize(
    ("as_if", "says"),
    [
        ("sys.version_info = (3, 8, 18)", "velatura needs Python 3.11 or later"),
        ("sys.modules['ensurepip'] = None", "apt install python3-venv"),
    ],
)
def test_a_python_that_will_not_do_is_told_what_is_wanted(
    bench: Bench, as_if: str, says: str
) -> None:
    start = "import runpy; sys.argv = ['install.py']; runpy.run_path('install.py', {}, '__main__')"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {as_if}; {start}"],
        cwd=bench.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 4
    assert says in done.stderr
    assert "Traceback" not in done.stderr
