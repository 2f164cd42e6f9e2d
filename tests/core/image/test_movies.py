"""Frames of movies by number: the right ones, in any order, from several threads."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import footage
import numpy as np
import pytest

from velatura.errors import FrameError, ImageError
from velatura.image import gathering, movie_file, movies, yuv

NEAR = 2 / 255  # of codes, on average: colour is stored at half the resolution
MEAN = 1.8 / 255  # a frame beside the right one is 2.2 off


def shown(path: Path, frame: int) -> np.ndarray:
    return movies.read(movies.frame_path(str(path), frame))[0]


def the_box_is_at(codes: np.ndarray, frame: int) -> bool:
    wanted = footage.codes(frame, (codes.shape[1], codes.shape[0]))
    return float(np.abs(codes[..., :3] - wanted).mean()) < MEAN


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov"])
def test_every_frame_is_the_one_of_its_number(tmp_path, name):
    clip = footage.movie(tmp_path / name, 14)
    for frame in (0, 9, 3, 13, 12, 2, 2, 8, 0):
        assert the_box_is_at(shown(clip, frame), frame), frame


def test_a_decoder_between_key_frames_finds_its_way_back(tmp_path):
    path = tmp_path / "long.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24)
        stream.width, stream.height = footage.SIZE
        stream.pix_fmt, stream.options = "yuv420p", {"g": "4", "bf": "3", "crf": "10"}
        for frame in range(13):
            pixels = np.rint(footage.codes(frame) * 255).astype(np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(stream.encode())
    assert list(movies.numbers(str(path))) == list(range(13))
    first = [shown(path, frame) for frame in range(13)]
    for frame in reversed(range(13)):
        np.testing.assert_array_equal(shown(path, frame), first[frame])


def test_several_threads_may_ask_at_once(tmp_path):
    clip = footage.movie(tmp_path / "clip.mp4", 12)
    wanted = [0, 1, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10] * 3
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda frame: shown(clip, frame), wanted))
    assert all(the_box_is_at(codes, frame) for codes, frame in zip(found, wanted, strict=True))


def test_a_movies_frames_are_numbered_from_its_start(tmp_path):
    clip = footage.movie(tmp_path / "clip.mp4", 3)
    assert list(gathering.find(str(clip))) == [0, 1, 2]
    found = gathering.find(movies.started(str(clip), 1001))
    assert list(found) == [1001, 1002, 1003]
    assert movies.parted(found[1003]) == (clip, 2)
    np.testing.assert_array_equal(movies.read(found[1003])[0], shown(clip, 2))
    with pytest.raises(FrameError, match=r"no frame 1004.*frames 1001 to 1003"):
        movies.read(movies.frame_path(f"{clip}:1001", 1004))
    with pytest.raises(FrameError, match="is no movie"):
        movies.started("shot.####.exr", 1001)


def test_frames_held_unevenly_keep_their_times(tmp_path):
    times = tuple(Fraction(n, 24) for n in (0, 1, 2, 6, 7, 12))
    clip = footage.movie(tmp_path / "held.mp4", 6, times)
    assert not movies.format_of(clip).steady
    assert [round(24 * time) for time in movies.times_of(clip)] == [0, 1, 2, 6, 7, 12]
    assert the_box_is_at(shown(clip, 3), 3)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov"])
def test_a_movie_that_is_written_from_one_says_the_same(tmp_path, name):
    clip = footage.movie(tmp_path / "in.mp4", 3)
    known = movies.format_of(clip)
    again = tmp_path / name
    movie_file.write(again, known, (shown(clip, frame) for frame in range(3)))
    found = movies.format_of(again)
    assert (found.width, found.height, found.rate) == (known.width, known.height, known.rate)
    assert found.matrix == known.matrix
    apart = np.abs(shown(again, 1) - shown(clip, 1)).mean()
    assert apart < NEAR


def test_odd_sizes_and_ten_bits(tmp_path):
    kind = footage.kind((33, 21), bits=10)
    movie_file.write(tmp_path / "odd.mp4", kind, [footage.codes(0, (33, 21))] * 2)
    found = movies.format_of(tmp_path / "odd.mp4")
    assert (found.width, found.height, found.bits) == (33, 21, 10)


def test_alpha_is_kept_in_prores(tmp_path):
    alpha = np.linspace(0, 1, footage.SIZE[0], dtype=np.float32)[None].repeat(footage.SIZE[1], 0)
    pixels = np.dstack([footage.codes(0), alpha])
    movie_file.write(tmp_path / "a.mov", footage.kind(alpha=True), [pixels])
    found = shown(tmp_path / "a.mov", 0)
    assert found.shape[2] == 4
    assert np.abs(found[..., 3] - alpha).max() < 0.01
    assert np.abs(found[..., :3] - pixels[..., :3]).mean() < MEAN


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("matrix", [1, 6, 9])
def test_codes_survive_luma_and_chroma(full, bits, matrix):
    kind = footage.kind(full=full, bits=bits, matrix=matrix)
    random = np.random.default_rng(bits).random((20, 30, 3)).astype(np.float32)
    again = yuv._rgb(yuv.yuv(random, kind), kind)
    step = 1 / (2**bits - 1)
    assert np.abs(again - random).max() < 1.75 * step  # half a code of luma, and of chroma
    white = yuv._rgb(yuv.yuv(np.ones((1, 1, 3), np.float32), kind), kind)
    np.testing.assert_allclose(white, 1, atol=1e-4)


def test_sound_goes_along(tmp_path):
    source = tmp_path / "in.mp4"
    with av.open(str(source), "w") as out:
        stream = out.add_stream("libx264", rate=24)
        stream.width, stream.height = footage.SIZE
        stream.pix_fmt = "yuv420p"
        track = out.add_stream("aac", rate=48000)
        for frame in range(12):
            pixels = np.rint(footage.codes(frame) * 255).astype(np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(stream.encode())
        tone = np.sin(np.arange(24000) / 20).astype(np.float32)[None]
        sound = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        sound.sample_rate, sound.pts = 48000, 0
        out.mux(track.encode(sound))
        out.mux(track.encode())
    again = tmp_path / "out.mp4"
    frames = (shown(source, frame) for frame in range(12))
    movie_file.write(again, movies.format_of(source), frames, sound=source)

    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as movie:
            return [bytes(packet) for packet in movie.demux(audio=0) if packet.size]

    assert len(packets(source)) > 10
    assert packets(again) == packets(source)


@pytest.mark.parametrize("kept", [0, 0.5, None], ids=["empty", "half", "text"])
def test_a_damaged_movie_is_refused_by_name(tmp_path, kept):
    data = footage.movie(tmp_path / "clip.mp4", 3).read_bytes()
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"not a movie at all" * 9 if kept is None else data[: int(kept * len(data))])
    with pytest.raises(ImageError, match=r"bad\.mp4 cannot be read as a movie"):
        gathering.find(str(bad))


def test_a_movie_that_is_not_there(tmp_path):
    with pytest.raises(FrameError, match="no movie"):
        gathering.find(str(tmp_path / "gone.mov"))


@pytest.mark.parametrize(
    ("matrix", "turns"),
    [((0, 1, -1, 0), -1), ((-1, 0, 0, -1), 2), ((0, -1, 1, 0), 1)],
    ids=["right", "upside down", "left"],
)
def test_a_phones_movie_comes_upright(tmp_path, matrix, turns):
    """The track header's matrix (ISO/IEC 14496-12, 8.3.2) says how it is to be turned."""
    clip = footage.movie(tmp_path / "clip.mp4", 2)
    data = bytearray(clip.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (round(value * 65536) for value in matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    turned = tmp_path / "turned.mp4"
    turned.write_bytes(data)
    np.testing.assert_array_equal(shown(turned, 1), np.rot90(shown(clip, 1), turns))
    width, height = footage.SIZE[:: 1 if turns == 2 else -1]
    found = movies.format_of(turned)
    assert (found.width, found.height) == (width, height)


def remarks(path: Path) -> str:
    return " | ".join(movies.format_of(path).remarks)


def test_held_frames_are_said_to_be_held(tmp_path):
    times = tuple(Fraction(n, 24) for n in (0, 1, 2, 6, 7, 8, 9, 12))
    said = remarks(footage.movie(tmp_path / "held.mp4", 8, times))
    assert "holds 2 of its 8 frames, for up to 4 frames' time (at 24.00 a second)" in said
    times = tuple(Fraction(n, 1000) for n in (0, 40, 95, 130, 201, 240))
    assert "has a variable frame rate" in remarks(footage.movie(tmp_path / "b.mp4", 6, times))
    assert remarks(footage.movie(tmp_path / "c.mp4", 6)) == ""


def encoded(path: Path, codec: str, layout: str, frames: int = 6, **options: object) -> Path:
    """A movie by FFmpeg's own words, as other programs write them."""
    size = options.pop("size", footage.SIZE)
    with av.open(str(path), "w") as out:
        tracks = options.pop("tracks", 1)
        streams = [out.add_stream(codec, rate=24) for _ in range(tracks)]
        for stream in streams:
            stream.width, stream.height = size
            stream.pix_fmt = layout
            stream.codec_context.colorspace = options.get("matrix", 1)
            stream.options = {name: str(v) for name, v in options.items() if name != "matrix"}
        for frame in range(frames):
            pixels = np.rint(footage.codes(frame, size) * 255).astype(np.uint8)
            for stream in streams:
                picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                picture.pts = frame
                out.mux(stream.encode(picture))
        for stream in streams:
            out.mux(stream.encode())
    return path


def test_fields_are_said_with_what_to_do(tmp_path):
    path = encoded(tmp_path / "a.mp4", "libx264", "yuv420p", **{"x264-params": "tff=1"})
    assert "is interlaced, top field first" in remarks(path)
    assert "-vf bwdif" in remarks(path)


def test_a_second_track_of_pictures_and_a_cut_off_file_are_said(tmp_path):
    path = encoded(tmp_path / "a.mkv", "ffv1", "yuv420p", 24, tracks=2)
    assert "has 2 tracks of pictures" in remarks(path)
    data = encoded(tmp_path / "b.mkv", "ffv1", "yuv420p", 24).read_bytes()
    (tmp_path / "c.mkv").write_bytes(data[: len(data) // 2])
    assert "was it cut off?" in remarks(tmp_path / "c.mkv")
    assert remarks(tmp_path / "b.mkv") == ""


def test_webms_alpha_is_said_to_be_left_out(tmp_path):
    path = encoded(tmp_path / "a.webm", "libvpx-vp9", "yuva420p", **{"auto-alt-ref": 0})
    assert "has an alpha of WebM's kind" in remarks(path)


def test_a_grey_movie_has_no_alpha(tmp_path):
    path = encoded(tmp_path / "a.mkv", "ffv1", "gray")
    assert not movies.format_of(path).alpha
    assert shown(path, 0).shape[2] == 3


@pytest.mark.parametrize("matrix", [4, 7])
def test_old_matrices_are_known(tmp_path, matrix):
    movie_file.write(tmp_path / "a.mp4", footage.kind(matrix=matrix), [footage.codes(0)] * 2)
    assert movies.format_of(tmp_path / "a.mp4").matrix == matrix
    assert np.abs(shown(tmp_path / "a.mp4", 0) - footage.codes(0)).mean() < NEAR


def test_a_matrix_that_is_not_known_is_refused(tmp_path):
    path = encoded(tmp_path / "a.mp4", "libx264", "yuv444p", matrix=8)
    with pytest.raises(ImageError, match=r"matrix 8 of ITU-T H.273.*Rec.709"):
        movies.format_of(path)


def test_a_mirrored_movie_comes_upright(tmp_path):
    """A matrix that turns and mirrors, as of a phone's front camera."""
    clip = footage.movie(tmp_path / "clip.mp4", 2)
    data = bytearray(clip.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = struct.pack(">9i", -(1 << 16), 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    (tmp_path / "mirrored.mp4").write_bytes(data)
    found = shown(tmp_path / "mirrored.mp4", 1)
    np.testing.assert_array_equal(found, shown(clip, 1)[:, ::-1])


def test_frames_that_are_damaged_are_refused_up_to_the_next_key_frame(tmp_path):
    path = encoded(tmp_path / "a.mp4", "libx264", "yuv444p", 12, crf=4, bf=0, g=6, slices=1)
    whole = [shown(path, frame) for frame in range(12)]
    with av.open(str(path)) as movie:
        places = [(packet.pos, packet.size) for packet in movie.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    start, size = places[3]
    data[start + size // 2 : start + size] = bytes(
        b ^ 0x5A for b in data[start + size // 2 : start + size]
    )
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(data)
    lost = set()
    for frame in (*range(12), 4, 2):
        try:
            np.testing.assert_array_equal(shown(bad, frame), whole[frame])
        except ImageError as error:
            assert "leave the frame out with --frames" in str(error)  # noqa: PT017
            lost.add(frame)
    assert lost == {3, 4, 5}


def test_a_decoders_memory_is_known(tmp_path):
    small, large = (
        encoded(tmp_path / f"{n}.mp4", "libx264", "yuv420p", size=(64 * n, 48 * n)) for n in (1, 4)
    )
    assert movies.memory(movies.frame_path(str(small), 0)) < 2**20
    frames = 8 + 16
    least = frames * 256 * 192 * 3 // 2
    assert least < movies.memory(movies.frame_path(str(large), 0)) < 8 * least
    assert movies.memory(tmp_path / "a.exr") == 0
