"""The command line and the resident worker."""
