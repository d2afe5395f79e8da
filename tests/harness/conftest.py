from __future__ import annotations

import pytest

from tests.harness.standin import Standin


@pytest.fixture
def device(tmp_path):
    made = Standin(tmp_path)
    yield made
    left = made.alive
    for process in left:
        process.kill()
    assert left == []


@pytest.fixture
def log(tmp_path):
    return tmp_path / "runner.log"
