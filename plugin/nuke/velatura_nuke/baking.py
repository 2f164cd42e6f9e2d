"""Baking: the plate is written in Nuke's main thread, the gain is made of it, GainRead reads it.

`prepare` and `finish` ask Nuke and belong into its main thread; what is between them does not.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Callable

import nuke

from velatura import bakes, client
from velatura.bakes import Step
from velatura.errors import (
    CancelledError,
    FrameError,
    InputError,
    LookError,
    MachineError,
    VelaturaError,
)
from velatura.job import Job

from . import colour, gain_cache, graph_digest, guides, looknode
from .group import LATEST
from .looknode import LookNode
from .panel import FLOATS, NOT_RENDERED


@dataclass(frozen=True)
class Batch:
    """A look node's plates, written and waiting for the runtime.

    Attributes:
        name: the node's full name, by which it is found again.
        jobs: an order for each view.
        frames: how many frames each of them has.
        mark: what was wired in when they were written.
        plates: the folder they lie in.
        done: frames whose gain is there in a view; grows.
    """

    name: str
    jobs: tuple[Job, ...]
    frames: int
    mark: str
    plates: Path
    done: set[int] = field(default_factory=set)

    @property
    def total(self) -> int:
        """How many gain layers there will be."""
        return self.frames * len(self.jobs)

    def bake(
        self, cancelled: Callable[[], bool], on_warning: Callable[[str], None]
    ) -> Generator[Step, None, None]:
        """Have the gain made, frame by frame; in any thread.

        Raises:
            VelaturaError: as the runtime raised it; frames that were yielded are whole.
        """
        made = kept = 0
        for job in self.jobs:
            for answer in gain_cache.make(job, cancelled):
                if answer.frame is None:
                    on_warning(answer.text)
                    continue
                made, kept = made + answer.made, kept + (not answer.made)
                self.done.add(answer.frame)
                yield Step(answer.frame, made, kept)


def prepare(look: LookNode, frames: Sequence[int]) -> Batch:
    """Write the plates that a look is to see; in the main thread.

    Raises:
        InputError: nothing is wired in, the script has no name, is in proxy mode.
        FrameError: no frames, or such as files have no names for.
        LookError: the look's file is gone, or none.
        PassError, ColourError: a pass or the OCIO config is missing.
        MachineError: Nuke could not write the plates.
        MissingRuntimeError: there is no runtime; no plate was written in vain.
    """
    _refuse(look, frames)
    card = looknode.choose(look.node, look.path)
    client.runtime()
    if any(other.uid == look.uid for other in looknode.every() if other.name != look.name):
        looknode.identify(look.node)  # it was copied: its gain is no longer the other one's
    passes = guides.wire(look, card.passes)
    space, config = colour.working(card)
    device = "auto" if look.node["useGPUIfAvailable"].value() else "cpu"
    alpha = looknode.premultiplied(look.node)
    look.node["opaque"].setValue(alpha == "no" or not guides.has_alpha(_plate(look)))
    views, runs = nuke.views(), _runs(frames)
    _write(look, runs, views, FLOATS if card.passes else str(look.node["datatype"].value()))
    jobs = (
        Job(
            str(look.plates(view) / f"{look.slug}.%04d.exr"),
            look=str(look.path),
            out=str(look.gain(0, view).parent),
            frames=",".join(f"{first}-{last}" for first, last in runs),
            device=device,
            passes=passes,
            space=space,
            config=config,
            premultiplied=alpha,
        )
        for view in views
    )
    return Batch(look.name, tuple(jobs), len(set(frames)), graph_digest.mark(look), look.plates())


def finish(batch: Batch, error: BaseException | None = None) -> None:
    """Let the node read what there is now; in the main thread.

    After an error it reads on as before: not each frame may be there.
    """
    shutil.rmtree(batch.plates, ignore_errors=True)
    look = looknode.find(batch.name)
    if look is None or look.plates() != batch.plates:  # deleted, or of another look, meanwhile
        return
    if batch.done:
        bakes.remember(look.folder, batch.done, batch.mark)
    if error is None:
        connect(look, baked=True)
    else:
        tell(look, str(error) if isinstance(error, VelaturaError) else repr(error))


def connect(look: LookNode, *, baked: bool) -> None:
    """Let GainRead read a look's gain, if that is to be shown; and the file anew."""
    reader, span = look.inner("GainRead"), look.span()
    reader["file"].setValue(look.gain_pattern())
    look.inner("GainRange")["first_frame"].setValue(span.start)
    look.inner("GainRange")["last_frame"].setValue(max(span.start, span.stop - 1))
    reader["reload"].execute()  # type: ignore[attr-defined]  # a Script_Knob's
    look.node["baked"].setValue(baked)
    tell(look, "rendered" if baked else NOT_RENDERED)


