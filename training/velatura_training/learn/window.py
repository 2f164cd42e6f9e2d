"""The window of a training: its news and its pictures on the page that is watched.

Pictures are renewed in turn, those that are oldest first, for as long as a review may take. Of
equal age, painted frames come before midpoints.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from velatura.errors import VelaturaError
from velatura.report.contact_sheet import Row
from velatura_training.learn import stop
from velatura_training.learn.bar import Watch
from velatura_training.learn.gallery import LARGEST, Scene, in_turn
from velatura_training.learn.history import Curves
from velatura_training.learn.method import Method
from velatura_training.watch.page import Entry, Page

if TYPE_CHECKING:
    from velatura_training.watch.next_frame import NextFrame

SHARE, LEAST = 0.04, 0.5
"""Part of the time since the last review that its pictures may take, and seconds that they may take
in any case."""

log = logging.getLogger("velatura.training")


class Window:
    """What is watched in a browser while a look is learnt.

    Args:
        page: what is written.
        watch: how far it is.
        advice: finds out which frame to paint next; None where nothing can be found out.
    """

    def __init__(self, page: Page, watch: Watch, advice: NextFrame | None = None) -> None:
        self.page, self._watch, self._advice = page, watch, advice
        self._made: dict[str, int] = {}  # id -> step of its pictures
        self._last = time.monotonic()
        self._asked_for: tuple[int, ...] = ()
        self._doing = ""
        watch.heard = self._hear

    def _hear(self) -> None:
        """Tell what is done now; of frame after frame, now and then."""
        kind = self._watch.pace.doing.partition(",")[0]
        if kind != self._doing or self.page.due():
            self._doing = kind
            self._tell()

    def step(self) -> None:
        """Tell how far it is, now and then."""
        if self.page.due():
            self._tell()

    def _tell(self) -> None:
        found = self._advice.found() if self._advice is not None else None
        self.page.tell(**self._pace(), **({"next": found} if found else {}))

    def review(
        self,
        method: Method,
        curves: Curves,
        steps: int,
        ready: Mapping[str, Row],
        seconds: float | None = None,
    ) -> None:
        """Renew pictures and curves.

        Args:
            method: what is learnt.
            curves: how it goes.
            steps: taken so far.
            ready: pictures that are there already, by the scene's id.
            seconds: that the others may take; None for a part of the time since the last ones.
        """
        now = time.monotonic()
        allowed = max(LEAST, SHARE * (now - self._last)) if seconds is None else seconds
        scenes = method.scenes()
        first = next((s for s in scenes if s.kind == "not painted"), scenes[0])
        self.page.list(
            [
                Entry(s.id, str(s.frame), s.kind, s.third, first=s is first)
                for s in sorted(scenes, key=lambda s: (s.frame, s.id))
            ]
        )
        turn = {id_: place for place, id_ in enumerate(s.id for s in in_turn(scenes, first))}
        for scene in sorted(scenes, key=lambda s: (self._made.get(s.id, -1), turn[s.id])):
            late = time.monotonic() - now > allowed
            if scene.id in ready or not late:
                self._take(method, scene, steps, ready.get(scene.id))
        self._last = time.monotonic()
        self.advise({s.frame for s in scenes if s.kind != "not painted"})
        self.page.tell(
            points=curves.points, scores=curves.scores, events=curves.events, **self._pace()
        )

    def _take(self, method: Method, scene: Scene, steps: int, ready: Row | None) -> None:
        try:
            pictures = ready or method.show(scene, LARGEST)
        except VelaturaError as error:  # a plate that is being rendered anew, say
            log.debug("frame %d is not shown: %s", scene.frame, error)
            return
        height, width = next(p.shape[:2] for p in pictures if p is not None)
        learnt = f"result of step {steps}" if steps else "nothing is learnt yet: the merged paint"
        whole = method.size(scene)
        cut = "" if whole == (height, width) else f", the middle of {whole[1]}x{whole[0]}"
        said = f"{learnt}, full size, {width}x{height}{cut}"
        self.page.take(scene.id, said, pictures, method.space, scene.third)
        self._made[scene.id] = steps

    def over(self, run_done: str) -> None:
        """Tell that it is over, and what to type next.

        Args:
            run_done: how it ended.
        """
        self.end()
        export = stop.export(self.page.path.parent)
        self.page.tell(
            **{**self._pace(), "doing": run_done, "over": True},
            facts=[f"{run_done}. Next: `{export}`"],
        )

    def end(self) -> None:
        """End what is found out beside the training."""
        if self._advice is not None:
            self._advice.end()

    def advise(self, frames: Iterable[int]) -> None:
        """Have found out which frame to paint next, once for the same painted frames.

        Begun with the first picture, it is there in runs of a minute too.
        """
        if self._advice is None:
            return
        painted = tuple(sorted(set(frames)))
        if painted != self._asked_for:
            self._asked_for = painted
            self._advice.ask(painted)
        if news := self._advice.found():
            self.page.tell(next=news)

    def _pace(self) -> dict[str, object]:
        pace = self._watch.pace
        known = pace.ends == pace.ends
        return {
            "doing": pace.doing,
            "steps": pace.steps,
            "part": pace.part,
            "score": pace.score if pace.score == pace.score else None,
            "ends": time.time() + pace.left if known else None,
            "total": pace.ends - pace.begun if pace.timed else None,
        }
