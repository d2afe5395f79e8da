"""One thing is made while another is done."""

import os
import signal
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


def test_so_does_ctrl_c_while_it_is_waited_for():
    ended, waits = [], threading.Event()

    def make(stop):
        assert waits.wait(30)
        interrupts.start()
        ended.append(stop.wait(5))

    interrupts = threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGINT])
    with pytest.raises(KeyboardInterrupt), beside.made(make):
        waits.set()
    assert ended == [True]
