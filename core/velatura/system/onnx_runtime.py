"""ONNX Runtime with its telemetry off: no other module imports `onnxruntime` directly.

Its official builds collect usage, keep a device id under the user's cache folder, and send both to
Microsoft (seen in 1.32; its Privacy.md). velatura asks nothing of the network.
"""

import os

# Read once, when the library is loaded; whatever the user's own environment says of it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort  # type: ignore[import-untyped]  # it ships no types

__all__ = ["SHARED_ARENA", "ort"]

SHARED_ARENA = ("session.use_env_allocators", "1")
"""A session's configuration entry: its values lie in the one arena of this process."""

# An arena that grows by regions cannot join what is free in two of them, and one that leaves large
# pieces whole wastes their ends: the default look took 187 MiB of full HD where 98 are alive at a
# time, and takes 134 so (measured in 1.32). What is not touched of the region is not taken.
_ARENA = {
    "max_mem": 0,  # no limit
    "arena_extend_strategy": 0,  # kNextPowerOfTwo, once the first region is full
    "initial_chunk_size_bytes": 384 * 2**20,  # more than the network of one frame takes
    "max_dead_bytes_per_chunk": 2**20,
}
ort.create_and_register_allocator(
    ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT),
    ort.OrtArenaCfg(_ARENA),
)
