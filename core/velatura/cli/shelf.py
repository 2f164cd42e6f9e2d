"""The commands about the library: which looks are published, and how one is.

Their docstrings are the help texts.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import velatura
from velatura.cli.options import AsJson, basic
from velatura.errors import LookError
from velatura.system.next_step import next_step
from velatura.system.progress import say

if TYPE_CHECKING:
    from velatura.library import Entry

log = logging.getLogger("velatura")


def looks(*, starter: Annotated[bool, basic()] = False, as_json: AsJson = False) -> None:
    """List the published looks, which hosts list too.

    They are in the folders that VELATURA_LOOKS names, like a plug-in path, and in your own.

    For example:

        velatura looks

        velatura looks --starter

    Args:
        starter: publish the four looks that come with velatura first: Ink and Wash, Oil, Gouache
            and Hatching, for any shot.
    """
    from velatura import library
    from velatura.report import tables

    if starter:
        for look in _starters():
            library.publish(look)
    shelf = library.shelf()
    if as_json:
        for line in json.dumps([_listed(entry) for entry in shelf], indent=2).splitlines():
            say(line)
    else:
        where = ", ".join(map(str, library.folders()))
        none = [("none yet", f"`velatura looks --starter` puts four there: {where}")]
        tables.show("velatura looks", [tables.shelved(entry) for entry in shelf] or none)
    for trouble in library.refused():
        log.warning(trouble)
    if shelf and not as_json:
        first = shelf[0].card.name
        next_step(
            "velatura", "apply", "PLATE", "--look", first, "--out", "FOLDER", "--write", "both"
        )


def _starters() -> list[Path]:
    """Return the files of the starter looks; refuse to lay them over looks of the same file names.

    Raises:
        LookError: another look of such a name is published.
    """
    from velatura import library
    from velatura.look import read

    files = sorted((Path(velatura.__file__).parent / "starter").glob("*.onnx"))
    there = {entry.path.name: entry for entry in library.shelf()}
    for look in files:
        one = there.get(look.name)
        if one is not None and one.digest != read(look).digest:
            raise LookError(
                f"{one.path} is another look than the starter look of that file name",
                found=f"{one.card.name}, SHA-256 {one.digest[:16]}",
                do="Rename that file or move it away, and type this again",
            )
    return files


def publish(look: Path, /, *, replace: Annotated[bool, basic()] = False) -> None:
    """Copy a look to the library, where artists and hosts find it.

    The library is the first writable folder of VELATURA_LOOKS, else your own folder.

    For example:

        velatura publish ink.onnx

    Args:
        look: an ONNX file that `velatura export` wrote.
        replace: overwrite another look of the same file name.
    """
    from velatura import library
    from velatura.look import read

    before = {entry.path: entry.digest for entry in library.shelf()}
    to = library.publish(look, replace=replace)
    if before.get(to) == read(look).digest:
        say(f"kept {to}: this look was published already, nothing has changed")
    else:
        say(f"wrote {to}")
    next_step("velatura", "looks")


def _listed(entry: Entry) -> dict[str, object]:
    card = json.loads(entry.card.dumps())
    return {"path": str(entry.path), "digest": entry.digest, **card}
