"""The names that renderers give to guides and channels, and those that a job gives instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velatura.channels import CHANNELS, LAYERS, component, components, parse_overrides
from velatura.errors import PassError


def test_a_channel_is_the_same_in_every_spelling() -> None:
    nuke = ["red", "green", "blue", "alpha"]
    assert [component(name) for name in nuke] == [component(n) for n in "rgba"] == list("RGBA")
    assert component("depth") == "DEPTH"


def test_every_guide_has_layers_and_they_are_written_as_they_are_compared() -> None:
    assert LAYERS.keys() == CHANNELS.keys()
    assert all(name == name.casefold() for names in LAYERS.values() for name in names)


def test_a_guide_is_all_of_its_channels_or_none() -> None:
    assert components("normal", {"X": "n.x", "Y": "n.y", "Z": "n.z"}) == ["n.x", "n.y", "n.z"]
    assert components("normal", {"X": "n.x", "Y": "n.y"}) == []
    assert components("vector", dict(zip("XYZW", "abcd", strict=True))) == ["a", "b", "c", "d"]
    assert components("depth", {"Z": "depth.Z"}) == ["depth.Z"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", {}),
        ("normal=N", {"normal": "N"}),
        (" normal = V.Noisy Image , depth=Z,", {"normal": "V.Noisy Image", "depth": "Z"}),
        ("id=a=b", {"id": "a=b"}),
    ],
)
def test_overrides_are_written_as_guide_and_layer(text, wanted):
    assert parse_overrides(text) == wanted


@given(st.dictionaries(
    st.sampled_from(list(CHANNELS)),
    st.text(st.characters(exclude_characters=","), min_size=1).filter(lambda t: t == t.strip()),
))  # fmt: skip
def test_overrides_are_read_as_they_were_written(overrides):
    text = ",".join(f"{guide}={layer}" for guide, layer in overrides.items())
    assert parse_overrides(text) == overrides


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("velvet=N", "No look reads a pass velvet.*normal, depth, albedo, id"),
        ("N", "No look reads a pass N"),
        ("=N", "No look reads a pass"),
        ("normal", "The pass normal is given no layer"),
        ("normal=", "The pass normal is given no layer"),
        ("normal=N,normal=M", "The pass normal is named twice"),
    ],
)
def test_overrides_that_are_none_are_refused(text, message):
    with pytest.raises(PassError, match=message):
        parse_overrides(text)
