"""Proofs that a look keeps its promises on given frames, each with a figure."""
