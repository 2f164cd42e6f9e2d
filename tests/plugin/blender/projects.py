"""A project on disk: looks, a .blend, a runtime that counts its starts, and what came out."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import hosts
import looks
import numpy as np
import numpy.typing as npt

from velatura.apply import sequence
from velatura.image import exr
from velatura.image.planes import Image, Window
from velatura.job import Job
from velatura.plate.layers import group


@dataclass
class Project:
    """One folder, one Blender.

    Attributes:
        folder: where everything lies.
        python: the Blender's Python.
        env: variables for its processes, besides the usual ones.
    """

    folder: Path
    python: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        looks.small(self.folder / "a.onnx", name="ink")
        looks.small(self.folder / "b.onnx", name="chalk", strength=0.5)
        self.program('exec "$PYTHON" -m velatura "$@"')

    @property
    def blend(self) -> Path:
        return self.folder / "shot.blend"

    @property
    def runtime(self) -> Path:
        return self.folder / "velatura-runtime"

    def program(self, script: str) -> None:
        """Let the runtime be a shell script, which notes that it was started."""
        text = f'#!/bin/sh\nPYTHON={sys.executable}\necho "$*" >> {self.folder}/starts\n{script}\n'
        self.runtime.write_text(text)
        self.runtime.chmod(0o755)

    @property
    def starts(self) -> int:
        """How often the runtime was started."""
        log = self.folder / "starts"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def found(self, script: str, **env: str) -> dict[str, Any]:
        """Run a script that ends well in the Blender that stays open; return what it says.

        ``P`` is the project's folder in it.
        """
        done = hosts.resident(self.python).run(self._told(script), self._env(env))
        return _found(done)

    def alone(self, script: str, timeout: float = 120, **env: str) -> dict[str, Any]:
        """Do the same in a Blender that is started for it, and then ends by itself."""
        return _found(self.run(script, timeout, **env))

    def run(self, script: str, timeout: float = 120, **env: str) -> CompletedProcess[str]:
        """Run a script in a Blender that is started for it, and return how that ended."""
        return hosts.run(self.python, self._told(script), env=self._env(env), timeout=timeout)

    def plate(self, rgba: npt.NDArray[np.float32], name: str = "plate.exr") -> Path:
        """Write ``(4, H, W)`` as an EXR file."""
        window = Window(0, 0, rgba.shape[2], rgba.shape[1])
        planes = dict(zip("RGBA", rgba, strict=True))
        exr.write(self.folder / name, Image((exr.new_part(planes, window, window, {}),)))
        return self.folder / name

    def gains(self) -> dict[str, int]:
        """Return the gain layers that lie in the cache, with the time each was written."""
        files = sorted((self.folder / "velatura").rglob("*.exr"))
        return {file.name: file.stat().st_mtime_ns for file in files}

    def _told(self, script: str) -> str:
        return f"import os, bpy, stage\nP = {str(self.folder)!r}\n{script}"

    def _env(self, more: dict[str, str]) -> dict[str, str]:
        return hosts.SOURCES | {"VELATURA_RUNTIME": str(self.runtime)} | self.env | more


def _found(done: CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-2000:]
    lines = [line for line in done.stdout.splitlines() if line.startswith("FOUND ")]
    result: dict[str, Any] = json.loads(lines[-1][len("FOUND ") :]) if lines else {}
    return result


def pixels(path: Path, layer: str = "") -> npt.NDArray[np.float32]:
    """Return ``(C, H, W)`` of a layer of an EXR file, in the order R, G, B, A."""
    image = exr.read(path)
    layers = group(image)
    names = layers[layer] if layer in layers else next(iter(layers.values()))
    planes = [image.find(names[key])[1].pixels for key in "RGBA" if key in names]
    return np.stack(planes).astype(np.float32)


class _Silent:
    """A report that nobody reads."""

    def started(self, total: int) -> None: ...

    def wrote(self, path: str) -> None: ...

    def finished(self, frame: str, *, skipped: bool) -> None: ...


def silently(job: Job) -> None:
    """Run a job with the core, in this process."""
    sequence.run(job, _Silent())


def gain_layer(
    project: Project, look: str, plate: npt.NDArray[np.float32], space: str = "lin_rec709_scene"
) -> npt.NDArray[np.float32]:
    """Return ``(3, H, W)`` stops for a plate ``(4, H, W)``, as the runtime bakes them."""
    path = project.plate(plate, "core.exr")
    out = project.folder / "core"
    silently(Job(str(path), str(project.folder / look), str(out), space=space))
    return pixels(out / "core.gain.exr")
