"""One call at a time writes to a run's folder, and the other is told which."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from edgeopt.domain.errors import BadInput, CannotWrite
from edgeopt.store import run_folder, run_lock
from edgeopt.store.run_lock import NAME, Holder, held, refuse_held

HOLDER = """
import sys, time
from pathlib import Path
from edgeopt.store.run_folder import locked
sys.argv = ["edgeopt", "optimize", "m.onnx", "--out", "a b"]
with locked(Path(FOLDER)):
    MORE
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def elsewhere(tmp_path):
    """Another process that holds the lock of OUT, until the test ends."""
    started = []

    def start(folder: Path, more: str = "pass"):
        code = HOLDER.replace("FOLDER", repr(str(folder))).replace("MORE", more)
        command = [sys.executable, "-c", code]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_it_is_held_and_gone(tmp_path):
    with held(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert list(tmp_path.iterdir()) == []
    with held(tmp_path):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("look", [refuse_held, lambda folder: held(folder).__enter__()])
def test_who_holds_it_is_said(tmp_path, elsewhere, look):
    process = elsewhere(tmp_path)
    with pytest.raises(BadInput) as caught:
        look(tmp_path)
    said = caught.value.args[0]
    assert said.startswith(f"{tmp_path} is being written by `edgeopt optimize m.onnx --out 'a b'`")
    assert f"(process {process.pid} on {socket.gethostname()}, since 20" in said
    assert "the same call then goes on" in caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_a_killed_holder_blocks_nobody(tmp_path, elsewhere, name):
    process = elsewhere(tmp_path)
    process.send_signal(getattr(signal, name))
    process.wait()
    assert (tmp_path / NAME).exists()
    refuse_held(tmp_path)
    with held(tmp_path):
        pass
    assert not (tmp_path / NAME).exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "copy",
    [
        "__import__('os').fork() or (time.sleep(8), __import__('os')._exit(0))",
        "__import__('subprocess').Popen([sys.executable, '-c', 'import time; time.sleep(8)'])",
        "__import__('subprocess').Popen(['sleep', '8'], close_fds=False)",
    ],
    ids=["forked", "started", "started with all descriptors"],
)
def test_what_outlives_its_holder_does_not_hold_it(tmp_path, elsewhere, copy):
    process = elsewhere(tmp_path, copy)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 4
    while _is_held(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)  # a copy lets it go when it first runs
    with held(tmp_path):
        pass


def _is_held(folder: Path) -> bool:
    try:
        refuse_held(folder)
    except BadInput:
        return True
    return False


def test_two_of_one_process(tmp_path):
    with held(tmp_path), pytest.raises(BadInput, match=f"process {os.getpid()} on "):
        held(tmp_path).__enter__()


def test_one_that_was_removed_while_another_waited_is_taken_anew(tmp_path, monkeypatch):
    """Between the opening of the file and its lock, the holder before ended and removed it."""
    real, removed = run_lock._lock, []

    def lock(folder, file, kind):
        if not removed:
            removed.append((folder / NAME).unlink())
        real(folder, file, kind)

    monkeypatch.setattr(run_lock, "_lock", lock)
    with held(tmp_path):
        assert (tmp_path / NAME).exists()


@pytest.fixture
def without_locks(monkeypatch):
    def refuse(file, kind):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(run_lock.fcntl, "flock", refuse)


def word(folder: Path, **changes):
    fields = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "command": "edgeopt",
        "started": "x",
    }
    fields["born"] = run_lock._born(os.getpid())
    (folder / NAME).write_bytes(msgspec.json.encode(Holder(**{**fields, **changes})))


@pytest.mark.usefixtures("without_locks")
def test_without_locks_the_files_word_counts(tmp_path):
    with held(tmp_path), pytest.raises(BadInput, match="is being written by"):
        refuse_held(tmp_path)
    for dead in ({"pid": 2**22 - 1}, {"born": "1"}, {"born": ""}):
        word(tmp_path, **dead)
        with held(tmp_path):
            pass
    word(tmp_path, host="another-host")
    with pytest.raises(BadInput) as caught:
        refuse_held(tmp_path)
    assert "on another-host" in caught.value.args[0]
    assert f"If that call has ended, remove {tmp_path / NAME}" in caught.value.hint
    assert "from here it cannot be told" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1]", b"[" * 60000])
def test_a_lock_that_says_nothing(tmp_path, content):
    (tmp_path / NAME).write_bytes(content)
    with (tmp_path / NAME).open() as file:
        run_lock.fcntl.flock(file, run_lock.fcntl.LOCK_EX)
        with pytest.raises(BadInput, match="is being written by another call"):
            refuse_held(tmp_path)
    with held(tmp_path):
        pass


def test_a_folder_that_is_made_for_it_goes_with_a_refusal(tmp_path):
    with pytest.raises(KeyError), run_folder.locked(tmp_path / "a"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
    with run_folder.locked(tmp_path / "a"):
        (tmp_path / "a" / "file").touch()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.EACCES, BadInput), (errno.ENOSPC, CannotWrite)]
)
def test_a_folder_that_takes_no_lock(tmp_path, monkeypatch, number, kind):
    def refuse(folder):
        raise OSError(number, os.strerror(number), str(folder))

    monkeypatch.setattr(run_lock, "_taken", refuse)
    with pytest.raises(kind), run_folder.locked(tmp_path):
        pass


@pytest.mark.slow
def test_it_is_found_at_once(tmp_path, elsewhere):
    elsewhere(tmp_path)
    began = time.monotonic()
    with pytest.raises(BadInput):
        refuse_held(tmp_path)
    assert time.monotonic() - began < 1
