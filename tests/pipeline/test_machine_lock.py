"""Who measures on a machine is alone there, across processes: locks are of files."""

import threading

import pytest

from edgeopt.domain.errors import CannotWrite
from edgeopt.pipeline.machine_lock import MachineLock


def started(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_measurement_waits_for_work_and_new_work_waits_for_it(tmp_path):
    one, other, third = (MachineLock(tmp_path) for _ in range(3))
    order, asked = [], threading.Event()

    def measure():
        asked.set()
        with other.alone():
            order.append("measured")

    def work():
        with third.working():
            order.append("worked")

    with one.working():
        with MachineLock(tmp_path).working():  # work is done side by side
            pass
        measuring = started(measure)
        asked.wait(5)
        measuring.join(0.2)
        late = started(work)
        late.join(0.2)
        assert order == []
    measuring.join(5)
    late.join(5)
    assert order == ["measured", "worked"]


def test_what_a_measurement_itself_needs_does_not_wait_for_it(tmp_path):
    lock = MachineLock(tmp_path)
    with lock.alone(), lock.working():
        pass
    with lock.working():
        pass


def test_where_the_cache_cannot_be_written_that_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match="cannot be written"):
        MachineLock(tmp_path / "file" / "below")
