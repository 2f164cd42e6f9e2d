"""Take Debian's newest Blender into a folder apart, and go through `tour` in its window; as root.

    nox -s window

Before it, `nox -s extension -- 3.14` builds the zip that is installed. What was seen lies in
.nox/blender-window/root/tour: pictures, and found.json. Exit code 1: a frame was not baked, a
movie did not end where its gain layers do, or a look in a strip's modifier was rendered.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

BAKED = 3  # frames that `tour` bakes
REFUSED = "is in a compositor modifier of the strip Movie"
FOLDER = Path(".nox/blender-window").absolute()
ROOT, TOUR = FOLDER / "root", FOLDER / "root/tour"
PACKAGES = (
    *("blender", "xvfb", "imagemagick", "libgl1-mesa-dri", "libegl1", "libxi6"),
    *("python3-requests", "python3-numpy"),
)
INSIDE = ("chroot", ROOT, "env", "HOME=/tour/home", "DEBIAN_FRONTEND=noninteractive")
SCRIPT = """Xvfb :97 -screen 0 1280x800x24 -nolisten tcp & screen=$!; sleep 2
DISPLAY=:97 blender --factory-startup --window-geometry 0 0 1280 800 \
    --python /tour/tour.py -- "/tour/$1" /tour
kill $screen"""


def main() -> None:
    if not (FOLDER / "ready").exists():
        prepare()
    shutil.rmtree(TOUR, ignore_errors=True)
    TOUR.mkdir()
    (zipped,) = Path("dist").glob("*linux_x64.zip")
    for path in (zipped, Path(__file__).with_name("tour.py")):
        shutil.copy(path, TOUR)
    run("mount", "-t", "proc", "proc", ROOT / "proc")
    try:
        run(*INSIDE, "sh", "-c", SCRIPT, "sh", zipped.name)
    finally:
        run("umount", ROOT / "proc")
    found = json.loads((TOUR / "found.json").read_text(encoding="utf-8"))
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    right = set(found.get("after the movie", {}).values()) == {"baked"}
    right &= found.get("frames of the refused movie") == BAKED
    right &= any(REFUSED in said for said in found.get("refusal of a modifier", ()))
    sys.exit(not right)


def prepare() -> None:
    """Fill the folder: 1.6 GB, some minutes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    run("debootstrap", "--variant=minbase", "sid", ROOT, "http://deb.debian.org/debian")
    run(*INSIDE, "apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES)
    # Debian's Blender wants cattrs to install extensions, and has no package of it (Nov 2026).
    target = ROOT / "usr/lib/python3/dist-packages"
    pip = (sys.executable, "-m", "pip", "install", "--only-binary=:all:", "--target", target)
    run(*pip, "cattrs")
    (FOLDER / "ready").touch()


def run(*command: str | Path) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
