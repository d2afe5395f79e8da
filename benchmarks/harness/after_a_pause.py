"""Why an inference takes longer after a pause: the same one after pauses of several kinds.

    python -m benchmarks.harness.after_a_pause

A net of 8 x 4 weights in ONNX Runtime, one thread; the kinds take turns. Asleep, a core may lower
its clock or power down; awake, it does not. Reading memory between leaves no pause at all and
empties the caches. The second inference after a pause finds what the first has fetched.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.faults.small import linear
from edgeopt.runtimes import onnxruntime

PAUSE_S = 1 / 60
ROUNDS, EACH = 8, 25
OTHER = np.ones(8 << 20)  # 64 MiB


def asleep() -> None:
    time.sleep(PAUSE_S)


def awake() -> None:
    until = time.perf_counter() + PAUSE_S
    while time.perf_counter() < until:
        pass


def memory() -> None:
    OTHER.sum()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        linear(Path(folder), classes=4, width=8, noise=0.1, samples=4)
        session = onnxruntime.open_session(str(Path(folder) / "model.onnx"), 1, {})
    x = [np.ones((1, 8), np.float32)]

    def took() -> int:
        began = time.perf_counter_ns()
        session.run(x)
        return time.perf_counter_ns() - began

    def second() -> None:
        asleep()
        took()

    kinds: dict[str, Callable[[], object]] = {
        "back to back": lambda: None,
        "after a pause asleep": asleep,
        "the second after that": second,
        "after a pause awake": awake,
        "after reading 64 MiB": memory,
    }
    times: dict[str, list[int]] = {name: [] for name in kinds}
    for _ in range(2000):
        took()
    for _ in range(ROUNDS):
        for name, before in kinds.items():
            for _ in range(EACH):
                before()
                times[name].append(took())
    base = float(np.median(times["back to back"]))
    for name, found in times.items():
        middle = float(np.median(found))
        print(f"| {name} | {middle / 1000:.1f} µs | {middle / base:.1f} |")


if __name__ == "__main__":
    main()
