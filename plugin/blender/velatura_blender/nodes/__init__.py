"""The look node: a node group with the gain law in native nodes."""
