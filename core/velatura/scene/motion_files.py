"""The motion that an artist gives beside the plates: vectors in a layer, or an STMap for each key.

What is named here is only found on disk. What the files hold is seen when the shot is looked over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from velatura.errors import FrameError, PassError
from velatura.image import gathering
from velatura.image.numbered import names_files

_HOW = (
    "Write --motion forward=LAYER,backward=LAYER, --motion smartvector, --motion LAYER, or "
    "--motion FILES.####.exr"
)


@dataclass(frozen=True)
class MotionFiles:
    """What an artist named as the motion of a shot.

    Attributes:
        vectors: the files that hold vectors, by frame: the plates, or a sequence of its own.
        layers: the name of each layer in them, and what it is called (``forward``, ``backward`` or
            nothing); none: the usual names.
        stmaps: for each key the files, by frame, that tell where in the key a frame's pixels lie.
    """

    vectors: Mapping[int, Path] = field(default_factory=dict)
    layers: tuple[tuple[str, str], ...] = ()
    stmaps: Mapping[int, Mapping[int, Path]] = field(default_factory=dict)

    @classmethod
    def parse(
        cls, motion: Sequence[str], stmaps: Sequence[str], plates: Mapping[int, Path]
    ) -> MotionFiles | None:
        """Return what a command line names; None where it names nothing.

        Args:
            motion: layers (``forward=LAYER,backward=LAYER``, or a layer's name), and the pattern
                of the files they are in, if these are not the plates.
            stmaps: ``KEY:FILES.####.exr``, one for each key.
            plates: the plate's files by frame.

        Raises:
            PassError: what is written is neither layers nor files.
            FrameError: no such files, or none with the number of a plate.
        """
        patterns = [text for text in motion if names_files(text)]
        if len(patterns) > 1:
            raise PassError("Vectors lie in one sequence", found=", ".join(patterns), do=_HOW)
        names = (text for text in motion if text not in patterns)
        layers = tuple(pair for text in names for pair in _layers(text))
        vectors = _beside(patterns[0], plates) if patterns else dict(plates) if motion else {}
        maps: dict[int, Mapping[int, Path]] = {}
        for text in stmaps:
            key, files = _stmap(text, plates)
            if key in maps:
                raise PassError(f"The key {key} has two STMaps", found=text)
            maps[key] = files
        return cls(vectors, layers, maps) if motion or maps else None

    def stamps(self) -> list[object]:
        """Return what changes when a file or a choice does, for a memo's key: names and dates."""
        sequences = [self.vectors, *(self.stmaps[key] for key in sorted(self.stmaps))]
        files = [
            [(frame, str(path.resolve()), stat.st_size, stat.st_mtime_ns)]
            for sequence in sequences
            for frame, path in sorted(sequence.items())
            for stat in (path.stat(),)
        ]
        return [self.layers, sorted(self.stmaps), files]


def missing(frames: Sequence[int], files: Mapping[int, Path]) -> str:
    """Return which frames have no file, for people: ``5, 7-9``; nothing where all have one."""
    runs: list[list[int]] = []
    for frame in (frame for frame in frames if frame not in files):
        if runs and runs[-1][-1] == frame - 1:
            runs[-1].append(frame)
        else:
            runs.append([frame])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _layers(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for item in filter(None, map(str.strip, text.split(","))):
        name, sign, layer = (word.strip() for word in item.partition("="))
        if sign and (name not in {"forward", "backward"} or not layer):
            raise PassError(f"{item} names no motion", found=text, do=_HOW)
        if layer and name in dict(found):
            raise PassError(f"{name} is named twice", found=text, do=_HOW)
        found.append((name, layer) if sign else ("", name))
    return found


def _stmap(text: str, plates: Mapping[int, Path]) -> tuple[int, Mapping[int, Path]]:
    number, _, pattern = text.partition(":")
    try:
        key = int(number)
    except ValueError:
        key = None
    if key is None or not pattern:
        raise PassError(
            "An STMap belongs to a key", found=text, do="Write --stmap 1:stm_key1.####.exr"
        )
    if key not in plates:
        raise FrameError(
            f"There is no frame {key} for the STMaps {pattern}",
            found=f"plate frames {min(plates)} to {max(plates)}",
            do="Begin with the number of the painted key: --stmap 1:stm_key1.####.exr",
        )
    return key, _beside(pattern, plates)


def _beside(pattern: str, plates: Mapping[int, Path]) -> dict[int, Path]:
    """Return the files of a pattern that are numbered like a plate."""
    files = gathering.find(pattern)
    fit = {frame: path for frame, path in files.items() if frame in plates}
    if not fit:
        raise FrameError(
            f"No file of {pattern} has the number of a plate",
            found=f"files {min(files)} to {max(files)}, plates {min(plates)} to {max(plates)}",
            do="Number the motion as the plates are",
        )
    return fit
