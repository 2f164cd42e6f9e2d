"""Scripting: make look nodes, key their strength, render their gain, ask how it is.

::

    import velatura_nuke

    look = velatura_nuke.create("looks/ink.onnx", after=nuke.toNode("Read1"))
    velatura_nuke.set_strength(look, 0.0, frame=1001)
    velatura_nuke.set_strength(look, 1.0, frame=1048)
    velatura_nuke.bake(look, range(1001, 1049))
    print(velatura_nuke.status(look))

Everything works in `nuke -t` as well. Refusals are `velatura.errors.VelaturaError`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Callable

import nuke

from velatura.bakes import Step
from velatura.errors import InputError, MachineError
from velatura.job import demand_strength

from . import (
    baking,
    edition,
    farm_job,
    graph_digest,
    look_list,
    looknode,
    nkscript,
    pipeline,
    teach_buttons,
    undo,
)
from .group import look_group
from .looknode import LookNode
from .nodespec import Value

_BELOW = 80  # px between a node and the look behind it


def create(look: str | PathLike[str] | None = None, after: nuke.Node | None = None) -> nuke.Group:
    """Add a look node to the script and return it.

    Args:
        look: the look, an ONNX file that `velatura export` wrote; if omitted, it is chosen later.
        after: the node to put it behind: what that fed is then fed by the look. If omitted,
            the selected one.

    Raises:
        LookError: the file is not a look.
    """
    values: dict[str, Value] = {"uid": looknode.identity()}
    if look is not None:
        values |= looknode.told(Path(look).absolute())[1]
    if edition.limited():  # Nuke wires it to what is selected
        span = {name: int(nuke.value(f"root.{name}_frame")) for name in ("first", "last")}
        return _pasted({**values, **span})
    selected = nuke.selectedNodes()
    source = after or (selected[0] if len(selected) == 1 else None)
    with undo.step("Add a look"):
        for each in selected:
            each.setSelected(False)
        node = _pasted(values)
        if source is not None:
            _insert(node, source)
        set_range(node)
        if look is None:
            look_list.fill(node)
        else:
            set_look(node, look)
    if nuke.GUI:
        node.showControlPanel()
    return node


def set_look(node: nuke.Group, look: str | PathLike[str]) -> None:
    """Let a look node use another look; its gain is to be rendered, unless it lies there already.

    Raises:
        InputError: not a look node.
        LookError: the file is not a look.
    """
    _demand_look(node)
    look_list.put(node, Path(look).absolute())


def set_strength(node: nuke.Group, value: float, frame: int | None = None) -> None:
    """Set a look's strength, 0 to 2 on the slider (up to 4); with ``frame`` as a keyframe there.

    Below 1 it is even to the eye where the look was calibrated: see `set_even`.

    Raises:
        InputError: not a look node, or a strength that no look can have.
    """
    _demand_look(node)
    demand_strength(value, f"The strength of {node.name()}")
    if frame is None:
        node["strength"].setValue(value)
    else:
        _key(node["strength"], value, frame)


def set_even(node: nuke.Group, even: bool = True) -> None:
    """Let half the strength show half of a look, which is how it begins; or be half of its stops.

    From 1 on the strength counts stops either way, and so does all of it where the look has no
    calibration.

    Raises:
        InputError: not a look node.
    """
    _demand_look(node)
    node["even"].setValue(even)


def set_range(node: nuke.Group) -> None:
    """Take over the frame range of what is wired in, or of the script where nothing is."""
    source = node.input(0)
    span = (source or nuke.root()).frameRange()
    node["first"].setValue(span.first())
    node["last"].setValue(span.last())


def bake(
    node: nuke.Group | None = None,
    frames: Iterable[int] | None = None,
    on_step: Callable[[Step], None] | None = None,
) -> Step:
    """Render the gain of a look node, or of all in the script; return what the last step counted.

    Returns when it is done, in the GUI too; the button *Render gain* does not wait.

    Args:
        node: the look node; if omitted, all that are not disabled, first those that others
            depend on.
        frames: frame numbers; each node's own range if omitted.
        on_step: called after each frame; without one, `nuke -t` prints it.

    Raises:
        InputError: there is no look node, or it cannot be rendered as it is wired.
        VelaturaError: what the runtime raised; frames that are there are whole.
    """
    if node is not None:
        _demand_look(node)
    wanted = None if frames is None else list(frames)
    looks = [LookNode(node)] if node is not None else sorted(looknode.working(), key=_depth)
    if not looks:
        raise InputError("There is no look node in the script", do="Make one with create")
    told = on_step or (_nothing if nuke.GUI else _print)
    made = kept = 0
    step = Step(0, 0, 0)
    for look in looks:
        order = baking.prepare(look, look.span() if wanted is None else wanted)
        counted = step = Step(0, made, kept)

        def count(each: Step, before: Step = counted) -> None:
            nonlocal step
            step = Step(each.frame, before.made + each.made, before.kept + each.kept)
            told(step)

        try:
            pipeline.here(order, count, _warn)
        except BaseException as error:
            baking.finish(order, error)
            raise
        baking.finish(order)
        made, kept = step.made, step.kept
    return step


def train(node: nuke.Group) -> Path:
    """Teach a look node what is wired to its inputs img and painted; return the look's file.

    What its tab Teach says is written for `velatura train`. Returns when it has learnt, in the GUI
    too; the button *Train* does not wait. The node uses the look then.

    Raises:
        InputError: nothing is wired to img or painted, or the script has no name.
        FrameError: no keyframes, or not in the frame range.
        VelaturaError: what the trainer raised.
    """
    _demand_look(node)
    error = teach_buttons.taught(LookNode(node))
    if error is not None:
        raise error
    return LookNode(node).path


def write_job(
    folder: str | PathLike[str], frames: Iterable[int] | None = None, chunk: int = 8
) -> Path:
    """Write a farm job that makes every gain and renders the shot; return its template.

    Plates by ``nuke -x``, gains by velatura on machines without a Nuke, the shot by ``nuke -x``, as
    Open Job Description (`openjd run`, AWS Deadline Cloud). The script is saved.

    Args:
        folder: where to.
        frames: frame numbers; the script's own range if omitted.
        chunk: frames a task.

    Raises:
        InputError: there is no look node, or the script was never saved.
    """
    looks = sorted(looknode.working(), key=_depth)
    if not looks:
        raise InputError("There is no look node in the script", do="Make one with create")
    span = nuke.root().frameRange()
    wanted = range(span.first(), span.last() + 1) if frames is None else sorted(set(frames))
    return farm_job.write(looks, list(wanted), Path(folder), chunk)


def status(node: nuke.Group, frames: Iterable[int] | None = None) -> dict[int, str]:
    """Return for each frame of a look node "baked", "stale" or "missing".

    Stale is what was made with another look, or before the graph in front of the node was changed.
    A change in the files that this graph reads is not seen.

    Args:
        node: the look node.
        frames: frame numbers; the node's own range if omitted.

    Raises:
        InputError: not a look node.
    """
    _demand_look(node)
    look = LookNode(node)
    return graph_digest.states(
        look, look.span() if frames is None else frames, graph_digest.mark(look)
    )


def _key(knob: nuke.Knob, value: float, frame: int) -> None:
    if knob.isAnimated() and not knob.hasExpression():
        knob.setValueAt(value, frame)
    else:
        knob.fromScript(f"{{curve x{frame} {value!r}}}")


def _pasted(values: dict[str, Value]) -> nuke.Group:
    """Paste the Group as text, which is one event for Nuke, and one node for Python."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "Velatura.nk")
        path.write_text(nkscript.dumps(look_group().having(values)), encoding="utf-8")
        made = nuke.nodePaste(path.as_posix())
    if not isinstance(made, nuke.Group):
        raise MachineError(
            "Nuke did not paste the look node",
            do="In Nuke Non-commercial or Indie Python may have used up its nodes: save the script"
            " and open it again",
        )
    return made


def _insert(node: nuke.Group, source: nuke.Node) -> None:
    for fed in source.dependent(nuke.INPUTS):
        if fed.Class() == "Viewer":  # the artist says what is viewed
            continue
        for place in range(fed.inputs()):
            if fed.input(place) == source:
                fed.setInput(place, node)
    node.setInput(0, source)
    node.setXYpos(source.xpos(), source.ypos() + _BELOW)


def _depth(look: LookNode) -> int:
    return sum(map(looknode.is_look, graph_digest.upstream([look.node])))


def _print(step: Step) -> None:
    nuke.tprint(f"velatura: frame {step.frame}, {step.made} made, {step.kept} kept")


def _nothing(_step: Step) -> None:
    pass


def _warn(text: str) -> None:
    nuke.tprint(f"velatura: {text}")


def _demand_look(node: nuke.Node) -> None:
    if not looknode.is_look(node):
        raise InputError(f"{node.name()} is not a look node", do="Make one with create")
