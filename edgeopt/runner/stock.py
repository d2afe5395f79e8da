"""What a model finds on a device: the interpreter, numpy, room on the disk, the wall clock."""

from __future__ import annotations

import os
import shutil
import struct
import sys
import time


def stock(folder: str) -> dict:
    """What may keep a model from running here.

    Args:
        folder: room is looked for on the disk that holds it.
    """
    return {
        "executable": sys.executable,
        "bits": 8 * struct.calcsize("P"),
        "numpy": _numpy(),
        "disk_free_bytes": shutil.disk_usage(folder).free,
        "clock_s": time.time(),
        "other_runners": _other_runners(),
    }


def _numpy():
    try:
        import numpy
    except ImportError:
        return None
    return numpy.__version__


def _other_runners():
    """Runners of anybody that this process does not know of; None where that is not told."""
    if not os.path.isdir("/proc/self"):
        return None
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                with open("/proc/{}/cmdline".format(name), "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            count += b"-m" in words and b"edgeopt.runner" in words
    return count
