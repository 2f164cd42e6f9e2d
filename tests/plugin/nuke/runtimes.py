"""Runtimes that do as a test says: a shell script speaks the worker's protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from velatura import resident

_READY = """echo '{"event": "ready", "protocol": 2, "version": "scripted"}'"""


@contextmanager
def scripted(path: Path, *lines: str) -> Iterator[None]:
    """Meanwhile the worker says it is ready, runs ``lines``, and waits until it is let go."""
    path.write_text("\n".join(["#!/bin/sh", _READY, *lines, "cat > /dev/null", ""]))
    path.chmod(0o700)
    resident.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VELATURA_RUNTIME", str(path))
        try:
            yield
        finally:
            resident.close()
