"""What a node says of its picture: measured by evaluating the script, see `render`."""

from __future__ import annotations

from typing import Any

from .ranges import FrameRange, Info


class Measured:
    """The part of a node that needs pixels."""

    def bbox(self) -> Info:
        picture = _render().shown(self)
        box = picture.bbox
        return Info(box.x, picture.size.height - box.y - box.height, box.width, box.height)

    def width(self) -> int:
        return _render().shown(self).size.width

    def height(self) -> int:
        return _render().shown(self).size.height

    def channels(self) -> list[str]:
        return list(_render().shown(self).planes)

    def metadata(self, key: str | None = None) -> Any:
        found = dict(_render().shown(self).metadata)
        return found if key is None else found.get(key)

    def sample(self, channel: str, x: float, y: float) -> float:
        return _render().sample(self, channel, x, y)

    def hasError(self) -> bool:
        return _render().has_error(self)

    def frameRange(self) -> FrameRange:
        return _render().frame_range(self)

    def firstFrame(self) -> int:
        return self.frameRange().first()

    def lastFrame(self) -> int:
        return self.frameRange().last()

    def writeKnobs(self, _flags: int = 0) -> str:
        """Return the text of this node's knobs, without its class and braces."""
        return "\n".join(_scripts().block(self)) + "\n"


def _render() -> Any:
    from . import render  # which needs nodes

    return render


def _scripts() -> Any:
    from . import scripts  # which needs nodes

    return scripts
