"""Whatever is in a file: a success or a refusal, in time, and never a crash or a traceback."""

from __future__ import annotations

import os

import fuzzing
import pytest

pytestmark = [pytest.mark.fuzz, pytest.mark.skipif(os.name == "nt", reason="needs RLIMITs")]


def test_damaged_files_are_read_or_refused(tmp_path):
    count = int(os.environ.get("VELATURA_FUZZ", "500"))
    found = fuzzing.fuzz(count, int(os.environ.get("VELATURA_SEED", "0")), tmp_path)
    assert len(found) == count
    assert [ended for ended in found if not ended.fine] == []
    assert {"0", "3"} <= {ended.how for ended in found}
