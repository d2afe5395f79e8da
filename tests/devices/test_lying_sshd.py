"""A board that lies behind a real sshd: what `ssh` itself buffers and forwards changes nothing."""

from __future__ import annotations

import sys

import pytest

from benchmarks.devices.sshd import HOST
from edgeopt.devices.ssh import Ssh
from edgeopt.domain.errors import DeviceFailed
from tests.peaks import rises_less_than

pytestmark = pytest.mark.slow

MOST_MIB = 200
LIES = {
    "keeper greeting: lines without an end": "prints on its own",
    "keeper put: a line without an end": "answered put without an end",
    "keeper put: no UTF-8": "answered put by something else",
    "keeper get: 1e15 bytes": "offers a file of 1000000000000000 bytes",
    "keeper get: half a file, then the end": "the link to board was cut",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_board_that_lies_ends_with_one_sentence(server, tmp_path, monkeypatch, lie):
    monkeypatch.setenv("EDGEOPT_LIE", lie)
    link, there = f"ssh://{HOST}:{server.lying}", str(tmp_path / "there")
    board = server.device(link=link, python=sys.executable, folder=there)
    with rises_less_than(MOST_MIB), pytest.raises(DeviceFailed, match=LIES[lie]) as caught:
        session(board, tmp_path)
    assert len(str(caught.value.args[0])) < 600
    board.close()


def session(board: Ssh, folder) -> None:
    (folder / "model").write_bytes(b"model")
    place = board.put(folder / "model")
    board.get(place, folder / "back", most_bytes=1000)
