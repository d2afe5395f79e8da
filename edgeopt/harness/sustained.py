"""Load for minutes: each artifact alone, after a pause in which the machine cools down.

Interleaving would be wrong here: what is asked is how an artifact fares in the heat that it
makes itself. So two artifacts are never compared with a verdict.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgeopt.domain.progress import Listener, silent
from edgeopt.harness.client import SHORT_S, Client
from edgeopt.harness.replies import Readings
from edgeopt.harness.started import Setting, Trial, WarmUp, ending, start
from edgeopt.harness.subject import Subject

BLOCK_S = 1.0  # a block, and so one reading of the sensors
BLOCKS_AT_LEAST = 30  # in a short run blocks are shorter
NEAR_C = 5.0  # cooled down: so near to where the first artifact began
COOL_MOST_S = 300.0
COOL_STEP_S = 5.0
PAUSE_S = 60.0  # the pause where no sensor says when it is over


@dataclass(frozen=True)
class LoadBlock:
    """A block under load. Ten minutes of a fast artifact are millions of runs: eight bytes each."""

    t_ns: array[int]
    start_ns: int
    before: Readings
    after: Readings


@dataclass
class SustainedTrial(Trial[LoadBlock]):
    """One artifact's time under load; `turns` are its blocks.

    Attributes:
        cooled_s: pause before it began.
        start_temperature_c: when it began; None without a sensor.
    """

    cooled_s: float = 0.0
    start_temperature_c: float | None = None


def measure_sustained(
    setting: Setting,
    subjects: Sequence[Subject],
    seconds: float,
    wait: Callable[[float], None] = time.sleep,
    progress: Listener = silent,
) -> list[SustainedTrial]:
    """Put every subject under load for so long, one after the other.

    Args:
        wait: lets seconds pass while the machine cools down.
    """
    trials = [SustainedTrial(subject) for subject in subjects]
    first_c: float | None = None
    with Client(setting.device, setting.log) as watcher:
        for number, trial in enumerate(trials):
            with ending(trial), contextlib.ExitStack() as stack:
                if number:
                    progress(f"cooling down before {trial.subject.title}")
                    trial.cooled_s = _cool_down(watcher, first_c, wait)
                trial.start_temperature_c = _temperature(watcher)
                first_c = trial.start_temperature_c if first_c is None else first_c
                # No long warm-up: the burst is what a cool machine gives.
                trial.started = start(setting, trial.subject, stack, WarmUp(seconds=0.0))
                _load(trial, seconds, progress)
    return trials


def _load(trial: SustainedTrial, seconds: float, progress: Listener) -> None:
    """Blocks without a pause until the device's own clock says that it is over."""
    block_ns = min(BLOCK_S, seconds / BLOCKS_AT_LEAST) * 1e9
    client, typical = trial.process.client, trial.process.typical_ns
    begun, now = None, 0
    while begun is None or now - begun < seconds * 1e9:
        count = max(1, round(block_ns / typical))
        limit = max(SHORT_S, 20 * count * typical / 1e9)
        reply = client.request("block", limit, count=count)
        times = array("q", reply.t_ns)
        trial.turns.append(LoadBlock(times, reply.start_ns, reply.before, reply.after))
        typical = statistics.median(reply.t_ns)
        begun = reply.start_ns if begun is None else begun
        now = reply.start_ns + sum(reply.t_ns)
        progress(f"load: {trial.subject.title}", round((now - begun) / 1e9), round(seconds))


def _cool_down(watcher: Client, first_c: float | None, wait: Callable[[float], None]) -> float:
    """Wait until the machine is about as cool as it was; returns seconds waited."""
    if first_c is None:
        wait(PAUSE_S)
        return PAUSE_S
    waited = 0.0
    while waited < COOL_MOST_S:
        now_c = _temperature(watcher)
        if now_c is None or now_c <= first_c + NEAR_C:
            break
        wait(COOL_STEP_S)
        waited += COOL_STEP_S
    return waited


def _temperature(client: Client) -> float | None:
    return client.request("readings", SHORT_S).readings.temperature_c
