"""Verdicts between the artifacts of one schedule."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping

from edgeopt.domain.latency import Verdict
from edgeopt.harness.timed import Block, Measurement
from edgeopt.stats import launches, ratio
from edgeopt.stats.noise import aa_noise
from edgeopt.stats.verdict import verdict


def compare(measurement: Measurement, key: str, over: str) -> Verdict | None:
    """The verdict between two artifacts of one schedule; None where no blocks pair up.

    Corrected for the schedule's looks, and for as many comparisons as it has artifacts
    besides one; the baseline's twin in it says how large the noise is.
    """
    blocks, over_blocks = _pairs(measurement, key, over)
    if not blocks:
        return None
    return verdict(
        blocks,
        over_blocks,
        over,
        looks=len(measurement.budget.looks),
        candidates=_comparisons(measurement),
        noise=noise(measurement) or 0.0,
        launch_sd=launches.ratio_sd(_typical_ns(blocks), _typical_ns(over_blocks)),
    )


def _typical_ns(blocks: list[list[list[int]]]) -> float:
    """The median of the blocks' medians."""
    return statistics.median(statistics.median(block) for launch in blocks for block in launch)


def noise(measurement: Measurement) -> float | None:
    """By what share the baseline seemed to differ from itself; None where no twin tells."""
    if measurement.twin is None:
        return None
    first, again = _pairs(measurement, measurement.twin, measurement.baseline)
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


def decided(measurement: Measurement, pairs: Mapping[str, str]) -> bool:
    """Whether nothing more could make one of `pairs` faster than what it stands against.

    Args:
        pairs: key -> the key that it must be FASTER than to be taken.
    """
    timed = measurement.timed
    alive = {a: b for a, b in pairs.items() if not (timed[a].failed or timed[b].failed)}
    return all(is_decided(compare(measurement, key, over)) for key, over in alive.items())


def is_decided(verdict: Verdict | None) -> bool:
    """Whether a verdict is clear, or clear enough: not faster by more than the margin."""
    if verdict is None:
        return False
    small = verdict.high is not None and verdict.high <= 1.0 + verdict.margin
    return small or verdict.word != "INCONCLUSIVE"


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


def _comparisons(measurement: Measurement) -> int:
    return max(1, len(measurement.timed) - 1 - (measurement.twin is not None))


def _pairs(
    measurement: Measurement, key: str, over: str
) -> tuple[list[list[list[int]]], list[list[list[int]]]]:
    """Counted runs by launch, by round, of rounds in which both have a block."""
    paired = [
        _paired(one.blocks, other.blocks)
        for one, other in zip(
            measurement.timed[key].launches, measurement.timed[over].launches, strict=False
        )
    ]
    launches_of_both = [launch for launch in paired if launch[0]]
    return [one for one, _ in launches_of_both], [other for _, other in launches_of_both]


def _paired(blocks: list[Block], others: list[Block]) -> tuple[list[list[int]], list[list[int]]]:
    by_round = {block.round: block.steady_ns for block in others}
    both = [(b.steady_ns, by_round[b.round]) for b in blocks if b.round in by_round]
    return [a for a, _ in both], [b for _, b in both]
