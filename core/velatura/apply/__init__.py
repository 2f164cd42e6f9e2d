"""A look on a shot: sequence, frame, tile, and the network that answers for each."""
