"""This process and its machine: progress, cache, memory, quiet."""
