"""velatura for Nuke: nothing yet but its place.

The look node comes with its own issue: a Group that is shipped as text, so that a script opens
without the plug-in. Until then Nuke's artists bake with the command line: `velatura apply`, and
read the gain layer with a Read node.
"""
