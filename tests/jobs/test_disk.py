"""A full disk is told as itself, however it shows."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

import numpy as np
import pytest

from edgeopt.devices.local import Local
from edgeopt.domain.errors import BadInput, CannotWrite, EdgeoptError, RunnerFailed
from edgeopt.harness.client import Client
from edgeopt.jobs import child, disk
from edgeopt.jobs.told import told

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(HERE))


def error(number: int, path: str | None = None) -> OSError:
    return OSError(number, os.strerror(number), path)


def from_one(cause: Exception, raised: Exception) -> Exception:
    try:
        try:
            raise cause
        except Exception as first:
            raise raised from first
    except Exception as second:
        return second


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (error(errno.ENOSPC, "/tmp/a/b"), "no room was left on the disk of /tmp when "),
        (error(errno.ENOSPC), "no room was left on a disk when "),
        (error(errno.EDQUOT, "/tmp/a"), "your quota on the disk of /tmp is used up ("),
        (error(errno.EROFS, "/tmp/a"), "/tmp is read-only"),
        (error(errno.EFBIG, "/tmp/a"), "larger than the system allows (`ulimit -f`)"),
        (from_one(error(errno.ENOSPC), ValueError("cannot save")), "no room was left"),
        (RuntimeError("filesystem error: cannot copy: No space left on device [/x]"), "no room"),
        (EdgeoptError("onnx2tf failed: OSError: [Errno 28] No space left on device"), "no room"),
        (RuntimeError("write failed: Disk quota exceeded"), "your quota"),
        (OSError("1200000 requested and 786400 written"), "no room"),
    ],
)
def test_what_a_full_disk_looks_like(given, words):
    found = disk.told(given)
    assert found is not None
    assert words in found.args[0]
    assert "a run goes on" in found.hint
    assert told(given, BadInput("the model is broken")).args == found.args


def test_half_a_file_is_a_full_disk_unless_files_are_bounded(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (8192, 8192))
    found = disk.told(OSError("1200000 requested and 786400 written"))
    assert "larger than the system allows (`ulimit -f`)" in found.args[0]


@pytest.mark.slow
@pytest.mark.parametrize("below", ["", "edgeopt"])
def test_a_cache_that_cannot_be_written_is_told(tmp_path, monkeypatch, below):
    """Nothing is recorded of a candidate for it."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path / "file" / below))
    with pytest.raises(CannotWrite, match=r"the cache .*file.* cannot be written: "):
        child.run("disk_work:holds_the_cache", None, tmp_path / "log", 60)


@pytest.mark.parametrize(
    "given",
    [
        error(errno.ENOENT, "/tmp/a"),
        error(errno.EACCES, "/tmp/a"),
        ValueError("a dimension is too large"),
        RuntimeError("File too large for a protobuf"),
        from_one(ValueError("b"), KeyError("a")),
        RunnerFailed("OSError: [Errno 28] No space left on device"),  # a board's, perhaps
    ],
)
def test_what_does_not(given):
    assert disk.told(given) is None


@pytest.fixture
def small(tmp_path, mount):
    """A disk of three megabytes."""
    return mount(tmp_path / "small", "size=3m")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["raises", "prints", "says nothing", "cleans up", "dies"])
def test_a_child_that_meets_a_full_disk(small, how, tmp_path):
    """Whatever it makes of it, its parent knows: by the error, by its words, by the room left."""
    with pytest.raises(CannotWrite) as caught:
        child.run("disk_work:fill", {"folder": str(small), "how": how}, small / "log", 60)
    assert f"the disk of {small} (" in caught.value.args[0]
    assert caught.value.args[0].endswith("free).")


def test_a_child_with_room_enough(small):
    assert child.run("disk_work:write", str(small), small / "log", 60) == "done"


