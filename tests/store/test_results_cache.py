"""Results by what they depend on: whole or not there, whoever writes, whatever is damaged."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.store import results_cache
from edgeopt.store.results_cache import Entry, ResultsCache

FACTS = {"source": "abc", "tools": {"python": "3.11"}, "shape": (1, 64)}


@pytest.fixture
def results(tmp_path):
    return ResultsCache(tmp_path / "results")


def test_what_was_kept_is_found_by_the_same_facts_alone(results, tmp_path):
    (tmp_path / "model.bin").write_bytes(b"weights")
    files = {"model.bin": tmp_path / "model.bin", "deep/artifact.json": b"{}"}
    assert results.find("artifact", "g", FACTS) is None
    assert results.keep("artifact", "g", FACTS, files)
    found = results.find("artifact", "g", FACTS)
    assert (found.read("model.bin"), found.read("deep/artifact.json")) == (b"weights", b"{}")
    assert found.entry.size_bytes == 9
    for kind, group, facts in (
        ("score", "g", FACTS),
        ("artifact", "h", FACTS),
        ("artifact", "g", {**FACTS, "source": "abd"}),
        ("artifact", "g", {}),
    ):
        assert results.find(kind, group, facts) is None


def test_an_entry_is_never_changed(results):
    assert results.keep("score", "g", FACTS, {"a": b"first"})
    assert results.keep("score", "g", FACTS, {"a": b"second"})
    assert results.find("score", "g", FACTS).read("a") == b"first"


def _longer(path):
    path.write_bytes(path.read_bytes() + b"x")


def _link(path):
    path.unlink()
    path.symlink_to(os.devnull)


def _other_names(path):
    text = (path.parent / "entry.json").read_text()
    (path.parent / "entry.json").write_text(text.replace('"a"', '"../../../../etc/passwd"'))


@pytest.mark.parametrize("damage", [
    _longer,
    _link,
    _other_names,
    lambda path: path.unlink(),
    lambda path: path.write_bytes(b""),
    lambda path: (path.parent / "entry.json").write_bytes(b"{"),
    lambda path: (path.parent / "entry.json").write_bytes(b"[" * 100_000),
])  # fmt: skip
def test_what_is_damaged_is_a_miss_and_is_made_again(results, damage):
    results.keep("score", "g", FACTS, {"a": b"content"})
    damage(results.find("score", "g", FACTS).folder / "a")
    assert results.find("score", "g", FACTS) is None
    assert results.keep("score", "g", FACTS, {"a": b"content"})
    assert results.find("score", "g", FACTS).read("a") == b"content"


def test_verify_tells_what_was_damaged(results):
    for name in "abc":
        results.keep("score", "g", {"name": name}, {"a": name.encode()})
    _longer(results.find("score", "g", {"name": "b"}).folder / "a")
    whole, damaged = results.verify()
    assert (whole, [entry.facts for entry in damaged]) == (2, [{"name": "b"}])
    assert results.verify() == (2, [])


def test_what_was_used_least_goes_first(results):
    for age, name in enumerate("abc"):
        results.keep("score", "g", {"name": name}, {"a": b"x" * 10})
        stamp = time.time() - 1000 * (age + 1)
        os.utime(results.find("score", "g", {"name": name}).folder / "entry.json", (stamp, stamp))
    assert results.find("score", "g", {"name": "c"})  # used now
    gone = results.prune(20)
    assert [entry.facts["name"] for entry in gone] == ["b"]
    assert results.size_bytes() == 20
    assert [e.facts["name"] for e in results.prune(results_cache.UNBOUNDED, 500.0)] == ["a"]
    assert [e.facts["name"] for e in results.prune(0)] == ["c"]
    assert results.entries() == []


def test_a_group_is_looked_through_from_its_latest(results):
    for age, name in enumerate("ab"):
        results.keep("schedule", "g", {"name": name}, {"a": b""})
        stamp = time.time() - 1000 * age
        os.utime(
            results.find("schedule", "g", {"name": name}).folder / "entry.json", (stamp, stamp)
        )
    results.keep("schedule", "h", {"name": "other"}, {"a": b""})
    assert [found.entry.facts["name"] for found in results.each("schedule", "g")] == ["a", "b"]


def test_without_a_place_nothing_is_kept(monkeypatch):
    monkeypatch.setenv(results_cache.SETTING, "off")
    results = ResultsCache(results_cache.root())
    assert not results.keep("score", "g", FACTS, {"a": b""})
    assert results.find("score", "g", FACTS) is None
    assert (list(results.each("score", "g")), results.entries(), results.prune(0)) == ([], [], [])


def test_what_cannot_be_written_is_not_kept_and_ends_nothing(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    results = ResultsCache(tmp_path / "file")
    assert not results.keep("score", "g", FACTS, {"a": b""})
    assert results.find("score", "g", FACTS) is None


def test_a_file_that_is_gone_leaves_nothing_half_kept(results, tmp_path):
    assert not results.keep("artifact", "g", FACTS, {"a": b"there", "b": tmp_path / "gone"})
    assert results.find("artifact", "g", FACTS) is None
    assert not list((results.place / "artifact" / "g").iterdir())


WRITER = """
import sys
from pathlib import Path
from edgeopt.store.results_cache import ResultsCache

results, mine = ResultsCache(Path(sys.argv[1])), sys.argv[2]
for turn in range(60):
    facts = {"number": turn % 5}
    found = results.find("score", "g", facts)
    assert found is None or found.entry.facts == facts
    results.keep("score", "g", facts, {"a": b"x" * (1000 + turn % 5)})
    if turn % 7 == 3:
        results.prune(int(mine) * 1000)
"""


@pytest.mark.slow
def test_several_processes_share_it(results):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(results.place), str(number)])
        for number in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert results.verify()[1] == []
    for found in results.entries():
        assert found.entry.size_bytes == 1000 + found.entry.facts["number"]


def test_a_killed_writer_leaves_what_a_later_prune_sweeps(results):
    results.keep("score", "g", FACTS, {"a": b"x"})
    left = results.place / "score" / "g" / ".killed.part"
    shutil.copytree(results.find("score", "g", FACTS).folder, left)
    results.prune(results_cache.UNBOUNDED)
    assert left.exists()  # it may be at work
    os.utime(left, (0, 0))
    results.prune(results_cache.UNBOUNDED)
    assert not left.exists()
    assert len(results.entries()) == 1


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=4))
def test_any_facts_are_their_own(tmp_path_factory, facts):
    results = ResultsCache(tmp_path_factory.mktemp("results"))
    results.keep("score", "g", facts, {"a": b"1"})
    assert results.find("score", "g", facts).read("a") == b"1"
    assert results.find("score", "g", {**facts, "more than five": 1}) is None
    assert all(isinstance(found.entry, Entry) for found in results.entries())
