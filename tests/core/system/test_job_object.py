"""A job object of Windows, as far as other systems can tell: its layout, and what is called."""

from __future__ import annotations

import ctypes
import struct

import pytest

from velatura.system import job_object

JOB, SELF = 0x1111_2222_3333, -1
ANSWERS = {"CreateJobObjectW": JOB, "GetCurrentProcess": SELF}


class Kernel:
    """Notes what is asked of kernel32."""

    def __init__(self, refuses: str = "") -> None:
        self.calls: list[tuple[object, ...]] = []
        self.limits = b""
        self.refuses = refuses

    def __getattr__(self, name: str):
        def call(*given):
            plain = tuple(value for value in given if value is None or isinstance(value, int))
            self.calls.append((name, *plain))
            if name == "SetInformationJobObject":
                self.limits = bytes(given[2]._obj)
            return 0 if name == self.refuses else ANSWERS.get(name, 1)

        return call


@pytest.fixture
def kernel(monkeypatch, request):
    made = Kernel(getattr(request, "param", ""))
    monkeypatch.setattr(job_object, "_kernel", lambda: made)
    return made


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="the layout of 64 bit")
def test_structures_lie_as_windows_has_them():
    """Sizes and offsets of winnt.h on 64 bit: integers on their own size, padding in between."""
    basic, whole = job_object.BasicLimits, job_object.ExtendedLimits
    assert (ctypes.sizeof(basic), ctypes.sizeof(whole)) == (64, 144)
    offsets = [getattr(basic, name).offset for name, _ in basic._fields_]
    assert offsets == [0, 8, 16, 24, 32, 40, 48, 56, 60]
    offsets = [getattr(whole, name).offset for name, _ in whole._fields_]
    assert offsets == [0, 64, 112, 120, 128, 136]


def test_a_process_limits_itself(kernel):
    assert job_object.limit(memory=3 * 2**30, seconds=10)
    assert kernel.calls == [
        ("CreateJobObjectW", None, None),
        ("SetInformationJobObject", JOB, 9, 144),
        ("GetCurrentProcess",),
        ("AssignProcessToJobObject", JOB, SELF),
    ]
    # As winnt.h has it: two times, flags, working sets, processes, affinity, classes, memory.
    found = struct.unpack("<qqI4xQQI4xQII48xQQQQ", kernel.limits)
    assert found == (0, 10 * 10**7, 0x250C, 0, 0, 1, 0, 0, 0, 3 * 2**30, 0, 0, 0)


CALLS = ("CreateJobObjectW", "SetInformationJobObject", "AssignProcessToJobObject")


@pytest.mark.parametrize("kernel", CALLS, indirect=True)
def test_what_windows_refuses_is_said(kernel):
    assert not job_object.limit(memory=2**30, seconds=10)
    assert kernel.calls[-1][0] == kernel.refuses
