"""A profile of a user's own."""

from __future__ import annotations

import pytest

from tests.targets.my_board import BOARD


@pytest.fixture
def board(tmp_path):
    """Writes `BOARD` with one text replaced by another, and returns the file's path."""

    def write(old: str = "", new: str = "") -> str:
        assert old in BOARD
        path = tmp_path / "my-board.toml"
        path.write_text(BOARD.replace(old, new, 1) if old else BOARD + new, "utf-8")
        return str(path)

    return write
