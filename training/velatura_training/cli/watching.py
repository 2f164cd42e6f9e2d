"""What is watched while a look is learnt: opened before the trainer has looked at the shot."""

from __future__ import annotations

import logging
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from velatura_training.cli import several

if TYPE_CHECKING:
    from velatura_training.learn.bar import Watch
    from velatura_training.learn.window import Window

log = logging.getLogger("velatura.training")


def opened(
    out: Path, watch: Watch, plate: Sequence[str], *, open_page: bool, again: bool = False
) -> Window:
    """Make the page of a run, say where it is, and return the window that fills it.

    Args:
        out: the run's folder.
        watch: how far the run is.
        plate: the plate, and how it is read, for `velatura suggest`; empty where that has no use.
        open_page: whether a browser opens it now.
        again: whether a run is gone on with, whose pictures and curves stay until they are renewed.

    Raises:
        StorageError: the folder cannot be written.
    """
    from velatura_training.learn.window import Window
    from velatura_training.watch.next_frame import NextFrame
    from velatura_training.watch.page import Page

    page, first = Page(out, again=again), several.is_first()
    log.info("watch it come along: %s", page.address)
    if open_page and first and not webbrowser.open(page.address):
        log.warning("no browser was found to open it")
    return Window(page, watch, NextFrame(plate, page.suggestion) if plate and first else None)
