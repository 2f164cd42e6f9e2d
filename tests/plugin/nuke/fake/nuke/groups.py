"""Groups: nodes with nodes inside, the script itself among them."""

from __future__ import annotations

from .nodes import Node
from .session import SESSION


class Group(Node):
    """A node with nodes inside."""

    def __init__(self, kind: str, name: str, parent: Group | None) -> None:
        super().__init__(kind, name, parent)
        self._nodes: list[Node] = []

    def below(self, name: str) -> Node | None:
        return next((node for node in self._nodes if node._name == name), None)

    def nodes(self) -> list[Node]:
        self._alive()
        found: list[Node] = SESSION.hand(list(self._nodes))
        return found

    def node(self, name: str) -> Node | None:
        """Return the node ``Merge1``, or ``Group1.Merge1`` further down."""
        found: Node | None = SESSION.hand(self.inner(name))
        return found

    def inner(self, name: str) -> Node | None:
        """Return it, whatever Python may be given; no part of Nuke."""
        first, _, rest = name.partition(".")
        found = self.below(first)
        return found.inner(rest) if rest and isinstance(found, Group) else found

    def begin(self) -> Group:
        SESSION.demand_main("Opening a group")
        SESSION.groups.append(self)
        return self

    def end(self) -> None:
        if not SESSION.groups or SESSION.groups[-1] is not self:
            raise RuntimeError(f"{self._name} is not the group that is open")
        SESSION.groups.pop()

    def __enter__(self) -> Group:
        return self.begin()

    def __exit__(self, *_: object) -> None:
        self.end()

    def maxInputs(self) -> int:
        return sum(node.Class() == "Input" for node in self._nodes)

    def output(self) -> Node | None:
        return next((node for node in self._nodes if node.Class() == "Output"), None)

    def free(self, name: str, but: Node | None = None) -> str:
        """Return a name that no node in here has: Read1 becomes Read2; no part of Nuke."""
        taken = {node._name for node in self._nodes if node is not but}
        stem, number = name.rstrip("0123456789"), 1
        while name in taken:
            name, number = f"{stem}{number}", number + 1
        return name


class Root(Group):
    """The script itself."""

    def name(self) -> str:
        return SESSION.script or "Root"

    def fullName(self) -> str:
        return "root"

    def firstFrame(self) -> int:
        return int(self["first_frame"].value())

    def lastFrame(self) -> int:
        return int(self["last_frame"].value())

    def modified(self) -> bool:
        return not SESSION.script
