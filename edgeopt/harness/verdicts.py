"""Verdicts between the artifacts of one schedule."""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Mapping

from edgeopt.domain.latency import Verdict
from edgeopt.harness.timed import Block, Measurement
from edgeopt.stats import launches, ratio
from edgeopt.stats.noise import aa_noise
from edgeopt.stats.verdict import LEVEL, corrected, verdict

Medians = list[list[list[float]]]
"""By launch, by round: the median of a block's counted runs, alone in a list.

That is all that a verdict asks of a block, and it is found once: a schedule has up to 1,000 runs in
each of a thousand blocks, and each of its looks compares every artifact with several others.
"""


def compare(measurement: Measurement, key: str, over: str) -> Verdict | None:
    """The verdict between two artifacts of one schedule; None where no blocks pair up.

    Corrected for the schedule's looks, and for as many comparisons as it has artifacts
    besides one; the baseline's twin in it says how large the noise is.
    """
    blocks, over_blocks = pairs(measurement, key, over)
    if not blocks:
        return None
    return verdict(
        blocks,
        over_blocks,
        over,
        looks=len(measurement.budget.looks),
        candidates=_comparisons(measurement),
        noise=noise(measurement) or 0.0,
        launch_sd=launches.ratio_sd(typical_ns(blocks), typical_ns(over_blocks)),
    )


def typical_ns(blocks: Medians) -> float:
    """The median of the blocks' medians."""
    return statistics.median(block[0] for launch in blocks for block in launch)


def noise(measurement: Measurement) -> float | None:
    """By what share the baseline seemed to differ from itself; None where no twin tells."""
    if measurement.twin is None:
        return None
    first, again = pairs(measurement, measurement.twin, measurement.baseline)
    if not first:
        return None
    return aa_noise([ratio.log_ratios(a, b) for a, b in zip(first, again, strict=True)])


def settled(measurement: Measurement, keys: Collection[str]) -> bool:
    """Whether each of `keys` that is still measured has a clear verdict against the baseline."""
    alive = [
        key for key in keys if not measurement.timed[key].failed and key != measurement.baseline
    ]
    verdicts = [compare(measurement, key, measurement.baseline) for key in alive]
    return all(verdict is not None and verdict.word != "INCONCLUSIVE" for verdict in verdicts)


def unbeaten(measurement: Measurement, keys: Collection[str]) -> list[str]:
    """Those of `keys` that are not clearly slower than the fastest of them."""
    first = fastest(measurement, keys)
    found = {key: first and key != first and compare(measurement, key, first) for key in keys}
    return [key for key, verdict in found.items() if not verdict or verdict.word != "SLOWER"]


def decided(measurement: Measurement, pairs: Mapping[str, str], *, give_up: bool = False) -> bool:
    """Whether nothing more could make one of `pairs` faster than what it stands against.

    Args:
        pairs: key -> the key that it must be FASTER than to be taken.
        give_up: what is unlikely to become that is decided, too (`is_futile`).
    """
    timed = measurement.timed
    alive = {a: b for a, b in pairs.items() if not (timed[a].failed or timed[b].failed)}
    verdicts = [compare(measurement, key, over) for key, over in alive.items()]
    done, last = _launches(measurement), measurement.budget.looks[-1]
    return all(is_decided(one) or (give_up and is_futile(one, done / last)) for one in verdicts)


def led(measurement: Measurement, keys: Collection[str]) -> bool:
    """Whether no other of `keys` could still turn out faster than the fastest by the margin.

    What is clear against a slow baseline need not be clear between its rivals.
    """
    first = fastest(measurement, keys)
    alive = [key for key in keys if first and key != first and not measurement.timed[key].failed]
    return all(
        is_decided(compare(measurement, key, str(first)))
        or is_out_of_reach(measurement, key, str(first))
        for key in alive
    )


def is_out_of_reach(measurement: Measurement, key: str, over: str) -> bool:
    """Whether all launches of this schedule could not make this verdict clear, if they agreed.

    Of nets that take 2 us the launches differ by more than two copies of one net ever will.
    """
    blocks, over_blocks = pairs(measurement, key, over)
    found = compare(measurement, key, over)
    if found is None:
        return False
    looks = measurement.budget.looks
    level = corrected(LEVEL, len(looks), _comparisons(measurement))
    sd = launches.ratio_sd(typical_ns(blocks), typical_ns(over_blocks))
    half, centre = launches.least_half(looks[-1], level, sd), math.log(found.ratio)
    return centre - half < 0.0 and centre + half > math.log1p(found.margin)


def is_decided(verdict: Verdict | None) -> bool:
    """Whether a verdict is clear, or clear enough: not faster by more than the margin."""
    if verdict is None:
        return False
    small = verdict.high is not None and verdict.high <= 1.0 + verdict.margin
    return small or verdict.word != "INCONCLUSIVE"


def is_futile(verdict: Verdict | None, share: float) -> bool:
    """Whether the launches that are left are unlikely to make FASTER of a verdict that is open.

    An interval narrows with the root of the launches. More are futile where it would hold 1 in the
    end though the ratio came out better than it is now by a quarter of the interval's width, which
    is more than its standard deviation.

    Args:
        share: of all launches that are done.
    """
    if verdict is None or verdict.low is None or verdict.high is None:
        return False
    half = math.log(verdict.high / verdict.low) / 2.0
    return math.log(verdict.ratio) + half / 2.0 < half * math.sqrt(share)


def fastest(measurement: Measurement, keys: Collection[str]) -> str | None:
    """Of things that were measured together and did not fail the one with the least p50."""
    alive = [
        key
        for key in keys
        if measurement.timed[key].steady_ns and not measurement.timed[key].failed
    ]
    return min(
        alive, key=lambda key: statistics.median(measurement.timed[key].steady_ns), default=None
    )


def _launches(measurement: Measurement) -> int:
    return max(len(timed.launches) for timed in measurement.timed.values())


def _comparisons(measurement: Measurement) -> int:
    return max(1, len(measurement.timed) - 1 - (measurement.twin is not None))


def pairs(measurement: Measurement, key: str, over: str) -> tuple[Medians, Medians]:
    """Medians of blocks by launch, by round, of rounds in which both have one."""
    paired = [
        _paired(one.blocks, other.blocks)
        for one, other in zip(
            measurement.timed[key].launches, measurement.timed[over].launches, strict=False
        )
    ]
    launches_of_both = [launch for launch in paired if launch[0]]
    ours, theirs = measurement.timed[key].items, measurement.timed[over].items
    return (
        [_each(one, ours) for one, _ in launches_of_both],
        [_each(other, theirs) for _, other in launches_of_both],
    )


def _each(blocks: list[float], items: int) -> list[list[float]]:
    """The median alone of each block, of each sample: a run may take several at once."""
    return [[ns / items] for ns in blocks]


def _paired(blocks: list[Block], others: list[Block]) -> tuple[list[float], list[float]]:
    by_round = {block.round: block for block in others}
    both = [(b.median_ns, by_round[b.round].median_ns) for b in blocks if b.round in by_round]
    return [a for a, _ in both], [b for _, b in both]
