"""Resident memory of this process as Linux counts it. What is not to be had is None, never 0.

`getrusage` is of no use here: its peak outlives exec, so a runner that a large host has started
would tell the host's memory (getrusage(2): ru_maxrss is preserved across execve).
"""

from __future__ import annotations

import bisect


def rss_bytes():
    """Resident now, bytes."""
    return _status("VmRSS:")


def peak_rss_bytes():
    """Peak since the process began, or since the last `restart_peak`, bytes."""
    return _status("VmHWM:")


def own_rss_bytes():
    """Resident now, bytes, without the memory of an emulator that runs this process.

    An emulator shows its program's mappings alone in /proc/self/maps. What of them is resident
    stands in the smaps of the whole process, under a name that QEMU does not answer itself.
    """
    try:
        own = _mappings("/proc/self/maps")
        whole = _mappings("/proc/thread-self/smaps")
    except OSError:
        return None
    starts = [start for start, _, _ in own]  # in order, as the kernel lists them
    total = 0
    for start, _, size in whole:
        place = bisect.bisect_right(starts, start) - 1
        if place >= 0 and start < own[place][1]:
            total += size
    return total or None


def _mappings(path: str) -> list:
    """[first address, end, resident bytes] of each; 0 bytes where the file does not tell."""
    found: list = []
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            words = line.split()
            if words[0] == "Rss:":
                found[-1][2] = int(words[1]) * 1024
            elif not words[0].endswith(":"):
                start, _, end = words[0].partition("-")
                found.append([int(start, 16), int(end, 16), 0])
    return found


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
