"""Nothing outlives edgeopt, however it ends; what a process prints has a bound."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from edgeopt.jobs import log as log_module
from edgeopt.jobs import scratch
from edgeopt.jobs.process import Process, captured, kill_group

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def shortly(condition, within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


#: A host with a child that has one below itself (as pip has), and a temporary folder.
#: Signals are as a terminal gives them, whatever has started the tests (nohup ignores some).
HOST = """
import signal, subprocess, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from edgeopt.jobs import scratch
from edgeopt.jobs.process import Process
code = "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', " \\
    "'import time; time.sleep(600)']); print(p.pid, flush=True); time.sleep(600)"
process = Process([sys.executable, "-c", code], Path(sys.argv[1]) / "log", stdout=subprocess.PIPE)
below = int(process.stdout.readline())
with scratch.folder("edgeopt-test-") as place:
    (Path(place) / "file").write_text("x")
    (Path(sys.argv[1]) / "told").write_text(f"{process.pid} {below} {scratch.root()}")
    MORE
    time.sleep(600)
"""


@pytest.fixture
def host(tmp_path, monkeypatch):
    """Starts such a host; returns it, the two processes and the temporary folder."""
    (tmp_path / "t").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "t"))
    monkeypatch.delenv(scratch.SCRATCH, raising=False)

    def start(more: str = "pass"):
        code = HOST.replace("MORE", textwrap.indent(more, "    ").lstrip())
        process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
        told = tmp_path / "told"
        assert shortly(lambda: told.exists() and len(told.read_text().split()) == 3, 30)
        first, below, place = told.read_text().split()
        return process, [int(first), int(below)], Path(place)

    return start


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGHUP", "SIGINT"])
def test_all_ends_with_the_host(host, name):
    process, others, place = host()
    assert place.is_dir()
    assert all(map(alive, others))
    process.send_signal(getattr(signal, name))
    process.wait(timeout=30)
    assert shortly(lambda: not any(map(alive, others)))
    assert shortly(lambda: not place.exists())


def test_a_copy_of_the_host_that_lives_on_holds_nothing(host):
    """What a user's function forks has the host's end of the pipe, unless it is closed there."""
    process, others, place = host("import os\nif os.fork() == 0: time.sleep(20); os._exit(0)")
    process.kill()
    process.wait()
    assert shortly(lambda: not any(map(alive, others)), 5)
    assert shortly(lambda: not place.exists(), 5)


def test_a_guard_that_is_killed_is_started_again(host):
    more = """
import signal, os
from edgeopt.jobs.guarded import GUARD
GUARD._process.kill(); GUARD._process.wait()
GUARD.keep("folder", str(scratch.root()) + "x")
GUARD.forget("folder", str(scratch.root()) + "x")
(Path(sys.argv[1]) / "again").write_text("")
"""
    process, others, place = host(more.strip())
    assert shortly((place.parents[1] / "again").exists, 30)
    process.kill()
    process.wait()
    assert shortly(lambda: not any(map(alive, others)))
    assert shortly(lambda: not place.exists())


def test_what_a_machine_that_went_down_left_is_swept(tmp_path):
    """Nobody holds the lock of the one; the others are held, no folder of ours, or no folder."""
    dead, held, other = (tmp_path / name for name in ("edgeopt-a", "edgeopt-b", "edgeopt-c"))
    for place in (dead, held, other):
        (place / "deep").mkdir(parents=True)
    (dead / ".lock").touch()
    (held / ".lock").touch()
    (tmp_path / "edgeopt-link").symlink_to(dead)
    with (held / ".lock").open() as file:
        scratch.fcntl.flock(file, scratch.fcntl.LOCK_EX)
        scratch.sweep(tmp_path)
    assert not dead.exists()
    assert (held / "deep").is_dir()
    assert (other / "deep").is_dir()


def test_a_process_that_ends_takes_the_rest_with_it(tmp_path):
    code = f"import subprocess; print(subprocess.Popen({SLEEP!r}).pid, flush=True)"
    command = [sys.executable, "-c", code]
    process = Process(command, tmp_path / "log", stdout=subprocess.PIPE, text=True)
    below = int(process.stdout.readline())
    assert process.wait(20) == 0
    assert shortly(lambda: not alive(below))


def test_a_programs_words_and_exit_code():
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    done = captured([sys.executable, "-c", code])
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")


@pytest.mark.slow
@pytest.mark.parametrize("through", ["stdout", "stderr"])
def test_a_flood_leaves_its_beginning_and_its_end(tmp_path, through):
    code = f"import sys\nfor i in range(30_000): print('line', i, 'x' * 90, file=sys.{through})"
    path = tmp_path / "log"
    process = Process([sys.executable, "-c", code], path, stdout=subprocess.STDOUT)
    assert process.wait(60) == 0
    text = path.read_text()
    assert len(text) <= log_module.HEAD_BYTES + log_module.TAIL_BYTES + 100
    assert text.startswith("line 0 ")
    assert text.rstrip().endswith(f"line 29999 {'x' * 90}")
    assert "bytes of this output were not kept]" in text


def test_a_log_of_many_processes_has_a_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(log_module, "MOST_BYTES", 5000)
    monkeypatch.setattr(log_module, "TAIL_BYTES", 100)
    for number in range(8):
        code = f"print('x' * 1000); print('end of {number}')"
        process = Process([sys.executable, "-c", code], tmp_path / "log", stdout=subprocess.STDOUT)
        process.wait(20)
    text = (tmp_path / "log").read_text()
    assert len(text) < 7000
    assert all(f"end of {number}" in text for number in range(8))


def test_a_log_on_a_full_disk_is_no_trouble_of_the_process():
    process = Process(
        [sys.executable, "-c", "print('x' * 9)"], Path("/dev/full"), stdout=subprocess.STDOUT
    )
    assert process.wait(20) == 0


def test_one_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        Process(["no-such-program"], tmp_path / "log")


def groups_killed_again(process):
    """What `kill_group` would kill, of a process that has ended."""
    killed = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "killpg", lambda *given: killed.append(given))
        kill_group(process)
    return killed


def test_a_group_is_killed_once(tmp_path):
    """Later its number may be another's."""
    process = Process(SLEEP, tmp_path / "log")
    kill_group(process)
    assert groups_killed_again(process) == []


def test_one_whose_end_was_seen_by_a_look(tmp_path):
    """The rest of its group ends then, not later, when its number may be another's."""
    code = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid)"
    process = Process([sys.executable, "-c", code], tmp_path / "log", stdout=subprocess.PIPE)
    left = int(process.stdout.readline())
    while process.poll() is None:
        time.sleep(0.01)
    assert groups_killed_again(process) == []
    assert shortly(lambda: not alive(left))
