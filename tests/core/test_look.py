"""A look's card is read without its network, and strictly."""

from __future__ import annotations

import json
import pickle
import zipfile

import looks
import pytest
from hypothesis import given
from hypothesis import strategies as st

from velatura.errors import LookError
from velatura.look import CARD_KEY, MAX_BYTES, Card, read

number = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(min_value=1e-6, max_value=16)
json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | number | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
cards = st.builds(
    Card,
    name=st.text(min_size=1),
    colour_space=st.text(),
    floor=st.floats(min_value=1e-6, max_value=1),
    bound=positive,
    guides=st.lists(st.text(), unique=True).map(tuple),
    alignment=st.integers(1, 1024),
    halo=st.integers(0, 8192),
    bytes_px=st.floats(min_value=24, max_value=1e6),
    strength_lut=st.sampled_from([(), tuple((k / 16) ** 2 for k in range(17))]),
    training=st.dictionaries(st.text(), json_value),
    scores=st.dictionaries(st.text(), number),
)


@given(cards)
def test_a_card_is_read_as_it_was_written(card):
    assert Card.loads(card.dumps()) == card


def test_a_look_carries_its_card_and_digest(look):
    found = read(look)
    assert found.card == looks.SMALL
    assert len(found.digest) == 64
    assert found.data == look.read_bytes()


@pytest.mark.parametrize(
    ("keys", "training", "kind"),
    [
        ("", {}, "free look"),
        ("ab" * 32, {"lesson": {"shot": "frames 41-64 of a.####.exr"}},
         "shot look for frames 41-64 of a.####.exr"),
        ("ab" * 32, {"lesson": {"frames": [1, 6]}}, "shot look"),  # of velatura 0.1
        ("ab" * 32, {"lesson": {"shot": "\x1b[2J"}}, "shot look for ?[2J"),
        ("ab" * 32, {"lesson": ["no"]}, "shot look"),
    ],
)  # fmt: skip
def test_a_look_says_what_kind_it_is(keys, training, kind):
    assert Card(name="a", keys_digest=keys, training=training).kind == kind


def test_onnxs_own_library_reads_the_same_card(look):
    import onnx

    properties = {entry.key: entry.value for entry in onnx.load(look).metadata_props}
    assert Card.loads(properties[CARD_KEY]) == read(look).card


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 3}, "format 3"),
        ({"format": None}, "format should be a whole number"),
        ({"halo": 1.5}, "halo should be a whole number"),
        ({"halo": -1}, "halo should be 0 or more"),
        ({"alignment": 0}, "alignment should be more than 0"),
        ({"alignment": True}, "alignment should be a whole number"),
        ({"bound": 1e9}, "bound should be 16.0 at most"),
        ({"bytes_px": 1e-6}, "bytes_px should be 24 or more"),
        ({"bytes_px": 23.9}, "bytes_px should be 24 or more"),
        ({"floor": 1.5}, "floor should be 1.0 at most"),
        ({"floor": 0.0}, "floor should be more than 0"),
        ({"floor": "low"}, "floor should be a finite number"),
        ({"guides": ["id", "id"]}, "guides should be each once"),
        ({"guides": "id"}, "guides should be a list"),
        ({"scores": {"a": "b"}}, "scores should be"),
        ({"name": ""}, "name should be"),
        ({"strength_lut": [0, 1]}, "strength_lut should be empty, or 17 rising values"),
        ({"strength_lut": [0.0] * 16 + [1]}, "strength_lut should be empty, or 17 rising values"),
        ({"colour": "blue"}, "known ones only"),
    ],
)
def test_a_wrong_card_is_refused_by_the_name_of_the_field(change, message):
    values = {**json.loads(looks.SMALL.dumps()), **change}
    with pytest.raises(LookError, match=message):
        Card.loads(json.dumps(values))


@pytest.mark.parametrize("text", ["", "[]", "3", '{"name": NaN}', "{" * 5000, '{"name": "x"}'])
def test_a_card_that_is_none_is_refused(text):
    with pytest.raises(LookError):
        Card.loads(text)


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x00" * 64, b"\x08", b"\x89PNG\r\n\x1a\n"])
def test_what_is_not_onnx_is_refused(tmp_path, data):
    path = tmp_path / "x.onnx"
    path.write_bytes(data)
    with pytest.raises(LookError, match=r"x\.onnx is not an ONNX file"):
        read(path)


def test_a_checkpoint_is_refused_by_its_kind_and_never_unpickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (exec, ("raise SystemExit('unpickled')",))

    (tmp_path / "a.onnx").write_bytes(pickle.dumps(Bomb()))
    with zipfile.ZipFile(tmp_path / "b.onnx", "w") as archive:
        archive.writestr("data.pkl", pickle.dumps(Bomb()))
    for name, kind in (("a", "pickle"), ("b", "PyTorch checkpoint")):
        with pytest.raises(LookError, match=kind):
            read(tmp_path / f"{name}.onnx")


def test_an_onnx_file_without_card_is_refused(tmp_path):
    graph = looks.Graph(0)
    looks.bounded(graph, "rgb", 8)
    path = looks.pack(graph, None, tmp_path / "x.onnx")
    with pytest.raises(LookError, match="not a velatura look"):
        read(path)


def test_every_truncation_of_a_look_is_refused_or_lacks_its_card(tmp_path, look):
    data, path = look.read_bytes(), tmp_path / "cut.onnx"
    for size in range(0, len(data), 211):
        path.write_bytes(data[:size])
        with pytest.raises(LookError):
            read(path)


def test_the_digest_of_painted_keys_has_its_old_name_in_the_file():
    card = Card("ink", keys_digest="ab")
    stored = json.loads(card.dumps())
    assert stored["cargo"] == "ab"
    assert "keys_digest" not in stored
    assert Card.loads(card.dumps()) == card


def test_a_missing_look_is_refused(tmp_path):
    with pytest.raises(LookError, match="No such file"):
        read(tmp_path / "none.onnx")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "x.onnx").open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(LookError, match="too large"):
        read(tmp_path / "x.onnx")


def test_an_error_in_a_card_names_the_file(tmp_path):
    path = looks.small(tmp_path / "x.onnx")
    path.write_bytes(path.read_bytes().replace(b'"halo": 20', b'"halo": "a'))
    with pytest.raises(LookError, match=r"x\.onnx"):
        read(path)
