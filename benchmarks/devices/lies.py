"""Ways in which a board can lie, stall and flood: what it makes of an honest answer.

Each is a row of `LIES`. `liar.py` tells one of them in place of an honest keeper or runner; the
tests of devices and `benchmarks/faults/lying_boards.py` go through all. Standard library alone.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

Say = Callable[[bytes], None]
Tell = Callable[[bytes, Say], None]

GREETING = b"edgeopt-keeper "
BLOCK = b"x" * 65536


@dataclass(frozen=True)
class Lie:
    """One way.

    Attributes:
        name: words that say it.
        who: the process that tells it: "keeper", "runner".
        at: the request that it is told at; "greeting": before any.
        tell: gets the honest line, and says something.
        ends: what becomes of the device: True, it is given up; False, it is used all the same.
    """

    name: str
    who: str
    at: str
    tell: Tell
    ends: bool = True


# --- of any answer


def stall(line: bytes, say: Say) -> NoReturn:
    while True:
        time.sleep(1)


def leave(line: bytes, say: Say) -> NoReturn:
    os._exit(0)


def half_then_stall(line: bytes, say: Say) -> None:
    say(line[: len(line) // 2])
    stall(line, say)


def half_then_leave(line: bytes, say: Say) -> None:
    say(line[: len(line) // 2])
    leave(line, say)


def drip(line: bytes, say: Say) -> None:
    """A byte now and then: something comes all the time, and never the end."""
    while True:
        for byte in line.strip():
            say(bytes([byte]))
            time.sleep(0.05)


def endless_line(line: bytes, say: Say) -> None:
    while True:
        say(BLOCK)


def endless_lines(line: bytes, say: Say) -> None:
    while True:
        say(b"one more line\n" * 1000)


def endless_list(line: bytes, say: Say) -> None:
    say(b'{"ok": true, "t_ns": [1')
    while True:
        say(b", 1" * 20_000)


def endless_stderr(line: bytes, say: Say) -> None:
    """As much as a minute of it would be, at once; then the honest answer."""
    for _ in range(1000):
        os.write(2, BLOCK)
    say(line)


def twice(line: bytes, say: Say) -> None:
    say(line + line)


def before(words: bytes) -> Tell:
    return lambda line, say: say(words + line)


def instead(words: bytes) -> Tell:
    """`words` with the number of the request in place of N."""
    return lambda line, say: say(words.replace(b"N", str(number(line)).encode()))


def number(line: bytes) -> Any:
    try:
        return json.loads(line)["n"]
    except (ValueError, LookupError):
        return 0


# --- of one value


def changed(change: Callable[[Any], None]) -> Tell:
    """The honest answer, but for what `change` does to it."""

    def tell(line: bytes, say: Say) -> None:
        head = GREETING if line.startswith(GREETING) else b""
        told = json.loads(line[len(head) :])
        change(told)
        say(head + json.dumps(told).encode() + b"\n")

    return tell


def put(value: Any, *where: str) -> Tell:
    """A value at a place: put(-1, "machine", "cores")."""

    def change(told: Any) -> None:
        for key in where[:-1]:
            told = told[key]
        told[where[-1]] = value

    return changed(change)


def without(*where: str) -> Tell:
    def change(told: Any) -> None:
        for key in where[:-1]:
            told = told[key]
        del told[where[-1]]

    return changed(change)


def raw(value: bytes, *where: str) -> Tell:
    """A value that json.dumps would not write: put as it is."""
    mark = "@@value@@"

    def tell(line: bytes, say: Say) -> None:
        made: list[bytes] = []
        put(mark, *where)(line, made.append)
        say(made[0].replace(json.dumps(mark).encode(), value))

    return tell


def _deep() -> bytes:
    return b'{"ok": true, "n": N, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"


def _both(who: str, at: str) -> list[Lie]:
    """What any answer of either process can be."""
    rows: list[tuple[str, Tell]] = [
        ("nothing, for ever", stall),
        ("half a line, then nothing", half_then_stall),
        ("a byte now and then", drip),
        ("a line without an end", endless_line),
        ("lines without an end", endless_lines),
        ("the answer twice", twice),
        ("a banner before it", before(b"Welcome to the board!\n")),
        ("words", instead(b"Loading kernels ...\n")),
        ("an empty line", instead(b"\n")),
        ("a list", instead(b"[1, 2]\n")),
        ("zero bytes", instead(b"\0" * 100 + b"\n")),
        (
            "no UTF-8",
            instead(b'{"ok": true, "n": N, "error": "\xff\xfe", "path": "\xff", "size": "\xff"}\n'),
        ),
        ("nested 100,000 deep", instead(_deep())),
        ("the answer to another question", put(10**6, "n")),
        ("an answer without ok", without("ok")),
        ("ok in words", put("yes", "ok")),
        ("an error of 10 MB", lambda line, say: put("E" * 10**7, "error")(line, say)),
    ]
    return [Lie(f"{who} {at}: {name}", who, at, tell) for name, tell in rows]


def _of(who: str, at: str, rows: dict[str, Tell], ends: bool = True) -> list[Lie]:
    return [Lie(f"{who} {at}: {name}", who, at, tell, ends) for name, tell in rows.items()]


HUGE = b"9" * 10_000
MB10 = "A" * 10**7

LIES: list[Lie] = [
    *_of("keeper", "greeting", {
        "nothing, for ever": stall,
        "half a line, then nothing": half_then_stall,
        "half a line, then the end": half_then_leave,
        "the end": leave,
        "a byte now and then": drip,
        "a line without an end": endless_line,
        "lines without an end": endless_lines,
        "a banner before it": before(b"Last login: today\n"),
        "another answer behind it": twice,
        "no JSON": instead(GREETING + b"hello\n"),
        "nested 100,000 deep": instead(GREETING + b"[" * 100_000 + b"\n"),
        "a scratch folder elsewhere": put("/etc", "scratch"),
        "a folder with a line break": put("/tmp/a\nrm -rf /", "scratch"),
        "a relative folder": put("../..", "root"),
        "no version": without("version"),
        "a version in words": put(["3", "x", None], "version"),
        "an architecture for a shell": put("$(reboot)", "arch"),
        "bits: 1e9": put(10**9, "bits"),
        "others: -1": put(-1, "others"),
        "a clock of 10,000 digits": raw(HUGE, "clock_s"),
        "a boot id of 10 MB": put(MB10, "boot_id"),
    }),
    *_both("keeper", "put"),
    *_of("keeper", "put", {
        "files elsewhere": put("/etc/cron.d", "path"),
        "a path upwards": put("/../../../etc", "path"),
        "a path that is a number": put(7, "path"),
    }),
    *_of("keeper", "get", {
        "1e15 bytes": put(10**15, "size"),
        "-1 bytes": put(-1, "size"),
        "a size in words": put("much", "size"),
        "a size of 10,000 digits": raw(HUGE, "size"),
        "no size": without("size"),
        "a larger file than there is": lambda line, say: changed(
            lambda told: told.update(size=told["size"] + 1)
        )(line, say),
        "a smaller file than there is": lambda line, say: changed(
            lambda told: told.update(size=told["size"] - 1)
        )(line, say),
        "half a file, then the end": lambda line, say: (say(line + b"ha"), leave(line, say))[0],
        "a file a byte at a time": lambda line, say: (say(line), drip(b"x" * 100, say))[0],
        "a refusal with control characters": instead(
            b'{"ok": false, "n": N, "error": "\\u001b[2J\\u0007", "errno": 5}\n'
        ),
        "an error number of 10,000 digits": instead(
            b'{"ok": false, "n": N, "error": "", "errno": ' + HUGE + b"}\n"
        ),
    }),
    *_of("keeper", "put", {
        "the disk is full": instead(b'{"ok": false, "n": N, "error": "no room", "errno": 28}\n'),
    }),
    *_both("runner", "hello"),
    *_of("runner", "hello", {
        "half a line, then the end": half_then_leave,
        "cores: -1": put(-1, "machine", "cores"),
        "cores: 1e9": put(10**9, "machine", "cores"),
        "cores: a text": put("four", "machine", "cores"),
        "cores of 10,000 digits": raw(HUGE, "machine", "cores"),
        "memory: NaN": raw(b"NaN", "machine", "memory_bytes"),
        "features: a text": put("avx2", "machine", "features"),
        "a processor's name of 10 MB": put(MB10, "machine", "cpu_model"),
        "a machine that is a list": put([], "machine"),
        "no machine": without("machine"),
        "no architecture": without("machine", "arch"),
        "reasons that are numbers": put({"x": 1}, "machine", "why_null"),
        "a temperature in words": put(
            [{"name": "a", "temperature_c": "hot", "passive_c": None}], "machine", "thermal_zones"
        ),
    }),
    *_of("runner", "hello", {
        "control characters in its name": put("pi\x1b[2J\x07[/red]", "machine", "board"),
        "much on stderr": endless_stderr,
    }, ends=False),
    *_of("runner", "health", {
        "a clock that is a text": put("now", "health", "t_ns"),
        "throttled that is a number": put(3, "health", "throttled"),
    }),
    *_of("runner", "import", {
        "a time below zero": put(-1, "import_ns"),
        "more time than went by": put(10**14, "import_ns"),
        "a version of 10 MB": put(MB10, "version"),
    }),
    *_of("runner", "open", {
        "more time than went by": put(10**14, "load_ns"),
        "inputs that are a number": put(3, "inputs"),
        "a shape of negative lengths": put(
            [{"name": "x", "dtype": "float32", "shape": [-7]}], "inputs"
        ),
    }),
    *_of("runner", "facts", {
        "operators that are texts": put({"Conv": "many"}, "facts", "precisions"),
        "no facts": without("facts"),
        "the disk is full": instead(
            b'{"ok": false, "n": N, "error": "OSError: [Errno 28] No space left on device"}\n'
        ),
    }),
    *_of("runner", "infer", {
        "another number of samples": put(10**6, "count"),
        "no outputs": put([], "outputs"),
        "a shape without an end": put([{"dtype": "float32", "shape": [10**30]}], "outputs"),
    }),
    *_of("runner", "warmup", {
        "times below zero": put([-1] * 50, "t_ns"),
        "times of nothing": put([0] * 50, "t_ns"),
        "times in words": put(["fast"], "t_ns"),
        "NaN": raw(b"[NaN]", "t_ns"),
        "a time of 10,000 digits": raw(b"[" + HUGE + b"]", "t_ns"),
        "more time than went by": put([10**13] * 50, "t_ns"),
        "fewer runs": put([], "t_ns"),
        "numbers without an end": endless_list,
    }),
    *_of("runner", "block", {
        "another number of runs": changed(lambda told: told["t_ns"].append(1)),
        "a clock that went back": put(0, "after", "t_ns"),
        "fractions": put([0.5] * 8, "t_ns"),
        "more time than went by": changed(
            lambda told: told.update(t_ns=[10**13] * len(told["t_ns"]))
        ),
        "a clock in words": put("noon", "start_ns"),
    }),
    *_of("runner", "canary", {
        "no time at all": put(0, "copy_ns"),
        "more time than went by": put(10**14, "arithmetic_ns"),
    }),
]  # fmt: skip

BY_NAME = {lie.name: lie for lie in LIES}
assert len(BY_NAME) == len(LIES), "two lies of one name"

if __name__ == "__main__":
    sys.stdout.write("".join(f"{lie.name}\n" for lie in LIES))
