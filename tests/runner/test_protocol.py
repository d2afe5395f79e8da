"""The real runner, spoken to as the harness does: JSON lines on stdin and stdout."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import asdict

from edgeopt.devices.local import Local
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.harness.replies import Inferred, Input, Output, Written

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LOUD = """
import sys
sys.path.insert(0, sys.argv[1])
from edgeopt import runtimes
from edgeopt.runner.__main__ import main
runtimes.RUNTIMES["loud"] = "loud_runtime"
sys.exit(main())
"""


class Program(Local):
    """This machine with another program for a runner."""

    def __init__(self, *argv: str) -> None:
        super().__init__()
        self._argv = argv

    def start_runner(self, stderr: Path) -> subprocess.Popen:
        with stderr.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *self._argv],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                start_new_session=True,
            )


@pytest.fixture
def model(tmp_path, save_line) -> Path:
    return save_line(tmp_path / "model.onnx")


@pytest.fixture
def client(tmp_path):
    with Client(Local(), tmp_path / "runner.log") as opened:
        yield opened


@pytest.fixture
def loud(tmp_path):
    device = Program("-c", LOUD, str(HERE))
    with Client(device, tmp_path / "runner.log") as opened:
        yield opened


def opening(client, model, runtime="onnxruntime"):
    return client.request("open", 60, runtime=runtime, path=str(model), threads=1, options={})


def samples(tmp_path, count=5):
    path = tmp_path / "x.npy"
    np.save(path, np.arange(3 * count, dtype=np.float32).reshape(count, 1, 3))
    return str(path)


def talk(*lines: str) -> tuple[list[dict], int]:
    """Send lines to `python -m edgeopt.runner`; its replies and exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "edgeopt.runner"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


@pytest.mark.slow
def test_quit_and_the_end_of_input_end_it():
    hello = json.dumps({"cmd": "hello"})
    replies, code = talk(hello, json.dumps({"cmd": "quit"}), hello)
    assert (len(replies), code) == (1, 0)
    replies, code = talk(hello, hello)
    assert (len(replies), code) == (2, 0)
    assert all(reply["ok"] for reply in replies)


def test_hello_says_where_it_runs(client):
    machine = client.request("hello", 30).machine
    assert machine.arch == platform.machine()
    assert machine.kernel == platform.release()
    assert machine.cores >= 1
    assert machine.memory_bytes > 1 << 28
    assert machine.features == sorted(machine.features)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"cmd": "dance"}, "ValueError: unknown command 'dance'"),
        ({"cmd": "_time"}, "ValueError: unknown command '_time'"),
        ({"cmd": "block", "count": 3}, "ValueError: no session is open; send `open` first"),
        ({"cmd": "facts"}, "ValueError: no session is open; send `open` first"),
        ({"cmd": "profile", "runs": 4}, "ValueError: no session is open; send `open` first"),
        ({"cmd": "block"}, "TypeError: .*count"),
        ({"cmd": "hello", "extra": 1}, "TypeError: .*extra"),
    ],
)
def test_what_cannot_be_done_is_an_error_and_not_the_end(client, request_, words):
    with pytest.raises(RunnerFailed, match=words):
        client.request(request_.pop("cmd"), 30, **request_)
    assert client.request("hello", 30)


@pytest.mark.slow
def test_a_profile_names_operators_with_a_time_for_each_run(client, model, tmp_path):
    opening(client, model)
    with pytest.raises(RunnerFailed, match="no inputs; send `inputs` first"):
        client.request("profile", 30, runs=4)
    client.request("inputs", 30, files=[samples(tmp_path)], count=5)
    found = client.request("profile", 30, runs=6).profile
    assert [op.type for op in found.operators] == ["Mul", "Add"]
    assert all(len(op.t_ns) == len(found.total_ns) == 8 for op in found.operators)
    assert client.request("block", 30, count=2).t_ns, "the session goes on"


@pytest.mark.slow
def test_blocks_need_inputs(client, model):
    opening(client, model)
    for cmd, fields in (("block", {"count": 3}), ("warmup", {"runs": 1, "seconds": 0})):
        with pytest.raises(RunnerFailed, match="ValueError: no inputs; send `inputs` first"):
            client.request(cmd, 30, **fields)


@pytest.mark.slow
def test_open_describes_what_it_opened(client, model):
    opened = opening(client, model)
    assert opened.version
    assert opened.load_ns > 0
    assert opened.rss_before_bytes > 1 << 20
    assert opened.inputs == [Input(name="x", dtype="float32", shape=[1, 3])]
    assert opened.outputs == [Output(name="y", dtype="float32", shape=[1, 3])]
    assert client.request("facts", 30).facts.providers == ["CPUExecutionProvider"]


@pytest.mark.slow
def test_answers_are_written_to_files(client, model, tmp_path):
    opening(client, model)
    x, out = samples(tmp_path), tmp_path / "y.npy"
    reply = client.request("infer", 30, inputs=[x], outputs=[str(out)], first=1, count=3)
    assert reply == Inferred(count=3, outputs=[Written(dtype="float32", shape=[1, 3])])
    assert np.array_equal(np.load(out), 2 * np.load(x)[1:4] + 1)


