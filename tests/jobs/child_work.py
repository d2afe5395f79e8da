"""What the tests have done in a child process."""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from edgeopt.domain.errors import BadInput, EdgeoptError, NotInstalled, StepFailed


def echo(argument: Any) -> Any:
    return argument


def environment(names: list[str]) -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in names}


def fail(how: str) -> None:
    raise {
        "value": ValueError("\n\n  the first line\nthe second"),
        "silent": RuntimeError(),
        "openvino": RuntimeError(
            "Exception from src/core.cpp:132:\nCheck 'x' failed at a.cpp:1:\nno"
        ),
        "bad input": BadInput("it is bad", "make it good"),
        "not installed": NotInstalled("no torch", "pip install torch"),
        "step": StepFailed("failed-run", "a step", "a hint"),
        "own": EdgeoptError("without a hint"),
        "import": ImportError("No module named 'tensorflow'"),
        "exit": SystemExit(5),
    }[how]


def die(how: str) -> None:
    {
        "abort": os.abort,
        "segv": lambda: ctypes.string_at(0),
        "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "exit 0": lambda: os._exit(0),
        "exit 9": lambda: os._exit(9),
        "last words": lambda: (os.write(2, b"one\n  kernel panic  \n\n"), os._exit(9)),
        "in a library": _abort_in_a_library,
    }[how]()


def _abort_in_a_library() -> None:
    os.write(2, b"bad scale\n")
    names: dict[str, Any] = {"os": os}
    code = "def stub():\n    os.abort()\n"
    exec(compile(code, "/x/site-packages/library/core.py", "exec"), names)
    names["stub"]()


def not_plain(_: Any) -> Any:
    return {1, 2}


def speak(_: Any) -> str:
    sys.stdout.write("by python\n")
    os.write(1, b"by descriptor 1\n")
    os.write(2, b"by descriptor 2\n")
    subprocess.run(["echo", "by a process"], check=True)
    return "done"


def crash_at_the_end(_: Any) -> str:
    atexit.register(os.abort)
    threading.Thread(target=time.sleep, args=(100,)).start()
    return "done"


def linger(pids: str) -> None:
    """Sleep, with a process of its own beside it; the pids of both go to a file."""
    beside = subprocess.Popen(["sleep", "1000"])
    part = Path(pids + ".part")
    part.write_text(f"{os.getpid()} {beside.pid}")
    part.rename(pids)
    time.sleep(1000)


def leave_one_behind(_: Any) -> int:
    return subprocess.Popen(["sleep", "1000"]).pid


def allocate(how: str) -> None:
    """Take memory without an end."""
    {
        "lists": _lists,
        "arrays": _arrays,
        "tensors": _tensors,
        "c++": lambda: ctypes.CDLL("libstdc++.so.6")._Znwm(ctypes.c_size_t(1 << 46)),
        "a process of its own": lambda: subprocess.run(
            [sys.executable, "-c", "x = []\nwhile True: x.append(bytearray(1 << 20))"], check=True
        ),
    }[how]()


def _lists() -> None:
    taken: list[Any] = []
    while True:
        taken.append([0] * 1000)


def _arrays() -> None:
    import numpy as np

    taken = []
    while True:
        taken.append(np.ones(1 << 22))


def _tensors() -> None:
    import torch

    taken = []
    while True:
        taken.append(torch.ones(1 << 22))


def misread(_: Any) -> None:
    """As readers do: what cannot be imported is told as not installed."""
    try:
        raise ImportError("libx.so: failed to map segment: Cannot allocate memory")
    except ImportError:
        raise NotInstalled("onnxruntime is not installed", "pip install it") from None


def limits(_: Any) -> list[int]:
    import resource

    return list(resource.getrlimit(resource.RLIMIT_DATA))
