"""RUN/watch.html: a window without a server, which shows how a look comes along.

The page is one file; beside it, in RUN/watch, lie scripts with its news and its pictures, which it
reads again and again. They are renewed whole, so that it never sees half of one.
"""

from __future__ import annotations

import html
import json
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from velatura import regular
from velatura.atomic import replacing
from velatura.errors import StorageError
from velatura.image.planes import FloatArray
from velatura.report import viewer

NAME, FOLDER, STATE = "watch.html", "watch", "state.js"

CURVES = "points", "scores", "events"
"""What is told of all steps so far."""

_MOST = 2**26  # bytes of the news of an earlier process
_CALL, _END = "velatura.state(", ");"

EVERY = 2.0
"""Seconds from news to news while nothing but the step changes."""

POINTS = 200
"""Points of each curve on the page, at most."""


@dataclass(frozen=True)
class Entry:
    """A frame in the page's list.

    Attributes:
        id: names its file; letters and digits.
        name: what it is called.
        kind: "painted", "left out" or "not painted".
        third: what its third picture is; empty where there is none.
        said: what is seen of it, in a few words.
        version: of its pictures; 0 where there are none yet.
        first: whether it is shown before somebody chooses.
    """

    id: str
    name: str
    kind: str
    third: str = ""
    said: str = "not looked at yet"
    version: int = 0
    first: bool = False


class Page:
    """What is watched in a browser.

    Args:
        run: the run's folder, which is made.
        again: whether pictures and curves of an earlier process of the run stay until renewed.

    Raises:
        StorageError: the folder cannot be written.
    """

    def __init__(self, run: Path, *, again: bool = False) -> None:
        self.path, self._folder = run / NAME, run / FOLDER
        self._entries: dict[str, Entry] = {}
        self._state: dict[str, Any] = {
            "name": run.resolve().name,
            "doing": "starting",
            "steps": 0,
            "part": 0.0,
            "over": False,
            **dict.fromkeys(("score", "ends", "total", "next")),
            **{name: [] for name in (*CURVES, "facts")},
        }
        self._told = -math.inf
        if again:
            self._remember()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"Cannot make the folder {self._folder}", found=str(error)
            ) from error
        self._write(self.path, _document(self._state["name"]))
        self.tell()

    def _remember(self) -> None:
        """Take up what an earlier process of the run has told; nothing where that is damaged."""
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            text = regular.content(self._folder / STATE, _MOST).decode("utf-8")
            before = json.loads(text.removeprefix(_CALL).removesuffix(_END))
            frames = [Entry(**each) for each in before["frames"]]
            told = {name: before[name] for name in ("steps", "part", "score", *CURVES)}
            there = {e.id: e for e in frames if (self._folder / f"frame_{e.id}.js").is_file()}
            self._entries, self._state = there, self._state | told

    def shows(self, id_: str) -> bool:
        """Say whether a frame in the list has pictures."""
        return id_ in self._entries and self._entries[id_].version > 0

    @property
    def address(self) -> str:
        """What a browser opens."""
        return self.path.resolve().as_uri()

    def list(self, entries: Sequence[Entry]) -> None:
        """Take the frames that are shown from now on; pictures that are there stay."""
        kept = {}
        for entry in entries:
            old = self._entries.get(entry.id)
            same = old is not None and old.version > 0
            kept[entry.id] = (
                replace(entry, said=old.said, version=old.version) if old and same else entry
            )
        self._entries = kept
        self.tell()

    def take(
        self,
        id_: str,
        said: str,
        pictures: Sequence[FloatArray | None],
        space: str,
        third: str = "",
    ) -> None:
        """Take the pictures of a frame.

        Args:
            id_: which.
            said: what is seen.
            pictures: plate, result and another, ``(H, W, 3)`` scene-linear each, or None.
            space: their colour space.
            third: what the third one is.
        """
        names = ("plate", "result", "third")
        codes = {
            name: viewer.data_url(viewer.encode(picture, space))
            for name, picture in zip(names, pictures, strict=True)
            if picture is not None
        }
        text = f"velatura.frame({json.dumps(id_)}, {json.dumps(codes)});"
        self._write(self._folder / f"frame_{id_}.js", text)
        entry = self._entries[id_]
        third = third or entry.third
        self._entries[id_] = replace(entry, said=said, third=third, version=int(1000 * time.time()))

    def tell(self, **news: Any) -> None:
        """Tell what is new, by the names of `watch.js`, and write it all down."""
        self._state |= news
        self._told = time.monotonic()
        serial = int(1000 * time.time())
        frames = [asdict(entry) for entry in self._entries.values()]
        state = {**self._state, "serial": serial, "written": time.time(), "frames": frames}
        for curve in CURVES:
            stride = 1 + len(state[curve]) // POINTS
            state[curve] = state[curve][:: stride if curve == "points" else 1]
        self._write(self._folder / STATE, f"{_CALL}{json.dumps(state)}{_END}")

    def due(self) -> bool:
        """Say whether it is time for news again."""
        return time.monotonic() - self._told > EVERY

    @property
    def suggestion(self) -> Path:
        """Where the picture of the frame to paint next goes."""
        return self._folder / "next.png"

    def _write(self, path: Path, text: str) -> None:
        with replacing(path) as beside:
            beside.write_text(text, encoding="utf-8")


def _document(name: str) -> str:
    here = files("velatura_training.watch")
    style = viewer.asset("viewer.css") + (here / "watch.css").read_text("utf-8")
    scripts = [*viewer.scripts(), (here / "watch.js").read_text("utf-8")]
    page = (here / "watch.html").read_text("utf-8")
    for mark, text in (
        ("NAME", html.escape(name)),
        ("STYLE", style),
        ("SCRIPT", "\n".join(scripts)),
    ):
        page = page.replace("{{" + mark + "}}", text)
    return page
