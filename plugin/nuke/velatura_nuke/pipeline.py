"""The pipeline of a bake: Nuke writes a batch of plates while the look sees the one before.

Nuke may be asked in its main thread alone. So a thread makes the gain, and hands each batch that is
to be written to the main thread: the window's own, or, in `nuke -t`, one that waits for it here.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from functools import partial
from typing import Callable

from velatura.bakes import Step
from velatura.errors import CancelledError

from . import baking
from .baking import Bake

_POLL = 0.1  # seconds between two looks at whether to stop

Call = Callable[[], None]


def steps(
    bake: Bake,
    in_main: Callable[[Call], object],
    cancelled: Callable[[], bool],
    on_warning: Callable[[str], None],
    *,
    begun: bool = False,
) -> Iterator[Step]:
    """Yield each frame whose gain is there; in any thread but the main one.

    Args:
        bake: the order.
        in_main: has the main thread call something, sooner or later.
        cancelled: asked about ten times a second.
        on_warning: told what the runtime warns of.
        begun: whether the first batch is written already.

    Raises:
        VelaturaError: a batch could not be written, or the runtime raised it.
        CancelledError: ``cancelled`` said yes.
    """
    line = _Line(bake, in_main, cancelled)
    if begun:
        line.take(0)
    else:
        line.ask(0)
    for number, batch in enumerate(bake.batches):
        line.wait(number)
        line.ask(number + 1)
        yield from bake.run(batch, cancelled, on_warning)
        bake.drop(batch)


class _Line:
    """The batches that the main thread writes, and how that went."""

    def __init__(
        self, bake: Bake, in_main: Callable[[Call], object], cancelled: Callable[[], bool]
    ) -> None:
        self._bake, self._in_main, self._cancelled = bake, in_main, cancelled
        self._written = [threading.Event() for _ in bake.batches]
        self._failed: list[BaseException] = []

    def ask(self, number: int) -> None:
        """Let the main thread write a batch, if there is such."""
        if number < len(self._written):
            self._in_main(partial(self._write, number))

    def take(self, number: int) -> None:
        """Take a batch for written."""
        self._written[number].set()

    def wait(self, number: int) -> None:
        """Return when a batch is written, or raise what went wrong."""
        while not self._written[number].wait(_POLL) and not self._cancelled():
            pass
        if self._failed:
            raise self._failed[0]
        if self._cancelled():
            raise CancelledError("Rendering the gain was stopped")

    def _write(self, number: int) -> None:
        try:
            if not self._cancelled():
                baking.write(self._bake, self._bake.batches[number])
        except BaseException as error:  # noqa: BLE001  # it belongs to the thread that waits
            self._failed.append(error)
        finally:
            self._written[number].set()


def here(bake: Bake, told: Callable[[Step], None], on_warning: Callable[[str], None]) -> None:
    """Bake in the main thread, which waits; ``told`` is called in it after each frame.

    Raises:
        VelaturaError: as of `steps`.
    """
    calls: queue.Queue[Call | None] = queue.Queue()
    stop = threading.Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for step in steps(bake, calls.put, stop.is_set, warn):
                calls.put(partial(told, step))
        except BaseException as error:  # noqa: BLE001  # it belongs to the main thread
            failed.append(error)
        finally:
            calls.put(None)

    def warn(text: str) -> None:
        calls.put(partial(on_warning, text))

    thread = threading.Thread(target=work, name=f"velatura {bake.name}", daemon=True)
    thread.start()
    try:
        while (call := calls.get()) is not None:
            call()
    finally:
        stop.set()
        thread.join()
    if failed:
        raise failed[0]
