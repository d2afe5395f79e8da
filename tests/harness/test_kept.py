"""Runners that are lent out again."""

import threading

import pytest

from edgeopt.devices.local import Local
from edgeopt.domain.errors import RunnerFailed
from edgeopt.harness import kept


def pid(client):
    return client._process.pid


@pytest.mark.slow
def test_a_runner_is_lent_again_unless_it_failed_or_another_thread_asks(tmp_path):
    device, log = Local(), tmp_path / "log"
    seen = []

    def ask():
        with kept.client(device, log, "onnxruntime") as other:
            seen.append((pid(other), other._process.poll()))

    with kept.keeping():
        with kept.client(device, log, "onnxruntime") as first:
            number = pid(first)
            with kept.client(device, log, "onnxruntime") as beside:
                assert pid(beside) != number  # both are in use at once
        with kept.client(device, log, "onnxruntime") as again:
            assert pid(again) == number
            again._process.kill()
            again._process.wait()
        with kept.client(device, log, "onnxruntime") as next_one:
            assert pid(next_one) not in (number, -1)
            last = pid(next_one)
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        assert seen[0][0] != last
        with pytest.raises(RunnerFailed), kept.client(device, log, "nothing") as failing:
            failing.request("open", 10, runtime="nosuch", path="", threads=1, options={})
        assert failing._process.poll() is not None
    assert next_one._process.poll() is not None
    assert not kept.active()
