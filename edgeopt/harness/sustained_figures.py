"""What became of an artifact under load: figures of its blocks, nothing else."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeopt.domain.sustained import Minute, Ranking, Sustained
from edgeopt.harness.sustained import LoadBlock, SustainedTrial
from edgeopt.stats.early_stopping import tail
from edgeopt.stats.quantile import median

BURST_S = 10.0
OTHERS = 1.0  # a load average so far above the artifact's own threads is other work
STOLEN = 0.05
NOW_BITS = 0xF  # of a Raspberry Pi's get_throttled; the higher ones are since it was started
MARGIN = 0.02  # as in verdicts: below it a difference counts as none


def figures(trial: SustainedTrial) -> Sustained:
    """The row of one artifact. Minutes measured before a failure stay in it."""
    blocks = trial.turns
    length_s = _end_s(blocks) if blocks and not trial.failed else None
    burst = steady = None
    if length_s is not None:
        burst = _p50_ms(_between(blocks, 0.0, min(BURST_S, length_s / 3)))
        steady = _p50_ms(_between(blocks, length_s * 2 / 3, length_s))
    row = Sustained(
        **trial.case,
        why_null={},
        duration_s=length_s,
        minutes=minutes(blocks),
        burst_p50_ms=burst,
        steady_p50_ms=steady,
        slowdown=steady / burst if burst and steady else None,
        cooled_s=trial.cooled_s,
        start_temperature_c=trial.start_temperature_c,
        notes=_notes(blocks, trial.subject.threads),
    )
    return msgspec.structs.replace(row, why_null=_why_null(row))


def _why_null(row: Sustained) -> dict[str, str]:
    computed = ("duration_s", "burst_p50_ms", "steady_p50_ms", "slowdown")
    short = "no block began in the first 10 s or in the last third: give it longer"
    why = {name: row.reason or short for name in computed if getattr(row, name) is None}
    if row.start_temperature_c is None:
        why["start_temperature_c"] = row.reason or "this machine has no temperature sensor"
    sensors = {"temperature_c": "temperature sensor", "clock_mhz": "clock reading",
               "load_1m": "load average"}  # fmt: skip
    for name, sensor in sensors.items():
        if row.minutes and all(getattr(minute, name) is None for minute in row.minutes):
            why[name] = f"this machine has no {sensor}"
    return why


def _notes(blocks: Sequence[LoadBlock], threads: int) -> tuple[str, ...]:
    """What else may have slowed it, and the machine's own word on throttling."""
    notes = []
    now = [int(bits) & NOW_BITS for bits in _readings(blocks, "throttled_bits")]
    if _gained(blocks, "throttle_count") or any(now):
        notes.append("the machine says that it throttled")
    # A load average lags by a minute; its largest value still tells that others were there.
    load = max(_readings(blocks, "load_1m"), default=0.0)
    if load > threads + OTHERS:
        notes.append(f"other work ran meanwhile, it may have slowed it: load average {load:.1f}")
    ticks, stolen = _gained(blocks, "total_ticks"), _gained(blocks, "steal_ticks")
    if ticks and stolen and stolen / ticks > STOLEN:
        notes.append(f"the host of this virtual machine took {stolen / ticks:.0%} of its time")
    return tuple(notes)


def minutes(blocks: Sequence[LoadBlock]) -> tuple[Minute, ...]:
    """A row a minute. A block counts where it began; a minute in which none began is left out."""
    by_minute: dict[int, list[LoadBlock]] = {}
    for block in blocks:
        by_minute.setdefault(int(_begin_s(block, blocks) // 60), []).append(block)
    return tuple(_minute(number, group) for number, group in sorted(by_minute.items()))


def ranking(rows: Sequence[Sustained]) -> Ranking | None:
    """The orders in the burst and in the steady state; None below two rows that have both."""
    burst = {i: r.burst_p50_ms for i, r in enumerate(rows) if r.burst_p50_ms and r.steady_p50_ms}
    steady = {i: rows[i].steady_p50_ms or 0.0 for i in burst}
    if len(burst) < 2:
        return None
    ahead = 1 + MARGIN
    swapped = tuple(
        (a, b)
        for a in burst
        for b in burst
        if burst[a] * ahead < burst[b] and steady[b] * ahead < steady[a]
    )
    return Ranking(
        burst=tuple(sorted(burst, key=burst.__getitem__)),
        steady=tuple(sorted(steady, key=steady.__getitem__)),
        swapped=swapped,
        margin=MARGIN,
    )


def _minute(number: int, blocks: Sequence[LoadBlock]) -> Minute:
    runs = _runs_ms(blocks)
    khz = _readings(blocks, "clock_khz")
    return Minute(
        minute=number,
        n=len(runs),
        p50_ms=median(runs),
        p90_ms=tail(runs, 0.9),
        temperature_c=_middle(_readings(blocks, "temperature_c")),
        clock_mhz=_middle(value / 1000 for value in khz),
        load_1m=_middle(_readings(blocks, "load_1m")),
    )


def _readings(blocks: Sequence[LoadBlock], name: str) -> list[float]:
    readings = [reading for block in blocks for reading in (block.before, block.after)]
    return [value for reading in readings if (value := getattr(reading, name)) is not None]


def _gained(blocks: Sequence[LoadBlock], counter: str) -> float:
    """By how much a counter went up; 0 where it was not read."""
    values = _readings(blocks, counter)
    return max(0.0, values[-1] - values[0]) if values else 0.0


def _middle(values: Iterable[float]) -> float | None:
    readings = list(values)
    return statistics.median(readings) if readings else None


def _begin_s(block: LoadBlock, blocks: Sequence[LoadBlock]) -> float:
    """Seconds from the first block's begin to this one's."""
    return (block.start_ns - blocks[0].start_ns) / 1e9


def _end_s(blocks: Sequence[LoadBlock]) -> float:
    return _begin_s(blocks[-1], blocks) + sum(blocks[-1].t_ns) / 1e9


def _between(blocks: Sequence[LoadBlock], low_s: float, high_s: float) -> list[LoadBlock]:
    return [block for block in blocks if low_s <= _begin_s(block, blocks) < high_s]


def _p50_ms(blocks: Sequence[LoadBlock]) -> float | None:
    return median(_runs_ms(blocks)) if blocks else None


def _runs_ms(blocks: Sequence[LoadBlock]) -> NDArray[np.float64]:
    return np.concatenate([block.t_ns for block in blocks]) / 1e6
