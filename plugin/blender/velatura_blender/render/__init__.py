"""Gains made during a render or a bake."""
