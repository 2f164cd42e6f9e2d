from pathlib import Path

import pytest
import tiny
import torch


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def shot(tmp_path: Path) -> tiny.Shot:
    return tiny.write_shot(tmp_path)
