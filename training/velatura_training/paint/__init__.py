"""The painter: keys of a shot, painted by the machine in the manner of paintings."""
