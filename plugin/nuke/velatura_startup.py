"""Tell the user's Nuke where velatura is, or no longer: one marked block in `~/.nuke/init.py`.

    python plugin/nuke/velatura_startup.py install
    python plugin/nuke/velatura_startup.py uninstall

The name is long because this folder comes onto Nuke's `sys.path`, where `startup` may be another's.
The rest of the user's file stays as it is, byte for byte. A studio that has a NUKE_PATH of its own
adds this folder to it instead, and needs none of this.

Exit codes: 0 done, 2 usage, 4 the file cannot be read or written.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

_MACHINE_CANNOT = 4
_BEGIN, _END = "# >>> velatura >>>", "# <<< velatura <<<"
_LINE_END = "# The line before had no end; uninstalling takes this one's away again."
_FILE = "# There was no such file; uninstalling takes it away again if it holds nothing else."
_BLOCK = re.compile(
    rb"(?P<begin>" + re.escape(_BEGIN.encode()) + rb"(?P<end>\r?\n))(?P<body>.*?)"
    rb"" + re.escape(_END.encode()) + rb"\r?\n?",
    re.DOTALL,
)


def main() -> None:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="velatura_startup.py", description=__doc__, formatter_class=plain
    )
    parser.add_argument("verb", choices=["install", "uninstall"])
    verb = parser.parse_args().verb
    home = Path(os.environ.get("HOME") or Path.home())  # as Nuke looks for it, on Windows too
    path = (home / ".nuke" / "init.py").resolve()  # the file itself, where it is a link
    try:
        old = path.read_bytes() if path.exists() else None
        new = installed(old) if verb == "install" else uninstalled(old)
        if new == old:
            print(f"{'installed already' if verb == 'install' else 'not installed'}: {path}")
            return
        write(path, new)
    except OSError as error:
        print(f"velatura_startup.py: {path}: {error.strerror}.", file=sys.stderr)
        sys.exit(_MACHINE_CANNOT)
    print(f"{'installed' if verb == 'install' else 'removed'}: the block of velatura in {path}")


def installed(old: bytes | None) -> bytes:
    """Return the file with our block in it, at its end or where an older one stands."""
    text = old or b""
    there = _BLOCK.search(text)
    if there is not None:
        notes = [note for note in (_LINE_END, _FILE) if note.encode() in there["body"]]
        return text[: there.start()] + block(notes, there["end"]) + text[there.end() :]
    line_end = b"\r\n" if b"\r\n" in text else b"\n"
    bare = bool(text) and not text.endswith(b"\n")
    notes = [_FILE] if old is None else [_LINE_END] if bare else []
    return text + (line_end if bare else b"") + block(notes, line_end)


def uninstalled(old: bytes | None) -> bytes | None:
    """Return the file as it was before `installed`; None where there is to be none."""
    there = _BLOCK.search(old or b"")
    if old is None or there is None:
        return old
    before, after = old[: there.start()], old[there.end() :]
    if _LINE_END.encode() in there["body"]:
        before = before[: -len(there["end"])]
    return None if _FILE.encode() in there["body"] and not before + after else before + after


def block(notes: list[str], line_end: bytes) -> bytes:
    add = f"nuke.pluginAddPath({HERE.as_posix()!a})"
    return b"".join(line.encode() + line_end for line in (_BEGIN, *notes, "import nuke", add, _END))


def write(path: Path, text: bytes | None) -> None:
    """Put the file in its place in one step, with the permissions it had."""
    if text is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(".init.py.velatura.tmp")
    beside.write_bytes(text)
    if path.exists():
        shutil.copymode(path, beside)
    beside.replace(path)


if __name__ == "__main__":
    main()