def tell(look: LookNode, text: str) -> None:
    """Say how it is with the gain: on the panel, and under the node's name in the graph."""
    look.node["state"].setValue(text)
    state = "" if look.node["baked"].value() else "\nno gain"
    look.node["label"].setValue(f"{look.slug}{state}")


def _refuse(look: LookNode, frames: Sequence[int]) -> None:
    if nuke.root()["proxy"].value():
        raise InputError(
            f"{look.name} cannot be rendered in proxy mode: its gain would be made from proxies",
            do="Switch the proxy mode off, render the gain, and switch it on again",
        )
    _plate(look)
    if look.path == Path():
        raise LookError(f"{look.name} has no look yet", do="Choose one in its list, or its file")
    if not looknode.evaluated(look.node, "cache").is_absolute():
        raise InputError(
            f"The gain of {look.name} has no folder yet: the script was never saved",
            found=f"the cache folder {looknode.evaluated(look.node, 'cache')}",
            do="Save the script, or give an absolute cache folder",
        )
    if not frames or min(frames) < 0 or max(frames) > LATEST:
        raise FrameError(
            f"{look.name} has no frames to render the gain of",
            found=f"{min(frames)} to {max(frames)}" if frames else "none",
            do=f"Give a frame range between 0 and {LATEST}, the first before the last",
        )


def _plate(look: LookNode) -> nuke.Node:
    plate = look.node.input(0)
    if plate is None:
        raise InputError(f"Nothing is wired to the input img of {look.name}", do="Wire the plate")
    return plate


def _write(
    look: LookNode, runs: Sequence[tuple[int, int]], views: Sequence[str], datatype: str
) -> None:
    writer = look.inner("SrcWrite")
    writer["file"].setValue(look.plate_pattern())
    writer["datatype"].setValue(datatype)
    shutil.rmtree(look.plates(), ignore_errors=True)
    for view in views:
        look.plates(view).mkdir(parents=True, exist_ok=True)
    writer["disable"].setValue(False)
    try:
        for view in views:
            writer["views"].setValue(view)  # a Write made before its script had views knows none
            for first, last in runs:
                nuke.execute(writer, first, last, 1, [view])
    except RuntimeError as error:  # how Nuke says that it could not, or was not to
        shutil.rmtree(look.plates(), ignore_errors=True)
        raise _unwritten(look, error) from error
    finally:
        writer["disable"].setValue(True)


def _unwritten(look: LookNode, error: RuntimeError) -> VelaturaError:
    if "cancel" in str(error).casefold():
        return CancelledError(f"Writing what is wired into {look.name} was stopped")
    return MachineError(
        f"What is wired into {look.name} could not be written",
        found=str(error),
        do="View the node before it at that frame; see that there is room in the cache folder",
    )


def _runs(frames: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of frames without a hole."""
    runs = []
    for _, run in groupby(enumerate(sorted(set(frames))), key=lambda pair: pair[1] - pair[0]):
        members = [frame for _, frame in run]
        runs.append((members[0], members[-1]))
    return runs
