"""Where inputs that failed once are: beside the checkout, or where `VELATURA_CASES` says."""

from __future__ import annotations

import os
from pathlib import Path

CASES = Path(os.environ.get("VELATURA_CASES", Path(__file__).parents[2] / "shared/cases"))
