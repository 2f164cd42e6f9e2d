"""How painted keys are read, where their files do not say it."""

from __future__ import annotations

from dataclasses import dataclass

from velatura.errors import TrainingError


@dataclass(frozen=True)
class KeyReading:
    """How the painted keys of a training are read. All empty: as the files say.

    Attributes:
        space: their colour space, whatever their files say.
        view: the view that they were painted over, ``DISPLAY/VIEW`` of an OCIO config.
        resized: scale keys of exactly half or twice their plate's size.
        aligned: move keys to where they fit their plates best, by whole pixels.
    """

    space: str = ""
    view: str = ""
    resized: bool = False
    aligned: bool = False

    def __bool__(self) -> bool:
        """Say whether anything was said."""
        return self != AS_SAVED

    def __post_init__(self) -> None:
        """Raise TrainingError where both a space and a view are named."""
        if self.space and self.view:
            raise TrainingError(
                "A painted key's pixels are either in a colour space or seen through a view",
                found=f"--painted-space {self.space} and --painted-view {self.view}",
                do="Give one of the two.",
            )


AS_SAVED = KeyReading()
"""As the files say."""
