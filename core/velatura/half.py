"""The half float, in which renderers store light and gains are kept: how large it can be.

Standard library only, Python 3.9 and later: host adapters import this module.
"""

from __future__ import annotations

__all__ = ["HALF_MAX"]

HALF_MAX = 65504.0
"""The largest finite half float (IEEE 754 binary16); highlights above gain as if they were it."""
