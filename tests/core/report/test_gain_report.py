"""A report says what made a folder of gain layers, which there are, and what they do."""

from __future__ import annotations

import base64
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import looks
import numpy as np
import OpenImageIO as oiio  # noqa: N813  # the name its documentation uses
import plates
import pytest
from commands import velatura

from velatura import library
from velatura.gain import false_colour
from velatura.image import exr
from velatura.image.planes import Image
from velatura.look import read


@pytest.fixture
def baked(tmp_path, look) -> Path:
    """Gain layers 1, 2 and 4 of a shot."""
    plate = plates.shot(tmp_path / "in", 4)
    done = velatura("apply", plate, "--look", look, "--out", tmp_path / "out", "--frames", "1-2,4")
    assert done.returncode == 0, done.stderr
    return tmp_path / "out"


class Text(HTMLParser):
    """The words of a page as a reader sees them, and the pictures."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.words: list[str] = []
        self.tags: list[str] = []
        self.pictures: list[bytes] = []
        self.feed(page)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        source = dict(attrs).get("src") or ""
        if source:
            assert source.startswith("data:image/png;base64,")  # nothing is fetched
            self.pictures.append(base64.b64decode(source.partition(",")[2]))

    def handle_data(self, data):
        self.words.append(data)


def report(folder: Path, *arguments: object) -> Text:
    done = velatura("report", folder, *arguments)
    assert done.returncode == 0, done.stderr
    page = Path(done.stdout.removeprefix("wrote ").rstrip("\n"))
    return Text(page.read_text("utf-8"))


def test_a_report_shows_the_look_the_frames_and_the_holes(tmp_path, baked, look):
    out = tmp_path / "ink.html"
    done = velatura("report", baked, "--look", look, "--out", out)
    assert (done.returncode, done.stdout) == (0, f"wrote {out}\n"), done.stderr
    page = Text(out.read_text("utf-8"))
    assert page.text.count("small") >= 2  # the title and the card
    assert "3,000 parameters" in page.text
    assert read(look).digest in page.text
    assert "plate.gain.####.exr 1 to 4, 3 frames; missing: 3" in page.text
    stops = exr.read(baked / "plate.gain.0002.exr")
    values = np.stack([plane.pixels for _, _, plane in stops.planes()]).astype(np.float32)
    row = " ".join(f"{value:+.2f}" for value in (values.min(), values.mean(), values.max()))
    assert re.search(
        rf"plate\.gain\.0002\.exr [-0-9]+ [:0-9]+ 0\.\d\d MiB {re.escape(row)}", page.text
    )
    assert len(page.pictures) == 3
    assert [path.name for path in tmp_path.glob("*.html*")] == ["ink.html"]


def test_a_report_lies_beside_the_layers_and_finds_a_published_look(baked, look, tmp_path):
    published = library.publish(look, tmp_path / "shelf")
    env = {"VELATURA_LOOKS": str(published.parent)}
    done = velatura("report", baked, env=env)
    assert done.stdout == f"wrote {baked / 'report.html'}\n"
    assert "3,000 parameters" in (baked / "report.html").read_text("utf-8")
    unknown = report(baked)
    assert "small" in unknown.text  # as the layers say
    assert "not in the library; name its file with --look" in unknown.text
    moved = report(baked, "--look", tmp_path / "gone.onnx")
    assert "gone.onnx cannot be read" in moved.text


def test_what_was_made_by_another_look_or_is_broken_is_said(tmp_path, baked, look):
    older = looks.small(tmp_path / "older.onnx", name="older ink")
    again = ("--look", older, "--out", baked, "--frames", "2")
    assert velatura("apply", tmp_path / "in" / "plate.####.exr", *again).returncode == 0
    fourth = baked / "plate.gain.0004.exr"
    fourth.write_bytes(fourth.read_bytes()[:-400])
    (baked / "plate.gain.0005.exr").write_bytes(b"not an EXR")
    page = report(baked, "--look", look)
    assert "Cannot be read: 0004, 0005, 2 of 4. Bake again" in page.text
    assert "Made by another look: 0002, 1 of 4. Bake again" in page.text
    assert f"by older ink, {read(older).digest[:12]}" in page.text
    assert "plate.gain.0005.exr is not an EXR file" in page.text
    assert len(page.pictures) == 2


def test_pictures_finished_by_a_look_and_other_files_are_no_gain_layers(tmp_path, baked, look):
    plates.plain(baked / "render.0001.exr")
    plate = tmp_path / "in" / "plate.0001.exr"
    assert velatura("apply", plate, "--look", look, "--out", baked, "--write=both").returncode == 0
    assert "3 frames" in report(baked).text


def test_what_a_note_or_a_card_says_is_shown_and_never_obeyed(tmp_path, baked):
    evil = looks.small(
        tmp_path / "evil.onnx",
        name="</title><script>1</script>",
        thumbnail="aGVsbG8=",
        author="<b>",
    )
    note = tmp_path / "note.txt"
    note.write_text("Frame 3 <img src=x>\n\nhas no depth\n", "utf-8")
    page = report(baked, "--look", evil, "--note", note)
    assert "Frame 3 <img src=x> has no depth" in page.text
    assert "</title><script>1</script>" in page.text
    assert "b" not in page.tags
    assert page.tags.count("script") == page.page.count("</script>") == 6  # all of them our own
    assert page.tags.count("img") == len(page.pictures) == 3  # and a thumbnail that is none is not


def test_the_pictures_are_as_wide_as_the_page_wants_and_show_what_the_stops_do(tmp_path, look):
    planes = {name: np.zeros((100, 500), np.float16) for name in "RGB"}
    for plane in planes.values():
        plane[:, :100], plane[:, 400:] = -2, 2
    marks = {"velatura/digest": read(look).digest, "velatura/look": "small"}
    exr.write(tmp_path / "a.gain.0001.exr", Image((plates.part(planes, attributes=marks),)))
    page = report(tmp_path)
    assert "-2 -1 0 +1 +2 darker stops brighter" in page.text
    (tmp_path / "p.png").write_bytes(page.pictures[0])
    shown = oiio.ImageBuf(str(tmp_path / "p.png")).get_pixels(oiio.UINT8)
    assert shown.shape == (64, 320, 3)
    for column, wanted in (
        (10, false_colour.RAMP[0]),
        (160, false_colour.RAMP[2]),
        (310, false_colour.RAMP[-1]),
    ):
        assert "#" + bytes(shown[32, column]).hex() == wanted


def test_a_look_that_does_nothing_is_white_and_not_noise():
    nothing = np.full((2, 3), 1e-3, np.float32)
    assert false_colour.reach([nothing]) == 0.5
    assert (false_colour.shown(nothing, 0.5) >= 245).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((), "There are no gain layers in"), (("--note", "none.txt"), "note none.txt cannot be read")],
)
def test_where_there_is_nothing_to_report_on_is_refused(tmp_path, arguments, message):
    done = velatura("report", tmp_path, *arguments)
    assert done.returncode == 3
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_report_that_cannot_be_written_leaves_nothing(tmp_path, baked):
    done = velatura("report", baked, "--out", tmp_path / "nowhere" / "r.html")
    assert done.returncode == 4
    assert "r.html cannot be written" in done.stderr
    assert not any("html" in name for _, _, files in os.walk(tmp_path) for name in files)
