"""Farm jobs: looks trained, shots glazed and rendered, as jobs of the schedulers that exist."""
