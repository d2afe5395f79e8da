"""Work on this machine waits for measurements on it, and they for work."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from edgeopt.pipeline.host_lock import HostLock


def test_how_many_are_at_work():
    turns = HostLock()
    with turns.working():
        assert turns.at_work == 1
        with ThreadPoolExecutor(1) as pool, turns.working():
            assert pool.submit(lambda: turns.at_work).result(timeout=30) == 2
    assert turns.at_work == 0


def test_a_measurement_is_alone_and_all_get_their_turn():
    turns, seen, active = HostLock(), [], []
    guard = threading.Lock()

    def enter(what):
        with guard:
            active.append(what)
            seen.append(tuple(active))

    def leave(what):
        with guard:
            active.remove(what)

    def work(_):
        for _ in range(20):
            with turns.working():
                enter("work")
                time.sleep(0.001)
                leave("work")

    def measure(_):
        for _ in range(5):
            with turns.alone():
                enter("measure")
                with turns.working():  # its own needs do not wait for itself
                    time.sleep(0.003)
                leave("measure")

    with ThreadPoolExecutor(6) as pool:
        for task in [*[pool.submit(work, i) for i in range(4)], pool.submit(measure, 0)]:
            task.result(timeout=30)
    assert all(now == ("measure",) for now in seen if "measure" in now)
    assert sum(now == ("measure",) for now in seen) == 5
    assert any(now.count("work") > 1 for now in seen)
