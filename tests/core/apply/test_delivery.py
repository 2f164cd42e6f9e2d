"""Movies and stills of finished pictures: what is said of their frames, and whose they are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import footage
import numpy as np
import OpenImageIO as oiio  # noqa: N813
import plates
import pytest

from velatura.apply import claims, sequence
from velatura.errors import CancelledError, InputError
from velatura.image import exr, movies
from velatura.image.planes import Image
from velatura.job import Job
from velatura.plate import primaries
from velatura.system.progress import Progress


def deliver(plate: Path | str, look: Path, out: Path, kind: str, **settings: object) -> None:
    usual = {"write": "picture", "strength": 0.0, "workers": 1, "deliver": kind}
    sequence.run(Job(str(plate), str(look), str(out), **{**usual, **settings}), Progress("none"))


def stills(folder: Path, frames: int) -> Path:
    for frame in range(1, frames + 1):
        footage.still(folder / f"s.{frame:04d}.png", footage.codes(frame))
    return folder / "s.####.png"


def test_a_movie_of_frames_that_do_not_follow_each_other_says_so(tmp_path, look, caplog):
    shot = stills(tmp_path, 3)
    deliver(shot, look, tmp_path / "out", "mov", frames="1,3")
    assert "shows its frames one after the other: it lacks 2" in caplog.text
    assert len(movies.numbers(str(tmp_path / "out/s.mov"))) == 2
    caplog.clear()
    deliver(shot, look, tmp_path / "whole", "mov")
    assert "lacks" not in caplog.text


def test_each_frame_of_a_movie_is_converted_from_its_own_colour_space(tmp_path, look, caplog):
    """The same light in Rec.709 and in AP1 looks the same."""
    light = np.stack([np.full((48, 64), value, np.float32) for value in (0.4, 0.2, 0.1)])
    ways = [
        np.reshape(primaries.to_ap0(primaries.KNOWN[n]), (4, 4))[:3, :3]
        for n in ("lin_rec709_scene", "lin_ap1_scene")
    ]
    wide = np.tensordot(np.linalg.inv(ways[1]) @ ways[0], light, 1).astype(np.float32)
    for frame, (name, planes) in enumerate((("rec709", light), ("ap1", wide)), 1):
        header = {"colorInteropID": f"lin_{name}_scene"}
        part = plates.part(dict(zip("RGB", planes, strict=True)), attributes=header)
        exr.write(tmp_path / f"s.{frame:04d}.exr", Image((part,)))
    deliver(tmp_path / "s.####.exr", look, tmp_path / "out", "mov")
    film = str(tmp_path / "out/s.mov")
    one, other = (movies.read(movies.frame_path(film, place))[0] for place in (0, 1))
    assert np.abs(one - other).max() < 2 / 255
    assert "in more than one colour space" in caplog.text


@pytest.mark.parametrize(("end", "kind"), [("png", "png"), ("tif", "tiff"), ("png", "tiff")])
@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_codes_that_are_multiplied_by_alpha_come_back_as_they_were(
    tmp_path, look, end, kind, depth
):
    """A PNG of which --premultiplied says yes, and an associated TIFF, which says it itself."""
    bits = 8 if depth == "uint8" else 16
    alpha = np.linspace(0, 1, footage.SIZE[0], dtype=np.float32)[None].repeat(footage.SIZE[1], 0)
    alpha = footage.rounded(alpha, bits)
    codes = footage.rounded(footage.codes(2) * alpha[..., None], bits)
    straight = 1 if end == "png" else 0
    path = footage.still(
        tmp_path / f"a.{end}", np.dstack([codes, alpha]), depth, oiio__UnassociatedAlpha=straight
    )
    said = {"premultiplied": "yes"} if end == "png" else {}
    deliver(path, look, tmp_path / "out", kind, **said)
    top = 2**bits - 1
    before, after = (stored(each) * top for each in (path, tmp_path / "out" / f"a.{kind}"))
    off = np.abs(np.rint(before) - np.rint(after))
    assert off.max() == 0


def stored(path: Path) -> np.ndarray:
    wish = oiio.ImageSpec()
    wish.attribute("oiio:UnassociatedAlpha", 1)
    source = oiio.ImageInput.open(str(path), wish)
    return np.asarray(source.read_image(0, 0, 0, 4, oiio.FLOAT))


@pytest.fixture
def stopped() -> Callable[[], threading.Event]:
    def after(seconds: float) -> threading.Event:
        event = threading.Event()
        threading.Timer(seconds, event.set).start()
        return event

    return after


def test_a_movie_that_another_job_writes_is_not_written_as_well(
    tmp_path, look, stopped, monkeypatch
):
    shot, out = stills(tmp_path, 2), tmp_path / "out"
    deliver(shot, look, out, "mp4")
    (out / "s.mp4").unlink()
    with claims.held(out, {"s.mp4": "another order"}):
        with pytest.raises(InputError, match=r"Another job writes .*s\.mp4"):
            deliver(shot, look, out, "mp4")
        assert not (out / "s.mp4").exists()
    job = Job(str(shot), str(look), str(out), "", "picture", 0.0, deliver="mp4")
    marks: dict[str, str] = {}
    held = claims.held

    def spied(folder: Path, files: dict[str, str], *rest: object) -> object:
        marks.update(files)
        return held(folder, files, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(claims, "held", spied)
        sequence.run(job, Progress("none"))
    (out / "s.mp4").unlink()
    with claims.held(out, {"s.mp4": marks["s.mp4"]}), pytest.raises(CancelledError):
        sequence.run(job, Progress("none"), stopped(0.5))  # the same order waits for the other
    assert not (out / "s.mp4").exists()
    sequence.run(job, Progress("none"))
    assert (out / "s.mp4").exists()
