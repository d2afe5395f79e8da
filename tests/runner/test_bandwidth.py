"""Caches as kernels tell them, and how fast bytes come out of them."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt.runner import bandwidth, caches
from edgeopt.runner.processor import CPUS
from edgeopt.runner.root import Missing
from tests.runner.fake_tree import tree

__all__ = ["tree"]


def cache(cpu, index, level, kind, size, shared):
    files = {"level": level, "type": kind, "size": size, "shared_cpu_list": shared}
    return {f"{CPUS}/cpu{cpu}/cache/index{index}/{name}": text for name, text in files.items()}


@pytest.fixture
def two_cores(tree, monkeypatch):
    monkeypatch.setattr(caches, "affinity", lambda root: [0, 1])
    for cpu in (0, 1):
        tree.write(cache(cpu, 0, 1, "Data", "32K", str(cpu)))
        tree.write(cache(cpu, 1, 1, "Instruction", "64K", str(cpu)))
        tree.write(cache(cpu, 2, 2, "Unified", "1M", "0-1"))
    return tree


def test_a_cache_that_is_shared_counts_once(two_cores):
    assert caches.caches(two_cores) == [
        {"level": 1, "least_bytes": 32 << 10, "most_bytes": 32 << 10, "instances": 2},
        {"level": 2, "least_bytes": 1 << 20, "most_bytes": 1 << 20, "instances": 1},
    ]


def test_big_and_little_cores(two_cores):
    two_cores.write(cache(1, 0, 1, "Data", "64K", "1"))
    first = caches.caches(two_cores)[0]
    assert (first["least_bytes"], first["most_bytes"]) == (32 << 10, 64 << 10)


def test_a_kernel_that_tells_nothing(tree):
    with pytest.raises(Missing, match="no caches"):
        caches.caches(tree)


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_each_level_is_moved_by_each_thread(two_cores, threads):
    two_cores.write({"/proc/meminfo": "MemAvailable: 8000000 kB"})
    told = bandwidth.measure(threads, 0.0, two_cores)
    assert [level["level"] for level in told["levels"]] == ["L1", "L2", "memory"]
    first, second, memory = told["levels"]
    assert (first["row_bytes"], second["row_bytes"]) == (16 << 10, (512 << 10) // threads)
    assert memory["row_bytes"] == (64 << 20) // threads
    assert all(
        level[f"{kind}_bytes_per_s"] > 1e7 for level in told["levels"] for kind in ("read", "copy")
    )


def test_without_room_or_caches_the_reasons_stand(tree):
    tree.write({"/proc/meminfo": "MemAvailable: 1000 kB"})
    told = bandwidth.measure(1, 0.0, tree)
    assert (told["caches"], told["levels"], set(told["why_null"])) == (
        [], [], {"caches", "memory"},
    )  # fmt: skip


@pytest.mark.slow
def test_a_cache_hardly_larger_than_the_one_before_is_left_out(two_cores):
    for cpu in (0, 1):
        two_cores.write(cache(cpu, 2, 2, "Unified", "96K", str(cpu)))
    two_cores.write({"/proc/meminfo": "MemAvailable: 8000000 kB"})
    told = bandwidth.measure(1, 0.0, two_cores)
    assert "L2" in told["why_null"]
    assert [level["level"] for level in told["levels"]] == ["L1", "memory"]


@pytest.mark.parametrize("kind", bandwidth.KINDS)
def test_a_call_moves_the_bytes_that_it_counts(kind):
    """Of a row of ones, each read gives 1, and each copy writes the row."""
    mover = bandwidth._Mover(kind, 4096)
    if kind == "copy":
        mover.rows[:] = 0
    found = mover.call()
    if kind == "compare":
        assert (found, mover.bytes, mover.repeats) == (0, 4096, 1)
        mover.row[-1] = 2  # the last of the bytes that count
        assert mover.call() != 0
        return
    count = mover.bytes // mover.repeats // 4 // (2 if kind == "copy" else 1)
    if kind == "read":
        assert (found == 1).all()
        assert (len(found), count) == (mover.repeats, 1024)
    else:
        assert (count, mover.rows.shape) == (512, (mover.repeats, 512))
        assert np.array_equal(mover.rows, np.ones_like(mover.rows))
