"""What a process may use, and what it has used."""

import subprocess
import sys

import pytest

MIB = 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere getrusage tells it rightly")
def test_the_peak_of_a_process_is_its_own_and_not_that_of_the_one_that_started_it():
    held = b"x" * (256 * MIB)
    ask = "from velatura.system.resources import peak_memory; print(peak_memory())"
    said = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert 2 * MIB < int(said.stdout) < len(held)  # bare Python takes some 10 MiB
