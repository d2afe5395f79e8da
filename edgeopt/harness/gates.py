"""What went wrong while a schedule ran: pure functions of what it recorded.

They can be asked again later, of a measurement that was stored.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import UNSET

from edgeopt.devices.account import Health
from edgeopt.domain.finding import Finding
from edgeopt.harness.replies import Canary, Readings
from edgeopt.harness.surroundings import STEAL_SHARE, SWAPPED_PAGES
from edgeopt.harness.timed import Launch, Measurement
from edgeopt.runner import heat

DRIFT = 0.03  # of the canary, last third against first
CANARY_CV = 0.05
#: Processor time of a measurement that waits. Threads that spin use 1 core and more; a pool that
#: looks for work for half a millisecond before it sleeps (OpenVINO's) 1 to 4 %.
IDLE_SHARE = 0.05
OWN_SHARE = 0.9  # of a block's time in which its own process ran, at least on one core
STOPPED_SHARE = 0.01  # of the schedule: throttled, or stopped by a quota
RISE_C = 10.0


def run_gates(measurement: Measurement) -> tuple[Finding, ...]:
    """Every gate over one schedule. What was not recorded is not judged."""
    findings = [gate(measurement) for gate in GATES]
    return tuple(finding for finding in findings if finding is not None)


def _snapshots(measurement: Measurement) -> list[Readings]:
    """All readings around blocks, in time: they are of one machine."""
    snapshots = [
        reading
        for _, launch in _launches(measurement)
        for block in launch.blocks
        for reading in (block.before, block.after)
        if reading.t_ns is not None
    ]
    return sorted(snapshots, key=_time)


def _time(reading: Readings | Health) -> int:
    return reading.t_ns or 0


def _launches(measurement: Measurement) -> Iterator[tuple[str, Launch]]:
    for timed in measurement.timed.values():
        for launch in timed.launches:
            yield timed.title, launch


def _readings(measurement: Measurement, name: str) -> list[Any]:
    """One reading of all snapshots and of all health, in time, without those that are null."""
    every: list[Readings | Health] = [*_snapshots(measurement), *measurement.health]
    every.sort(key=_time)
    values = [getattr(reading, name, None) for reading in every]
    return [value for value in values if value is not None and value is not UNSET]


def _grown(values: list[Any]) -> float:
    return values[-1] - values[0] if len(values) > 1 else 0


def _between(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before


def _span_ms(measurement: Measurement) -> float:
    times = _readings(measurement, "t_ns")
    return float(_grown(times)) / 1e6


def throttled(measurement: Measurement) -> Finding | None:
    """Bits or brakes of a board that is slowed, or Intel's counters that went on."""
    firmware = _readings(measurement, "throttled")
    words = [word for one in firmware for word in one.now]
    for bits in (_readings(measurement, "throttled_bits"), [one.bits or 0 for one in firmware]):
        for value in bits:
            words += heat.words(value)
        for before, after in itertools.pairwise(bits):
            words += heat.words(after >> 16 & ~(before >> 16))  # it happened in between
    words += [b.name for brakes in _readings(measurement, "brakes") for b in brakes if b.state > 0]
    words += ["thermal status" for status in _readings(measurement, "thermal_status") if status > 0]
    if words:
        reading = f"during the measurement: {', '.join(dict.fromkeys(words))}"
        advice = "Cool it, or give it a better supply (`edgeopt doctor`), and measure again."
        return Finding(check="throttling", state="failed", found=reading, advice=advice)
    return _counted(measurement)


