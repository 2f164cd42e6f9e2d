"""A chunk with bad frames: the good ones are done, and all bad ones are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import plates
import pytest
from commands import velatura

from velatura.apply import sequence, trial
from velatura.errors import ColourError, ImageError, LookError
from velatura.image import exr
from velatura.image.planes import Image
from velatura.job import Job


class Notes:
    """A report that remembers."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.done: list[str] = []

    def started(self, total: int) -> None:
        self.total = total

    def wrote(self, path: str) -> None:
        self.written.append(Path(path).name)

    def finished(self, frame: str, *, skipped: bool) -> None:
        assert not (skipped and frame in self.done)
        self.done.append(frame)


def run(plate: object, look: Path, out: Path, notes: Notes | None = None, **settings: object):
    notes = notes or Notes()
    sequence.run(Job(str(plate), str(look), str(out), **settings), notes)
    return notes


def digests(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def chunk(folder: Path, frames: int = 6, bad: tuple[int, ...] = (3, 5)) -> Path:
    """A shot in which the first bad frame is empty, as Blender's placeholders are, others cut."""
    pattern = plates.shot(folder, frames)
    for place, frame in enumerate(bad):
        path = folder / f"plate.{frame:04d}.exr"
        path.write_bytes(path.read_bytes()[:2000] if place else b"")
    return pattern


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("bad", [(3, 5), (1, 2), (6,), (1, 6)])
def test_the_good_frames_are_done_and_the_bad_ones_named(tmp_path, look, bad, workers):
    pattern = chunk(tmp_path / "in", bad=bad)
    with pytest.raises(ImageError) as refused:
        run(pattern, look, tmp_path / "out", workers=workers)
    made = {path.name for path in (tmp_path / "out").iterdir()}
    assert made == {f"plate.gain.{n:04d}.exr" for n in range(1, 7) if n not in bad}
    text = str(refused.value)
    assert f"{len(bad)} of 6 frames" in text
    assert all(f"plate.{frame:04d}.exr" in text for frame in bad)
    assert "The others are done" in text


def test_mended_frames_are_all_that_is_left_to_do(tmp_path, look):
    whole = run(plates.shot(tmp_path / "whole", 6), look, tmp_path / "wanted")
    assert len(whole.written) == 6
    pattern = chunk(tmp_path / "in")
    with pytest.raises(ImageError):
        run(pattern, look, tmp_path / "out")
    for frame in (3, 5):
        plates.plain(tmp_path / "in" / f"plate.{frame:04d}.exr", seed=frame)
    notes = run(pattern, look, tmp_path / "out")
    assert sorted(notes.written) == ["plate.gain.0003.exr", "plate.gain.0005.exr"]
    assert digests(tmp_path / "out") == digests(tmp_path / "wanted")


def test_all_frames_are_reported_so_that_a_bar_ends(tmp_path, look):
    notes = Notes()
    with pytest.raises(ImageError):
        run(chunk(tmp_path / "in"), look, tmp_path / "out", notes)
    assert sorted(notes.done) == [f"plate.{frame:04d}.exr" for frame in range(1, 7)]


def test_a_job_may_stop_at_the_first(tmp_path, look):
    with pytest.raises(ImageError, match=r"plate\.0003\.exr is not an EXR file"):
        run(chunk(tmp_path / "in"), look, tmp_path / "out", workers=1, stop_at_first=True)
    assert not (tmp_path / "out" / "plate.gain.0006.exr").exists()


def test_one_frames_error_is_the_jobs(tmp_path, look):
    chunk(tmp_path / "in")
    with pytest.raises(ImageError, match=r"plate\.0003\.exr is not an EXR file.*an empty file"):
        run(tmp_path / "in" / "plate.0003.exr", look, tmp_path / "out")


def test_what_is_wrong_with_every_frame_is_said_once(tmp_path, look):
    pattern = plates.shot(tmp_path / "in", 3)
    with pytest.raises(ColourError, match=r"3 of 3 frames could not be done.*no colour space nix"):
        run(pattern, look, tmp_path / "out", space="nix")
    assert not (tmp_path / "out").exists()


def test_what_is_wrong_with_the_look_is_no_frames_fault(tmp_path, look, monkeypatch, caplog):
    def failed(*_: object) -> None:
        raise LookError("The look crashed ONNX Runtime in its trial")

    monkeypatch.setattr(trial, "demand", failed)
    with pytest.raises(LookError, match=r"^The look crashed ONNX Runtime in its trial\.$"):
        run(plates.shot(tmp_path / "in", 3), look, tmp_path / "out")
    assert "left out" not in caplog.text
    assert not (tmp_path / "out").exists()


def test_a_frame_without_the_layer_is_a_bad_frame(tmp_path, look):
    pattern = plates.shot(tmp_path / "in", 3)
    depth = plates.part({"Z": np.ones((40, 56), np.float32)})
    exr.write(tmp_path / "in" / "plate.0002.exr", Image((depth,)))
    process = velatura("apply", pattern, "--look", look, "--out", tmp_path / "out")
    assert process.returncode == 3
    assert "plate.0002.exr is left out" in process.stderr
    assert "1 of 3 frames" in process.stderr.splitlines()[-1]
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_no_movie_is_made_of_a_shot_with_holes(tmp_path, look):
    pattern = chunk(tmp_path / "in")
    with pytest.raises(ImageError):
        run(pattern, look, tmp_path / "out", write="picture", deliver="mp4")
    assert not (tmp_path / "out" / "plate.mp4").exists()
