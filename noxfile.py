"""The developers' sessions: lint, tests, and the wheel as a stranger would install it.

`python install.py test` runs the first two in `.venv`, where nox itself lives. `nox -s dist` makes
an environment of its own, for the wheel must work without this folder.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nox

HERE = Path(sys.executable).parent
"""The programs beside the Python that runs nox, whether or not its environment is activated."""

nox.options.sessions = ["lint", "tests"]


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Style, types, and which package may import which."""
    session.run(HERE / "ruff", "check", ".")
    session.run(HERE / "ruff", "format", "--check", ".")
    session.run(HERE / "mypy")
    session.run(HERE / "lint-imports")


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """All tests but those that want a GPU or minutes: `-- -m slow`, `-- -m gpu`."""
    session.run(HERE / "pytest", *session.posargs)


@nox.session
def dist(session: nox.Session) -> None:
    """Build the wheel, install it elsewhere, and test the runtime that it brings."""
    with TemporaryDirectory() as folder:
        session.run("pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ".")
        wheel = next(Path(folder).glob("velatura-*.whl"))
        session.log(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
        # onnx is no part of the runtime: the tests make their small looks with it.
        session.install("--constraint", "constraints.txt", f"{wheel}[cpu]", "onnx")
    session.install("--constraint", "constraints.txt", "--group", "test")
    session.run("velatura", "--help", silent=True)
    session.run("pytest", "tests/core", *session.posargs)
