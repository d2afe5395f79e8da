"""Runs one function of the package in a child process.

The function takes and returns plain data (JSON). Whatever it prints goes to a log file.
A crash, a time-out and an error each come back as a `ChildFailed` with its first cause.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from edgeopt.domain.errors import (
    LONGER,
    BadInput,
    CannotWrite,
    EdgeoptError,
    NotInstalled,
    OwnFault,
)
from edgeopt.jobs import disk, interpreter, memory, missing_package, scratch, warm
from edgeopt.jobs.cache import cache
from edgeopt.jobs.last_words import last_words as words_of
from edgeopt.jobs.process import Process, kill_group
from edgeopt.runtimes.origin import library, own_place

_LOOK_S = 0.05  # between two looks at the room that is left while a child works

# Telemetry tries the network; tokenizers warn about forks; TensorFlow is chatty.
QUIET_ENVIRONMENT = {
    "TF_BUILD": "1",  # the only word that OpenVINO's telemetry obeys: as in a build of Azure's
    "NNCF_TELEMETRY": "0",
    "ORT_DISABLE_TELEMETRY": "1",  # it writes an identity of this machine into the user's cache
    "HF_HUB_OFFLINE": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TOKENIZERS_PARALLELISM": "false",
    "JAX_PLATFORMS": "cpu",
    "OMP_WAIT_POLICY": "PASSIVE",  # idle threads of PyTorch must not spin beside what is timed
    "PYTHONWARNINGS": "ignore",
}


class ChildFailed(EdgeoptError):
    """The child did not return.

    Attributes:
        timed_out: it was ended by the time limit.
        log: the file with what it printed.
    """

    def __init__(self, message: str, hint: str, log: Path, timed_out: bool = False) -> None:
        super().__init__(message, hint)
        self.log, self.timed_out = log, timed_out


def run(
    function: str, argument: Any, log: Path, timeout_s: float, stop: threading.Event | None = None
) -> Any:
    """Call "module:function" with `argument` in a child process and return its result.

    Args:
        stop: ends the child when it is set.

    Raises:
        ChildFailed: it crashed, raised, took longer than `timeout_s`, or was stopped.
        CannotWrite: a place that it writes to is full: whatever it says, it could not do its work.
        BadInput, NotInstalled: raised by the function itself.
        OwnFault: the function made a mistake of edgeopt's own.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with scratch.folder("edgeopt-job-") as folder:
        job, result = Path(folder) / "job.json", Path(folder) / "result.json"
        outputs = [str(log.parent.resolve())]
        work = {"function": function, "argument": argument, "outputs": outputs}
        job.write_text(json.dumps(work))
        start, bound = size_of(log), memory.Bound()
        room = disk.Watch([log.parent], [cache()])
        code, timed_out = _spawn([str(job), str(result)], log, timeout_s, room, bound, stop)
        if stop is not None and stop.is_set():
            raise ChildFailed("stopped with the run", "", log)
        room.require(code)
        if timed_out:
            message = f"took longer than its limit of {timeout_s:.0f} s"
            raise ChildFailed(message, LONGER, log, True)
        if not result.exists():
            message = describe_exit(code, spared=bound.spared) + last_words(log, start)
            room.require_said(message)
            room.require_plenty(message)
            raise _failed(message, "", log, start, bound, code)
        reply = json.loads(result.read_text())
        if "value" not in reply:
            room.require_said("")
        if reply.get("kind") not in (None, *_TOLD_AS_THEY_ARE):
            room.require_plenty(reply["message"])
        return _unpack(reply, log, start, bound)


def _failed(
    message: str, hint: str, log: Path, start: int, bound: memory.Bound, code: int = 0
) -> ChildFailed:
    """The failure, told as want of memory where it was that."""
    if wanted := bound.told(message, code):
        return ChildFailed(f"{wanted}: {message}", memory.HINT, log)
    return ChildFailed(message, hint or scratch.output_in(log, start), log)


def _spawn(
    arguments: list[str],
    log: Path,
    timeout_s: float,
    room: disk.Watch,
    bound: memory.Bound,
    stop: threading.Event | None,
) -> tuple[int, bool]:
    process = warm.started(arguments, log) or Process(
        interpreter.command("-m", "edgeopt.jobs.child", *arguments, str(os.getpid())),
        log,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.STDOUT,
        env={**interpreter.environment(), **QUIET_ENVIRONMENT, **scratch.environment()},
    )
    bound.hold(process.pid)
    deadline = time.monotonic() + timeout_s
    try:
        while time.monotonic() < deadline and not (stop is not None and stop.is_set()):
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(max(0.0, min(_LOOK_S, deadline - time.monotonic()))), False
            room.look()
        return -signal.SIGKILL, True
    finally:
        kill_group(process)


def size_of(log: Path) -> int:
    """Bytes in a log so far."""
    return log.stat().st_size if log.exists() else 0


#: By whether the kernel has killed nothing for want of memory meanwhile.
_WHY_KILLED = {
    True: ", and not by the kernel for want of memory",
    False: "",
    None: "; out of memory?",
}


