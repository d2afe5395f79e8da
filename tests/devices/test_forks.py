"""Runners of this machine that are forked from a process that has imported their runtime."""

import os
import signal
import sys
import time

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgeopt.devices.forks import Forks, can_fork
from edgeopt.devices.local import Local
from edgeopt.domain.errors import RunnerFailed
from edgeopt.harness.client import Client
from edgeopt.jobs.process import kill_group

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="forks of this kind are made on Linux"
)


@pytest.fixture(scope="module")
def here():
    device = Local()
    yield device
    device.close()


def write(path):
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "relu",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 64])],
    )
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), path)


def opened(client, path, inputs):
    client.request("inputs", 60, files=[str(inputs)], count=1)
    before = client.request("open", 60, runtime="onnxruntime", path=str(path), threads=1,
                            options={}, affinity="any").rss_before_bytes  # fmt: skip
    return client.request("warmup", 60, runs=20, seconds=0.0).peak_rss_bytes - before


@pytest.mark.slow
def test_a_fork_answers_and_takes_as_much_memory_as_one_that_was_started(here, tmp_path):
    path, inputs = tmp_path / "net.onnx", tmp_path / "x.npy"
    write(path)
    np.save(inputs, np.ones((1, 1, 64), np.float32))
    needed = {}
    for forked in ("", "onnxruntime"):
        with Client(here, tmp_path / "log", forked) as client:
            client.request("import", 60, runtime="onnxruntime")
            needed[forked] = opened(client, path, inputs)
    # 9.4 MB both; without the libraries' pages of before the fork it would be 15.
    assert needed["onnxruntime"] == pytest.approx(needed[""], abs=1 << 20)


def test_a_crash_ends_one_fork_alone(here, tmp_path):
    log = tmp_path / "log"
    with Client(here, log, "onnxruntime") as first, Client(here, log, "onnxruntime") as second:
        os.kill(first._process.pid, signal.SIGSEGV)
        with pytest.raises(RunnerFailed, match="SIGSEGV"):
            first.request("readings", 20)
        second.request("readings", 20)
    with Client(here, log, "onnxruntime") as third:
        third.request("readings", 20)


@pytest.mark.slow
def test_after_renew_forks_come_of_a_new_process_and_those_that_live_go_on(here, tmp_path):
    log = tmp_path / "log"
    with Client(here, log, "onnxruntime") as first:
        origin = parent(first._process.pid)
        here.forks.renew()
        with Client(here, log, "onnxruntime") as second:
            assert parent(second._process.pid) not in (origin, os.getpid())
            first.request("readings", 20)
    assert gone(origin)


@pytest.mark.slow
def test_only_what_is_named_is_renewed(tmp_path):
    device, log = Local(), tmp_path / "log"
    with Client(device, log, "onnxruntime") as first, Client(device, log, "litert") as other:
        origins = [parent(client._process.pid) for client in (first, other)]
        device.forks.renew({"litert"})
        with Client(device, log, "onnxruntime") as same, Client(device, log, "litert") as new:
            assert parent(same._process.pid) == origins[0]
            assert parent(new._process.pid) not in (*origins, os.getpid())
    device.close()


def test_what_cannot_be_forked_is_started(here, tmp_path):
    assert not can_fork("onnxruntime_tensorrt")
    assert not can_fork("none of them")
    with Client(here, tmp_path / "log", "none of them") as client:
        assert parent(client._process.pid) == os.getpid()


@pytest.mark.slow
@pytest.mark.parametrize("threads", [0, 1])
def test_a_runtime_whose_import_starts_threads_is_not_forked(threads, tmp_path, monkeypatch):
    """Whatever it is called: the process that imported it looks at its own threads."""
    (tmp_path / "ncnn.py").write_text(
        "import threading, time\n"
        "__version__ = '1'\n"
        f"for _ in range({threads}):\n"
        "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    forks = Forks()
    found = forks.runner("ncnn", tmp_path / "log")
    assert (found is None) == bool(threads)
    if found:
        kill_group(found)
    forks.renew()


@pytest.mark.slow
def test_a_fork_can_be_killed_from_its_first_moment(here, tmp_path):
    for _ in range(40):
        found = here.forks.runner("onnxruntime", tmp_path / "log")
        assert os.getpgid(found.pid) == found.pid
        kill_group(found)
        assert gone(found.pid)


def test_the_processes_end_with_the_device(tmp_path):
    device = Local()
    with Client(device, tmp_path / "log", "onnxruntime") as client:
        forked = client._process.pid
        origin = parent(forked)
    device.close()
    assert gone(origin)
    assert gone(forked)


def parent(pid):
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def gone(pid):
    end = time.monotonic() + 20
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < end:
        time.sleep(0.05)
    return not os.path.exists(f"/proc/{pid}")
