"""Energy of inferences: meters read while the session runs, and as long while it does not."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, List, Tuple

from edgeopt.runner.meters import Meter, find
from edgeopt.runner.root import Missing, Root

Series = List[Tuple[int, float]]  # (ns, J or W)


def counted(series: Series, range_j: Any) -> float:
    """J that a counter has counted from its first to its last reading.

    A count below the one before has started again from 0 once: readings are far closer
    together than a full round (RAPL: 65 kJ and more).

    Raises:
        Missing: it fell, and where it starts again is not known.
    """
    joules = 0.0
    for (_, before), (_, after) in zip(series, series[1:]):
        if after < before and range_j is None:
            raise Missing("the counter fell, and its range is not known")
        joules += after - before if after >= before else after - before + range_j
    return joules


def integrated(series: Series) -> float:
    """J of readings in W: between two of them the power is taken to change evenly."""
    return sum(
        (later - earlier) / 1e9 * (first + last) / 2
        for (earlier, first), (later, last) in zip(series, series[1:])
    )


class Recording:
    """Readings of meters over a stretch of time. `take` reads all that are due."""

    def __init__(
        self, meters: List[Meter], clock: Callable[[], int] = time.perf_counter_ns
    ) -> None:
        self._clock = clock
        self._series: Dict[Meter, Series] = {meter: [] for meter in meters}
        self._lost: Dict[Meter, str] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Recording:
        self.take(0.0)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self.take(0.0)

    def _watch(self) -> None:
        while not self._end.wait(0.05):
            self.take()

    def take(self, patience: float = 1.0) -> None:
        """Read each meter whose last reading is `patience` times its interval ago."""
        for meter, series in self._series.items():
            due = not series or self._clock() - series[-1][0] >= patience * meter.every_s * 1e9
            if due:
                try:
                    value = meter.read()
                    series.append((self._clock(), value))
                    self._lost.pop(meter, None)  # a reading now and then may fail
                except Missing as reason:
                    self._lost[meter] = str(reason)

    def joules(self, meter: Meter) -> float:
        """What a meter has measured.

        Raises:
            Missing: it could not be read at the end, did not move, or fell.
        """
        series = self._series[meter]
        if meter in self._lost:
            raise Missing(self._lost[meter])
        found = counted(series, meter.range_j) if meter.counter else integrated(series)
        if found <= 0:
            raise Missing("it did not move in {:.1f} s".format(self.span_s(meter)))
        return found

    def span_s(self, meter: Meter) -> float:
        """From its first to its last reading."""
        series = self._series[meter]
        return (series[-1][0] - series[0][0]) / 1e9 if series else 0.0

    def readings(self, meter: Meter) -> int:
        return len(self._series[meter])


def measure(
    run: Callable[[], Any],
    seconds: float,
    root: Root,
    clock: Callable[[], int] = time.perf_counter_ns,
    sleep: Callable[[float], None] = time.sleep,
) -> Dict[str, Any]:
    """Meter so many seconds of rest, then at least so many of `run` again and again.

    Without a meter nothing is run.

    Returns:
        `count` of runs and the `seconds` they took; for each of `meters` the `joules` of its
        readings, which span `span_s`, and the same of the rest (`idle_`): null with a reason in
        its `why_null`. The outer `why_null` is of sources that have no meter.
    """
    meters, why = find(root)
    if not meters:
        return {"count": 0, "seconds": 0.0, "meters": [], "why_null": why}
    with Recording(meters, clock) as resting:
        sleep(seconds)
    with Recording(meters, clock) as running:
        start, count = clock(), 0
        while count == 0 or clock() - start < seconds * 1e9:
            run()
            count += 1
        end = clock()
    return {
        "count": count,
        "seconds": (end - start) / 1e9,
        "meters": [_told(meter, running, resting) for meter in meters],
        "why_null": why,
    }


def _told(meter: Meter, running: Recording, resting: Recording) -> Dict[str, Any]:
    why: Dict[str, str] = {}
    found: Dict[str, Any] = {
        "source": meter.source,
        "name": meter.name,
        "scope": meter.scope,
        "counter": meter.counter,
        "readings": running.readings(meter),
        "note": meter.note,
    }
    for prefix, recording in (("", running), ("idle_", resting)):
        found[prefix + "span_s"] = recording.span_s(meter)
        try:
            found[prefix + "joules"] = recording.joules(meter)
        except Missing as reason:
            found[prefix + "joules"], why[prefix + "joules"] = None, str(reason)
    return {**found, "why_null": why}
