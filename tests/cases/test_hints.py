"""Hints of refusals: each one, once followed, works.

A case makes files, gives arguments that are refused with certain words, and then what those words
say to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import footage
import numpy as np
import plates
import pytest
import saved
from PIL import Image as Pillow

from velatura.cli.main import main
from velatura.errors import VelaturaError
from velatura.image import exr, movie_file
from velatura.image.planes import Image
from velatura_training.data.key_files import find_keys
from velatura_training.data.key_reading import KeyReading
from velatura_training.data.watched_keys import WatchedKeys

OK, WRONG, MACHINE = 0, 3, 4


@dataclass(frozen=True)
class Hint:
    """What is refused, the words of it, and what helps.

    Attributes:
        asked: arguments of ``velatura apply``, the plate first.
        words: of the refusal.
        instead: arguments that follow the hint.
        made: what is in the folder, besides a shot of three EXR frames.
        mended: what is done to the folder to follow the hint.
        code: the exit code of the refusal.
    """

    asked: Sequence[str]
    words: str
    instead: Sequence[str]
    made: Callable[[], object] = field(default=lambda: None)
    mended: Callable[[], object] = field(default=lambda: None)
    code: int = WRONG


def coloured(name: str, **attributes: object) -> Callable[[], object]:
    return lambda: exr.write(
        Path(name), Image((plates.part(plates.rgba(40, 56), attributes=attributes),))
    )


def planes(name: str, *channels: str) -> Callable[[], object]:
    light = plates.light(40, 56)[0].astype(np.float16)
    return lambda: exr.write(Path(name), Image((plates.part(dict.fromkeys(channels, light)),)))


def still(name: str, *, size: tuple[int, int] = (56, 40), **tags: object) -> Callable[[], object]:
    return lambda: footage.still(Path(name), footage.codes(1, size), **tags)


def picture(name: str, pixels: np.ndarray, mode: str = "RGB") -> Callable[[], object]:
    return lambda: Pillow.fromarray(pixels, mode).save(name)


def hlg() -> None:
    kind = footage.kind(primaries=9, transfer=18, matrix=9)
    movie_file.write(Path("c.mp4"), kind, [footage.codes(n) for n in range(3)])


def sizes() -> None:
    for frame, size in ((1, (64, 48)), (2, (80, 48))):
        footage.still(Path(f"p.{frame:04d}.png"), footage.codes(frame, size))


def clip() -> None:
    footage.movie(Path("c.mp4"), 4)


def bad_frame() -> None:
    Path("plate.0002.exr").write_bytes(b"")


def good_frame() -> None:
    plates.plain(Path("plate.0002.exr"))


def one_less() -> None:
    Path("plate.0002.exr").unlink()


def stereo() -> None:
    both = {**plates.rgba(40, 56), **{f"right.{n}": p for n, p in plates.rgba(40, 56).items()}}
    header = {"multiView": ["left", "right"]}
    exr.write(Path("s.exr"), Image((plates.part(both, attributes=header),)))


def two_pictures() -> None:
    named = {f"{layer}.{n}": p for layer in "ab" for n, p in plates.rgba(40, 56).items()}
    exr.write(Path("two.exr"), Image((plates.part(named),)))


CICP = 9, 18, 0, 1
SHOT = "plate.####.exr"
HINTS = {
    "a pattern of other digits": Hint(["plate.##.exr"], "there are plate.####.exr", [SHOT]),
    "a range beyond the shot": Hint(
        [SHOT, "--frames=1-4"], "the range there is with --frames", [SHOT, "--frames=1-3"]
    ),
    "a missing frame": Hint(
        [SHOT, "--frames=1-3"], "with --frames", [SHOT, "--frames=1,3"], made=one_less
    ),
    "no range": Hint([SHOT, "--frames=1..3"], '"1-12"', [SHOT, "--frames=1-3"]),
    "a range of one file": Hint(
        ["a.exr", "--frames=1-2"], "leave --frames away", ["a.exr"], planes("a.exr", *"RGB")
    ),
    "a range of one numbered file": Hint(
        ["a.exr", "--frames=1-2"], "Write the number as ####", [SHOT], planes("a.exr", *"RGB")
    ),
    "several sequences": Hint(["."], "for the one you mean", [SHOT], made=still("other.png")),
    "files of several shots": Hint(
        ["plate.0001.exr", "other.png"], "Name one of them like", [SHOT], made=still("other.png")
    ),
    "a start of files": Hint([SHOT, "--start=1001"], "Omit --start", [SHOT]),
    "a movie's range": Hint(
        ["c.mp4", "--frames=2-9"],
        "the range there is with --frames",
        ["c.mp4", "--frames=2-3"],
        clip,
    ),
    "a movie's first number": Hint(
        ["c.mp4", "--frames=1002-1003"],
        "the first frame's number with --start",
        ["c.mp4", "--frames=1002-1003", "--start=1001"],
        clip,
    ),
    "a bad frame": Hint(
        [SHOT], "mend these, and run the same job again", [SHOT], bad_frame, good_frame
    ),
    "a PNG called EXR": Hint(
        ["a.exr"],
        "Let its name end as such a picture's does",
        ["a.png"],
        lambda: Path(still("a.png")()).rename("a.exr"),
        lambda: Path("a.exr").rename("a.png"),
    ),
    "a text called EXR": Hint(
        ["a.exr"],
        "Export it as EXR, PNG, JPG",
        ["a.jpg"],
        lambda: Path("a.exr").write_text("no picture at all"),
        still("a.jpg"),
    ),
    "an unknown space": Hint(
        [SHOT, "--space=V-Log"], "V-Log V-Gamut. Name one", [SHOT, "--space=V-Log V-Gamut"]
    ),
    "an unknown space and a config": Hint(
        [SHOT, "--space=Rec.1886 Rec.709 - Texture", "--config=nothing.ocio"],
        "without them the built-in config is used",
        [SHOT, "--space=ACEScct"],
    ),
    "a header's unknown space": Hint(
        ["a.exr"],
        "for example with --space",
        ["a.exr", "--space=ACEScg"],
        coloured("a.exr", colorInteropID="lin_studio_scene"),
    ),
    "impossible primaries": Hint(
        ["a.exr"],
        "Name its colour space with --space",
        ["a.exr", "--space=ACEScg"],
        coloured("a.exr", colorInteropID="unknown", chromaticities=(0.3,) * 8),
    ),
    "a PNG of HLG": Hint(
        ["a.png"],
        "Name its colour space with --space",
        ["a.png", "--space=ACEScct"],
        lambda: saved.write_cicp(Path("a.png"), footage.codes(1), CICP),
    ),
    "a movie of HLG": Hint(["c.mp4"], "--space", ["c.mp4", "--space=ACEScct"], hlg),
    "a Lab TIFF": Hint(
        ["a.tif"],
        "Convert it to RGB",
        ["a.tif"],
        picture("a.tif", np.full((40, 56, 3), 99, np.uint8), "LAB"),
        picture("a.tif", np.full((40, 56, 3), 99, np.uint8)),
    ),
    "several pictures": Hint(
        ["two.exr"], "Name the layer to take with --layer", ["two.exr", "--layer=b"], two_pictures
    ),
    "a grey EXR": Hint(
        ["y.exr"],
        "Render the picture as R, G and B",
        ["y.exr"],
        planes("y.exr", "Y"),
        planes("y.exr", *"RGB"),
    ),
    "two channels": Hint(
        ["two.exr", "--layer=a.R,a.G"],
        "Name three, or four",
        ["two.exr", "--layer=a.R,a.G,a.B"],
        two_pictures,
    ),
    "a view that is not there": Hint(
        ["s.exr", "--views=middle"],
        "Name those there are with --views",
        ["s.exr", "--views=right"],
        stereo,
    ),
    "views of one": Hint([SHOT, "--views=left"], "or omit it", [SHOT]),
    "a mask's channel": Hint(
        [SHOT, "--write=picture", "--mask=m.exr:Q"],
        "Name one of these behind the file",
        [SHOT, "--write=picture", "--mask=m.exr:matte.X"],
        planes("m.exr", "matte.X", "matte.Y2"),
    ),
    "a mask without usual channels": Hint(
        [SHOT, "--write=picture", "--mask=m.exr"],
        "as in matte.exr:matte.X",
        [SHOT, "--write=picture", "--mask=m.exr:matte.X"],
        planes("m.exr", "matte.X", "matte.Y2"),
    ),
    "a mask of another shape": Hint(
        [SHOT, "--write=picture", "--mask=m.png"],
        "Render the mask as the plate is framed",
        [SHOT, "--write=picture", "--mask=m.png"],
        still("m.png", size=(40, 40)),
        still("m.png", size=(112, 80)),
    ),
    "a mask's missing frames": Hint(
        [SHOT, "--write=picture", "--mask=m.####.exr"],
        "with --frames",
        [SHOT, "--write=picture", "--mask=m.####.exr", "--frames=2"],
        planes("m.0002.exr", "R"),
    ),
    "a wrong guide": Hint([SHOT, "--passes=colour=N"], "normal=N", [SHOT, "--passes=normal=N"]),
    "a delivery of gains": Hint(
        [SHOT, "--as=png", "--write=gain"], "(--write)", [SHOT, "--as=png", "--write=both"]
    ),
    "a movie of two sizes": Hint(
        ["p.####.png", "--as=mp4", "--write=picture"],
        "or write --as png",
        ["p.####.png", "--as=png", "--write=picture"],
        sizes,
    ),
    "strength": Hint([SHOT, "--strength=9"], "2 is already twice", [SHOT, "--strength=2"]),
    "too little memory": Hint(
        [SHOT, "--memory-mb=1"], "MiB or more (--memory-mb)", [SHOT, "--memory-mb={}"], code=MACHINE
    ),
    "too little memory for a movie": Hint(
        ["c.mp4", "--memory-mb=1"],
        "MiB or more (--memory-mb)",
        ["c.mp4", "--memory-mb={}"],
        clip,
        code=MACHINE,
    ),
    "its own output": Hint(
        [SHOT, "--write=picture", "--out=."],
        "Choose another output folder",
        [SHOT, "--write=picture"],
    ),
    "a folder for a look": Hint([SHOT, "--look=."], "velatura export", [SHOT]),
}


@pytest.mark.parametrize("case", HINTS)
def test_a_hint_of_apply_works(case, look, tmp_path, monkeypatch, caplog):
    hint = HINTS[case]
    monkeypatch.chdir(tmp_path)
    plates.shot(tmp_path, 3)
    hint.made()

    def apply(arguments: Sequence[str], out: str) -> int:
        usual = {"--look": str(look), "--out": out, "--device": "cpu", "--workers": "1"}
        given = {word.partition("=")[0] for word in arguments}
        rest = [f"{name}={value}" for name, value in usual.items() if name not in given]
        return main(["apply", *arguments, *rest])

    assert apply(hint.asked, "refused") == hint.code
    said = " ".join(caplog.text.split())
    assert hint.words in said
    hint.mended()
    numbers = [word for word in said.rpartition("Allow")[2].split() if word.isdigit()]
    instead = [word.format(*numbers) for word in hint.instead]
    caplog.clear()
    assert apply(instead, "followed") == OK, caplog.text
    assert any(Path("followed").iterdir())


def key(name: str, height: int = 48, width: int = 64, **tags: object) -> Path:
    return footage.still(Path(name), footage.codes(1, (width, height)), **tags)


def learnt(painted: str, **reading: object) -> object:
    return WatchedKeys([("plate.####.exr", painted)], reading_keys=KeyReading(**reading))


def cicp_key() -> Path:
    return saved.write_cicp(Path("k.0001.png"), footage.codes(1), CICP)


KEYS: dict[str, tuple[Callable[[], object], Callable[[], object], str, Callable[[], object]]] = {
    "an unknown space": (
        cicp_key,
        lambda: learnt("k.####.png"),
        "of a painted key with --painted-space",
        lambda: learnt("k.####.png", space="sRGB"),
    ),
    "half the size": (
        lambda: key("k.0001.png", 24, 32),
        lambda: learnt("k.####.png"),
        "--painted-resize scales a key of half the size",
        lambda: learnt("k.####.png", resized=True),
    ),
    "another size": (
        lambda: key("k.0001.png", 30, 40),
        lambda: learnt("k.####.png"),
        "Paint over the full plate, without cropping or scaling",
        lambda: (key("k.0001.png"), learnt("k.####.png")),
    ),
    "a space and a view": (
        lambda: key("k.0001.png"),
        lambda: learnt("k.####.png", space="sRGB", view="sRGB/AgX"),
        "Give one of the two",
        lambda: learnt("k.####.png", space="sRGB"),
    ),
    "a mistyped view": (
        lambda: key("k.0001.png"),
        lambda: learnt("k.####.png", view="sRGB/Agx2"),
        "Name one of these with --painted-view",
        lambda: learnt("k.####.png", view="sRGB - Display/ACES 2.0 - SDR 100 nits (Rec.709)"),
    ),
    "a number that no plate has": (
        lambda: key("k.0007.png"),
        lambda: learnt("k.####.png"),
        "Name each painted key with the number of the frame it was painted on",
        lambda: (Path("k.0007.png").rename("k.0001.png"), learnt("k.####.png")),
    ),
    "no such keys": (
        lambda: key("k.0001.png"),
        lambda: learnt("paint.####.png"),
        "Check the path and its digits: there are k.0001.png",
        lambda: learnt("k.####.png"),
    ),
    "a format that is not read": (
        lambda: Path("k.0001.kra").write_bytes(b"PK\3\4 a Krita file"),
        lambda: learnt("k.####.kra"),
        "Save it as PNG, TIFF, PSD, JPG or EXR",
        lambda: (key("k.0001.png"), learnt("k.####.png")),
    ),
    "a damaged file": (
        lambda: Path("k.0001.png").write_bytes(key("x.png").read_bytes()[:300]),
        lambda: learnt("k.####.png"),
        "Export it again",
        lambda: (key("k.0001.png"), learnt("k.####.png")),
    ),
    "a damaged profile": (
        lambda: saved.write_8_bit(
            Path("k.0001.tif"), footage.codes(1), saved.table_profile()[:150]
        ),
        lambda: learnt("k.####.tif"),
        "--painted-space",
        lambda: learnt("k.####.tif", space="sRGB"),
    ),
    "shots and keys that do not pair up": (
        lambda: key("k.0001.png"),
        lambda: main(
            ["train", "plate.####.exr", "plate.####.exr", "--painted", "k.0001.png", "--out=r"]
        ),
        "A B --painted A_KEYS B_KEYS",
        lambda: find_keys("plate.####.exr", "k.0001.png"),
    ),
}


@pytest.mark.parametrize("case", KEYS)
def test_a_hint_about_keys_works(case, tmp_path, monkeypatch, caplog):
    made, asked, words, followed = KEYS[case]
    monkeypatch.chdir(tmp_path)
    for frame in (1, 2):
        part = plates.part({n: p for n, p in plates.rgba(48, 64, frame).items() if n != "A"})
        exr.write(Path(f"plate.{frame:04d}.exr"), Image((part,)))
    made()
    if case.startswith("shots"):
        assert asked() == WRONG
        assert words in " ".join(caplog.text.split())
    else:
        with pytest.raises(VelaturaError) as refused:
            asked()
        assert words in str(refused.value)
    followed()


def test_a_key_is_numbered_by_the_last_digits_of_its_name_where_nothing_else_is(tmp_path):
    for frame in (1, 6):
        plates.plain(tmp_path / f"plate.{frame:04d}.exr")
    saved.write_8_bit(tmp_path / "v2_paint_0006.png", np.zeros((40, 56, 3)))
    _, keys = find_keys(str(tmp_path / "plate.####.exr"), str(tmp_path / "v2_paint_0006.png"))
    assert list(keys) == [6]
