"""Inputs that failed for people who do this job, as their files were rebuilt: what must come out.

They run where the folder of these files is, beside the checkout; `VELATURA_CASES` names another
place. The same kinds, made here, are in the tests of the modules that deal with them.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import plates
import pytest
from commands import velatura
from glazing import law, stack
from shared import CASES

from velatura.image import exr
from velatura.image.planes import Image
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading

STUDIO = "studio-config-v4.0.0_aces-v2.0_ocio-v2.5"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"there is no {CASES}")

Done = subprocess.CompletedProcess[str]


class Shot:
    """A case's folder, and where its results go."""

    def __init__(self, folder: Path, look: Path, out: Path) -> None:
        self.folder, self.look, self.out = folder, look, out

    def apply(self, plate: str, *arguments: object) -> Done:
        return velatura(
            *("apply", f"--plate={self.folder / plate}", "--look", self.look, "--out", self.out),
            *arguments,
        )

    def made(self) -> list[str]:
        return sorted(path.name for path in self.out.iterdir()) if self.out.is_dir() else []

    def changed(self, name: str, plate: str) -> np.ndarray:
        """Return where red, green or blue differ, (H, W)."""
        pictures = exr.read(self.out / name), exr.read(self.folder / plate)
        before, after = (np.stack(Plate.of(each, Reading()).rgb) for each in pictures)
        return (before != after).any(axis=0)


def log_plate(shot: Shot) -> None:
    space = "ARRI LogC3 (EI800)"
    named = {"space": space, "config": STUDIO}
    done = shot.apply("plate.0006.exr", f"--space={space}", f"--config={STUDIO}", "--write=both")
    assert done.returncode == 0, done.stderr
    before = Plate.read(shot.folder / "plate.0006.exr", Reading(**named))
    after = Plate.read(shot.out / "plate.0006.exr", Reading(**named))
    gains = exr.read(shot.out / "plate.gain.0006.exr")
    wanted = law(Image((plates.part(dict(zip("RGB", before.rgb, strict=True))),)), gains, 1.0)
    # The codes are halves: 11 bits of a log code are half a percent of light.
    np.testing.assert_allclose(np.stack(after.rgb), wanted, rtol=0.02, atol=2e-3)


def matte_in_alpha(shot: Shot) -> None:
    mask = shot.folder / "white_rgb.png"
    done = shot.apply("plate.0006.exr", "--write=picture", f"--mask={mask}")
    assert done.returncode == 0, done.stderr
    found = shot.changed("plate.0006.exr", "plate.0006.exr")
    half = found.shape[1] // 2
    assert not found[:, : half - 1].any()
    assert found[:, half + 1 :].mean() > 0.3
    assert shot.apply("plate.0006.exr", "--write=picture", f"--mask={mask}:R").returncode == 0
    assert shot.changed("plate.0006.exr", "plate.0006.exr")[:, : half - 1].any()


def matte_above_1(shot: Shot) -> None:
    mask = shot.folder / "over.exr"
    assert shot.apply("plate.0006.exr", "--write=picture", f"--mask={mask}").returncode == 0
    found = (shot.out / "plate.0006.exr").rename(shot.out / "masked.exr")
    assert shot.apply("plate.0006.exr", "--write=picture").returncode == 0
    both = exr.read(found), exr.read(shot.out / "plate.0006.exr")
    np.testing.assert_array_equal(*(np.stack(Plate.of(each, Reading()).rgb) for each in both))


def negative_frames(shot: Shot) -> None:
    assert shot.apply("plate.####.exr").returncode == 0
    assert shot.made() == [f"plate.gain.{n}.exr" for n in ("-0001", "-0002", "0000")]
    shutil.rmtree(shot.out)
    assert shot.apply("plate.####.exr", "--frames", "-2--1").returncode == 0
    assert shot.made() == [f"plate.gain.{n}.exr" for n in ("-0001", "-0002")]


def lone_layer(shot: Shot) -> None:
    assert shot.apply("image.exr", "--write=picture").returncode == 0
    assert shot.changed("image.exr", "image.exr").any()


