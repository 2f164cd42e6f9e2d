"""For all tests."""

import os
import signal
from pathlib import Path

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first, so that no process is left with them at the end.

    xdist, which has files of many tests first, has to be told to leave the order: see noxfile.py.
    """
    items.sort(key=_haste)


def _haste(item: pytest.Item) -> tuple[bool, int]:
    """Return what is small for the trainer's tests, and of these for those of whole runs."""
    parts = item.path.relative_to(Path(__file__).parent).parts
    return parts[0] != "training", len(parts)
