"""The user's own velatura folder: published looks, and where the runtime is.

Standard library only, Python 3.9 and later: host adapters import this module by way of the client.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["home"]


def home() -> Path:
    """Return the user's velatura folder, where the system keeps such; it need not be there."""
    if os.name == "nt":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming", "velatura")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "velatura"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share", "velatura")
