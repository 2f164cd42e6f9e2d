"""A scratch file for arrays that are many together: those of a long shot do not fit the memory."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Kept:
    """An array in a scratch file: where it starts, bytes, and what it is."""

    start: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


class Scratch:
    """A file without a name that is gone when it is closed, whatever happens to the process.

    Arrays are read, not mapped: each mapping would hold a file descriptor, and a thousand frames
    have more arrays than a process may have of these.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - as long as this object

    def __enter__(self) -> Scratch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def keep(self, values: npt.NDArray[Any]) -> Kept:
        """Write an array; return where it lies, for `read`.

        Raises:
            OSError: the disk is full.
        """
        start = self._file.seek(0, 2)
        self._file.write(np.ascontiguousarray(values).data)
        return Kept(start, values.dtype, values.shape)

    def read(self, kept: Kept) -> npt.NDArray[Any]:
        """Return an array as it was written."""
        self._file.seek(kept.start)
        size = math.prod(kept.shape) * kept.dtype.itemsize
        return np.frombuffer(self._file.read(size), kept.dtype).reshape(kept.shape)
