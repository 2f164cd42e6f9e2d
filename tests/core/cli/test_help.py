"""Help helps: every option has words, every choice is explained, every example runs."""

from __future__ import annotations

import inspect
import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import commands as processes
import footage
import looks
import plates
import pytest

from velatura.cli import commands, main, usage
from velatura.process import environment

OURS = [command.__name__ for command in commands.ALL]
EVERY = [*OURS, *main._ELSEWHERE]


def function(command: str) -> Any:
    """Return the function behind a command."""
    if command in OURS:
        return getattr(commands, command)
    module, _, name = main._ELSEWHERE[command][0].partition(":")
    return getattr(import_module(module), name)


def arguments(command: str) -> list[Any]:
    return list(main._app(command)[command].assemble_argument_collection())


def positional(way: str) -> set[str]:
    """Return the options that a way to call a command names by their place."""
    return {f"--{word.strip('.').lower()}" for word in way.split() if word.isupper()}


def shown(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main.main([command, "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", EVERY)
def test_every_option_has_words_and_every_choice_is_explained(command: str) -> None:
    app = main._app(command)[command]
    for argument in app.assemble_argument_collection(parse_docstring=True):
        text = argument.parameter.help or ""
        assert text, f"{command} {argument.name}"
        explained = set(re.findall(r"[\w-]+", text))
        assert set(argument.get_choices() or ()) <= explained, f"{command} {argument.name}"


@pytest.mark.parametrize("command", EVERY)
def test_help_fits_sixty_columns_and_shows_plates_by_name(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    said = shown(command, capsys)
    assert max(map(len, said.splitlines())) <= 60
    for noise in ("--empty-", "--no-", "ARGS", "Example::", "STR", " INT", "FLOAT"):
        assert noise not in said
    for line in examples(command):
        assert all(len(part) <= 58 for part in line.splitlines()), line


@pytest.mark.parametrize("command", EVERY)
def test_help_is_ascii_where_the_locale_is_c(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("COLUMNS", "60")
    said = shown(command, capsys)
    assert said.isascii()
    assert max(map(len, said.splitlines())) <= 60


def test_a_table_is_ascii_where_the_locale_is_c(look: Path) -> None:
    told = processes.velatura("info", look, env={"LC_ALL": "C", "COLUMNS": "60"})
    assert told.returncode == 0
    assert told.stdout.isascii()
    assert max(map(len, told.stdout.splitlines())) <= 60


@pytest.mark.parametrize("command", EVERY)
def test_usage_names_what_is_required_and_nothing_that_is_not_there(command: str) -> None:
    ways = (usage.of(command) or "").splitlines()
    assert ways
    names = {name for argument in arguments(command) for name in argument.names}
    required = {argument.name for argument in arguments(command) if argument.required}
    for way in ways:
        assert set(re.findall(r"--[\w-]+", way)) <= names
        options = {name for name in required if name.startswith("--")} - {
            "--plate",
            *positional(way),
        }
        assert options <= set(re.findall(r"--[\w-]+", way))


def test_exposure_and_grain_mean_one_thing_in_all_commands() -> None:
    """--exposure and --degrain are what the look sees of a plate; what varies says so."""
    names = {c: {name for argument in arguments(c) for name in argument.names} for c in EVERY}
    for option, where in {"--exposure": ["apply"], "--degrain": ["apply"], "--grain": []}.items():
        assert [command for command in EVERY if option in names[command]] == where


def test_completion_is_installed_and_completes(tmp_path: Path) -> None:
    script = tmp_path / "velatura.sh"
    arguments = ("--install-completion", "--shell", "bash", "--output", script)
    done = processes.velatura(*arguments, env={"HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    code = (
        f"source {shlex.quote(str(script))}; COMP_WORDS=(velatura app); COMP_CWORD=1;"
        "$(complete -p velatura | sed 's/.*-F \\([^ ]*\\).*/\\1/') velatura app velatura;"
        'echo "${COMPREPLY[@]}"'
    )
    said = subprocess.run([bash, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["apply"]


def examples(command: str) -> list[str]:
    """Return the examples of a command's help, lines that are continued as one."""
    text = inspect.getdoc(function(command)) or ""
    _, _, rest = text.partition("For example:\n")
    block = re.match(r"(?:\n|    .*\n?)+", rest)
    assert block, command
    return [
        line.strip() for line in re.findall(r"^    (?! )(?:.*\\\n)*.*$", block[0], re.MULTILINE)
    ]


@pytest.mark.parametrize("command", EVERY)
def test_every_example_is_one_that_the_command_takes(command: str) -> None:
    for line in examples(command):
        words = shlex.split(line.replace("\\\n", " ").partition("<")[0])
        assert words[:2] == ["velatura", command]
        main._app(command).parse_args(words[1:], exit_on_error=False)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that the examples name."""
    folder = tmp_path_factory.mktemp("workplace")
    for frame in range(1, 13):
        planes = plates.rgba(40, 56, frame) | {"matte.R": plates.light(40, 56)[0].clip(0, 1)}
        image = plates.Image((plates.part(planes),))
        plates.exr.write(folder / f"shot.{frame:04d}.exr", image)
    footage.movie(folder / "clip.mp4")
    looks.small(folder / "ink.onnx")
    return folder


def run(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    processes.executable(programs / "velatura")
    return subprocess.run(
        ["/bin/sh", "-c", line], cwd=folder, capture_output=True, text=True, check=False,
        env=environment() | {"PATH": f"{programs}:/usr/bin:/bin", "XDG_DATA_HOME": str(folder),
                             "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="needs a Unix shell")
def test_the_examples_of_the_runtime_run(workplace: Path) -> None:
    for command in ("apply", "info", "publish", "looks", "report", "verify", "doctor", "worker"):
        for line in examples(command):
            done = run(workplace, line)
            good = (0, 3) if command == "verify" else (0,)  # 3: nobody has trained this look
            assert done.returncode in good, f"{line}\n{done.stderr}"
    assert (workplace / "gains/shot.gain.0012.exr").is_file()
    assert (workplace / "final/shot.0001.exr").is_file()
    assert (workplace / "movie/clip.mp4").is_file()
    assert (workplace / "ink.html").is_file()
    assert (workplace / "proofs.html").is_file()
