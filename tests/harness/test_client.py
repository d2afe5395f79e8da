"""One request, one reply, a limit on each; and no process is left behind."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgeopt.domain.errors import Untrusted
from edgeopt.harness.answering import open_session
from edgeopt.harness.client import Client, RunnerFailed
from tests.harness.standin import Script, Standin


def client_of(device, log, script):
    """A client with that script open."""
    client = Client(device, log)
    open_session(client, device, device.subject("scripted", script), 10)
    return client


def test_a_reply_is_what_was_asked_for(device, log):
    with Client(device, log) as client:
        assert client.request("hello", 10).machine.cpu_model == "scripted"
        assert client.request("canary", 10).copy_ns > 0


def test_the_process_ends_with_the_client(device, log):
    with Client(device, log) as client:
        client.request("hello", 10)
        (process,) = device.alive
    assert process.returncode == 0


def test_the_process_ends_when_something_else_fails(device, log):
    def interrupted():
        with Client(device, log) as client:
            client.request("hello", 10)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert device.alive == []


def test_closing_twice_is_fine(device, log):
    client = Client(device, log)
    client.close()
    client.close()
    assert device.alive == []


def test_a_runner_that_ignores_quit_is_killed(device, log):
    began = time.monotonic()
    with client_of(device, log, Script(trouble="silence", at="quit")):
        (process,) = device.alive
    assert process.returncode == -signal.SIGKILL
    assert time.monotonic() - began < 5


def test_what_a_runner_started_ends_with_it(device, log):
    with client_of(device, log, Script(trouble="grandchild", at="facts")) as client:
        client.request("facts", 10)
        grandchild = int(re.search(r"grandchild (\d+)", log.read_text())[1])
        assert running(grandchild)
    assert ends(grandchild)


def running(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def ends(pid: int, within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not running(pid)


def test_an_error_is_its_kind_and_the_first_line_that_tells(device, log):
    with client_of(device, log, Script(trouble="error", at="facts")) as client:
        with pytest.raises(RunnerFailed, match=r"^ValueError: scripted:$") as caught:
            client.request("facts", 10)
        assert not caught.value.timed_out
        assert client.request("facts", 10).facts


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("exit", "in `facts` the process ended with exit code 7"),
        ("half a line, then exit", "in `facts` the process ended with exit code 0"),
        ("crash", "in `facts` the process crashed (SIGSEGV)"),
        ("last words", "in `facts` the process ended with exit code 3: kernel 7 not found"),
    ],
)
def test_a_death_is_told_with_its_last_words(device, log, trouble, words):
    with client_of(device, log, Script(trouble=trouble, at="facts")) as client:
        with pytest.raises(RunnerFailed, match=f"^{re.escape(words)}$") as caught:
            client.request("facts", 10)
        assert not caught.value.timed_out
        with pytest.raises(RunnerFailed, match="in `hello` the process"):
            client.request("hello", 10)


def test_the_last_words_are_its_own(device, log):
    """Runners that are timed together share a log."""
    with client_of(device, log, Script(trouble="crash", at="facts")) as client:
        log.write_text("said by another")
        with pytest.raises(RunnerFailed, match=r"in `facts` the process crashed \(SIGSEGV\)$"):
            client.request("facts", 10)


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["silence", "half a line, then silence"])
def test_a_runner_that_does_not_answer_is_ended_at_the_limit(device, log, trouble):
    with client_of(device, log, Script(trouble=trouble, at="facts")) as client:
        with pytest.raises(RunnerFailed, match="`facts` took longer than its limit of") as caught:
            client.request("facts", 0.3)
        assert caught.value.timed_out
        assert device.alive == []
        with pytest.raises(RunnerFailed, match="in `hello` the process"):
            client.request("hello", 10)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("words", "Loading kernels"),
        ("a list", "[1, 2]"),
        ("an object without ok", "t_ns"),
    ],
)
def test_what_is_no_reply_is_shown_and_ends_the_runner(device, log, trouble, said):
    with client_of(device, log, Script(trouble=trouble, at="facts")) as client:
        pattern = f"^stand-in answered `facts` by something else: .*{re.escape(said)}"
        with pytest.raises(Untrusted, match=pattern):
            client.request("facts", 10)
        assert device.alive == []


def test_much_on_stderr_stops_nobody(device, log):
    with client_of(device, log, Script(trouble="much on stderr", at="facts")) as client:
        assert client.request("facts", 10).facts
    assert log.stat().st_size >= 5_000_000


def test_a_long_reply_arrives_whole(device, log):
    with client_of(device, log, Script(duration_ns="9e14")) as client:
        assert len(client.request("block", 30, count=2000).t_ns) == 2000


HOST = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from edgeopt.devices.local import Local
from edgeopt.harness.client import Client
client = Client(Local(), Path(sys.argv[1]))
client.request("hello", 30)
print(client._process.pid, flush=True)
time.sleep(60)
"""


def test_a_runner_ends_when_the_host_is_killed(log):
    root = str(Path(__file__).parents[2])
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, str(log), root], stdout=subprocess.PIPE, text=True
    )
    with host:
        pid = int(host.stdout.readline())
        host.kill()
    assert ends(pid)


def test_a_device_that_starts_nothing(tmp_path, log):
    class Broken(Standin):
        def start_runner(self, stderr):
            return subprocess.Popen(
                ["false"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr.open("ab"),
                text=True,
                start_new_session=True,
            )

    with (
        Client(Broken(tmp_path), log) as client,
        pytest.raises(RunnerFailed, match="in `hello` the process ended with exit code 1"),
    ):
        client.request("hello", 10)
