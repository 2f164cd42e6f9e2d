"""A job run by `velatura apply`: by itself, or as a farm's task in a session with a worker."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from velatura.farm import session as sessions
from velatura.job import Job
from velatura.system.progress import FARMS, FRAMES, Progress, Style, farm_lines, say
from velatura.system.stopping import promptly

log = logging.getLogger("velatura")


def run(job: Job, style: Style) -> None:
    """Run a job: in this process, or in the session that it is a task of.

    Where a farm listens, each frame's seconds and memory are told from here on.

    Raises:
        VelaturaError: as the job in a process of its own.
    """
    if style in FARMS:
        logging.getLogger(FRAMES).setLevel(logging.INFO)
    path = sessions.here()
    if path is None:
        from velatura.apply import sequence

        with promptly(), Progress(style) as report:
            sequence.run(job, report)
        return
    with promptly():
        for event in sessions.run(path, _whole(job)):
            _tell(event, style)


def _whole(job: Job) -> Job:
    """Return a job whose paths are whole: a session has another folder."""
    from velatura.plate import matte, pass_files

    here = Path.cwd()
    plate, look, out = (str(here / each) for each in (job.plate, job.look, job.out))
    mask = str(matte.file_in(here, job.mask) or job.mask)
    config = str(here / job.config) if Path(job.config).is_file() else job.config
    passes = pass_files.rooted(here, job.passes)
    job = replace(job, plate=plate, look=look, out=out)
    return replace(job, mask=mask, config=config, passes=passes)


def _tell(event: Mapping[str, Any], style: Style) -> None:
    """Say what a process of its own would have said."""
    match event["kind"]:
        case "wrote" | "kept":
            say(f"{event['kind']} {event['text']}")
        case "progress":
            for line in farm_lines(style, f"{event['percent']:.0f} %", event["percent"]):
                say(line)
        case "warning":
            log.warning(event["text"])
        case "frame":
            log.info(event["text"])
