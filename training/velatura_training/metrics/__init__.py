"""How good a result is: fidelity, structure, texture, motion, highlights."""