def names(shot: Shot) -> None:
    assert shot.apply("shot@2x.####.exr").returncode == 0
    assert shot.made() == ["shot@2x.gain.0001.exr"]
    for pattern in ("shot.v003.%04d.exr 998-1000", "shot.v003.998-1000#.exr"):
        done = shot.apply(pattern)  # one frame of three is not there
        assert done.returncode == 3
        assert "1 of 3 plate frames are missing" in done.stderr
    assert shot.apply("shot.v003.%04d.exr 998-999").returncode == 0
    assert shot.made()[:2] == ["shot.v003.gain.0998.exr", "shot.v003.gain.0999.exr"]


def accents(shot: Shot) -> None:
    done = shot.apply("Küche.####.exr")
    assert done.returncode == 0, done.stderr
    assert len(shot.made()) == 1


def ranges(shot: Shot) -> None:
    plates.shot(shot.out.parent / "in", 8)
    shot.folder = shot.out.parent / "in"
    for span, wanted in (("1 3 4 8", [1, 3, 4, 8]), ("1-6:2", [1, 3, 5])):
        assert shot.apply("plate.####.exr", "--frames", span).returncode == 0
        assert shot.made() == [f"plate.gain.{n:04d}.exr" for n in wanted]
        shutil.rmtree(shot.out)
    done = shot.apply("plate.####.exr", "--frames", "6.5")
    assert (done.returncode, shot.made()) == (3, [])
    done = shot.apply("plate.####.exr", "--frames", "-2-0")
    assert done.returncode == 3
    assert "3 of 3 plate frames are missing" in done.stderr


def gif_plate(shot: Shot) -> None:
    done = shot.apply("paint.0006.gif")
    assert done.returncode in {0, 3}, done.stderr
    assert "Traceback" not in done.stderr


def bad_frames(shot: Shot) -> None:
    done = shot.apply("plate.####.exr")
    assert done.returncode == 3
    assert shot.made() == [f"plate.gain.{n:04d}.exr" for n in (1, 2, 4, 6)]
    last = done.stderr.strip().splitlines()[-1]
    assert "plate.0003.exr" in last
    assert "plate.0005.exr" in last


def stereo(shot: Shot) -> None:
    assert shot.apply("stereo.exr", "--write=both").returncode == 0
    before, after = (exr.read(folder / "stereo.exr") for folder in (shot.folder, shot.out))
    for name in ("R", "right.R"):
        assert not np.array_equal(stack(before, name), stack(after, name))
    done = shot.apply("stereo.exr", "--write=picture", "--views=left")
    assert "left as they are: right" in done.stderr


def first_contact(shot: Shot) -> None:
    plates.shot(shot.out.parent / "in", 3)
    shot.folder = shot.out.parent / "in"
    files = sorted(shot.folder.iterdir())
    common = ("--look", shot.look, "--out", shot.out)
    for plate in (files, [shot.folder], [shot.folder / "*.exr"]):
        done = velatura("apply", *plate, *common)
        assert done.returncode == 0, done.stderr
        assert len(shot.made()) == 3
        shutil.rmtree(shot.out)
    plates.plain(shot.folder / "other.exr")
    done = velatura("apply", *files, shot.folder / "other.exr", *common)
    assert done.returncode == 3
    assert "shot.####.exr" in done.stderr
    done = velatura("apply", files[0], "--look", shot.folder, "--out", shot.out)
    assert done.returncode == 3
    assert "velatura export" in done.stderr


CHECKS: dict[str, Callable[[Shot], None]] = {
    "06-log-plate": log_plate,
    "07-mask-in-alpha": matte_in_alpha,
    "07-mask-in-alpha over": matte_above_1,
    "08-blender-negative-frames": negative_frames,
    "09-file-output-image-layer": lone_layer,
    "10-names": names,
    "11-unicode-nfd": accents,
    "13-frame-ranges": ranges,
    "15-gif": gif_plate,
    "17-bad-frame-in-a-chunk": bad_frames,
    "18-stereo": stereo,
    "19-first-contact": first_contact,
}


@pytest.mark.parametrize("case", CHECKS)
def test_a_case_has_the_right_outcome(case, tmp_path, look):
    folder = CASES / case.partition(" ")[0]
    assert folder.is_dir()
    CHECKS[case](Shot(folder, look, tmp_path / "out"))
