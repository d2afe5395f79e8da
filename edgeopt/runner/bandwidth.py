"""How fast cores read and copy what lies in each cache, and in memory: by numpy's and C's loops.

A row is read (its maximum) or copied again and again: the rows of an array lie in one place. So one
call of numpy is long, also where the row is short, and threads run beside each other meanwhile.
C's memcmp reads both halves of a row: where a row lies in the second cache it was 1.5 times as fast
as numpy's maximum (Sapphire Rapids, numpy 2.3, glibc 2.36). The faster of both is what is read.
"""

from __future__ import annotations

import ctypes
import threading
import time
from typing import Any, Dict, List, Tuple

import numpy as np

from edgeopt.runner.caches import caches
from edgeopt.runner.root import Missing, Root, optional
from edgeopt.runner.system import memory_available_bytes

#: Bytes that one call moves at least.
_CALL = 4 << 20
#: A turn of calls, and the ways to move.
_TURN_S, _TURNS = 0.004, 3
_UNTIMED = 3
#: So many calls for one where threads move rows of the nearest cache: a start takes 0.1 ms.
_BESIDE = 64
KINDS = ("read", "compare", "copy")
#: Of a cache the part that a row takes, so that other data does not drive it out.
_PART = 0.5
#: Beyond so many times the level below, a larger row tells the same of a level.
_BEYOND = 16
#: Of memory: so many times the last cache, so much at least, and no more of what is free.
_TIMES, _LEAST, _FREE = 2, 64 << 20, 0.25


def measure(threads: int, seconds: float, root: Root) -> Dict[str, Any]:
    """The best turn of each kind in each level; every level is visited in turn, many times.

    Args:
        threads: that move at the same time, each its own bytes.
        seconds: for all levels together.

    Returns:
        {"caches": see `caches`, "levels": [{"level": "L1" or "memory", "row_bytes" of one thread,
        "read_bytes_per_s", "copy_bytes_per_s": of all threads; what is copied counts twice}],
        "why_null": {level: why it is not among them}}.
    """
    why: Dict[str, str] = {}
    try:
        known = caches(root)
    except Missing as reason:
        known, why = [], {"caches": str(reason)}
    rows = _rows(known, threads, root, why)
    movers = [(level, size, _movers(level, size, threads)) for level, size in rows]
    end, turns = time.perf_counter() + seconds, 0
    while turns < _TURNS or time.perf_counter() < end:
        turns += 1
        for _, _, by_kind in movers:
            for mover in by_kind.values():
                mover.turn()
    levels = [
        {
            "level": level,
            "row_bytes": size,
            "read_bytes_per_s": max(
                by_kind[kind].bytes_per_s for kind in by_kind if kind != "copy"
            ),
            "copy_bytes_per_s": by_kind["copy"].bytes_per_s,
        }
        for level, size, by_kind in movers
    ]
    return {"caches": known, "levels": levels, "why_null": why}


