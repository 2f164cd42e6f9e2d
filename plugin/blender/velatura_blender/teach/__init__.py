"""Teaching a look from inside Blender: painted frames, and the trainer as a process."""