@pytest.mark.slow
def test_a_missing_input_file_is_an_error(client, model, tmp_path):
    opening(client, model)
    with pytest.raises(RunnerFailed, match="FileNotFoundError"):
        client.request("inputs", 30, files=[str(tmp_path / "none.npy")], count=1)


@pytest.mark.slow
def test_times_are_of_single_runs(client, model, tmp_path):
    opening(client, model)
    client.request("inputs", 30, files=[samples(tmp_path)], count=5)
    warm = client.request("warmup", 30, runs=4, seconds=0.0)
    assert (warm.first_ns > 0, len(warm.t_ns)) == (True, 4)
    assert warm.peak_rss_bytes > 1 << 20
    long = client.request("warmup", 30, runs=1, seconds=0.05)
    assert sum(long.t_ns) > 0.01e9
    blocks = [client.request("block", 30, count=7) for _ in range(2)]
    for block in blocks:
        assert len(block.t_ns) == 7
        assert all(isinstance(t, int) and t > 0 for t in block.t_ns)
        assert block.before.load_1m is not None
        span = block.after.t_ns - block.before.t_ns
        assert sum(block.t_ns) < span
        assert block.before.t_ns < block.start_ns < block.after.t_ns
    assert blocks[0].after.t_ns < blocks[1].start_ns


def test_the_canary_needs_no_session(client):
    assert all(ns > 0 for ns in asdict(client.request("canary", 30)).values())


def test_a_second_session_takes_the_place_of_the_first(client, model, tmp_path):
    opening(client, model)
    with pytest.raises(RunnerFailed):
        opening(client, tmp_path / "none.onnx")
    opening(client, model)
    client.request("inputs", 30, files=[samples(tmp_path)], count=2)
    assert client.request("block", 30, count=1)


# --- a runtime that prints


def test_only_replies_are_on_stdout(loud, tmp_path):
    opened = opening(loud, "anything", "loud")
    assert opened.version == "1.0"
    x, out = samples(tmp_path), str(tmp_path / "y.npy")
    told = loud.request("infer", 30, inputs=[x], outputs=[out], first=0, count=2)
    assert told.count == 2
    assert np.array_equal(np.load(out), 2 * np.load(x)[:2])
    assert loud.request("facts", 30).facts.options["seen"] == "0 3"
    said = (tmp_path / "runner.log").read_text()
    for words in ("importing the loud", "straight to descriptor 1", "running", "a child on stdout"):
        assert words in said


@pytest.mark.slow
def test_inputs_are_taken_in_turn_through_all_blocks(loud, tmp_path):
    """[0, 1, 2], [3, 4, 5], ... are known by their first number."""
    opening(loud, "anything", "loud")
    assert loud.request("inputs", 30, files=[samples(tmp_path)], count=3).count == 3
    loud.request("warmup", 30, runs=1, seconds=0)
    loud.request("block", 30, count=2)
    loud.request("block", 30, count=3)
    assert loud.request("facts", 30).facts.options["seen"] == "0 3 6 0 3 6 0"


@pytest.mark.slow
def test_a_number_that_is_none_is_an_error_and_no_answer(loud, tmp_path):
    """JSON has no NaN: what Python would write for it is read by nobody else."""
    opening(loud, "anything", "loud")
    loud.request("inputs", 30, files=[samples(tmp_path)], count=3)
    loud.request("warmup", 30, runs=30, seconds=0)
    with pytest.raises(RunnerFailed, match="tells a NaN or an infinity") as caught:
        loud.request("facts", 30)
    assert not caught.value.own
    assert loud.request("hello", 30)


# --- what it needs


@pytest.mark.slow
def test_it_needs_numpy_and_its_runtime_alone(model, tmp_path):
    log = tmp_path / "runner.log"
    device = Program("-I", str(HERE / "only_what_a_board_has.py"), "onnxruntime")
    with Client(device, log) as client:
        client.request("hello", 30)
        opening(client, model)
        assert client.request("facts", 30).facts.operators
        client.request("inputs", 30, files=[samples(tmp_path)], count=2)
        assert len(client.request("block", 30, count=3).t_ns) == 3
        with pytest.raises(RunnerFailed, match="ModuleNotFoundError: a board has no openvino"):
            opening(client, model, "openvino")
    assert "refused: edgeopt" not in log.read_text()


def test_nothing_of_the_host_is_loaded():
    code = (
        "import sys, edgeopt.runner.commands, edgeopt.runner.__main__;"
        "print(*sorted(m for m in sys.modules if m.partition('.')[0] not in"
        " {*sys.stdlib_module_names, 'numpy', '__main__'}))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    rooms = {name.split(".")[1] for name in done.stdout.split() if name.startswith("edgeopt.")}
    assert rooms == {"runner", "runtimes"}
