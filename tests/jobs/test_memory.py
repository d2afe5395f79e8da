"""A child that takes memory without an end ends in a sentence, and not the machine."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from edgeopt.devices.local import Local
from edgeopt.domain.errors import BadInput
from edgeopt.harness import client
from edgeopt.jobs import child, memory
from edgeopt.runner.root import Root

GIB = 1 << 30
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="prlimit is of Linux")


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.fixture
def log(tmp_path):
    return tmp_path / "child.log"


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setenv(memory.ASKED, "0.4")


@ON_LINUX
@pytest.mark.parametrize(
    "how",
    ["c++", *(pytest.param(how, marks=pytest.mark.slow) for how in ("lists", "arrays", "tensors"))],
)
def test_a_child_without_an_end_is_told_so(how, log, small):
    with pytest.raises(child.ChildFailed) as told:
        child.run("child_work:allocate", how, log, 60)
    assert str(told.value).startswith("needed more memory than 0.4 GiB, its limit here: ")
    assert "EDGEOPT_MEMORY_GIB" in told.value.hint


@ON_LINUX
def test_a_library_that_finds_no_memory_is_not_told_as_missing(log):
    with pytest.raises(child.ChildFailed, match=r"needed more memory than .*Cannot allocate"):
        child.run("child_work:misread", None, log, 60)


@ON_LINUX
def test_what_a_child_starts_is_held_too(log, small):
    with pytest.raises(child.ChildFailed):
        child.run("child_work:allocate", "a process of its own", log, 60)
    assert "MemoryError" in log.read_text()


@pytest.mark.slow
@ON_LINUX
@pytest.mark.parametrize(
    ("how", "said"),
    [("abort", "aborted"), ("segv", "crashed"), ("exit 9", "exit code 9"), ("killed", "not by")],
)
def test_another_death_is_not_told_as_want_of_memory(how, said, log, small):
    with pytest.raises(child.ChildFailed, match=said) as told:
        child.run("child_work:die", how, log, 60)
    assert "needed more memory" not in str(told.value)


@ON_LINUX
def test_a_limit_may_be_asked_for_or_none(log, monkeypatch):
    monkeypatch.setenv(memory.ASKED, "2.5")
    assert child.run("child_work:limits", None, log, 60)[0] == int(2.5 * GIB)
    monkeypatch.setenv(memory.ASKED, "inf")
    assert child.run("child_work:limits", None, log, 60)[0] == -1
    for wrong in ("", "0", "-1", "nan", "8GB"):
        monkeypatch.setenv(memory.ASKED, wrong)
        with pytest.raises(BadInput, match="is no amount of memory"):
            memory.limit_bytes()


def machine(folder, files):
    stated = {"/proc/meminfo": "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB", **files}
    for path, text in stated.items():
        file = folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    return Root(str(folder))


V2 = "/sys/fs/cgroup/a/b"
V1 = "/sys/fs/cgroup/memory/docker/c"


@ON_LINUX
@pytest.mark.parametrize(
    ("files", "gib"),
    [
        ({}, 0.9 * 8),
        ({"/proc/meminfo": "MemTotal: 16777216 kB\nMemAvailable: 1048576 kB"}, 4),
        ({"/proc/meminfo": "MemTotal: 16777216 kB"}, None),
        (
            {
                "/proc/self/cgroup": "0::/a/b",
                f"{V2}/memory.max": 4 * GIB,
                f"{V2}/memory.current": 2 * GIB,
                f"{V2}/memory.stat": f"anon 5\ninactive_file {GIB}",
            },
            0.9 * 3,
        ),
        ({"/proc/self/cgroup": "0::/a/b", "/sys/fs/cgroup/a/memory.max": 2 * GIB}, 0.9 * 2),
        ({"/proc/self/cgroup": "0::/a/b", f"{V2}/memory.max": "max"}, 0.9 * 8),
        (
            {
                "/proc/self/cgroup": "9:cpu:/\n4:memory:/docker/c\n0::/",
                f"{V1}/memory.limit_in_bytes": 4 * GIB,
                f"{V1}/memory.usage_in_bytes": 3 * GIB,
                f"{V1}/memory.stat": f"total_inactive_file {2 * GIB}",
            },
            0.9 * 3,
        ),
        ({"/sys/fs/cgroup/memory/memory.limit_in_bytes": 9223372036854771712}, 0.9 * 8),
        (
            {
                "/sys/fs/cgroup/memory/memory.limit_in_bytes": 2 * GIB,
                "/sys/fs/cgroup/memory/memory.usage_in_bytes": 2 * GIB,
            },
            0.25 * 2,
        ),
    ],
)
def test_the_limit_follows_from_what_the_machine_and_its_groups_have_left(files, gib, tmp_path):
    found = memory.limit_bytes(machine(tmp_path, files))
    assert found == (None if gib is None else pytest.approx(gib * GIB, abs=1))


@ON_LINUX
@pytest.mark.parametrize(
    ("counter", "text"),
    [
        (f"{V2}/memory.events", "oom 0\noom_kill {}"),
        (f"{V1}/memory.oom_control", "under_oom 0\noom_kill {}"),
        ("/proc/vmstat", "nr_free_pages 1\noom_kill {}"),
    ],
)
def test_a_kill_of_the_kernels_is_told_from_any_other(counter, text, tmp_path):
    groups = {"/proc/self/cgroup": "4:memory:/docker/c\n0::/a/b", counter: text.format(3)}
    bound = memory.Bound(machine(tmp_path, groups))
    assert bound.told("", -signal.SIGKILL) == ""
    assert bound.spared
    machine(tmp_path, {counter: text.format(4)})
    assert "killed by its kernel" in bound.told("", -signal.SIGKILL)
    assert "killed by its kernel" in bound.told("", 137)
    assert bound.told("", -signal.SIGSEGV) == ""
    assert bound.spared is False


def test_where_nothing_counts_a_kill_is_left_open(tmp_path):
    bound = memory.Bound(machine(tmp_path, {}))
    assert bound.told("", -signal.SIGKILL) == ""
    assert bound.spared is None


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("MemoryError: ", True),
        ("RuntimeError: std::bad_alloc", True),
        ("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory", True),
        ("Failed to allocate memory for requested buffer of size 137438953472", True),
        ("OOM when allocating tensor with shape[1000000,100000]", True),
        ("OpenBLAS error: Memory allocation still failed after 10 retries, giving up.", True),
        ("ImportError: /a/state.so: cannot map zero-fill pages", True),
        ("libgcc_s.so.1 must be installed for unwinding to work", True),
        ("ImportError: /a/state.so: failed to map segment: Operation not permitted", False),
        ("libgomp.so.1: cannot allocate memory in static TLS block", False),
        ("CUDA out of memory. Tried to allocate 20.00 MiB", False),
        ("Unsupported operator GridSample", False),
        ("memory_format is no argument", False),
    ],
)
def test_what_libraries_say_of_it_is_known(said, wanted, tmp_path):
    assert bool(memory.Bound(machine(tmp_path, {})).told(said)) == wanted


@ON_LINUX
def test_a_runner_is_held_but_for_a_gpu(log, small):
    import resource

    with client.Client(Local(), log) as here:
        pid = here._process.pid
        here.request("hello", 60)
        assert resource.prlimit(pid, resource.RLIMIT_DATA)[0] == int(0.4 * GIB)
        with pytest.raises(client.RunnerFailed):
            here.request("open", 60, runtime="tensorrt", path="a.engine", threads=1, options={})
        assert resource.prlimit(pid, resource.RLIMIT_DATA)[0] == resource.RLIM_INFINITY


@ON_LINUX
def test_a_small_limit_is_told_as_one(monkeypatch):
    monkeypatch.setenv(memory.ASKED, "0.05")
    said = memory.Bound().told("MemoryError: ")
    assert said == "needed more memory than 0.05 GiB, its limit here"
