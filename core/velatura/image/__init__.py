"""Pictures in files: EXR planes and windows, numbered sequences, sampling, PNG."""
