"""Runs one function of the package in a child process.

The function takes and returns plain data (JSON). Whatever it prints goes to a log file.
A crash, a time-out and an error each come back as a `ChildFailed` with its first cause.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from edgeopt.domain.errors import BadInput, EdgeoptError, NotInstalled, OwnFault
from edgeopt.jobs.scratch import output_in
from edgeopt.runtimes.origin import library, own_place

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


def run(function: str, argument: Any, log: Path, timeout_s: float) -> Any:
    """Call "module:function" with `argument` in a child process and return its result.

    Raises:
        ChildFailed: it crashed, raised, or took longer than `timeout_s`.
        BadInput, NotInstalled: raised by the function itself.
        OwnFault: the function made a mistake of edgeopt's own.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="edgeopt-job-") as folder:
        job, result = Path(folder) / "job.json", Path(folder) / "result.json"
        job.write_text(json.dumps({"function": function, "argument": argument}))
        start = size_of(log)
        code, timed_out = _spawn([str(job), str(result)], log, timeout_s)
        if timed_out:
            message = f"took longer than its limit of {timeout_s:.0f} s"
            raise ChildFailed(message, "Give it longer with --step-timeout SECONDS.", log, True)
        if not result.exists():
            message = describe_exit(code) + last_words(log, start)
            raise ChildFailed(message, output_in(log, start), log)
        return _unpack(json.loads(result.read_text()), log, start)


def _spawn(arguments: list[str], log: Path, timeout_s: float) -> tuple[int, bool]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "edgeopt.jobs.child", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **QUIET_ENVIRONMENT},
            start_new_session=True,
        )
        try:
            return process.wait(timeout_s), False
        except subprocess.TimeoutExpired:
            return -signal.SIGKILL, True
        finally:
            kill_group(process)


def kill_group(process: subprocess.Popen[Any]) -> None:
    """End a process started in a session of its own, and all it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def size_of(log: Path) -> int:
    """Bytes in a log so far."""
    return log.stat().st_size if log.exists() else 0


#: Information and warnings of Google's libraries: no cause of a death.
_CHATTER = re.compile(r"[IW]\d{4} \d\d:\d\d:\d\d|[IW]0000 00:00:|WARNING: ")


def last_words(log: Path, start: int) -> str:
    """ ": " and the last line that was logged after byte `start`; "" where there is none."""
    with log.open("rb") as file:
        file.seek(start)
        lines = file.read().decode(errors="replace").strip().splitlines()
    telling = [line for line in lines if not _CHATTER.match(line)]
    return f": {telling[-1].strip()[:200]}" if telling else ""


def describe_exit(code: int) -> str:
    """An exit code in words: of a process, or of a shell that waited for one (128 + signal)."""
    if 128 < code < 160:
        code = 128 - code
    if code >= 0:
        return f"the process ended with exit code {code}"
    names = {number.value: number.name for number in signal.Signals}
    name = names.get(-code, f"signal {-code}")
    words = {
        "SIGKILL": "the process was killed (SIGKILL); out of memory?",
        "SIGILL": "illegal instruction (SIGILL)",
        "SIGSEGV": "the process crashed (SIGSEGV)",
        "SIGABRT": "the process aborted (SIGABRT)",
    }
    return words.get(name, f"the process ended by {name}")


def _unpack(reply: dict[str, Any], log: Path, start: int = 0) -> Any:
    if "value" in reply:
        return reply["value"]
    message, hint = reply["message"], reply["hint"]
    if reply["kind"] == "OwnFault":
        raise OwnFault(message)
    kinds: dict[str, type[EdgeoptError]] = {"BadInput": BadInput, "NotInstalled": NotInstalled}
    if reply["kind"] in kinds:
        raise kinds[reply["kind"]](message, hint)
    raise ChildFailed(message, hint or output_in(log, start), log)


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent ends, however the parent ends."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


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
    except EdgeoptError as error:
        return {"kind": type(error).__name__, "message": error.args[0], "hint": error.hint}
    except ImportError as error:
        traceback.print_exc()
        hint = "See `pip install edgeopt[all]`."
        return _own(error) or {"kind": "NotInstalled", "message": first_line(error), "hint": hint}
    except Exception as error:
        traceback.print_exc()
        return _own(error) or {"kind": "error", "message": _said(error), "hint": ""}


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


def _main() -> None:
    die_with_parent()
    job, result = Path(sys.argv[1]), Path(sys.argv[2])
    work = json.loads(job.read_text())
    reply = _call(work["function"], work["argument"])
    part = result.with_suffix(".part")
    part.write_text(json.dumps(reply))
    part.replace(result)
    sys.stdout.flush()
    sys.stderr.flush()
    # Some libraries crash in their destructors; the result is safe already.
    os._exit(0)


if __name__ == "__main__":
    _main()
