"""The buttons of the tab Teach: Train, Stop, Resume. The artist works on meanwhile."""

from __future__ import annotations

import threading
from functools import partial

import nuke

from velatura.errors import CancelledError, VelaturaError
from velatura.texts import inert

from . import keyframes, look_list, looknode, teach, training, undo, vectors
from .looknode import LookNode
from .training import Training

_SHEET = "contact_sheet.png"  # what the trainer calls it, in a run's folder
_running: dict[str, Training] = {}
"""Look nodes that are being taught, by their ``uid``."""


def train(look: LookNode) -> None:
    """Learn from what is wired in."""
    _begin(look, resume=False)


def resume(look: LookNode) -> None:
    """Go on with the last training."""
    _begin(look, resume=True)


def stop(look: LookNode) -> None:
    """End the training; the best look so far is taken."""
    if look.uid in _running:
        _running[look.uid].stop.set()
        look.node["teach_state"].setValue("stopping")


def add_key(look: LookNode) -> None:
    """Add the current frame to the keyframes."""
    keyframes.add(look, nuke.frame())


def bake_vectors(look: LookNode) -> None:
    """Write the STMaps of all keyframes; not while they are learnt from."""
    if look.uid not in _running:
        look.node["teach_state"].setValue(inert(vectors.bake(look)))


def taught(look: LookNode) -> VelaturaError | None:
    """Learn from what is wired in, and wait for it; return what went wrong."""
    order = Training(teach.prepare(look))
    _show(look.name, order, order.lesson.written)
    error = training.run(order, partial(_show, look.name, order))
    _done(look.uid, order, error)
    return error


def _begin(look: LookNode, *, resume: bool) -> None:
    if look.uid in _running:
        return
    if not nuke.GUI:
        if (error := taught(look)) is not None:
            raise error
        return
    order = Training(teach.prepare(look, resume=resume))
    _running[look.uid] = order
    _show(look.name, order, order.lesson.written)
    name = f"velatura train {look.name}"
    threading.Thread(target=_learn, args=(order, look.uid), name=name, daemon=True).start()


def _learn(order: Training, uid: str) -> None:
    """Learn; in a thread of its own, which leaves all of Nuke to the main thread."""

    def told(text: str) -> None:
        nuke.executeInMainThread(_show, args=(order.lesson.name, order, text))

    error: BaseException | None
    try:
        error = training.run(order, told)
    except Exception as failed:  # noqa: BLE001  # a bug too has to reach the artist, who waits
        error = failed
    nuke.executeInMainThread(_done, args=(uid, order, error))


def _show(name: str, order: Training, text: str) -> None:
    """Say how far it is, and show the trainer's contact sheet."""
    look = looknode.find(name)
    if look is None:
        order.stop.set()
        return
    look.node["teach_state"].setValue(inert(text))
    sheet = order.lesson.run / _SHEET
    if sheet.is_file():
        look.node["sheet"].setValue(f'<img src="{sheet.as_posix()}">')


def _done(uid: str, order: Training, error: BaseException | None) -> None:
    """Let the node use the look that was learnt."""
    _running.pop(uid, None)
    look = looknode.find(order.lesson.name)
    if look is None:
        return
    if error is None:
        with undo.step("velatura: a look was learnt"):
            look_list.put(look.node, order.lesson.look)
        return
    text = str(error) if isinstance(error, VelaturaError) else repr(error)
    look.node["teach_state"].setValue(inert(text))
    if nuke.GUI and not isinstance(error, CancelledError):
        nuke.message(inert(text))
