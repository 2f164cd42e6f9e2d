"""A shot is called by its files and frames, as a look's card has it."""

from __future__ import annotations

from pathlib import Path

import footage
import pytest

from velatura.image import movies
from velatura.plate.reading import Reading
from velatura.scene.footage import Footage


@pytest.mark.parametrize(
    ("names", "title"),
    [
        ({41: "shot_v2.0041.exr", 64: "shot_v2.0064.exr"}, "frames 41-64 of shot_v2.####.exr"),
        ({7: "still7.exr"}, "frame 7 of still#.exr"),
        ({1: "a.png", 2: "b.png"}, "frames 1-2 of a.png"),
    ],
)
def test_a_shot_is_called_by_its_files_and_frames(names: dict[int, str], title: str) -> None:
    plates = {frame: Path("folder") / name for frame, name in names.items()}
    assert Footage(plates, Reading()).title == title


def test_frames_of_a_movie_are_called_by_the_movie(tmp_path: Path) -> None:
    clip = str(footage.movie(tmp_path / "clip.mp4"))
    plates = {frame: movies.frame_path(clip, frame) for frame in range(6)}
    assert Footage(plates, Reading()).title == "frames 0-5 of clip.mp4"
