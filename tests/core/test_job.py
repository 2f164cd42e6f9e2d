"""A job survives JSON and the command line."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velatura.cli import main
from velatura.errors import InputError
from velatura.job import DEVICES, PREMULTIPLIED, WRITES, Job

text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
jobs = st.builds(
    Job,
    plate=text,
    look=text,
    out=text,
    frames=st.sampled_from(["", "1-12", "-5-5", "1,5,9-12"]),
    write=st.sampled_from(WRITES),
    strength=st.floats(0, 4),
    mask=text | st.just(""),
    device=st.sampled_from(DEVICES),
    layer=text | st.just(""),
    passes=text | st.just(""),
    space=text | st.just(""),
    workers=st.integers(0, 64),
    memory_mb=st.integers(0, 2**20),
    config=text | st.just(""),
    raw_strength=st.booleans(),
    exposure=st.floats(-16, 16),
    degrain=st.floats(0, 2),
    premultiplied=st.sampled_from(PREMULTIPLIED),
    views=text | st.just(""),
    start=st.integers(-(10**6), 10**6),
    stop_at_first=st.booleans(),
)


@given(jobs)
def test_a_job_is_read_as_it_was_written(job):
    assert Job.loads(job.dumps()) == job


@pytest.mark.parametrize(
    "job",
    [
        Job("a b.####.exr", "-look.onnx", "out"),
        Job(
            *("--plate.$F4.exr", "ink.onnx", "o=o", "-2-5", "both", 0.25, "matte.R", "cpu"),
            *("diffuse", "normal=N,depth=Z", "lin_ap1_scene", 3, 900, "/c/config.ocio", True),
            *(-1.5, 0.1, "no", "left", -5, "mov", True),
        ),
    ],
)
def test_the_command_line_of_a_job_is_that_job(job):
    _, given, _ = main._app("apply").parse_args(job.argv())
    values = list(given.args)
    assert Job(*values, **given.kwargs) == job


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "missing: look, out, plate"),
        ('{"plate": "a", "look": "b", "out": "c", "pass": "d"}', "unknown: pass"),
        ('{"plate": 1, "look": "b", "out": "c"}', "plate should be str"),
        ('{"plate": "a", "look": "b", "out": "c", "workers": -1}', "workers should be 0 or more"),
        ('{"plate": "a", "look": "b", "out": "c", "workers": true}', "workers should be int"),
        (
            '{"plate": "a", "look": "b", "out": "c", "raw_strength": 1}',
            "raw_strength should be bool",
        ),
        ('{"plate": "a", "look": "b", "out": "c", "strength": NaN}', "strength should be 0..4"),
        ('{"plate": "a", "look": "b", "out": "c", "exposure": NaN}', "exposure should be -16..16"),
        ('{"plate": "a", "look": "b", "out": "c", "degrain": -0.1}', "degrain should be 0..2"),
        ('{"plate": "a", "look": "b", "out": "c", "write": "it"}', "gain or picture or both"),
        (
            '{"plate": "a", "look": "b", "out": "c", "device": "tpu"}',
            "auto or cpu or cuda or tensorrt",
        ),
    ],
)
def test_a_wrong_job_is_refused_by_the_name_of_the_field(text, message):
    with pytest.raises(InputError, match=message):
        Job.loads(text)


@pytest.mark.parametrize("strength", [-0.01, -1, 4.01, 20, float("inf")])
def test_a_strength_that_makes_negatives_or_infinite_light_is_refused(strength):
    with pytest.raises(InputError, match=r"0\.\.4\. Found: .*2 is already twice as strong") as why:
        Job("a", "b", "c", strength=strength).checked()
    assert why.value.exit_code == 3


def test_a_whole_number_is_a_strength():
    job = Job.loads('{"plate": "a", "look": "b", "out": "c", "strength": 1}')
    assert job == dataclasses.replace(job, strength=1.0)


def test_hosts_import_job_and_client_without_any_package():
    code = (
        "import sys; import velatura.job, velatura.client, velatura.errors;"
        "print(sorted(m for m in sys.modules if m.partition('.')[0] in"
        " {'numpy', 'onnxruntime', 'rich', 'cyclopts', 'av', 'OpenEXR'}))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
