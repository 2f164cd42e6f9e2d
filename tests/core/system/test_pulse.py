"""Without a terminal, a long job gives a sign of life; on one, its bar does."""

from __future__ import annotations

import logging
import time

from velatura.system.pulse import pulse


def test_a_long_job_says_how_far_it_is_until_it_ends(caplog, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    said = iter(["a third", "", "two thirds"])
    with caplog.at_level(logging.INFO, "velatura"), pulse(lambda: next(said, ""), 0.01):
        deadline = time.monotonic() + 20
        while "two thirds" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.01)
    assert caplog.messages == ["a third", "two thirds"]
