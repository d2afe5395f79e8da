"""The fixed network beside which everything is timed, so that figures of different calls compare.

A machine is faster now and slower an hour later; what two networks take in interleaved blocks of
one schedule keeps its ratio. So a latency is that ratio, times what the reference takes on the
device:
a figure that is measured once and kept in the user's cache.
"""

from __future__ import annotations

import statistics
from pathlib import Path

import msgspec
import numpy as np

from edgeopt.devices.device import Device
from edgeopt.domain.model import Value
from edgeopt.domain.tensor import Binding
from edgeopt.harness.budget import Budget
from edgeopt.harness.feed import Feed
from edgeopt.harness.interleaved import measure
from edgeopt.harness.subject import Subject
from edgeopt.jobs import child
from edgeopt.jobs.cache import cache
from edgeopt.sources.reference_net import INPUT, OUTPUT, SHAPE, ReferenceRequest
from edgeopt.tuning import known

KEY = "reference"
_WRITE_S = 300.0

#: Long enough that a busy second is not all of it.
CALIBRATION = Budget(
    "reference", "screen", (1,), 60,
    warmup_runs=20, warmup_s=0.2, block_runs=6, block_s=0.02, block_most_s=0.2,
)  # fmt: skip


class Figure(Value, kw_only=True, frozen=True):
    """What the reference takes on a device. n: runs."""

    ms: float
    n: int


def subject(log: Path) -> Subject:
    """The reference, to be opened in ONNX Runtime with one thread; written where it is missing.

    Raises:
        ChildFailed, NotInstalled: it cannot be written.
        CannotWrite: the cache cannot be written.
    """
    folder = cache() / "tuning" / "reference-1"
    path = folder / "reference.onnx"
    if not path.exists():
        with known.turn("turns", "reference-1"):
            folder.mkdir(parents=True, exist_ok=True)
            part = folder / "part.onnx"
            request = msgspec.to_builtins(ReferenceRequest(path=str(part)))
            child.run("edgeopt.sources.worker:reference", request, log, _WRITE_S)
            part.replace(path)
    one = Binding(source=INPUT, name=INPUT, index=0, dtype="float32", shape=SHAPE)
    answer = Binding(source=OUTPUT, name=OUTPUT, index=0, dtype="float32", shape=SHAPE)
    return Subject(KEY, "the reference", "onnxruntime", path, 1, (one,), (answer,))


def samples(count: int) -> dict[str, np.ndarray]:
    """Its inputs [count, *SHAPE]."""
    rng = np.random.default_rng(0)
    return {INPUT: rng.normal(size=(count, *SHAPE)).astype(np.float32)}


def figure(device: Device, identity: str, fixed: Subject, folder: Path, log: Path) -> Figure:
    """What the reference takes there: measured when it is first asked for, then kept.

    Args:
        identity: of the device, as it is set.

    Raises:
        RunnerFailed: it does not run there.
    """
    found = known.read("reference", identity, Figure)
    if found is not None:
        return found
    feed = Feed(samples(8), folder)
    session = measure(device, [fixed], feed, CALIBRATION, log, _WRITE_S)
    times = session.timed[KEY].steady_ns
    made = Figure(ms=round(statistics.median(times) / 1e6, 6), n=len(times))
    known.keep("reference", identity, made)
    return made
