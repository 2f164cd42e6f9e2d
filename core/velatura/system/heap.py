"""What a frame has freed stays with the process: the next frame's memory need not be got anew.

glibc gives large pieces back to the system as soon as they are free, and the system fills each
page with zeros before it comes again: 10 to 20 ms of a full HD frame (measured).
"""

from __future__ import annotations

import contextlib
import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # M_* of malloc.h
_KEPT = 64 * 2**20  # bytes: a frame of full HD, as read and as written
_STEP = 8 * 2**20  # bytes: the heap grows by so many
_LARGEST = 32 * 2**20  # bytes: of a piece that comes from the heap; glibc takes no higher number


def keep() -> None:
    """Tell glibc to keep what is freed (mallopt(3)); another C library is left as it is."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(AttributeError, OSError):  # musl has no mallopt
        mallopt = ctypes.CDLL(None).mallopt
        for setting, value in (
            (_TRIM_THRESHOLD, _KEPT),
            (_TOP_PAD, _STEP),
            (_MMAP_THRESHOLD, _LARGEST),
        ):
            mallopt(setting, value)
