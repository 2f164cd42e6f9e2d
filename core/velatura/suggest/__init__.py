"""Which frame to paint next."""