def last_words(log: Path, start: int) -> str:
    """What was logged of its end after byte `start` (see `jobs/last_words.py`)."""
    with log.open("rb") as file:
        file.seek(start)
        return words_of(file.read().decode(errors="replace"))


def describe_exit(code: int, *, spared: bool | None = None, program: str = "the process") -> str:
    """An exit code in words: of a process, or of a shell that waited for one (128 + signal).

    Args:
        program: what it is called.
        spared: as `memory.Bound` says of the time until it ended.
    """
    if 128 < code < 160:
        code = 128 - code
    if code >= 0:
        return f"{program} ended with exit code {code}"
    names = {number.value: number.name for number in signal.Signals}
    name = names.get(-code, f"signal {-code}")
    words = {
        "SIGKILL": f"{program} was killed (SIGKILL){_WHY_KILLED[spared]}",
        "SIGILL": "illegal instruction (SIGILL)",
        "SIGSEGV": f"{program} crashed (SIGSEGV)",
        "SIGABRT": f"{program} aborted (SIGABRT)",
    }
    return words.get(name, f"{program} ended by {name}")


#: What is no candidate's fault, however much room there is.
_TOLD_AS_THEY_ARE = ("BadInput", "CannotWrite", "OwnFault")

_KINDS: dict[str, type[EdgeoptError]] = {
    kind.__name__: kind for kind in (BadInput, NotInstalled, CannotWrite)
}


def _unpack(reply: dict[str, Any], log: Path, start: int, bound: memory.Bound) -> Any:
    if "value" in reply:
        return reply["value"]
    message, hint = reply["message"], reply["hint"]
    if reply["kind"] == "OwnFault":
        raise OwnFault(message)
    if reply["kind"] in _KINDS:
        raise _KINDS[reply["kind"]](message, hint)
    raise _failed(message, hint, log, start, bound)


def die_with_parent(parent: int) -> None:
    """Ask Linux to end this process when its parent ends, however the parent ends.

    Args:
        parent: its process id; where it has ended already, this one ends now.
    """
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


#: Lines before the point: places in a library's own source, as OpenVINO puts them first.
_PLACE = re.compile(
    r"Exception from \S+:\d+:|Check '.*' failed at \S+:\d+:|[\w ]+ failed with \w+:"
)


def telling_line(text: str) -> str:
    """The first line of an error's text that says what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if not _PLACE.fullmatch(line)]
    return next(iter(telling or lines), "no message")


def first_line(error: BaseException) -> str:
    """The first line of an error that says something, with its type if a library raised it."""
    if isinstance(error, EdgeoptError):
        return str(error.args[0])
    return f"{type(error).__name__}: {telling_line(str(error))}"[:400]


def _call(function: str, argument: Any) -> dict[str, Any]:
    module, name = function.split(":")
    try:
        return {"value": getattr(importlib.import_module(module), name)(argument)}
    except (EdgeoptError, ImportError) as error:
        if short := memory.cause(error):
            traceback.print_exc()
            return {"kind": "error", "message": short, "hint": ""}
        return _told(disk.told(error) or error)
    except Exception as error:
        traceback.print_exc()
        if full := disk.told(error):
            return _told(full)
        return _own(error) or {"kind": "error", "message": _said(error), "hint": ""}


def _told(error: EdgeoptError | ImportError) -> dict[str, Any]:
    """The reply for an error that says itself what it is."""
    if isinstance(error, EdgeoptError):
        return {"kind": type(error).__name__, "message": error.args[0], "hint": error.hint}
    traceback.print_exc()
    return _own(error) or {"kind": "NotInstalled", **missing_package.told(error, first_line(error))}


#: A mistake in code, whose text makes no sentence.
_BARE = (LookupError, AttributeError, AssertionError, TypeError)


def _said(error: Exception) -> str:
    """The first line of an error, after the library that failed where it says little itself."""
    failed = library(error) if isinstance(error, _BARE) else ""
    return f"{failed} failed: {first_line(error)}" if failed else first_line(error)


def _own(error: Exception) -> dict[str, Any] | None:
    """The reply for a mistake of edgeopt's own, None where it is none."""
    place = own_place(error)
    if not place:
        return None
    fault = OwnFault.at(first_line(error), place)
    return {"kind": "OwnFault", "message": fault.args[0], "hint": fault.hint}


def work(job: Path, result: Path, parent: int) -> None:
    """Do a job, and write its reply. `parent`: see `die_with_parent`."""
    faulthandler.enable(all_threads=False)  # in which library's code it crashed
    die_with_parent(parent)
    asked = json.loads(job.read_text())
    disk.OUTPUTS.extend(map(Path, asked["outputs"]))
    reply = _call(asked["function"], asked["argument"])
    part = result.with_suffix(".part")
    part.write_text(json.dumps(reply))
    part.replace(result)
    sys.stdout.flush()
    sys.stderr.flush()


if __name__ == "__main__":
    work(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    # Some libraries crash in their destructors; the result is safe already.
    os._exit(0)
