"""Memory and time of this process, limited by Windows: a job object (kernel32).

Written after Microsoft's documentation of `CreateJobObjectW`, `SetInformationJobObject` and
`AssignProcessToJobObject`; it has not been run on Windows.
"""

from __future__ import annotations

import ctypes
from typing import Any

OUT_OF_TIME = 1816
"""Exit code of a process whose time was up: ERROR_NOT_ENOUGH_QUOTA."""

_EXTENDED_LIMITS = 9  # JobObjectExtendedLimitInformation
_JOB_TIME, _PROCESS_MEMORY, _KILL_ON_CLOSE = 0x4, 0x100, 0x2000  # JOB_OBJECT_LIMIT_*
_ONE_PROCESS, _NO_DIALOGUE = 0x8, 0x400  # ACTIVE_PROCESS, DIE_ON_UNHANDLED_EXCEPTION
_TICKS = 10**7  # a second, in steps of 100 ns


class BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION, its members in order."""

    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    )


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION, its members in order."""

    _fields_ = (
        ("basic", BasicLimits),
        ("io", ctypes.c_uint64 * 6),  # IO_COUNTERS, reserved
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


def limit(memory: int, seconds: int) -> bool:
    """Limit this process for the rest of its life; return whether Windows does it.

    The process itself asks: the `python.exe` of a virtual environment is another one, which starts
    it, and a parent sees only that.

    Args:
        memory: that it may commit, bytes, with what it has by now.
        seconds: of processor time, from now on.
    """
    kernel, limits = _kernel(), ExtendedLimits()
    limits.basic.flags = _JOB_TIME | _PROCESS_MEMORY | _KILL_ON_CLOSE | _ONE_PROCESS | _NO_DIALOGUE
    limits.basic.job_time = seconds * _TICKS
    limits.basic.processes = 1
    limits.process_memory = memory
    given, size = ctypes.byref(limits), ctypes.sizeof(limits)
    job = kernel.CreateJobObjectW(None, None)  # open until this process ends
    return bool(
        job
        and kernel.SetInformationJobObject(job, _EXTENDED_LIMITS, given, size)
        and kernel.AssignProcessToJobObject(job, kernel.GetCurrentProcess())
    )


def _kernel() -> Any:
    """Return kernel32, its functions declared: a handle is as wide as a pointer."""
    kernel = vars(ctypes)["WinDLL"]("kernel32", use_last_error=True)
    handle, number, flag = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int32
    for name, answer, arguments in (
        ("CreateJobObjectW", handle, (ctypes.c_void_p, ctypes.c_wchar_p)),
        ("SetInformationJobObject", flag, (handle, flag, ctypes.c_void_p, number)),
        ("GetCurrentProcess", handle, ()),
        ("AssignProcessToJobObject", flag, (handle, handle)),
    ):
        function = getattr(kernel, name)
        function.restype, function.argtypes = answer, arguments
    return kernel
