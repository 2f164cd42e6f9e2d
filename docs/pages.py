"""Makes the pictures of the pages in docs/: of a training while it runs, and of a report.

    python docs/pages.py

It learns the courtyard's look for two minutes, glazes the shot, and photographs `watch.html` and
`report.html` in a headless Chromium (`$CHROMIUM`, or `chromium` on the PATH; Debian's is
`apt-get install chromium`). Then it prints when the first pictures came.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

HERE = Path(__file__).parent
FRAMES = "frame.####.exr"
MINUTES = 2.0
LOOKED = 0.6
"""Part of the learning after which the training is photographed: there are curves by then."""


def main() -> None:
    courtyard = Path(str(files("velatura"))) / "courtyard"
    plate, painted, truth = (courtyard / kind / FRAMES for kind in ("plate", "painted", "truth"))
    with TemporaryDirectory() as folder:
        run, look, shot = Path(folder, "ink"), Path(folder, "ink.onnx"), Path(folder, "glazed")
        begun = time.monotonic()
        train = ["train", plate, "--painted", painted, "--out", run, f"--minutes={MINUTES}"]
        training = subprocess.Popen(command(*train))  # noqa: S603
        told = {"carried straight": 0.0, "full size": 0.0, "merged paint": 0.0}
        while training.poll() is None and learnt(run) < LOOKED:
            for what in [what for what, when in told.items() if not when]:
                if what in state(run):
                    told[what] = time.monotonic() - begun
            time.sleep(0.2)
        photograph(run / "watch.html", HERE / "watch.png", 1280, 1600)
        training.wait()
        took = time.monotonic() - begun
        velatura("export", run, "--out", look)
        velatura("apply", plate, "--look", look, "--out", shot)
        page = shot / "report.html"
        velatura("report", shot, "--plate", plate, "--truth", truth, "--look", look)
        photograph(page, HERE / "report.png", 1280, 1300)
    for what, when in told.items():
        sys.stdout.write(f"{what}: {when:.1f} s\n")
    sys.stdout.write(f"all of it: {took:.1f} s, {60 * MINUTES:.0f} s were given\n")


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "velatura", *map(str, arguments)]


def velatura(*arguments: object) -> None:
    subprocess.run(command(*arguments), check=True)  # noqa: S603


def state(run: Path) -> str:
    path = run / "watch" / "state.js"
    return path.read_text("utf-8") if path.exists() else ""


def learnt(run: Path) -> float:
    """Return how much of the learning is done, 0..1; its page tells."""
    found = re.search(r'"part": ([0-9.]+)', state(run))
    return float(found[1]) if found else 0.0


def photograph(page: Path, out: Path, width: int, height: int) -> None:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or "chromium"
    line = [chromium, "--headless", "--no-sandbox", "--hide-scrollbars", f"--screenshot={out}"]
    line += [f"--window-size={width},{height}", "--virtual-time-budget=6000"]
    subprocess.run([*line, page.resolve().as_uri()], check=True, capture_output=True)  # noqa: S603
    Image.open(out).convert("RGB").save(out.with_suffix(".jpg"), quality=85)
    out.unlink()


if __name__ == "__main__":
    main()
