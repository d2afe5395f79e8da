"""Ends what must not outlive edgeopt, however edgeopt ends: a program of its own, nothing imported.

It reads lines on stdin: `group PID`, `folder PATH` and `command WORDS` (as JSON) for what is there,
`-group` and so on for what is gone by itself. At the end of input edgeopt has ended: of every group
that is left the whole session is killed, the folders are removed, and the commands are run, which
give back what others wait for. It ends with that.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import time

_ROUNDS = 20  # a process that forks while it is killed is found the next time


def _sessions() -> dict[int, list[int]]:
    """Session -> its processes that have not ended."""
    found: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError, ValueError, IndexError):
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
            if fields[0] not in "ZX":
                found.setdefault(int(fields[3]), []).append(int(name))
    return found


def _end(groups: set[int]) -> None:
    """Kill the sessions that these processes lead, and wait until nothing of them is left."""
    for _ in range(_ROUNDS):
        for group in groups:
            with contextlib.suppress(OSError):
                os.killpg(group, signal.SIGKILL)
        if not os.path.isdir("/proc/self"):
            return
        sessions = _sessions()
        left = [pid for group in groups for pid in sessions.get(group, [])]
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if not left:
            return
        time.sleep(0.05)


def main() -> None:
    """Read until edgeopt ends; then end the rest."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # they are meant for edgeopt, and we come after it
    kept: dict[str, set[object]] = {"group": set(), "folder": set(), "command": set()}
    for line in sys.stdin:
        word, _, rest = line.partition(" ")
        with contextlib.suppress(ValueError, KeyError):
            change = set.discard if word.startswith("-") else set.add
            change(kept[word.lstrip("-")], json.loads(rest))
    _end({group for group in kept["group"] if isinstance(group, int) and group > 1})
    for folder in kept["folder"]:
        shutil.rmtree(str(folder), ignore_errors=True)
    for command in kept["command"]:
        import subprocess  # only here: it takes a while to load

        with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
            subprocess.run(json.loads(str(command)), timeout=90)


if __name__ == "__main__":
    main()
