"""The state of one Nuke that does not exist: its script, its threads, what a test may turn.

Tests begin each with `SESSION.begin`; the module `nuke` looks everything up here.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .groups import Group
    from .nodes import Node
    from .tasks import ProgressTask

Task = Callable[[], None]
NODES = 10  # that Python is given in Non-commercial, over the whole session (measured by others)


@dataclass
class Session:
    """What a running Nuke knows.

    Attributes:
        gui: whether there is a window; without one nobody serves the main thread's queue.
        root: the script.
        groups: whose inside new nodes go into, the innermost last.
        this: the nodes whose callbacks run, the innermost last.
        rendering: whether an execution is under way.
        frame: the current frame, or the one that is rendered.
        clipboard: the text that `nodeCopy("%clipboard%")` left.
        cancels: says of a task's message and percent whether the artist now presses Cancel.
        tasks: every progress bar there has been.
        said: what was shown to the artist by `message`, `tprint` and the like.
        plugins: the plug-in path.
        script: the path of the script, empty before it is saved.
        exe: Nuke's own program.
        edition: "", "nc" or "indie", which give ten nodes to Python, and None from then on.
        given: how many nodes Python was given.
        undone: what there is to undo, by name; one for each click.
        undo_depth: how many steps are open, one in another.
        undo_off: how often undo was switched off, and not on again.
    """

    gui: bool = False
    root: Group = field(default=None)  # type: ignore[assignment]
    groups: list[Group] = field(default_factory=list)
    this: list[Node] = field(default_factory=list)
    rendering: bool = False
    frame: int = 1
    clipboard: str = ""
    cancels: Callable[[str, int], bool] = lambda _message, _percent: False
    tasks: list[ProgressTask] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    plugins: list[str] = field(default_factory=list)
    script: str = ""
    exe: str = "/nowhere/Nuke13.2"
    edition: str = ""
    given: int = 0
    undone: list[str] = field(default_factory=list)
    undo_depth: int = 0
    undo_off: int = 0
    main: threading.Thread = field(default_factory=threading.current_thread)
    queue: queue.Queue[Task] = field(default_factory=queue.Queue)

    def begin(self, *, gui: bool = False) -> None:
        """Be a Nuke that has just started; the thread that calls this is its main thread."""
        from . import callbacks, scripts

        self.__dict__.update(Session(gui=gui).__dict__)
        callbacks.clear()
        scripts.clear()

    def serve(self, until: Callable[[], bool], seconds: float = 60.0) -> None:
        """Be the window's event loop: run what other threads hand to the main thread."""
        deadline = time.monotonic() + seconds
        while not (until() and self.queue.empty()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"Nothing more came after {seconds} s")
            try:
                self.queue.get(timeout=0.02)()
            except queue.Empty:
                continue

    @property
    def in_main(self) -> bool:
        return threading.current_thread() is self.main

    def demand_main(self, what: str) -> None:
        """Raise where Nuke may crash: from any thread but the main one."""
        if not self.in_main:
            name = threading.current_thread().name
            raise RuntimeError(f"{what} from the thread {name}: Nuke allows the main thread only")

    def demand_edit(self, what: str) -> None:
        """Raise where the script must not be changed: in other threads, and during a render."""
        self.demand_main(what)
        if self.rendering:
            raise RuntimeError(f"{what} during a render")

    def hand(self, node: Any) -> Any:
        """Return a node, or the nodes of a list, as Python gets them: in some editions ten."""
        if isinstance(node, list):
            return [self.hand(each) for each in node]
        if node is not None:
            self.given += 1
        return None if self.edition and self.given > NODES else node

    def inside(self) -> Group:
        """Return the group that new nodes go into."""
        return self.groups[-1] if self.groups else self.root


SESSION: Session = Session()


def given(value: Any, kinds: type | tuple[type, ...], what: str) -> Any:
    """Return a value of one of these types, or raise TypeError as Nuke does."""
    if not isinstance(value, kinds):
        raise TypeError(f"{what} cannot be {value!r}")
    return value