def test_a_child_that_may_write_no_more(tmp_path):
    """`ulimit -f`: Python gets an error, a program dies of a signal."""
    for function in ("write", "write_by_program"):
        with pytest.raises(CannotWrite, match="larger than the system allows"):
            child.run(f"disk_work:limited_{function}", str(tmp_path), tmp_path / "log", 60)


def wide(path: Path) -> Path:
    """x[1, 2] -> y[1, 100000], as ONNX."""
    onnx = pytest.importorskip("onnx")
    value, kind = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    weights = onnx.numpy_helper.from_array(np.zeros((2, 100_000), np.float32), "w")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])],
        "wide",
        [value("x", kind, [1, 2])],
        [value("y", kind, [1, 100_000])],
        [weights],
    )
    opset = onnx.helper.make_opsetid("", 17)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8), path)
    return path


def test_a_runner_that_meets_a_full_disk(small, tmp_path):
    """numpy says how much it wrote, and not why."""
    pytest.importorskip("onnxruntime")
    model = wide(tmp_path / "wide.onnx")
    np.save(tmp_path / "x.npy", np.zeros((16, 1, 2), np.float32))
    with Client(Local(), tmp_path / "log") as client:
        opened = {"runtime": "onnxruntime", "path": str(model), "threads": 1, "options": {}}
        client.request("open", 60, **opened)
        asked = {"inputs": [str(tmp_path / "x.npy")], "outputs": [str(small / "y.npy")]}
        with pytest.raises(CannotWrite, match="no room was left"):
            client.request("infer", 60, **asked, first=0, count=16)


def test_no_room_from_the_beginning(small):
    (small / "all").write_bytes(bytes((2 << 20) + 4096))
    with pytest.raises(CannotWrite) as caught:
        disk.require_room([small / "new" / "run"])
    assert f"the disk of {small} (" in caught.value.args[0]


def test_no_file_can_be_made_any_more(tmp_path, mount):
    """Inodes: the room in bytes says nothing then."""
    place = mount(tmp_path / "few", "nr_inodes=3")
    for name in "ab":
        (place / name).touch()
    with pytest.raises(CannotWrite):
        disk.require_room([place])


def test_a_cache_that_was_full_before_is_nobodys_fault(small, tmp_path, monkeypatch):
    """Who has no room at home, and needs none there, is not held up; nor blamed for it."""
    (small / "all").write_bytes(bytes((2 << 20) + 4096))
    monkeypatch.setenv("EDGEOPT_CACHE", str(small / "cache"))
    assert child.run("disk_work:write", str(tmp_path), tmp_path / "log", 60) == "done"
    with pytest.raises(child.ChildFailed, match="no such model"):
        child.run("disk_work:fail", str(tmp_path), tmp_path / "log", 60)


def test_a_cache_that_becomes_full_is_told_where_the_child_fails(small, tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEOPT_CACHE", str(small / "cache"))
    argument = {"folder": str(small), "how": "cleans up"}
    with pytest.raises(CannotWrite, match="no room is left"):
        child.run("disk_work:fill", argument, tmp_path / "log", 60)
    (small / "file").unlink(missing_ok=True)
    with pytest.raises(child.ChildFailed, match="no such model"):
        child.run("disk_work:fail", str(tmp_path), tmp_path / "log", 60)


@pytest.mark.slow
def test_a_failure_with_little_room_is_nobodys_fault(small):
    """A tool may swallow what it met, and remove what it wrote: the room tells enough."""
    with pytest.raises(CannotWrite) as caught:
        child.run("disk_work:fail", None, small / "log", 60)
    said = caught.value.args[0]
    assert said.startswith(f"little room is left on the disk of {small} (3.1 MB free), and a step")
    assert said.endswith("failed: ValueError: there is no such model")
    with pytest.raises(CannotWrite, match="failed: the process was killed"):
        child.run("disk_work:die", None, small / "log", 60)
    with pytest.raises(BadInput, match="the model is no model"):
        child.run("disk_work:bad_input", None, small / "log", 60)
    assert child.run("disk_work:write", str(small), small / "log", 60) == "done"
