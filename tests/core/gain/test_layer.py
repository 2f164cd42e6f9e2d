"""A gain layer comes back as it was kept, in the plate's windows, with what made it."""

import numpy as np

from velatura.gain import layer
from velatura.gain.layer import Marks
from velatura.image import exr
from velatura.image.planes import Window

DATA, DISPLAY = Window(-2, 3, 5, 4), Window(0, 0, 8, 8)
MARKS = Marks("ink", "ab" * 32, 1 / 128, "fingerprint")


def test_a_gain_layer_read_again_is_the_one_that_was_written(tmp_path):
    stops = np.random.default_rng(1).normal(size=(3, 4, 5)).astype(np.float16)
    header = {"pixelAspectRatio": 2.0, "comments": "of the plate alone"}
    exr.write(tmp_path / "a.exr", layer.picture(stops, DATA, DISPLAY, header, MARKS))
    found = exr.read(tmp_path / "a.exr")
    np.testing.assert_array_equal(layer.stops_of(found), stops)
    (part,) = found.parts
    assert (part.data, part.display) == (DATA, DISPLAY)
    assert {plane.pixels.dtype.name for plane in part.planes} == {"float16"}
    assert part.attributes["pixelAspectRatio"] == 2
    assert "comments" not in part.attributes
    assert MARKS.attributes().items() <= part.attributes.items()


def test_only_a_finished_picture_is_marked_with_a_strength():
    assert "velatura/strength" not in MARKS.attributes()
    finished = Marks("ink", "ab" * 32, 1 / 128, "fingerprint", strength=0.5)
    assert finished.attributes() == {**MARKS.attributes(), "velatura/strength": "0.5"}
