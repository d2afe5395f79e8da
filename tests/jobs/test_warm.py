"""Children that are forked from a process that has imported what earlier ones needed."""

import functools
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from edgeopt.jobs import child, interpreter, warm

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks of this kind are made on Linux"),
]


def test_what_one_child_imported_the_next_one_has(tmp_path):
    with warm.children():
        first = child.run("tests.jobs.warmjob:known", None, tmp_path / "log", 120)
        second = child.run("tests.jobs.warmjob:known", None, tmp_path / "log", 120)
    assert (first["before"], second["before"]) == (False, True)
    assert first["pid"] != second["pid"]
    assert (tmp_path / "log").read_text().count("imported") == 2


def test_a_crash_a_limit_and_a_stop_end_the_child_alone(tmp_path):
    with warm.children():
        with pytest.raises(child.ChildFailed, match="SIGABRT"):
            child.run("tests.jobs.warmjob:dies", None, tmp_path / "log", 120)
        with pytest.raises(child.ChildFailed) as told:
            child.run("tests.jobs.warmjob:sleeps", None, tmp_path / "log", 0.5)
        assert told.value.timed_out
        stop = threading.Event()
        threading.Timer(0.3, stop.set).start()
        began = time.monotonic()
        with pytest.raises(child.ChildFailed, match="stopped with the run"):
            child.run("tests.jobs.warmjob:sleeps", None, tmp_path / "log", 50, stop)
        assert time.monotonic() - began < 40
        assert child.run("tests.jobs.warmjob:process", None, tmp_path / "log", 120) > 0


def test_two_threads_have_children_side_by_side(tmp_path):
    found = []

    def ask(number):
        log = tmp_path / f"log{number}"
        found.append(child.run("tests.jobs.warmjob:process", None, log, 120))

    with warm.children():
        threads = [threading.Thread(target=ask, args=(i,)) for i in range(3)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert len(set(found)) == 3


def test_without_it_children_are_started_as_ever_and_nothing_is_left(tmp_path):
    with warm.children():
        child.run("tests.jobs.warmjob:process", None, tmp_path / "log", 120)
        server = warm._nursery._process.pid
    assert warm.started(["job", "result"], tmp_path / "log") is None
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_where_its_parent_was_killed_before_a_word_it_ends(tmp_path):
    """Else it would read the end of its input for ever."""
    command = interpreter.command("-m", "edgeopt.jobs.warm_server")
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
        env=interpreter.environment(),
    )  # fmt: skip
    assert done.returncode == 0


def test_what_is_named_is_imported_ahead_and_who_comes_earlier_is_started_as_ever(tmp_path):
    with warm.children(["scipy.special", "no_such_package", "onnx", "socketserver"]):
        early = child.run("tests.jobs.warmjob:parent", None, tmp_path / "log", 120)
        warm.settle()
        late = child.run(
            "tests.jobs.warmjob:parent", ["onnx", "socketserver"], tmp_path / "log", 120
        )
        server = warm._nursery._process.pid
    assert early["parent"] == os.getpid()
    assert late["parent"] == server
    assert late["known"] == ["onnx"]  # the other may start a thread, as far as is known


@pytest.fixture
def imports_that_hang(tmp_path, monkeypatch):
    """The name of a package whose import takes a minute, where half a second is waited."""
    monkeypatch.setattr(warm, "_START_S", 0.5)
    (tmp_path / "nncf.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    return "nncf"


def test_imports_that_hang_hold_up_nobody_for_ever(tmp_path, imports_that_hang):
    began = time.monotonic()
    with warm.children([imports_that_hang]):
        waiting = threading.Thread(target=warm.settle)
        waiting.start()
        early = child.run("tests.jobs.warmjob:parent", None, tmp_path / "log", 120)
        waiting.join(30)
        assert not waiting.is_alive()
    assert early["parent"] == os.getpid()
    assert time.monotonic() - began < 50


def test_nobody_waits_for_imports_that_hang_once_the_run_is_to_stop(monkeypatch, imports_that_hang):
    monkeypatch.setattr(warm, "_START_S", 20.0)
    stop = threading.Event()
    with warm.children([imports_that_hang]), ThreadPoolExecutor(1) as other:
        waiting = other.submit(warm.settle, stop)
        stop.set()
        waiting.result(10)
        assert warm._nursery.imports


def test_nor_does_a_process_that_hangs_before_its_first_child(
    tmp_path, monkeypatch, imports_that_hang
):
    hangs = functools.partial(warm.Nursery, ahead=[imports_that_hang])
    monkeypatch.setattr(warm, "Nursery", hangs)
    with warm.children():
        found = child.run("tests.jobs.warmjob:parent", None, tmp_path / "log", 120)
        first = warm._nursery
        child.run("tests.jobs.warmjob:parent", None, tmp_path / "log", 120)
        assert warm._nursery is first  # it may still become ready
    assert found["parent"] == os.getpid()


def test_who_waits_for_imports_goes_on_where_another_thread_has_read_that_they_are_done():
    with warm.children(["onnx"]):
        nursery = warm._nursery
        waiting = [threading.Thread(target=warm.settle) for _ in range(4)]
        for one in waiting:
            one.start()
        assert nursery.ready  # reads the only line there is
        began = time.monotonic()
        for one in waiting:
            one.join(30)
        assert time.monotonic() - began < 10


def test_where_there_is_no_room_for_it_children_are_started_as_ever(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(warm, "Nursery", full)
    with warm.children(["onnx"]):
        warm.settle()
        assert child.run("tests.jobs.warmjob:process", None, tmp_path / "log", 120) > 0
    assert warm._users == 0
