"""The buttons of a look node. In the GUI the gain is rendered while the artist works on."""

from __future__ import annotations

import threading
import webbrowser
from pathlib import Path

import nuke

from velatura.bakes import Step
from velatura.errors import CancelledError, VelaturaError
from velatura.texts import inert, shown

from . import api, baking, look_list, looknode, pipeline, report, teach_buttons, undo, verify
from .baking import Bake
from .looknode import LookNode

_running: dict[str, threading.Event] = {}
"""Look nodes whose gain is being rendered, by their ``uid`` -> set to stop."""


def press(verb: str, node: nuke.Group) -> None:
    """Do what a button says; what cannot be done is said in a window, or raised without one."""
    actions = {
        "render": _render,
        "cancel": _cancel,
        "reload": _reload,
        "report": _report,
        "reset": _reset,
        "verify": _verify,
        "train": teach_buttons.train,
        "stop": teach_buttons.stop,
        "resume": teach_buttons.resume,
        "add_key": teach_buttons.add_key,
        "bake_vectors": teach_buttons.bake_vectors,
    }
    try:
        with undo.step(f"velatura: {verb}"):
            actions[verb](LookNode(node))
    except VelaturaError as error:
        if not nuke.GUI:
            raise
        baking.tell(LookNode(node), inert(str(error)))
        if not isinstance(error, CancelledError):
            nuke.message(inert(str(error)))


def render_every() -> None:
    """Render the gain of every look in the script behind a progress bar; Cancel ends them all."""
    task = nuke.ProgressTask("velatura: every gain")
    total = len(nuke.views()) * sum(len(look.span()) for look in looknode.working())

    def tell(step: Step) -> None:
        task.setProgress(100 * (step.made + step.kept) // total)
        task.setMessage(f"frame {step.frame}, {step.made + step.kept} of {total}")
        if task.isCancelled():
            raise CancelledError("Rendering was stopped")

    try:
        api.bake(on_step=tell)
    except CancelledError:
        return
    except VelaturaError as error:
        nuke.message(inert(str(error)))


def _render(look: LookNode) -> None:
    if not nuke.GUI:
        api.bake(look.node)
        return
    if look.uid in _running:
        return
    order, stop = baking.prepare(look, look.span()), threading.Event()
    baking.write(order, order.batches[0])  # what cannot be written is said at once
    _running[look.uid] = stop
    baking.tell(look, "rendering")
    name = f"velatura {look.name}"
    threading.Thread(target=_bake, args=(order, look.uid, stop), name=name, daemon=True).start()


def _bake(order: Bake, uid: str, stop: threading.Event) -> None:
    """Have the gain made; in a thread of its own, which leaves all of Nuke to the main thread."""
    task, said = nuke.ProgressTask(f"velatura: {order.name}"), list[str]()
    error: BaseException | None = None

    def cancelled() -> bool:
        return stop.is_set() or bool(task.isCancelled())

    try:
        main = nuke.executeInMainThread
        for step in pipeline.steps(order, main, cancelled, said.append, begun=True):
            done = step.made + step.kept
            task.setProgress(100 * done // order.total)
            task.setMessage(f"frame {step.frame}, {done} of {order.total}")
    except Exception as failed:  # noqa: BLE001  # a bug too has to reach the artist, who waits
        error = failed.with_traceback(None)  # which holds the bar, in a circle: it would stay
    nuke.executeInMainThread(_done, args=(order, uid, error, said))


def _done(order: Bake, uid: str, error: BaseException | None, said: list[str]) -> None:
    _running.pop(uid, None)
    with undo.step("velatura: gain rendered"):
        baking.finish(order, error)
    for text in said:
        nuke.tprint(f"velatura: {shown(text)}")
    if error is not None and not isinstance(error, CancelledError):
        nuke.message(inert(str(error) if isinstance(error, VelaturaError) else repr(error)))


def _verify(look: LookNode) -> None:
    frame = nuke.frame()
    wrong = verify.verify(look, frame)
    well = f"The gain of frame {frame} was made from the very pixels that are wired in now"
    text = f"The gain of frame {frame} was made from other pixels: {', '.join(wrong)}"
    baking.tell(look, text if wrong else well)
    nuke.message(inert(text if wrong else well))


def _cancel(look: LookNode) -> None:
    if look.uid in _running:
        _running[look.uid].set()


def _reload(look: LookNode) -> None:
    if look.path == Path():
        look_list.fill(look.node)
    else:
        look_list.put(look.node, look.path)


def _report(look: LookNode) -> None:
    webbrowser.open(report.write(look, nuke.views()[0]).as_uri())


def _reset(look: LookNode) -> None:
    api.set_range(look.node)
