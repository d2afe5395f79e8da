"""Systems without file locks and process groups, simulated: what answers, and what is said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Takes away what Windows' Python lacks, after the libraries that ask for the system are there.
WINDOWS = """
import asyncio, concurrent.futures, ctypes, multiprocessing, os, platform, select, signal, sys
import click, rich.console, subprocess, tempfile
for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty"):
    sys.modules[name] = None
for module, names in {
    os: ("fork", "register_at_fork", "killpg", "setsid", "getuid", "geteuid", "statvfs", "sysconf",
         "sched_getaffinity", "sched_setaffinity", "getloadavg", "pidfd_open", "uname",
         "O_NOFOLLOW", "O_CLOEXEC"),
    select: ("poll", "epoll"),
    signal: ("SIGKILL", "SIGHUP", "SIGXFSZ", "SIGSTOP", "SIGCONT", "SIGALRM", "SIGPIPE"),
}.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
sys.platform = "win32"
"""
MACOS = """
import os, select, sys
import asyncio, click, ctypes, multiprocessing, rich.console, subprocess
for name in ("sched_getaffinity", "sched_setaffinity", "pidfd_open"):
    delattr(os, name)
del select.epoll
sys.platform = "darwin"
"""


def there(system, *lines):
    code = "\n".join([system, *lines])
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT), "EDGEOPT_CONFIG": "/nowhere"},
        capture_output=True,
        text=True,
    )


def typed(system, *words):
    return there(
        system,
        f"sys.argv = ['edgeopt', *{words!r}]",
        "from edgeopt.__main__ import main",
        "main()",
    )


@pytest.mark.slow
@pytest.mark.parametrize("words", [("--help",), ("--version",), ("optimize", "--help")])
def test_help_answers_on_windows(words):
    done = typed(WINDOWS, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert "edgeopt" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("words", [("doctor",), ("try", "net.onnx"), ("devices", "list")])
def test_commands_say_one_sentence_on_windows(words):
    done = typed(WINDOWS, *words)
    assert (done.returncode, done.stdout) == (3, "")
    error, advice = done.stderr.splitlines()
    assert error.startswith("error: edgeopt does not run on Windows")
    assert "WSL 2" in advice


@pytest.mark.slow
@pytest.mark.parametrize(
    "call",
    [
        "edgeopt.optimize('net.onnx', target='this-machine', data='eval.npz')",
        "edgeopt.measure(['net.onnx'])",
        "edgeopt.devices.registry.remove('pi5')",
    ],
)
def test_python_s_callers_get_the_same_error(call, tmp_path):
    done = there(
        WINDOWS,
        f"os.chdir({str(tmp_path)!r})",
        "open('net.onnx', 'wb').close()",
        "open('eval.npz', 'wb').close()",
        "import edgeopt, edgeopt.devices.registry",
        "from edgeopt.domain.errors import NotInstalled",
        "edgeopt.devices.registry.entry = lambda name: None",
        "try:",
        f"    {call}",
        "except NotInstalled as error:",
        "    print(error)",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("edgeopt does not run on Windows")


@pytest.mark.slow
def test_macos_is_told_once_and_goes_on():
    done = typed(MACOS, "targets", "show", "raspberry-pi-5")
    assert done.returncode == 0
    assert done.stderr.startswith("note: edgeopt was never tried on macOS")
    assert done.stderr.count("\n") == 1
    assert "Raspberry Pi 5" in done.stdout


@pytest.mark.slow
def test_a_model_is_read_in_a_child_with_what_macos_has(tmp_path):
    """Locks, the guard, scratch folders and children: none of them asks for Linux's own."""
    done = there(
        MACOS,
        "import pathlib",
        "from edgeopt.jobs import child, scratch",
        f"log = pathlib.Path({str(tmp_path)!r}) / 'log'",
        "print(child.run('tests.jobs.child_work:echo', {'a': 1}, log, 60.0))",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "{'a': 1}\n"
