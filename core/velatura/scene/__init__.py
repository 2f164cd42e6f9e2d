"""Where things are and how they move: cameras, rigid motion, motion vectors, optical flow."""
