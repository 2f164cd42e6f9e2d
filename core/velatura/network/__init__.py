"""A look's network, read and measured before anything runs it."""
