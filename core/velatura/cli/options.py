"""The groups that help lists options in, and the options that several commands share.

A value's placeholder says what it is (LOOK, FOLDER, FRAMES), and each option's text what it does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter

from velatura.system.progress import Style


def _grouped(title: str, place: int) -> Callable[..., Parameter]:
    """Return what makes the options of one group."""
    group = Group(title, sort_key=place)

    def option(metavar: str | None = None, **more: Any) -> Parameter:
        return Parameter(group=group, metavar=metavar, **more)

    return option


basic = _grouped("Basics", 1)
picture = _grouped("The finished picture", 2)
keys = _grouped("How painted keys are read and carried", 3)
painter = _grouped("The painter of keys, with --style", 4)
reads_plate = _grouped("How the plate is read", 5)
learning = _grouped("The network, and how it learns", 6)
eyes = _grouped("The eyes that figures see with", 6)
machine = _grouped("The machine", 7)

OTHER_OPTIONS, OTHER_COMMANDS = Group("More options", sort_key=8), Group("More", sort_key=8)
"""What is in no other group."""

_COMMANDS = {
    Group("Learn a look", sort_key=1): ("train", "paint", "suggest", "export", "glaze", "demo"),
    Group("Use it", sort_key=2): ("apply", "farm", "publish", "looks", "info"),
    Group("See how good it is", sort_key=3): ("evaluate", "verify", "report"),
}
COMMANDS = {name: group for group, names in _COMMANDS.items() for name in names}
"""The group of each command that is in one."""

Deliver = Annotated[
    Literal["png", "tiff", "dpx", "mp4", "mov"] | None,
    picture(
        name=("--as", "--deliver"),
        help="write the finished picture in this format as well, in the plate's own encoding: as "
        "numbered files (png, tiff, dpx), or as a movie (mp4 with H.264, mov with ProRes).",
    ),
]

Numbers = Annotated[
    str,
    basic(
        "FRAMES",
        allow_leading_hyphen=True,
        help='1-12, 1-10x2, 1,5,9-12 or "1 5 9"; default: all on disk.',
    ),
]

Layer = Annotated[
    str,
    reads_plate("LAYER", help="the beauty's layer, such as diffuse, if not the usual one."),
]
Passes = Annotated[
    str,
    reads_plate(
        "PASS=LAYER,...",
        help="layers to read as passes, where their names are not the usual ones: "
        "normal=N,depth=Z,albedo=diffuse,id=crypto_object00,position=P,vector=Motion; or numbered "
        "files of their own: id=roto.####.exr.",
    ),
]
Space = Annotated[
    str,
    reads_plate(
        "SPACE",
        help="the plate's colour space, such as ACEScg; default: what its metadata and format say.",
    ),
]
Start = Annotated[
    int,
    reads_plate("NUMBER", allow_leading_hyphen=True, help="the number of a movie's first frame."),
]
Config = Annotated[
    str,
    reads_plate(
        "CONFIG",
        help="the OCIO config that defines --space: a file, or a built-in's name; default: $OCIO, "
        "else a built-in one.",
    ),
]
Premultiplied = Annotated[
    Literal["auto", "yes", "no"],
    reads_plate(
        help="whether the plate is multiplied by its alpha: auto is what the format says (EXR: "
        "yes); yes; no for an alpha that is a roto, a key or an AOV."
    ),
]
Exposure = Annotated[
    float,
    reads_plate(
        "STOPS",
        allow_leading_hyphen=True,
        help="stops by which the look sees the plate brighter (negative: darker) than it is, for a "
        "shot lit or graded unlike those the look learnt from. The picture keeps its own "
        "brightness. One number for the whole shot.",
    ),
]
Degrain = Annotated[
    float,
    reads_plate(
        "STOPS",
        help="standard deviation of the plate's grain, in stops (film: about 0.1). The look sees "
        "the plate without it and does not shimmer; the picture keeps the plate's own grain.",
    ),
]
Views = Annotated[
    str,
    reads_plate(
        "VIEW,...", help="of stereo plates, the views to glaze: left or left,right; default: all."
    ),
]
MemoryMb = Annotated[
    int,
    machine("MIB", help="memory for everything, in MiB; 0 for half of what is free."),
]
Shown = Annotated[
    Style,
    machine(
        help="what to say meanwhile: auto and bar draw a bar on a terminal; openjd and alf print "
        "lines for Open Job Description and for Tractor; none only names written files.",
    ),
]
AsJson = Annotated[bool, basic(name="--json", help="print JSON on stdout instead of a table.")]
