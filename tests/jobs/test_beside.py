"""One thing is made while another is done."""

import subprocess
import sys
import threading

import pytest

from edgeopt.jobs import beside


def test_it_is_made_meanwhile():
    done = threading.Event()

    def make(stop):
        assert done.wait(30)
        return 7

    with beside.made(make) as made:
        assert not made.done()
        done.set()
    assert made.result() == 7


def test_what_it_raised_is_raised_when_it_is_asked_for():
    def make(stop):
        raise ValueError("no model")

    with beside.made(make) as made:
        other = "done all the same"
    assert other
    with pytest.raises(ValueError, match="no model"):
        made.result()


def test_what_is_raised_meanwhile_ends_it():
    ended = []

    def make(stop):
        ended.append(stop.wait(30))

    with pytest.raises(ValueError, match="no data"), beside.made(make):
        raise ValueError("no data")
    assert ended == [True]


INTERRUPTED = """
import os, signal, threading
from edgeopt.jobs import beside

signal.signal(signal.SIGINT, signal.default_int_handler)
ended, waits = [], threading.Event()

def make(stop):
    assert waits.wait(30)
    interrupts.start()
    ended.append(stop.wait(30))

interrupts = threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGINT])
try:
    with beside.made(make):
        waits.set()
except KeyboardInterrupt:
    print(ended)
"""


def test_so_does_ctrl_c_while_it_is_waited_for():
    """In a process of its own: a real SIGINT is not for the one that runs the tests."""
    command = [sys.executable, "-c", INTERRUPTED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "[True]\n")
