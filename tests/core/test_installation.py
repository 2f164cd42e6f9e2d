"""What a message tells to type fits how velatura was installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import velatura
from velatura import installation

REQUIRES = """Metadata-Version: 2.4
Name: velatura
Version: 0.1.0
Requires-Dist: numpy>=2
Provides-Extra: cpu
Requires-Dist: onnxruntime>=1.22; extra == 'cpu'
Provides-Extra: train
Requires-Dist: flip-evaluator>=1.7; (python_version < '3.14') and extra == 'train'
Requires-Dist: torch>=2.8; extra == 'train'
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of packages with velatura as a wheel brings it."""
    package = Path(velatura.__path__[0])
    where = tmp_path / "site" / "velatura"
    where.mkdir(parents=True)
    for module in package.glob("*.py"):
        shutil.copy(module, where)
    for folder in package.glob("[!_]*/"):
        (where / folder.name).symlink_to(folder)
    info = tmp_path / "site" / "velatura-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(REQUIRES)
    return tmp_path / "site"


def said(site: Path, code: str, installer: str = "pip", wheel: Path | None = None) -> str:
    """Return what code prints in a process that has velatura from ``site``."""
    info = site / "velatura-0.1.0.dist-info"
    (info / "INSTALLER").write_text(f"{installer}\n")
    if wheel is not None:
        (info / "direct_url.json").write_text(json.dumps({"url": wheel.as_uri()}))
    start = f"import sys; sys.path.insert(0, {str(site)!r}); from velatura import installation as i"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"{start}; {code}"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.skipif(installation.source() is None, reason="this velatura came out of a wheel")
def test_a_checkout_names_its_own_install_py(monkeypatch: pytest.MonkeyPatch) -> None:
    root = installation.source()
    assert root is not None
    assert (root / "install.py").is_file()
    monkeypatch.chdir(root)
    assert installation.adding("cpu") == "python install.py"
    assert installation.adding("train") == "python install.py train"
    assert installation.adding("eyes") == "python install.py train --eyes vgg16"
    monkeypatch.chdir(root.parent)
    assert installation.adding("train") == f"python {root / 'install.py'} train"


def test_a_wheel_that_is_still_there_brings_its_extras(site: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "my wheels" / "velatura-0.1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    told = said(site, "print(i.adding('cpu', 'train'))", wheel=wheel)
    assert told == f'{sys.executable} -m pip install "{wheel}[cpu,train]"'
    assert "install.py" not in told


def test_a_wheel_that_is_gone_asks_for_what_pip_finds_anywhere(site: Path, tmp_path: Path) -> None:
    told = said(site, "print(i.adding('train'))", wheel=tmp_path / "gone.whl")
    assert told == (
        f"{sys.executable} -m pip install "
        '"flip-evaluator>=1.7; (python_version < \'3.14\')" "torch>=2.8"'
    )
    assert said(site, "print(i.adding('cpu'))").endswith('install "onnxruntime>=1.22"')
    assert said(site, "print(i.adding())").endswith('install "numpy>=2"')


def test_uv_and_pipx_are_told_in_their_own_words(site: Path, tmp_path: Path) -> None:
    told = said(site, "print(i.adding('cpu'))", installer="uv")
    assert told == f'uv pip install --python {sys.executable} "onnxruntime>=1.22"'
    prefix = tmp_path / "venvs" / "velatura"
    prefix.mkdir(parents=True)
    (prefix / "pipx_metadata.json").touch()
    told = said(site, f"sys.prefix = {str(prefix)!r}; print(i.adding('cpu'))")
    assert told == 'pipx runpip velatura install "onnxruntime>=1.22"'


def test_cuda_takes_the_place_of_the_other_onnx_runtime(site: Path) -> None:
    told = said(site, "print(i.adding('gpu'))")
    without, _, with_cuda = told.partition(" && ")
    assert without.endswith("uninstall --yes onnxruntime")
    assert with_cuda.endswith('install "onnxruntime-gpu[cuda,cudnn]"')


@pytest.mark.parametrize(
    ("module", "what"), [("onnxruntime", "ONNX Runtime"), ("torch", "the trainer"), ("av", "av")]
)
def test_a_package_that_is_missing_is_named_with_what_adds_it(
    site: Path, module: str, what: str
) -> None:
    code = (
        "from velatura.cli import main; error = ModuleNotFoundError('', name='MODULE.core');"
        "print(main._ours(error, ['apply']))"
    )
    told = said(site, code.replace("MODULE", module))
    assert f"`velatura apply` needs {what}, which is not installed." in told
    assert f"{sys.executable} -m pip install" in told
    assert "install.py" not in told
