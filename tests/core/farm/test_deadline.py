"""AWS Deadline Cloud's own client reads our job bundle, without a server or an account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import looks
import orders
import plates
import pytest

pytestmark = pytest.mark.host_nuke  # its session has the client, with that of the Nuke submitter

READ = """
import json, sys
sys.path.append(sys.argv[1])  # last: of what is in both, ours is meant
from deadline.client.job_bundle import loader, parameters
loader.validate_directory_symlink_containment(sys.argv[2])
template = loader.read_yaml_or_json_object(sys.argv[2], "template", required=True)
found = parameters.read_job_bundle_parameters(sys.argv[2])
print(json.dumps({"steps": [step["name"] for step in template["steps"]], "parameters": found}))
"""


def test_deadline_bundle_submit_finds_the_job_and_its_paths(tmp_path: Path) -> None:
    look, plate = looks.small(tmp_path / "it's ink.onnx"), plates.shot(tmp_path / "a shot", 3)
    folder = orders.written(tmp_path, look, plate, "openjd", chunk=2)
    done = subprocess.run(
        [sys.executable, "-c", READ, os.environ["VELATURA_SUBMITTERS"], str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["steps"] == ["apply-sh010", "report-sh010"]
    paths = {each["value"]: each["dataFlow"] for each in told["parameters"] if "dataFlow" in each}
    assert paths == {str(look): "IN", str(plate.parent): "IN", str(tmp_path / "out"): "INOUT"}
    plain = {each["name"]: each.get("default") for each in told["parameters"]}
    assert plain["ChunkSize"] == 2
    assert plain["FramesApplySh010"] == "1-3"
