"""Tiles leave no seam, not in the last bit, on real ONNX Runtime."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import looks
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velatura.apply.session import Session, open_session
from velatura.apply.tile import plan, tiles
from velatura.errors import MachineError
from velatura.image.planes import FloatArray
from velatura.look import Card, read

EVERYTHING = 2**40
SIDES = (1, 2, 3, 4, 5, 31, 32, 33, 43, 44, 45, 64, 65, 90)  # around alignment, halo and tile
FED = (44 * 44, 44 * 60, 64 * 64, 101 * 97)  # px a tile may be fed; 44 is the least


def pixels(height, width, channels=3, seed=0):
    random = np.random.default_rng(seed)
    return random.lognormal(-2, 2, (channels, height, width)).astype(np.float32)


def infer(
    session: Session, rgb: FloatArray, guides: FloatArray | None = None, budget: int = EVERYTHING
) -> FloatArray:
    """Return the stops of a whole frame, put together from its tiles."""

    def fetch(rows: slice, columns: slice, into: FloatArray) -> FloatArray | None:
        into[...] = rgb[:, rows, columns]
        return None if guides is None else guides[:, rows, columns]

    stops = np.full_like(rgb, np.nan)
    for (rows, columns), tile in tiles(session, *rgb.shape[1:], fetch, budget):
        stops[:, rows, columns] = tile
    return stops


@pytest.fixture(scope="module")
def session(look):
    return open_session(read(look), "cpu")


@pytest.mark.parametrize("height", SIDES)
def test_a_tiled_frame_is_the_whole_frame_bit_for_bit(session, height):
    for width in SIDES:
        rgb = pixels(height, width)
        whole = infer(session, rgb, budget=EVERYTHING)
        for fed in FED:
            tiled = infer(session, rgb, budget=int(fed * session.card.bytes_px))
            assert tiled.tobytes() == whole.tobytes(), (height, width, fed)


@pytest.mark.parametrize("alignment", [1, 2, 8, 12])
def test_so_it_is_for_any_alignment(tmp_path, alignment):
    graph = looks.Graph(3)
    x = graph.node("Relu", graph.conv(looks.encoded(graph, "rgb"), 3, 16))
    looks.bounded(graph, graph.conv(x, 16, 3), 8)
    card = dataclasses.replace(looks.SMALL, alignment=alignment, halo=2, bytes_px=100)
    session = open_session(read(looks.pack(graph, card, tmp_path / "x.onnx")), "cpu")
    for seed, (height, width) in enumerate([(1, 1), (7, 90), (61, 83), (96, 47), (301, 299)]):
        rgb = pixels(height, width, seed=seed)
        whole = infer(session, rgb, budget=EVERYTHING)
        for side in range(37, 60, 3):
            assert (
                infer(session, rgb, budget=int(session.card.bytes_px * side**2)).tobytes()
                == whole.tobytes()
            )


def test_guides_are_tiled_with_the_picture(tmp_path):
    session = open_session(read(looks.small(tmp_path / "g.onnx", ("normal", "depth"))), "cpu")
    rgb, guides = pixels(97, 130), pixels(97, 130, channels=4, seed=1)
    whole = infer(session, rgb, guides, EVERYTHING)
    assert infer(session, rgb, guides, 64 * 64 * 120).tobytes() == whole.tobytes()
    assert (whole != infer(session, rgb, None, EVERYTHING)).any()


def test_a_look_as_deep_as_a_trained_one_is_tiled_exactly(tmp_path):
    session = open_session(read(looks.realistic(tmp_path / "r.onnx")), "cpu")
    rgb = pixels(301, 423)
    whole = infer(session, rgb, budget=EVERYTHING)
    assert infer(session, rgb, budget=220 * 220 * 110).tobytes() == whole.tobytes()


def test_the_halo_is_needed(tmp_path):
    """Without enough halo there would be seams: the other tests do see them."""
    session = open_session(read(looks.small(tmp_path / "g.onnx", halo=4)), "cpu")
    rgb = pixels(97, 130)
    whole = infer(session, rgb, budget=EVERYTHING)
    assert (infer(session, rgb, budget=64 * 64 * 120) != whole).any()


@given(
    st.integers(1, 4000),
    st.integers(1, 4000),
    st.sampled_from([1, 2, 4, 8, 16]),
    st.integers(0, 150),
    st.integers(1, 64),
)
@settings(deadline=None)
def test_the_plan_covers_each_pixel_once_within_the_budget(height, width, alignment, halo, room):
    card = Card("x", alignment=alignment, halo=halo, bytes_px=24)
    most = (2 * (halo + 16) + 16 * room) ** 2
    planned = plan(height, width, card, 24 * most)
    rows, columns = ({pair[axis] for pair in planned} for axis in (0, 1))
    for spans, size in ((rows, height), (columns, width)):
        ordered = sorted(spans, key=lambda span: span.start)
        assert ordered[0].start == 0
        assert ordered[-1].stop >= size + 2 * alignment
        assert all(a.stop == b.start for a, b in pairwise(ordered))
        for span in ordered:
            assert span.start % alignment == span.fed_start % alignment == 0
            assert (span.fed_stop - span.fed_start) % max(4, alignment) == 0
            assert span.fed_start == 0 or span.start - span.fed_start >= halo
            assert span.fed_stop == ordered[-1].stop or span.fed_stop - span.stop >= halo
    assert len(planned) == len(rows) * len(columns)
    for row, column in planned:
        fed = (row.fed_stop - row.fed_start) * (column.fed_stop - column.fed_start)
        assert fed <= most


def test_a_frame_that_fits_is_one_tile():
    card = Card("x", alignment=8, halo=100, bytes_px=100)
    assert len(plan(1080, 1920, card, 100 * 1096 * 1936)) == 1


def test_a_budget_too_small_says_how_much_is_needed():
    card = Card("x", alignment=8, halo=100, bytes_px=100)
    with pytest.raises(MachineError, match="Allow 5 MiB or more"):
        plan(1080, 1920, card, 1000)
