"""The first bytes of a file, by which its format is known whatever its name says.

Standard library only, Python 3.9 and later: host adapters import this module.
"""

from __future__ import annotations

__all__ = ["EXR", "PNG"]

EXR = b"\x76\x2f\x31\x01"
"""OpenEXR's magic number 20000630 ("OpenEXR File Layout")."""

PNG = b"\x89PNG\r\n\x1a\n"
"""ISO/IEC 15948, 5.2; width and height are bytes 16 to 24 of the file."""
