"""ONNX Runtime with its telemetry off: no other module imports `onnxruntime` directly.

Its official builds collect usage, keep a device id under the user's cache folder, and send both to
Microsoft (seen in 1.32; its Privacy.md). velatura asks nothing of the network.
"""

import os

# Read once, when the library is loaded; whatever the user's own environment says of it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort  # type: ignore[import-untyped]  # it ships no types

__all__ = ["ort"]
