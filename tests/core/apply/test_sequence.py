"""A job may be stopped, killed and restarted: its files are the same, and always whole."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import looks
import numpy as np
import plates
import pytest
from commands import started, velatura

from velatura import fingerprint
from velatura.apply import sequence
from velatura.apply.session import open_session
from velatura.errors import CancelledError, ImageError, InputError, MachineError, StorageError
from velatura.image import exr
from velatura.image.planes import Image
from velatura.job import Job


class Notes:
    """A report that remembers."""

    def __init__(self) -> None:
        self.total = 0
        self.written: list[str] = []
        self.kept: list[str] = []

    def started(self, total: int) -> None:
        self.total = total

    def wrote(self, path: str) -> None:
        self.written.append(Path(path).name)

    def finished(self, frame: str, *, skipped: bool) -> None:
        if skipped:
            self.kept.append(frame)


def run(plate: object, look: Path, out: Path, **settings: object) -> Notes:
    notes = Notes()
    sequence.run(Job(str(plate), str(look), str(out), **settings), notes)
    return notes


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def test_a_mask_sequence_goes_frame_by_frame(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 2)
    (tmp_path / "mask").mkdir()
    for frame in (1, 2):
        values = np.full((40, 56), frame - 1, np.float16)
        part = plates.part({"A": values})
        exr.write(tmp_path / "mask" / f"m.{frame}.exr", plates.Image((part,)))
    run(plate, look, tmp_path / "out", write="picture", mask=str(tmp_path / "mask" / "m.#.exr"))
    same = [
        np.array_equal(
            exr.read(tmp_path / "in" / name).find("R")[1].pixels,
            exr.read(tmp_path / "out" / name).find("R")[1].pixels,
        )
        for name in ("plate.0001.exr", "plate.0002.exr")
    ]
    assert same == [True, False]


def test_the_plate_is_never_overwritten(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 1)
    before = digests(tmp_path / "in")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    for out in ("in", "link"):
        with pytest.raises(InputError, match="would overwrite"):
            run(plate, look, tmp_path / out, write="picture")
    assert digests(tmp_path / "in") == before


def test_finished_frames_are_kept_and_the_rest_is_made(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 3)
    out = tmp_path / "out"
    run(plate, look, out, frames="1-2")
    stamps = {p.name: p.stat().st_mtime_ns for p in out.iterdir()}
    notes = run(plate, look, out)
    assert sorted(notes.kept) == ["plate.0001.exr", "plate.0002.exr"]
    assert notes.written == ["plate.gain.0003.exr"]
    assert {name: (out / name).stat().st_mtime_ns for name in stamps} == stamps


def test_where_nothing_is_to_be_done_no_plate_is_read_and_no_look_loaded(tmp_path, look):
    plate = tmp_path / "plate.0001.exr"
    plate.write_bytes(b"not read as a picture")
    job = Job(str(plate), str(look), str(tmp_path / "out"))
    mark = fingerprint.of_gain(job, fingerprint.of_file(plate), fingerprint.look_digest(look))
    part = plates.part(plates.rgba(4, 4), attributes={fingerprint.JOB_KEY: mark})
    (tmp_path / "out").mkdir()
    exr.write(tmp_path / "out" / "plate.gain.0001.exr", Image((part,)))
    notes = Notes()

    def opener(*_):
        raise AssertionError("The look is loaded")

    sequence.run(job, notes, opener=opener)
    assert (notes.total, notes.kept) == (1, ["plate.0001.exr"])


def test_frames_at_the_head_are_kept_before_one_further_on_is_made(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 4)
    run(plate, look, tmp_path / "out", frames="1,2,4")
    seen: list[object] = []
    notes = Notes()

    def opener(look, device):
        seen.append(list(notes.kept))
        return open_session(look, device)

    sequence.run(Job(str(plate), str(look), str(tmp_path / "out")), notes, opener=opener)
    assert seen == [["plate.0001.exr", "plate.0002.exr"]]
    assert (notes.total, notes.written) == (4, ["plate.gain.0003.exr"])
    assert notes.kept == ["plate.0001.exr", "plate.0002.exr", "plate.0004.exr"]


def test_a_cancelled_job_is_cancelled_among_kept_frames_too(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 3)
    run(plate, look, tmp_path / "out")
    stop = threading.Event()

    class Stopper(Notes):
        def started(self, total: int) -> None:
            super().started(total)
            stop.set()

    with pytest.raises(CancelledError):
        sequence.run(Job(str(plate), str(look), str(tmp_path / "out")), Stopper(), stop)


def test_another_plate_look_or_setting_makes_a_frame_anew(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 1)
    first = plates.plain(tmp_path / "other.exr", seed=9)
    out = tmp_path / "out"
    run(plate, look, out, write="both")
    stronger = run(plate, look, out, write="both", strength=0.5)
    assert stronger.written == ["plate.0001.exr"]  # a gain layer does not depend on strength
    shutil.copy(first, tmp_path / "in" / "plate.0001.exr")
    assert len(run(plate, look, out, write="both", strength=0.5).written) == 2


def test_another_layer_for_a_pass_makes_a_frame_anew(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 1)
    out = tmp_path / "out"
    assert len(run(plate, look, out).written) == 1
    assert len(run(plate, look, out, passes="normal=N").written) == 1
    assert len(run(plate, look, out, passes="normal=N").kept) == 1


def test_a_job_says_once_which_passes_its_look_has_to_do_without(tmp_path, caplog):
    guided = looks.small(tmp_path / "guided.onnx", ("normal", "depth", "id"))
    plate = plates.shot(tmp_path / "in", 3)
    planes = plates.rgba(40, 56) | {"Z": np.ones((40, 56), np.float16)}
    exr.write(tmp_path / "in" / "plate.0004.exr", Image((plates.part(planes),)))
    run(plate, guided, tmp_path / "out", workers=1)
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(said) == 2
    assert "plate.0001.exr has no pass for normal, depth, id, which the look small" in said[0]
    assert "Found: (A B G R)." in said[0]
    assert "plate.0004.exr has no pass for normal, id, which" in said[1]


def test_an_order_that_cannot_be_done_leaves_no_folder(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 1)
    broken = tmp_path / "x.onnx"
    broken.write_bytes(b"garbage")
    for wrong in ({"look": broken}, {"frames": "1-2"}, {"layer": "no"}, {"passes": "velvet=N"},
                  {"space": "no"}, {"write": "both", "mask": "no.R"}):  # fmt: skip
        with pytest.raises(InputError):
            run(plate, wrong.pop("look", look), tmp_path / "out", **wrong)
        assert not (tmp_path / "out").exists()


def test_a_file_of_someone_else_under_our_name_is_written_anew(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 1)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "plate.gain.0001.exr").write_bytes(b"half a file")
    assert run(plate, look, tmp_path / "out").written == ["plate.gain.0001.exr"]


def test_workers_do_not_change_a_byte(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 5)
    run(plate, look, tmp_path / "one", write="both", workers=1)
    run(plate, look, tmp_path / "three", write="both", workers=3)
    assert digests(tmp_path / "one") == digests(tmp_path / "three")


def test_a_killed_job_resumes_to_the_same_bytes_and_never_shows_half_a_file(tmp_path, slow_look):
    plate = plates.shot(tmp_path / "in", 6, 400, 500)
    job = (plate, "--look", slow_look, "--write", "both", "--workers", 2, "--out")
    assert velatura("apply", *job, tmp_path / "calm").returncode == 0
    wanted, out = digests(tmp_path / "calm"), tmp_path / "out"

    for kills in range(3):
        process = started("apply", *job, out)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and len(list(out.glob("plate*"))) < 2 + 3 * kills:
            time.sleep(0.003)
        process.kill()
        process.communicate()
        named = {n: d for n, d in digests(out).items() if not n.endswith(".tmp")}
        assert named.items() <= wanted.items()

    (out / ".plate.0001.exr.999.tmp").write_bytes(b"left by a kill in the middle of a write")
    assert velatura("apply", *job, out).returncode == 0
    assert digests(out) == wanted


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_job_leaves_whole_files_only(tmp_path, slow_look, number, code):
    plate = plates.shot(tmp_path / "in", 24, 400, 500)  # it must not be done before it is asked
    out = tmp_path / "out"
    arguments = (plate, "--look", slow_look, "--workers", 2, "--out")
    assert velatura("apply", *arguments, tmp_path / "calm").returncode == 0
    process = started("apply", *arguments, out, "--progress", "none")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("wrote ")
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == code, said
    assert "Traceback" not in said
    found = digests(out)
    assert found
    assert found.items() <= digests(tmp_path / "calm").items()


def test_a_cancelled_job_says_so_and_leaves_whole_files_only(tmp_path, slow_look):
    plate = plates.shot(tmp_path / "in", 6, 400, 500)
    stop = threading.Event()

    class Stopper(Notes):
        def wrote(self, path: str) -> None:
            super().wrote(path)
            stop.set()

    job = Job(str(plate), str(slow_look), str(tmp_path / "out"), workers=2)
    with pytest.raises(CancelledError):
        sequence.run(job, Stopper(), stop)
    assert 1 <= len(digests(tmp_path / "out")) < 6
    assert not list((tmp_path / "out").glob(".*"))


def test_a_broken_frame_stops_the_job_and_keeps_what_is_whole(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 4)
    second = tmp_path / "in" / "plate.0002.exr"
    second.write_bytes(second.read_bytes()[:-500])
    with pytest.raises(ImageError, match=r"plate\.0002\.exr is truncated"):
        run(plate, look, tmp_path / "out", workers=1)
    assert set(digests(tmp_path / "out")) <= {f"plate.gain.000{n}.exr" for n in (1, 3, 4)}


def test_an_output_folder_that_is_a_file_is_refused(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 1)
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StorageError, match="The output folder"):
        run(plate, look, tmp_path / "out")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_an_output_folder_that_cannot_be_made_is_refused(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 1)
    with pytest.raises(StorageError, match="The output folder"):
        run(plate, look, Path("/proc/velatura"))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_output_folder_is_refused_before_any_work(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 1)
    (tmp_path / "out").mkdir(mode=0o500)
    with pytest.raises(StorageError, match="read-only"):
        run(plate, look, tmp_path / "out")


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_FSIZE")
def test_a_full_disk_is_a_storage_error_and_leaves_nothing_half_written(tmp_path, look):
    resource = pytest.importorskip("resource")
    plate = plates.shot(tmp_path / "in", 2, 120, 160)
    few = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))}
    few["env"] = {"PYTHONDONTWRITEBYTECODE": "1"}  # Python would leave half its own files behind
    result = velatura("apply", plate, "--look", look, "--out", tmp_path / "out", **few)
    assert result.returncode == 4, result.stderr
    assert "cannot be written" in result.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_memory_that_does_not_hold_a_frame_is_refused(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 1)
    with pytest.raises(MachineError, match=r"Allow .* MiB or more"):
        run(plate, look, tmp_path / "out", memory_mb=10)


def test_an_array_that_there_is_no_memory_for_is_told_from_a_bug(tmp_path, look, monkeypatch):
    plate = plates.shot(tmp_path / "in", 1)

    def none(*_: object) -> None:
        raise MemoryError("Unable to allocate 20 MiB")

    monkeypatch.setattr("velatura.apply.feed.Feed.light", none)
    with pytest.raises(MachineError, match=r"Not enough memory for .*plate\.0001\.exr.*20 MiB"):
        run(plate, look, tmp_path / "out")


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS and its accounting")
def test_a_network_that_there_is_no_memory_for_is_told_from_a_bug(tmp_path, slow_look):
    """Without the arena, whose first region is there before."""
    plate = plates.plain(tmp_path / "plate.exr", 1500, 1500)
    program = f"""
import resource, sys
from pathlib import Path
from velatura.apply import loading, sequence
from velatura.cli import main as cli
loading.SHARED_ARENA = (loading.SHARED_ARENA[0], "0")
glaze = sequence.glaze
def limited(*arguments):
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 150 * 2**20,) * 2)
    return glaze(*arguments)
sequence.glaze = limited
sys.exit(cli.main(["apply", {str(plate)!r}, "--look", {str(slow_look)!r},
                   "--out", {str(tmp_path / "out")!r}, "--device", "cpu"]))
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 4, done.stderr
    assert "Not enough memory" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_every_plate_is_decoded_once(tmp_path, look, monkeypatch):
    plate, decoded = plates.shot(tmp_path / "in", 3), []
    read = exr.read
    monkeypatch.setattr(exr, "read", lambda path: (decoded.append(path.name), read(path))[1])
    run(plate, look, tmp_path / "out")
    assert len(decoded) == len(set(decoded)) == 3
