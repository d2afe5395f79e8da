"""What 8 bits did to the tail of a model, and what was won by leaving it in float, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.domain.tail import FindingKind, Tail, TailFinding
from edgeopt.report import format as fmt
from edgeopt.search.tails import TailPair, pairs

_CAUSES: dict[FindingKind, str] = {
    "weighted-sum": "a softmax and the sum that it weights were in 8 bits",
    "exp-decode": "an exponential was in 8 bits",
    "sigmoid-decode": "places were computed from a sigmoid in 8 bits",
    "selection": "scores were compared in 8 bits",
}

_NOTHING = "its tail costs nothing that these samples tell"


def lines(run: Run, target: str) -> Iterator[str]:
    """A line for each runtime whose int8 was tried with the tail in float, too."""
    tail = run.source.tail
    if tail is not None and tail.findings:
        records = [record for record in run.records if record.target == target]
        yield from (sentence(tail, pair) for pair in pairs(records))


def sentence(tail: Tail, pair: TailPair) -> str:
    """ "litert int8-static: values up to 640 and up to 1 shared one scale: loses 9 points; ..." """
    name, cause, lost, won = parts(tail, pair)
    return f"{name}: {cause}: {lost}; {won}."


def parts(tail: Tail, pair: TailPair) -> tuple[str, str, str, str]:
    """Which candidate, what was wrong with its tail, what that lost, and what is left of it.

    Args:
        tail: with findings; the first is the cause that is told, and how many others there are.
    """
    if not pair.matters:
        return pair.whole.name, _NOTHING, _lost(pair.whole), _won(pair)
    others = len({one.kind for one in tail.findings} - {"one-scale", tail.findings[0].kind})
    more = f" (and {fmt.count(others, 'other cause')})" if others else ""
    cause = f"{cause_of(tail.findings[0])}{more}"
    return pair.whole.name, cause, _lost(pair.whole), _won(pair)


def _won(pair: TailPair) -> str:
    times = pair.times_as_long
    took = f", {times:.2f} times as long" if times is not None else ""
    return f"with the tail in float: {_lost(pair.split)}{took}"


def cause_of(finding: TailFinding) -> str:
    """What 8 bits did, or would do, to a tail."""
    if finding.kind in _CAUSES:
        return _CAUSES[finding.kind]
    reaches = [one.reach for one in finding.ranges if one.reach]
    if not reaches or len(reaches) < len(finding.ranges):
        return "tensors of unlike ranges shared one scale"
    most, least = (fmt.tick(float(f"{reach:.3g}")) for reach in (max(reaches), min(reaches)))
    return f"values up to {most} and up to {least} shared one scale"


def _lost(record: Record) -> str:
    if record.drop is None:
        return f"refused ({record.reason})" if record.reason else "not scored"
    return fmt.lost(record.drop)
