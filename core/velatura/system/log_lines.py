"""Log lines: one record is one line, whatever the texts in it are made of."""

from __future__ import annotations

import logging

from velatura.texts import shown


class OneLine(logging.Formatter):
    """Takes out what a terminal would obey, and a line break that would forge another line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's own name
        """See `logging.Formatter`."""
        return shown(super().formatMessage(record))
