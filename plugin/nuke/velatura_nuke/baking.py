"""Baking: the plate is written in Nuke's main thread, the gain is made of it, GainRead reads it.

`prepare`, `write` and `finish` ask Nuke and belong into its main thread; what makes the gain
(`Bake.run`) does not.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Callable

import nuke

from velatura import bakes, client
from velatura.bakes import Step
from velatura.errors import (
    CancelledError,
    VelaturaError,
)
from velatura.job import Job

from . import (
    colour,
    edition,
    gain_cache,
    graph_digest,
    guides,
    looknode,
    moved,
    precision,
    refusals,
    scopes,
    writing,
)
from .graph_digest import Mark
from .group import LATEST
from .looknode import LookNode
from .panel import NOT_RENDERED, UNCOMPARED

_SYSTEM = os.name

BATCH = 8
"""Frames whose plates are written at a time; while the look sees them, Nuke writes the next."""


@dataclass
class Bake:
    """A look node's gain, about to be rendered.

    Attributes:
        name: the node's full name, by which it is found again.
        job: the order for all frames, without its plate and its output.
        slug: what its files are called.
        views: the views of the script.
        batches: frame numbers, those of a batch together.
        mark: what was wired in when it began.
        plates: the folder of the plates that wait for the look; two batches lie there at most.
        out: the folder of the gain.
        done: frames whose gain is there in a view; grows.
        made: gain layers that were made so far.
        kept: gain layers that were right already, so far.
        held: the node itself, where Python is given few nodes.
        read: what GainRead read before, where it was led away: on Windows a file that Nuke shows
            cannot be replaced.
    """

    name: str
    job: Job
    slug: str
    views: tuple[str, ...]
    batches: tuple[tuple[int, ...], ...]
    mark: Mark
    plates: Path
    out: Path
    done: set[int] = field(default_factory=set)
    made: int = 0
    kept: int = 0
    held: LookNode | None = None
    read: str = ""

    @property
    def total(self) -> int:
        """How many gain layers there will be."""
        return sum(map(len, self.batches)) * len(self.views)

    def jobs(self, batch: Sequence[int]) -> Iterator[Job]:
        """Yield an order for each view of a batch."""
        frames = ",".join(f"{first}-{last}" for first, last in writing.runs(batch))
        for view in self.views:
            plate, out = self.plates / view / f"{self.slug}.%04d.exr", self.out / view
            yield replace(self.job, plate=str(plate), out=str(out), frames=frames)

    def run(
        self,
        batch: Sequence[int],
        cancelled: Callable[[], bool],
        on_warning: Callable[[str], None],
    ) -> Iterator[Step]:
        """Have the gain of a batch made, frame by frame; in any thread.

        Raises:
            VelaturaError: as the runtime raised it; frames that were yielded are whole.
        """
        for job in self.jobs(batch):
            for answer in gain_cache.make(job, cancelled):
                if answer.frame is None:
                    on_warning(answer.text)
                    continue
                self.made, self.kept = self.made + answer.made, self.kept + (not answer.made)
                self.done.add(answer.frame)
                yield Step(answer.frame, self.made, self.kept)

    def drop(self, batch: Sequence[int]) -> None:
        """Take the plates of a batch away, which the look has seen."""
        for view in self.views:
            for frame in batch:
                with suppress(OSError):
                    (self.plates / view / f"{self.slug}.{frame:04d}.exr").unlink()


def prepare(look: LookNode, frames: Sequence[int]) -> Bake:
    """Make a look node ready for `write`; in the main thread.

    Raises:
        InputError: nothing is wired in, or deep images are; the script has no name, is in proxy
            mode.
        FrameError: no frames, or such as files have no names for.
        LookError: the look's file is gone, or none.
        PassError, ColourError: a pass or the OCIO config is missing.
        MissingRuntimeError: there is no runtime; no plate was written in vain.
    """
    source = look.node.input(0)
    plate = source.channels() if source is not None else None
    refusals.demand(look, frames, plate)
    card = looknode.choose(look.node, look.path)
    client.runtime()
    if not edition.limited() and any(
        other.uid == look.uid for other in looknode.every() if other.name != look.name
    ):
        looknode.identify(look.node)  # it was copied: its gain is no longer the other one's
    passes = guides.wire(look, card.passes, plate or [])
    space, config = colour.working(card)
    alpha = looknode.premultiplied(look.node)
    look.node["opaque"].setValue(alpha == "no" or "rgba.alpha" not in (plate or []))
    if not edition.limited() and (knob := look.node.knob("scopes")) is not None:
        knob.setValue(" ".join(scopes.named(look.node, graph_digest.upstream([source]))))
    refusals.demand_inside(look)
    look.put("SrcWrite", "file", look.plate_pattern())
    look.put("SrcWrite", "datatype", precision.datatype(look, card))
    shutil.rmtree(look.plates(), ignore_errors=True)
    views = tuple(nuke.views())
    for view in views:
        look.plates(view).mkdir(parents=True, exist_ok=True)
    job = Job(
        plate="",
        look=str(look.path),
        out="",
        device="auto" if look.node["useGPUIfAvailable"].value() else "cpu",
        passes=passes,
        space=space,
        config=config,
        premultiplied=alpha,
        exposure=looknode.number(look.node, "exposure"),
        degrain=looknode.number(look.node, "degrain"),
    ).checked()
    numbers = sorted(set(frames))
    batches = tuple(tuple(numbers[at : at + BATCH]) for at in range(0, len(numbers), BATCH))
    mark = graph_digest.mark(look)
    bake = Bake(look.name, job, look.slug, views, batches, mark, look.plates(), look.folder)
    if edition.limited():
        bake.held = look
    elif _SYSTEM == "nt":
        bake.read = str(look.inner("GainRead")["file"].value() or "")
        look.put("GainRead", "file", "")
    return bake


def write(bake: Bake, batch: Sequence[int]) -> None:
    """Write the plates of a batch; in the main thread, which waits.

    Raises:
        MachineError: Nuke could not write them.
        CancelledError: the artist stopped Nuke, or the node is gone.
    """
    look = bake.held or looknode.find(bake.name)
    if look is None or look.plates() != bake.plates:
        raise CancelledError(f"{bake.name} is gone, or has another look now")
    writing.write(look, batch, bake.views)


def finish(bake: Bake, error: BaseException | None = None) -> None:
    """Let the node read what there is now; in the main thread.

    After an error it reads on as before: not each frame may be there.
    """
    shutil.rmtree(bake.plates, ignore_errors=True)
    look = bake.held or looknode.find(bake.name)
    if look is None or look.plates() != bake.plates:  # deleted, or of another look, meanwhile
        return
    if bake.done and bake.mark.text:
        look.folder.mkdir(parents=True, exist_ok=True)
        moved.remember(look.folder, bake.mark.paths)
        bakes.remember(look.folder, bake.done, bake.mark.text)
    if error is None:
        connect(look, baked=True)
    else:
        if bake.read:
            look.put("GainRead", "file", bake.read)
        tell(look, str(error) if isinstance(error, VelaturaError) else repr(error))


def connect(look: LookNode, *, baked: bool) -> None:
    """Let GainRead read a look's gain, if that is to be shown; and the file anew.

    It has the frames that are there: a farm's submitter asks for each file of a Read's range.
    """
    there = gain_cache.frames(look.folder, look.slug) if baked else []
    read(look, there)
    look.press("GainRead", "reload")
    done = UNCOMPARED if edition.limited() else "rendered"
    tell(look, done if there else NOT_RENDERED)


def read(look: LookNode, there: Sequence[int]) -> None:
    """Let GainRead read the gain of some frames, whether they are there yet or will be.

    In older nodes nothing ends a render outside the range of their Read, which would hold a frame.
    """
    first, last = (min(there), max(there)) if there else (1, 1)
    if not edition.limited() and look.node.node("GainOrError") is None:
        first, last = 0, LATEST
    look.put("GainRead", "file", look.gain_pattern() if there else "")
    for knobs, frame in ((("first", "origfirst"), first), (("last", "origlast"), last)):
        for knob in knobs:
            look.put("GainRead", knob, frame)
    span = look.span()
    look.put("GainRange", "first_frame", span.start)
    look.put("GainRange", "last_frame", max(span.start, span.stop - 1))
    look.node["baked"].setValue(bool(there))


def tell(look: LookNode, text: str) -> None:
    """Say how it is with the gain: on the panel, and by a knob that the node's label shows."""
    look.node["state"].setValue(text)
    if (note := look.node.knob("note")) is not None:
        note.setValue(f"{look.slug}{'' if look.node['baked'].value() else ': no gain'}")
