"""`velatura farm`: a job for the scheduler that a studio has, and what its tasks call."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

from velatura.cli.options import Numbers, basic
from velatura.errors import InputError
from velatura.farm.hosts import Host
from velatura.farm.writing import Farm
from velatura.system.progress import say


def farm(
    job: Annotated[Path, basic("JOB")],
    folder: Annotated[Path, basic("FOLDER")],
    /,
    *,
    to: Annotated[Farm, basic()],
    missing: Annotated[bool, basic(negative="")] = False,
    dry_run: Annotated[bool, basic(negative="")] = False,
) -> None:
    r"""Write a job for a farm: train, export, apply in chunks, report, and a host's render.

    It writes files and submits nothing. Then it is for openjd `openjd run` or `deadline bundle
    submit`, for slurm FOLDER/submit.sh, for opencue FOLDER/outline_job.py, and for a single
    machine FOLDER/run.sh. Tasks keep what is done, so that a job may be submitted again.
    docs/farm.md has the job's fields and exit codes.

    For example:

        velatura farm show.toml farm/show --to slurm --dry-run

    Args:
        job: what is to be done: looks and shots, as TOML or JSON.
        folder: where to write; made if missing.
        to: the farm: openjd is Open Job Description and Deadline Cloud; slurm; opencue; shell is
            one machine without a farm.
        missing: leave out looks that are there, and frames that are whole and up to date.
        dry_run: print everything that would be written, and write nothing.
    """
    from velatura.farm import order, steps, writing

    wanted = order.read(job)
    planned = steps.planned(wanted, missing=missing)
    if not planned:
        say("nothing to do: all is there")
        return
    texts = writing.files(to, wanted, planned)
    for line in writing.outline(wanted, planned):
        say(line)
    if not dry_run:
        for path in writing.write(folder, texts):
            say(f"wrote {path}")
        return
    for name, text in texts.items():
        say(f"--- {folder / name}")
        for line in text.splitlines():
            say(line)


def render(
    host: Annotated[Host, basic()],
    file: Annotated[Path, basic("FILE")],
    /,
    *,
    frames: Numbers,
    program: Annotated[str, basic("PROGRAM")] = "",
) -> None:
    """Render frames of a Blender or Nuke file with the host's own program: a farm's task.

    Ends with the host's exit code.

    For example:

        velatura render nuke sh010.nk --frames 1001-1010

    Args:
        host: whose file it is, blender or nuke.
        file: the .blend or .nk.
        frames: 1-12, 1-10x2, 1,5,9-12, or 1-10:2 as Open Job Description writes it.
        program: the host's program; default: blender or nuke on the PATH.
    """
    from velatura.errors import MachineError
    from velatura.farm import hosts

    argv = hosts.argv(host, program, str(file), frames)
    try:
        code = subprocess.run(argv, check=False).returncode  # noqa: S603
    except OSError as error:
        raise MachineError(
            f"{argv[0]} cannot be started", found=error.strerror, do="Name it with --program"
        ) from error
    if code:
        sys.exit(code if code > 0 else 128 - code)


def session(
    do: Annotated[Literal["start", "stop", "serve"], basic()],
    /,
    *,
    socket: Annotated[Path | None, basic("SOCKET")] = None,
) -> None:
    """Keep one worker for all tasks of a farm's session.

    `velatura apply` uses the session that VELATURA_SESSION names. Jobs for Open Job Description
    start and stop it by themselves.

    For example:

        velatura session start

    Args:
        do: start a worker in the background, and print the address of its session; stop it; or
            serve its tasks, which start calls.
        socket: of serve: where to listen, a Unix domain socket.
    """
    from velatura.farm import session as sessions

    there = socket or sessions.here()
    if do == "start":
        say(f"openjd_env: {sessions.VARIABLE}={sessions.start()}")
    elif there is None:
        raise InputError("There is no session", do="Let VELATURA_SESSION name its socket")
    elif do == "stop":
        sessions.stop(there)
    else:
        sessions.serve(there)
