"""Resident memory of this process as Linux counts it. What is not to be had is None, never 0.

`getrusage` is of no use here: its peak outlives exec, so a runner that a large host has started
would tell the host's memory (getrusage(2): ru_maxrss is preserved across execve).
"""

from __future__ import annotations


def rss_bytes():
    """Resident now, bytes."""
    return _status("VmRSS:")


def peak_rss_bytes():
    """Peak since the process began, or since the last `restart_peak`, bytes."""
    return _status("VmHWM:")


def restart_peak() -> bool:
    """From now on the peak is a new one (proc(5): clear_refs); False where that is not possible."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        return False
    return True


def _status(key: str):
    try:
        with open("/proc/self/status", encoding="utf-8") as file:
            for line in file:
                if line.startswith(key):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None
