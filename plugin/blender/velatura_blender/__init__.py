"""velatura for Blender: nothing yet but its place.

The add-on comes with its own issue: a look node in the compositor, made of native nodes that read a
baked gain layer, so that a .blend renders on machines without the add-on. Until then Blender's
artists bake with the command line: `velatura apply`. Licence: GPL-3.0-or-later, as Blender asks.
"""
