"""The worker that a host keeps between bakes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from velatura import resident
from velatura.errors import MissingRuntimeError


@pytest.mark.usefixtures("runtime")
def test_a_host_has_one_worker_until_it_closes_or_dies() -> None:
    first = resident.worker()
    assert resident.worker() is first
    first.close()
    second = resident.worker()
    try:
        assert second is not first
        assert second.alive
    finally:
        resident.close()
    assert not second.alive
    resident.close()  # there is none any more


@pytest.mark.usefixtures("runtime")
def test_two_threads_get_the_same_worker() -> None:
    try:
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(lambda _: resident.worker(), range(2))
        assert first is second
    finally:
        resident.close()


def test_the_hosts_preference_counts_when_a_worker_starts(runtime: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingRuntimeError, match="preferences"):
        resident.worker(str(tmp_path / "nowhere"))
    try:
        first = resident.worker(str(runtime))
        assert resident.worker(str(tmp_path / "nowhere")) is first
    finally:
        resident.close()