def _counted(measurement: Measurement) -> Finding | None:
    """Intel counts every time it slows itself. How long it did tells whether that matters."""
    counts = _readings(measurement, "throttle_count")
    others = ("throttled_bits", "throttled", "brakes", "thermal_status")
    if not counts and not any(_readings(measurement, name) for name in others):
        return None
    times = _grown(counts)
    if times <= 0:
        return Finding(check="throttling", state="ok", found="none during the measurement")
    spent, span = _readings(measurement, "throttle_ms"), _span_ms(measurement)
    share = _grown(spent) / span if len(spent) > 1 and span else None
    length = "" if share is None else f", {100 * share:.1f} % of the time"
    return Finding(
        check="throttling",
        state="warning" if share is not None and share <= STOPPED_SHARE else "failed",
        found=f"the processor slowed itself {times:.0f} times{length}",
        advice="Cool it, or lower its power limit until it holds its clock; then measure again.",
    )


def governor(measurement: Measurement) -> Finding | None:
    """Whether somebody changed how clocks are chosen."""
    seen = [sorted(str(p.governor) for p in one) for one in _readings(measurement, "policies")]
    if len(seen) < 2:
        return None
    if all(one == seen[0] for one in seen):
        return Finding(check="governor", state="ok", found=f"{seen[0][0]} throughout")
    reading = f"changed from {seen[0][0]} to {seen[-1][0]} in the middle"
    advice = "Find out what did that (a power daemon?), and measure again."
    return Finding(check="governor", state="failed", found=reading, advice=advice)


def canary(measurement: Measurement) -> Finding | None:
    """How steady the machine was."""
    return steadiness(measurement.canary)


def steadiness(canaries: Sequence[Canary]) -> Finding | None:
    """A fixed piece of work that took longer at the end, or now and then.

    Judged by its worse half: arithmetic and copying are slowed by different things.
    """
    worst_drift, worst_cv = 0.0, 0.0
    for values in ([c.arithmetic_ns for c in canaries], [c.copy_ns for c in canaries]):
        if len(values) < 6:
            return None
        third = len(values) // 3
        first, last = statistics.median(values[:third]), statistics.median(values[-third:])
        worst_drift = max(worst_drift, last / first - 1, first / last - 1)
        worst_cv = max(worst_cv, statistics.stdev(values) / statistics.fmean(values))
    reading = f"fixed work drifted by {100 * worst_drift:.1f} %, varied by {100 * worst_cv:.1f} %"
    if worst_drift <= DRIFT and worst_cv <= CANARY_CV:
        return Finding(check="steadiness", state="ok", found=reading)
    advice = (
        "Milliseconds are of a machine that does not hold its speed; ratios hold, since blocks"
        " are interleaved."
    )
    return Finding(check="steadiness", state="warning", found=reading, advice=advice)


def steal(measurement: Measurement) -> Finding | None:
    """Time that the host of a virtual machine gave to others."""
    both = [(s.steal_ticks, s.total_ticks) for s in _snapshots(measurement)]
    known = [(stolen, total) for stolen, total in both if stolen is not None and total is not None]
    total = _grown([total for _, total in known])
    if total <= 0:
        return None
    share = _grown([stolen for stolen, _ in known]) / total
    reading = f"{100 * share:.1f} % of the time"
    if share <= STEAL_SHARE:
        return Finding(check="steal", state="ok", found=reading)
    advice = "The host gave these cores to others; ratios hold, milliseconds are too long."
    return Finding(check="steal", state="warning", found=reading, advice=advice)


def memory(measurement: Measurement) -> Finding | None:
    """Pages that had to come from the disk."""
    moved = _readings(measurement, "swapped_pages")
    pages = sum(_grown([one[key] for one in moved]) for key in ("in", "out"))
    if pages >= SWAPPED_PAGES:
        reading = f"{pages:.0f} pages went to swap or back"
        advice = "The memory is too small for all artifacts at once: compare fewer of them."
        return Finding(check="memory", state="failed", found=reading, advice=advice)
    faults = _faults(measurement)
    if faults is None:
        return None
    hit = [f"{title}: {count}" for title, count in faults.items() if count]
    if not hit:
        return Finding(check="memory", state="ok", found="no page came from the disk")
    reading = f"pages read from the disk in timed blocks: {', '.join(hit)}"
    advice = "Free some memory, so that models stay in it: see the slowest runs, not only p50."
    return Finding(check="memory", state="warning", found=reading, advice=advice)


