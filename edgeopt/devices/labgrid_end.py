"""Gives a place of a lab back after edgeopt was killed: a program of its own, nothing imported.

    labgrid_end.py LOCK PID COMMAND...

Not where the lock is held, or has another number in it: then a later edgeopt has the place.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys


def main() -> None:
    """See the module's head."""
    path, number, *command = sys.argv[1:]
    file = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    if os.read(file, 64).decode(errors="replace").strip() != number:
        return
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    if done.returncode == 0:
        os.ftruncate(file, 0)


if __name__ == "__main__":
    main()
