"""Learning: methods, steps, the loop, and what it shows meanwhile."""
