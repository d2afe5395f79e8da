"""Sessions of one artifact side by side, each driven by a thread of its own."""

from __future__ import annotations

import threading
import time
from typing import Any


def drive(sessions: list, inputs: list, seconds: float) -> list:
    """Run every session on its own, one run after the other, until the time is over.

    All begin together. A run that has begun is ended, so a stream takes a little longer
    than `seconds`, each for itself.

    Args:
        inputs: the arrays of each sample, taken in turn; stream k begins with sample k.

    Returns:
        For each stream `t_ns`, every duration, and `elapsed_ns`, from the common start to the
        end of its last run.

    Raises:
        Exception: what the first stream that failed has raised.
    """
    streams = [_Stream(s, inputs, k) for k, s in enumerate(sessions)]
    gate = threading.Barrier(len(streams))
    threads = [threading.Thread(target=s.work, args=(gate, seconds)) for s in streams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for stream in streams:
        if stream.error is not None:
            raise stream.error
    return [{"t_ns": stream.times, "elapsed_ns": stream.elapsed_ns} for stream in streams]


class _Stream:
    def __init__(self, session, inputs: list, first: int) -> None:
        self._session, self._inputs, self._position = session, inputs, first
        self.times: list = []
        self.elapsed_ns = 0
        self.error: Any = None

    def work(self, gate, seconds: float) -> None:
        clock, run, inputs, times = (
            time.perf_counter_ns,
            self._session.run,
            self._inputs,
            self.times,
        )
        position, size = self._position, len(inputs)
        gate.wait()
        begin = now = clock()
        end = begin + int(seconds * 1e9)
        try:
            while now < end:
                start = clock()
                run(inputs[position % size])
                now = clock()
                times.append(now - start)
                position += 1
        except Exception as error:  # told by `drive`, in the thread that answers
            self.error = error
        self.elapsed_ns = now - begin
