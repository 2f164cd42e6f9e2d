"""The gain law, and the layer that gains are kept in."""
