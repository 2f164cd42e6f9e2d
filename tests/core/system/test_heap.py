"""What is freed stays with the process, where its C library can be told so."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from velatura.system import heap

if sys.argv[1] == "keep":
    heap.keep()

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    planes = [np.zeros(2**20, np.uint8) + np.uint8(1) for _ in range(24)]
    del planes
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print([faults() for _ in range(4)][-1])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's setting")
def test_memory_that_was_freed_is_not_got_anew():
    found = {}
    for way in ("keep", "leave"):
        words = [sys.executable, "-c", PROGRAM, way]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        found[way] = int(done.stdout)
    if found["leave"] < 1000:
        pytest.skip("this C library keeps it anyway")
    assert found["keep"] < found["leave"] / 10
