"""Bytes through pipes, with limits: on a clock of its own and on pipes of this process."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from edgeopt.devices.answers import Malformed, clean, decode
from edgeopt.devices.keeper import Reply
from edgeopt.devices.wire import Excess, Gone, Late, Wire, everything


def process(code: str, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-S", "-c", f"import os, time\n{code}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **options,
    )


@pytest.fixture
def wired():
    made = []

    def start(code: str) -> Wire:
        made.append(process(code))
        return Wire(made[-1])

    yield start
    for one in made:
        one.kill()
        one.wait()
        for stream in (one.stdin, one.stdout):
            stream.close()


def test_lines_and_contents_take_turns(wired):
    wire = wired("os.write(1, b'one\\ntwo\\nabcdef\\nthree')")
    found = []
    assert wire.line(10, wire.due(20)) == b"one"
    assert wire.line(3, wire.due(20)) == b"two"
    wire.content(7, found.append, wire.due(20))
    assert b"".join(found) == b"abcdef\n"
    with pytest.raises(Gone) as caught:
        wire.line(10, wire.due(20))
    assert caught.value.rest == b"three"
    assert wire.early() == b""


def test_a_line_is_no_longer_than_agreed(wired):
    wire = wired("os.write(1, b'x' * 11 + b'\\n')")
    with pytest.raises(Excess):
        wire.line(10, wire.due(20))


def test_a_deadline_is_for_the_whole_of_it(wired):
    """Something comes all the time."""
    wire = wired("while True:\n    os.write(1, b'x'); time.sleep(0.02)")
    began = time.monotonic()
    with pytest.raises(Late):
        wire.line(10**6, wire.due(0.3))
    with pytest.raises(Late):
        wire.content(10**6, bytes, wire.due(0.2))
    assert time.monotonic() - began < 5


def test_nobody_reads_what_is_written(wired):
    wire = wired("time.sleep(100)")
    with pytest.raises(Late):
        wire.write(b"x" * (1 << 20), wire.due(0.3))


def test_what_is_said_too_early_is_seen(wired):
    wire = wired("os.write(1, b'early'); time.sleep(100)")
    deadline = time.monotonic() + 20
    while not wire.early():
        assert time.monotonic() < deadline
    assert wire.early() == b"early"


@pytest.mark.parametrize(
    ("code", "error"),
    [("time.sleep(100)", Late), ("while True:\n    os.write(1, b'x' * 65536)", Excess)],
)
def test_everything_has_an_end(code, error):
    with process(code) as one:
        with pytest.raises(error):
            everything(one, 1 << 20, 0.5 if error is Late else 20)
        one.kill()


@pytest.mark.parametrize(
    "line",
    [b"", b"[]", b'{"ok": 1}', b'{"ok": true, "size": -1}', b'{"ok": true, "size": NaN}',
     b'{"ok": true, "size": 1e3}', b'{"ok": true, "path": "a"}', b'{"ok": true, "path": "/a\\nb"}',
     b'{"ok": true, "x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", b"\xff", b'{"ok": true}{}',
     b'{"ok": true, "errno": ' + b"9" * 20_000 + b"}"],
    ids=range(12),
)  # fmt: skip
def test_what_is_no_answer(line):
    with pytest.raises(Malformed) as caught:
        decode(line, Reply)
    assert str(caught.value).isprintable()


def test_control_characters_are_not_kept():
    instead = "\N{REPLACEMENT CHARACTER}"
    assert clean({"a\x1b": ["b\x07", 1]}) == {f"a{instead}": [f"b{instead}", 1]}
    assert clean("Raspberry Pi 5 Modèle B") == "Raspberry Pi 5 Modèle B"


def test_descriptors_are_given_back(wired):
    before = len(os.listdir("/proc/self/fd"))
    wire = wired("")
    wire.close()
    assert len(os.listdir("/proc/self/fd")) <= before
    with pytest.raises(Gone):
        wire.line(10, wire.due(1))
