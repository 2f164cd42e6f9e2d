"""For all tests."""

import os
import signal

import pytest
from hypothesis import settings

# The same examples on every run, and no time limit: the machine may be busy.
settings.register_profile("calm", deadline=None, derandomize=True)
settings.load_profile("calm")


def pytest_configure(config: pytest.Config) -> None:
    """Hide the GPU from all tests, and the processes they start, unless the run is `-m gpu`.

    The others promise the same bits on every machine, and say what happens without CUDA. This
    comes before any test module is imported, and so before torch or ONNX Runtime look for one.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Started in the background: the processes that tests interrupt would take no notice.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    chosen = config.getoption("markexpr", "")
    if "gpu" not in chosen.replace("not gpu", ""):
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