def _faults(measurement: Measurement) -> dict[str, int] | None:
    faults: dict[str, int] = {}
    for title, launch in _launches(measurement):
        for block in launch.blocks:
            before, after = block.before.major_faults, block.after.major_faults
            if before is not None and after is not None:
                faults[title] = faults.get(title, 0) + after - before
    return faults or None


def temperature(measurement: Measurement) -> Finding | None:
    """How much warmer it got."""
    celsius = [s.temperature_c for s in _snapshots(measurement) if s.temperature_c is not None]
    if len(celsius) < 2:
        return None
    rise = max(celsius) - celsius[0]
    reading = f"{celsius[0]:.0f} °C at first, {max(celsius):.0f} °C at most"
    if rise <= RISE_C:
        return Finding(check="temperature", state="ok", found=reading)
    advice = "It was not warm yet when it began: see --sustained for what it holds."
    return Finding(check="temperature", state="warning", found=reading, advice=advice)


def spinning(measurement: Measurement) -> Finding | None:
    """Sessions that use the processor while it is another's turn."""
    busy: dict[str, float] = {}
    for title, launch in _launches(measurement):
        known = [b.before for b in launch.blocks if b.before.idle_ns is not None]
        waited = _grown([one.idle_ns for one in known])
        if waited > 0:
            share = _grown([one.idle_cpu_ns for one in known]) / waited
            busy[title] = max(busy.get(title, -math.inf), share)
    if not busy:
        return None
    spin = {title: share for title, share in busy.items() if share > IDLE_SHARE}
    if not spin:
        return Finding(check="waiting", state="ok", found="sessions rest while others are timed")
    named = ", ".join(f"{title}: {100 * share:.0f} % of a core" for title, share in spin.items())
    advice = "Its threads spin while others are timed, and slow them: turn spinning off in it."
    return Finding(
        check="waiting", state="warning", found=f"while others are timed, {named}", advice=advice
    )


def crowding(measurement: Measurement) -> Finding | None:
    """Blocks in which the process did not run all the time: others had its core."""
    shares: dict[str, list[float]] = {}
    for title, launch in _launches(measurement):
        for block in launch.blocks:
            worked_ns = _between(block.before.cpu_ns, block.after.cpu_ns)
            went_by_ns = _between(block.before.t_ns, block.after.t_ns)
            if worked_ns is not None and went_by_ns:
                shares.setdefault(title, []).append(worked_ns / went_by_ns)
    if not shares:
        return None
    least = {title: statistics.median(of) for title, of in shares.items()}
    title = min(least, key=lambda name: least[name])
    if least[title] >= OWN_SHARE:
        return Finding(check="load", state="ok", found="every block had its core for itself")
    reading = f"{title} ran in only {100 * least[title]:.0f} % of the time of its blocks"
    advice = "Other work had its core: end it (`edgeopt doctor` names it). Ratios hold."
    return Finding(check="load", state="warning", found=reading, advice=advice)


def quota(measurement: Measurement) -> Finding | None:
    """Stops by a limit on processor time."""
    stops = _readings(measurement, "quota_stops")
    span = _span_ms(measurement)
    if len(stops) < 2 or span <= 0:
        return None
    share = _grown([one.stopped_ms for one in stops]) / span
    if share <= STOPPED_SHARE:
        return None
    reading = f"stopped for {100 * share:.1f} % of the time, since its processor time was used up"
    advice = "Start the container without --cpus, and choose cores instead: --cpuset-cpus=0,1"
    return Finding(check="quota", state="failed", found=reading, advice=advice)


GATES: tuple[Callable[[Measurement], Finding | None], ...] = (
    throttled,
    governor,
    canary,
    steal,
    memory,
    temperature,
    spinning,
    crowding,
    quota,
)
