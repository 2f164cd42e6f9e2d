"""The nodes of a live look, in Nuke's own text: CatFileCreator, and a Group around Inference.

Node classes and knobs are those of public Cattery packages (RIFE, ViTMatte and Depth Anything for
Nuke); ``tests/plugin/nuke/knobs.toml`` has each with its source. None was tried in a Nuke.
"""

from __future__ import annotations

import re

from velatura.look import Card

_CREATOR = r"""CatFileCreator {
 inputs 0
 torchScriptFile "\[python \{nuke.script_directory()\}]/@NAME@.pt"
 catFile "\[python \{nuke.script_directory()\}]/@NAME@.cat"
 channelsIn rgba.red,rgba.green,rgba.blue,rgba.alpha,mask.a
 channelsOut rgba.red,rgba.green,rgba.blue
 modelId @NAME@
 name CatFileCreator_@NAME@
 postage_stamp false
 addUserKnob {20 User}
 addUserKnob {7 strength R 0 2}
 strength 1
 addUserKnob {6 use_mask +STARTLINE}
 addUserKnob {6 unpremult +STARTLINE}
}
"""

# Back takes the network's rgb and all else from the plate; Within cuts it to what was painted, as
# there is nothing but black beyond. Gate: at strength 0 not even a half float touches the plate.
_GROUP = r"""Group {
 name @NAME@
 addUserKnob {20 velatura l "@LABEL@"}
 addUserKnob {7 strength t "How much of the look: 0 is the plate, bit for bit; 1 is as painted." R 0 2}
 strength 1
 addUserKnob {6 use_mask l "use mask" t "Multiply the look's gain by the mask input." +STARTLINE}
 addUserKnob {41 from0 l "mask channel" T MaskIn.from0}
 addUserKnob {6 unpremult l "(un)premult by alpha" t "On for a render that is premultiplied by its alpha; off for a plate without alpha." +STARTLINE}
 addUserKnob {6 useGPU l "Use GPU if available" +STARTLINE}
 useGPU true
 addUserKnob {20 info l Info}
 addUserKnob {26 about l "" +STARTLINE T "@ABOUT@"}
}
 Input {
  inputs 0
  name mask
  xpos 110
  ypos -200
  number 1
 }
 Input {
  inputs 0
  name img
  xpos 0
  ypos -200
 }
set N_img [stack 0]
 Copy {
  inputs 2
  from0 rgba.alpha
  to0 mask.a
  name MaskIn
  xpos 0
  ypos -120
 }
 Crop {
  box {0 0 {width} {height}}
  crop false
  name WholeFormat
  xpos 0
  ypos -60
 }
 Inference {
  useGPUIfAvailable {{parent.useGPU}}
  modelFile "\[lsearch -inline \[plugins -all @NAME@.cat] *.cat]"
  serialiseKnob {strength:{"parent.strength"};use_mask:{"parent.use_mask"};unpremult:{"parent.unpremult"};}
  name Inference1
  xpos 0
  ypos 0
 }
set N_styled [stack 0]
push $N_styled
push $N_img
 Copy {
  inputs 2
  from0 rgba.red
  to0 rgba.red
  from1 rgba.green
  to1 rgba.green
  from2 rgba.blue
  to2 rgba.blue
  name Back
  xpos 0
  ypos 60
 }
 CopyBBox {
  inputs 2
  name Within
  xpos 0
  ypos 100
 }
push $N_img
 Switch {
  inputs 2
  which {{"parent.strength > 0"}}
  name Gate
  xpos 0
  ypos 160
 }
 Output {
  name Output1
  xpos 0
  ypos 220
 }
end_group
"""  # noqa: E501  # a knob is a line in Nuke's text


def node_name(name: str) -> str:
    """Return a look's name as Nuke names nodes and files: letters, digits and underscores."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    return plain if plain[:1].isalpha() else f"Look_{plain}".rstrip("_")


def creator(name: str) -> str:
    """Return the CatFileCreator of a look's folder, as a script of its own."""
    return _CREATOR.replace("@NAME@", name)


def group(name: str, card: Card, about: str) -> str:
    """Return the node that artists use.

    Args:
        name: as `node_name` has it.
        card: of the look.
        about: for the node's Info tab, line by line.
    """
    said = "<br>".join(map(plain, about.splitlines()))
    return (
        _GROUP.replace("@NAME@", name).replace("@LABEL@", plain(card.name)).replace("@ABOUT@", said)
    )


def plain(text: str) -> str:
    """Return a text without what Tcl, Nuke or HTML would take for more than text."""
    return " ".join(re.sub(r'[\[\]{}$"\\<>&@\x00-\x1f]', " ", text).split())
