"""A plate is read as it says, or as a reading says it."""

import numpy as np
import plates
import pytest

from velatura.errors import PassError
from velatura.image.planes import Image
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading

EVERYWHERE = slice(0, 3), slice(0, 4)


def image() -> Image:
    """A plate with a second layer, and a depth pass."""
    values = {"R": 1, "G": 2, "B": 3, "Z": 9}
    planes = {name: np.full((3, 4), value, np.float32) for name, value in values.items()}
    planes |= {f"key.{name}": np.full((3, 4), 0.5, np.float32) for name in "RGB"}
    return Image((plates.part(planes),), "a.exr")


def test_an_empty_reading_goes_by_the_usual_names():
    plate = Plate.of(image(), Reading())
    assert plate.names == ("R", "G", "B")
    assert plate.guides.found["depth"] == ("Z",)
    assert plate.guides.lacking(("depth", "normal")) == ("normal",)
    np.testing.assert_array_equal(plate.seen(*EVERYWHERE, plate.space)[:, 0, 0], [1, 2, 3])


def test_a_reading_names_the_layer_the_passes_and_the_space():
    plate = Plate.of(image(), Reading("key", "normal=key", "ACEScg"))
    assert plate.names == ("key.R", "key.G", "key.B")
    assert plate.space == Plate.of(image(), Reading(space="lin_ap1_scene")).space
    assert plate.guides.addresses("normal") == ("key.R", "key.G", "key.B")


@pytest.mark.parametrize("wrong", ["normal=dents", "normal=Z"])
def test_a_wrong_pass_is_refused_by_a_look_that_reads_it_and_by_no_other(wrong):
    """A node keeps its overrides when its look is changed."""
    plate = Plate.of(image(), Reading(passes=wrong))
    assert plate.guides.lacking(("depth",)) == ()
    with pytest.raises(PassError, match=r"a\.exr"):
        plate.guides.read(("normal",))
