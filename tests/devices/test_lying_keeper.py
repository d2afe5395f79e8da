"""A keeper of files that lies, stalls or floods: it ends, with one sentence, and nothing is left.

The honest keeper is the real one; `benchmarks/devices/liar.py` stands before it.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.devices import liar
from benchmarks.devices.lies import LIES
from edgeopt.devices import keeper
from edgeopt.devices.keeper import Keeper, LinkCut
from edgeopt.devices.parcel import pack
from edgeopt.domain.errors import DeviceFailed
from edgeopt.jobs.process import kill_group
from tests.lies import one_of_each_request
from tests.peaks import rises_less_than

TOLD = [lie for lie in LIES if lie.who == "keeper"]
#: Those that say nothing more, or never the end: they are waited for.
SLOW = (
    "nothing",
    "now and then",
    "byte at a time",
    "larger file",
    "banner before it",
    "lines without",
)
PATIENCE_S = 0.4
MOST_MIB = 200


@pytest.fixture
def kept(tmp_path):
    """A keeper whose answers go through a liar."""
    open_ = []

    def start(name: str) -> Keeper:
        command = shlex.split(keeper.command(sys.executable, str(tmp_path / "there")))
        process = subprocess.Popen(
            [sys.executable, liar.__file__, name, "--", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        open_.append(process)
        return Keeper(process, "board", limit_s=30)

    yield start
    for process in open_:
        kill_group(process)


def session(made: Keeper, lie, folder: Path) -> None:
    """What a run asks of a keeper; impatient where the lie is."""
    slow = any(words in lie.name for words in SLOW)
    made.greet(PATIENCE_S if slow and lie.at == "greeting" else 30)
    if made.noise:  # as `ssh_connection` does: a fast machine greets within the patience
        raise DeviceFailed(f"the login shell prints {made.noise!r}")
    (folder / "model").write_bytes(b"model")
    for step in ("put", "get"):
        made._limit_s = PATIENCE_S if slow and lie.at == step else 30
        if step == "put":
            place = made.put(pack(folder / "model"))
        else:
            made.get(f"{place}/model", folder / "back", most_bytes=1000)
    made.remove([f"{place}/model"])


@pytest.mark.slow
@pytest.mark.parametrize("lie", one_of_each_request(TOLD))
def test_a_keeper_that_lies_ends_with_one_sentence(kept, tmp_path, lie):
    made = kept(lie.name)
    with rises_less_than(MOST_MIB), pytest.raises((DeviceFailed, LinkCut)) as caught:
        session(made, lie, tmp_path)
    if isinstance(caught.value, DeviceFailed):
        sentence = str(caught.value.args[0])
        assert sentence.isprintable()
        assert len(sentence) < 500
    left = [path for path in tmp_path.iterdir() if path.name.endswith(".part")]
    assert left == []


@pytest.mark.slow
def test_the_honest_keeper_keeps(kept, tmp_path):
    """The liar alone changes nothing."""
    lie = next(lie for lie in TOLD if lie.at == "get")
    made = kept(lie.name)
    made.greet(30)
    (tmp_path / "model").write_bytes(b"model")
    place = made.put(pack(tmp_path / "model"))
    assert Path(place, "model").read_bytes() == b"model"
    made.remove([])
    made.quit(5)