def _rows(
    known: List[Dict[str, Any]], threads: int, root: Root, why: Dict[str, str]
) -> List[Tuple[str, int]]:
    """(level, bytes of a row of each thread); why a level has none goes into `why`."""
    rows, below = [], 0
    for cache in known:
        name = "L{}".format(cache["level"])
        each = cache["least_bytes"] * min(1.0, cache["instances"] / threads)
        size = int(min(each * _PART, below * _BEYOND if below else each))
        if size < 2 * below:
            why[name] = "it is too small beside the level before it"
        else:
            rows.append((name, size))
        below = max(below, int(cache["least_bytes"] * min(1.0, cache["instances"] / threads)))
    last = known[-1] if known else {"most_bytes": 0, "instances": 0}
    whole = max(_LEAST, _TIMES * last["most_bytes"] * last["instances"])
    free = optional(memory_available_bytes, root)
    if free is not None and whole > _FREE * free:
        why["memory"] = "{} MB are wanted, and a quarter of what is free is {:.0f} MB".format(
            whole >> 20, _FREE * free / (1 << 20)
        )
    else:
        rows.append(("memory", whole // threads))
    return rows


def _movers(level: str, size: int, threads: int) -> Dict[str, Any]:
    nearest = level == "L1"
    kinds = [kind for kind in KINDS if kind != "compare" or (_COMPARE is not None and not nearest)]
    if nearest:
        return {kind: _Slope(kind, size, threads) for kind in kinds}
    untimed = 0 if level == "memory" else _UNTIMED
    return {kind: _Team(kind, size, threads, untimed) for kind in kinds}


def _compare() -> Any:
    """C's memcmp, which lets other threads run; None where this system gives no such function."""
    try:
        found = ctypes.CDLL(None).memcmp
    except (OSError, TypeError, AttributeError):
        return None
    found.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    return found


_COMPARE = _compare()


class _Mover:
    """One thread's bytes, moved by one call of numpy many times."""

    def __init__(self, kind: str, size: int) -> None:
        count = max(64, size // 4 // (2 if kind == "copy" else 1) // 16 * 16)
        repeats = max(1, _CALL // (4 * count))
        self.bytes = repeats * count * 4 * (2 if kind == "copy" else 1)
        self.repeats = repeats
        strided = np.lib.stride_tricks.as_strided
        source = strided(_aligned(count), (repeats, count), (0, 4))
        self.call: Any
        if kind == "read":
            out = np.empty(repeats, np.int32)
            self.call = lambda: np.max(source, axis=1, out=out)
            return
        if kind == "compare":
            self.call = self._comparing(count)
            return
        # Each row begins a line further: of rows in one place numpy would copy columns.
        slide = min(repeats, 32)
        self.bytes, self.repeats = self.bytes // repeats * slide, slide
        self.rows = rows = strided(_aligned(count + 16 * slide), (slide, count), (64, 4))
        self.call = lambda: np.copyto(rows, source[:slide])

    def _comparing(self, count: int) -> Any:
        """Both halves of one row; a call of C is short beside a row of the second cache."""
        row, half = _aligned(count), count // 2 * 4
        self.bytes, self.repeats, self.row = 2 * half, 1, row
        first = row.ctypes.data
        return lambda: _COMPARE(first, first + half, half)


def _aligned(count: int):
    """`count` integers that begin with a line of the cache."""
    whole = np.ones(count + 16, np.int32)
    start = (-whole.ctypes.data % 64) // 4
    return whole[start : start + count]


class _Team:
    """Threads that move together; `untimed` calls of each turn do not count."""

    def __init__(self, kind: str, size: int, threads: int, untimed: int) -> None:
        self._untimed = untimed
        self._movers = [_Mover(kind, size) for _ in range(threads)]
        self._calls = 1
        self.bytes_per_s = 0.0

    def turn(self) -> None:
        """From the start of the first to the end of the last; the best turn counts.

        Other levels were moved meanwhile: calls that are not timed bring the bytes back. A last
        cache that holds what a nearer one drops keeps a row at its third reading (Sapphire Rapids).
        """
        _together([mover.call for mover in self._movers], self._untimed)
        moved = self._calls * sum(mover.bytes for mover in self._movers)
        took = _together([mover.call for mover in self._movers], self._calls)
        self._calls = max(1, int(self._calls * _TURN_S / took))
        self.bytes_per_s = max(self.bytes_per_s, moved / took)


class _Slope:
    """Rows of two lengths that both lie in the cache: what the longer one takes more.

    What numpy does between two rows is as long as a row of the nearest cache takes.
    """

    def __init__(self, kind: str, size: int, threads: int) -> None:
        self._teams = [[_Mover(kind, part) for _ in range(threads)] for part in (size // 3, size)]
        self._best = [float("inf"), float("inf")]

    def turn(self) -> None:
        """Both lengths once; of several threads so long that their starts do not count."""
        for i, team in enumerate(self._teams):
            calls = max(1, int(_CALL / team[0].bytes)) * (1 if len(team) == 1 else _BESIDE)
            took = _together([mover.call for mover in team], calls)
            self._best[i] = min(self._best[i], took / calls / team[0].repeats)

    @property
    def bytes_per_s(self) -> float:
        """By the best turn of each length."""
        short, long = (team[0].bytes / team[0].repeats for team in self._teams)
        more = self._best[1] - self._best[0]
        least = self._best[1] / 4  # the longer row cannot take so little more: one was disturbed
        return len(self._teams[0]) * (long - short) / max(more, least)


def _together(calls: List[Any], times: int) -> float:
    """Seconds in which every call was made so many times, each by a thread of its own."""
    if len(calls) == 1:
        start = time.perf_counter()
        _repeat(calls[0], times)
        return time.perf_counter() - start
    gate, spans = threading.Barrier(len(calls)), []

    def work(call: Any) -> None:
        gate.wait()
        start = time.perf_counter()
        _repeat(call, times)
        spans.append((start, time.perf_counter()))

    threads = [threading.Thread(target=work, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(end for _, end in spans) - min(start for start, _ in spans)


def _repeat(call: Any, times: int) -> None:
    for _ in range(times):
        call()
