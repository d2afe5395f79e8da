"""A board that lies when it is first asked: its target is lost, the others' are not."""

from __future__ import annotations

import sys

import pytest

from benchmarks.devices import lying_ssh
from edgeopt import targets
from edgeopt.devices import registry
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import Untrusted
from edgeopt.domain.progress import silent
from edgeopt.pipeline.device_pool import DevicePool
from edgeopt.pipeline.run_environment import local_machine
from tests.pipeline.cli_process import HERE

pytestmark = pytest.mark.slow


@pytest.fixture
def profiles(tmp_path, monkeypatch):
    """A target that this machine is of, and one that only a board that lies is of."""
    (tmp_path / "bin").mkdir()
    ssh = tmp_path / "bin" / "ssh"
    ssh.write_text(f'#!/bin/sh\nexec {sys.executable} {lying_ssh.__file__} "$@"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.setenv("EDGEOPT_CONFIG", str(tmp_path / "config"))
    text = (HERE / "one-runtime.toml").read_text().replace('"one-runtime"', '"there"')
    text = text.replace('[match]\nfeatures = ["avx2"]', '[match]\nboard = "^No Such$"')
    (tmp_path / "there.toml").write_text(text)
    link = DeviceEntry(link="ssh://board", target="there", folder=str(tmp_path / "kept"))
    registry.add("board", link)
    return [
        targets.load(str(HERE / "one-runtime.toml")),
        targets.load(str(tmp_path / "there.toml")),
    ]


LIES = {
    "keeper greeting: bits: 1e9": "greets with what cannot be: bits",
    "runner hello: half a line, then the end": "left in the middle of its answer to `hello`",
}


@pytest.mark.parametrize("lie", LIES)
def test_the_others_go_on(profiles, tmp_path, monkeypatch, lie):
    monkeypatch.setenv("EDGEOPT_LIE", lie)
    pool = DevicePool(local_machine(), tmp_path / "log", silent)
    here, there = pool.placements(profiles, ())
    assert (here.name, here.lost) == ("local", None)
    assert there.name == "board"
    assert f"board {LIES[lie]}" in str(there.lost)
    assert there.timed  # its lane is its own, and ends at once
    with pytest.raises(Untrusted, match=LIES[lie]):
        pool.placements(profiles[1:], ())
    pool.close()
