"""Verdicts between the artifacts of one schedule."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping

from edgeopt.domain.latency import Verdict
from edgeopt.harness.timed import Block, Session
from edgeopt.stats import launches, ratio
from edgeopt.stats.noise import aa_noise
from edgeopt.stats.verdict import verdict


def compare(session: Session, key: str, over: str) -> Verdict | None:
    """The verdict between two artifacts of one schedule; None where no blocks pair up.

    Corrected for the schedule's looks, and for as many comparisons as it has artifacts
    besides one, and held against the noise that the schedule's twin tells.
    """
    own, theirs = _pairs(session, key, over)
    if not own:
        return None
    return verdict(
        own,
        theirs,
        over,
        looks=len(session.budget.looks),
        candidates=_comparisons(session),
        noise=noise(session) or 0.0,
        launch_sd=launches.ratio_sd(_typical_ns(own), _typical_ns(theirs)),
    )


def _typical_ns(blocks: list[list[list[int]]]) -> float:
    """The median of the blocks' medians."""
    return statistics.median(statistics.median(block) for launch in blocks for block in launch)


def noise(session: Session) -> float | None:
    """By what share the baseline seemed to differ from itself; None where no twin tells."""
    if session.twin is None:
        return None
    own, theirs = _pairs(session, session.twin, session.baseline)
    if not own:
        return None
    return aa_noise([ratio.log_ratios(a, b) for a, b in zip(own, theirs, strict=True)])


def settled(session: Session, keys: Collection[str]) -> bool:
    """Whether each of `keys` that is still measured has a clear verdict against the baseline."""
    alive = [key for key in keys if not session.timed[key].failed and key != session.baseline]
    found = (compare(session, key, session.baseline) for key in alive)
    return all(verdict is not None and verdict.word != "INCONCLUSIVE" for verdict in found)


def decided(session: Session, pairs: Mapping[str, str]) -> bool:
    """Whether nothing more could make one of `pairs` faster than what it stands against.

    Args:
        pairs: key -> the key that it must be FASTER than to be taken.
    """
    timed = session.timed
    alive = {a: b for a, b in pairs.items() if not (timed[a].failed or timed[b].failed)}
    return all(is_decided(compare(session, key, over)) for key, over in alive.items())


def is_decided(verdict: Verdict | None) -> bool:
    """Whether a verdict is clear, or clear enough: not faster by more than the margin."""
    if verdict is None:
        return False
    small = verdict.high is not None and verdict.high <= 1.0 + verdict.margin
    return small or verdict.word != "INCONCLUSIVE"


def fastest(session: Session, keys: Collection[str]) -> str | None:
    """Of things that were measured together and did not fail the one with the least p50."""
    alive = [key for key in keys if session.timed[key].steady_ns and not session.timed[key].failed]
    return min(alive, key=lambda key: statistics.median(session.timed[key].steady_ns), default=None)


def _comparisons(session: Session) -> int:
    return max(1, len(session.timed) - 1 - (session.twin is not None))


def _pairs(
    session: Session, key: str, over: str
) -> tuple[list[list[list[int]]], list[list[list[int]]]]:
    """Counted runs by launch, by round, of rounds in which both have a block."""
    paired = [
        _paired(own.blocks, theirs.blocks)
        for own, theirs in zip(
            session.timed[key].launches, session.timed[over].launches, strict=False
        )
    ]
    kept = [launch for launch in paired if launch[0]]
    return [own for own, _ in kept], [theirs for _, theirs in kept]


def _paired(own: list[Block], theirs: list[Block]) -> tuple[list[list[int]], list[list[int]]]:
    by_round = {block.round: block.steady_ns for block in theirs}
    both = [(b.steady_ns, by_round[b.round]) for b in own if b.round in by_round]
    return [a for a, _ in both], [b for _, b in both]
