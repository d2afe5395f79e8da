"""What of its libraries a process has in memory, and the same in a fork of it.

A fork has no page of a file that was only read (fork(2) copies what was written). It would have
them the first time that it touches them: as if a model had needed the libraries' own code. Linux
5.14 or later; elsewhere nothing is restored, and a fork tells some MB too much.
"""

from __future__ import annotations

import ctypes
import mmap
from typing import List, Tuple

import numpy as np

_POPULATE_READ = 22  # madvise(2)
_PRESENT = 1 << 63  # of an entry of /proc/PID/pagemap, of 8 bytes for each page

_noted: List[Tuple[int, int]] = []


def note() -> None:
    """Note which pages of files are there: [(address, bytes)]."""
    _noted[:] = []
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
            lines = [line.split() for line in maps]
        with open("/proc/self/pagemap", "rb", buffering=0) as pagemap:
            for words in lines:
                if words[4] != "0":  # the number of a file
                    _noted.extend(_there(words[0], pagemap))
    except OSError:
        return


def _there(span: str, pagemap) -> List[Tuple[int, int]]:
    first, end = (int(word, 16) for word in span.split("-"))
    page = mmap.PAGESIZE
    pagemap.seek(first // page * 8)
    entries = np.frombuffer(pagemap.read((end - first) // page * 8), np.uint64)
    there = np.concatenate(([0], (entries & np.uint64(_PRESENT)) > 0, [0])).astype(np.int8)
    edges = np.flatnonzero(np.diff(there))
    return [(first + int(a) * page, int(b - a) * page) for a, b in zip(edges[::2], edges[1::2])]


def restore() -> None:
    """Have in this fork what was noted before it."""
    if _noted:
        madvise = ctypes.CDLL(None, use_errno=True).madvise
        madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        for address, size in _noted:
            madvise(address, size, _POPULATE_READ)
