"""Work in a child process: what comes back, however it ends, and that nothing is left."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from edgeopt.domain.errors import BadInput, NotInstalled, OwnFault
from edgeopt.jobs.child import (
    QUIET_ENVIRONMENT,
    ChildFailed,
    describe_exit,
    first_line,
    run,
    telling_line,
)

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(HERE))


@pytest.fixture
def log(tmp_path):
    return tmp_path / "logs" / "child.log"


def work(name, argument, log, timeout_s=60.0):
    return run(f"child_work:{name}", argument, log, timeout_s)


def ends(pid: int, within_s: float = 10.0) -> bool:
    """Whether a process ends; one that was not waited for counts as ended."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def pids(file: Path) -> list[int]:
    deadline = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return [int(word) for word in file.read_text().split()]


# --- what comes back


@pytest.mark.parametrize("value", [None, 1.5, "ä\n", [1, [2]], {"a": {"b": None}}])
def test_a_value_comes_back(value, log):
    assert work("echo", value, log) == value


def test_the_first_line_of_an_error_comes_back_and_the_rest_is_in_the_log(log):
    with pytest.raises(ChildFailed) as caught:
        work("fail", "value", log)
    assert caught.value.args[0] == "ValueError: the first line"
    assert caught.value.hint == f"Its output is in {log}."
    assert (caught.value.log, caught.value.timed_out) == (log, False)
    assert "Traceback" in log.read_text()
    assert "the second" in log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "kind", "message", "hint"),
    [
        ("silent", ChildFailed, "RuntimeError: no message", "Its output is in"),
        ("openvino", ChildFailed, "RuntimeError: no", "Its output is in"),
        ("bad input", BadInput, "it is bad", "make it good"),
        ("not installed", NotInstalled, "no torch", "pip install torch"),
        ("step", ChildFailed, "a step", "a hint"),
        ("own", ChildFailed, "without a hint", "Its output is in"),
        ("import", NotInstalled, "ImportError: No module named 'tensorflow'", "pip install"),
        ("exit", ChildFailed, "the process ended with exit code 5", "Its output is in"),
    ],
)
def test_errors_come_back_by_their_kind(how, kind, message, hint, log):
    with pytest.raises(kind) as caught:
        work("fail", how, log)
    assert type(caught.value) is kind
    assert caught.value.args[0] == message
    assert hint in caught.value.hint


def test_a_function_that_is_not_there(log):
    with pytest.raises(OwnFault, match=r"AttributeError: .*no_such_function"):
        work("no_such_function", None, log)
    with pytest.raises(NotInstalled, match="the package no_such_module is needed"):
        run("no_such_module:f", None, log, 60)


def test_what_is_not_plain_data_is_an_error(log):
    with pytest.raises(ChildFailed, match="exit code 1: TypeError: Object of type set"):
        work("not_plain", None, log)


def test_a_crash_after_the_work_is_done_loses_nothing(log):
    assert work("crash_at_the_end", None, log) == "done"


# --- how it can end


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("abort", "the process aborted (SIGABRT)"),
        ("segv", "the process crashed (SIGSEGV)"),
        ("killed", "the process was killed (SIGKILL), and not by the kernel for want of memory"),
        ("exit 0", "the process ended with exit code 0"),
        ("exit 9", "the process ended with exit code 9"),
        ("last words", "the process ended with exit code 9: kernel panic"),
        ("in a library", "the process aborted (SIGABRT) in library (stub): bad scale"),
    ],
)
def test_a_death_is_told_in_words(how, message, log):
    with pytest.raises(ChildFailed) as caught:
        work("die", how, log)
    assert caught.value.args[0] == message
    assert not caught.value.timed_out


def test_the_last_words_are_the_childs_own(log):
    work("speak", None, log)
    with pytest.raises(ChildFailed) as caught:
        work("die", "exit 9", log)
    assert caught.value.args[0] == "the process ended with exit code 9"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (3, "the process ended with exit code 3"),
        (-signal.SIGILL, "illegal instruction (SIGILL)"),
        (-signal.SIGTERM, "the process ended by SIGTERM"),
        (-50, "the process ended by signal 50"),
    ],
)
def test_every_exit_code_has_words(code, words):
    assert describe_exit(code) == words


def test_the_exit_of_a_program_that_has_a_name():
    assert describe_exit(-signal.SIGSEGV, program="pnnx") == "pnnx crashed (SIGSEGV)"
    assert describe_exit(3, program="pnnx") == "pnnx ended with exit code 3"


@pytest.mark.slow
def test_a_limit_ends_the_child_and_what_it_started(log, tmp_path):
    file = tmp_path / "pids"
    began = time.monotonic()
    with pytest.raises(ChildFailed) as caught:
        work("linger", str(file), log, timeout_s=1.0)
    assert time.monotonic() - began < 10
    assert caught.value.timed_out
    assert caught.value.args[0] == "took longer than its limit of 1 s"
    assert "--step-timeout" in caught.value.hint
    assert all(ends(pid) for pid in pids(file))


def test_what_the_child_leaves_behind_ends_with_it(log):
    assert ends(work("leave_one_behind", None, log))


@pytest.fixture
def interruptible():
    """SIGINT as Python has it: a shell that runs the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_parent_leaves_nothing(log, tmp_path):
    file = tmp_path / "pids"

    def interrupt():
        pids(file)
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        work("linger", str(file), log)
    assert all(ends(pid) for pid in pids(file))


HOST = """
import sys
from pathlib import Path
from edgeopt.jobs.child import run
run("child_work:linger", sys.argv[1], Path(sys.argv[2]), 1000)
"""


def test_the_child_ends_when_its_parent_is_killed(log, tmp_path):
    file = tmp_path / "pids"
    host = subprocess.Popen([sys.executable, "-c", HOST, str(file), str(log)])
    child, beside = pids(file)
    host.kill()
    host.wait()
    assert ends(child)
    subprocess.run(["kill", str(beside)], check=False)


# --- what it says


def test_all_output_goes_to_the_log(log, capfd):
    assert work("speak", None, log) == "done"
    assert work("speak", None, log) == "done"
    said = log.read_text()
    for words in ("by python", "by descriptor 1", "by descriptor 2", "by a process"):
        assert said.count(words) == 2
    assert capfd.readouterr() == ("", "")


def test_libraries_are_told_to_be_quiet(log):
    assert work("environment", list(QUIET_ENVIRONMENT), log) == QUIET_ENVIRONMENT


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "no message"),
        ("\n\n  a  \nb", "a"),
        ("Exception from src/core.cpp:132:\nException from b.cpp:1:\nnot there", "not there"),
        ("Check 'a || b(c)' failed at src/f.cpp:117:\nno", "no"),
        ("FrontEnd API failed with GeneralFailure:\nir: no file", "ir: no file"),
        ("Exception from src/core.cpp:132:", "Exception from src/core.cpp:132:"),
    ],
)
def test_the_line_that_tells(text, line):
    assert telling_line(text) == line


def test_a_long_line_is_cut():
    assert len(first_line(ValueError("x" * 1000))) == 400
