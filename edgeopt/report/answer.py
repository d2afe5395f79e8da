"""What came out for one target, as one sentence; and the source's own score."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from edgeopt.domain.latency import Verdict
from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice, Constraints, Run
from edgeopt.domain.score import Drop, Score
from edgeopt.report import aim_words, beside_limit, float_words
from edgeopt.report import format as fmt
from edgeopt.report.loss import score_text, told
from edgeopt.report.metric_name import metric_word
from edgeopt.report.source_value import source_value
from edgeopt.search.choose import TIE, likely, qualifies

_PARTS = {"choose": "choosing", "confirm": "held-out"}


def answer(run: Run, target: str) -> str:
    """What ships, how fast, what it loses, how large it is, and whether the limit holds."""
    choice = run.choice(target)
    if choice is None:
        return "nothing chosen yet."
    record = run.record(target, choice.recipe_id) if choice.recipe_id else None
    if record is None:
        nearest = "".join(f" Nearest: {miss.title}: {miss.why}." for miss in choice.misses[:1])
        return f"nothing to ship: {choice.why}{nearest}"
    parts = [
        ", ".join(filter(None, (_ships(run, choice, record), *_speed(run, choice, record)))),
        _quality(choice, record, run.request.constraints),
        fmt.size(record.size_bytes) if record.size_bytes is not None else "",
    ]
    return "; ".join(filter(None, parts)) + "."


def _ships(run: Run, choice: Choice, record: Record) -> str:
    if record.random_inputs:
        return f"{float_words.lead(float_words.tied(run, record))}, not scored: {record.name}"
    verb = "ship" if record.measured else "suggested, not timed:"
    aim = run.request.aim
    told = _smallest(run, choice, record) if aim == "size" else aim_words.named(record, aim)
    return f"{verb} {record.name}{f' ({told})' if told else ''}"


def _smallest(run: Run, choice: Choice, record: Record) -> str:
    """Of what it is the smallest; "" where it is not."""
    limits, size = run.request.constraints, record.size_bytes or 0
    smaller = [
        one
        for one in run.records
        if one.target == record.target and one.status == "ok" and (one.size_bytes or size) < size
    ]
    if not smaller:
        return "the smallest"
    keeping = [one for one in smaller if qualifies(one, limits)]
    if not keeping and choice.held == "held":
        return "the smallest that keeps the limits"
    surer = [one.size_bytes or size for one in keeping if likely(one, limits)]
    if surer:
        return f"within {fmt.limit_percent(TIE)} of the smallest" * (size <= min(surer) * (1 + TIE))
    return "the smallest that is likely to keep the limits" * likely(record, limits)


def _speed(run: Run, choice: Choice, record: Record) -> Iterator[str]:
    latency = record.measured
    if latency is None:
        return
    yield aim_words.p50(record)
    verdict = record.versus_baseline
    over = run.record(record.target, verdict.over) if verdict else None
    if verdict and over:
        yield _versus(verdict, over.name)
    elif record.recipe_id == choice.baseline_id:
        yield "the baseline itself"


def _versus(verdict: Verdict, over: str) -> str:
    if verdict.word == "EQUIVALENT":
        return f"as fast as {over}"
    unsure = ", not told apart" if verdict.word == "INCONCLUSIVE" else ""
    return f"{fmt.ratio(verdict.ratio)} as fast as {over}{unsure}"


def _quality(choice: Choice, record: Record, limits: Constraints) -> str:
    drop, part = record.confirm_drop, "held-out"
    if drop is None:
        drop, part = record.drop, "choosing"
    if drop is None:
        return ""
    lost, limit = beside_limit.drop(drop, limits.max_drop, "loss not known")
    state = _state(choice, drop, limits)
    return f"{lost} on {drop.n} {part} samples, limit {limit}: {state}"


def _state(choice: Choice, drop: Drop, limits: Constraints) -> str:
    """Whether the limit holds; of other samples, too, as the intervals tell."""
    if not drop.judged <= limits.max_drop:
        return "broken"
    return "not proven" if choice.held == "not told" else "holds"


def loss(drop: Drop) -> str:
    """A drop as a verb: "loses 0.8 points", "gains 0.3 points", "loses nothing"."""
    return told(drop, unknown="loss not known")


def quality(value: float, *, relative: bool) -> str:
    """A score in the words of its drops: a share in percent, an error as its number."""
    return score_text(value, shares=not relative and 0 <= value <= 1)


def source_score(run: Run) -> str:
    """The source's own score on the held-out and the choosing samples; "" where not known."""
    if run.data.metric == "agreement" and not run.data.labels:
        return "Source: no labels, so candidates are scored by agreement with its answers."
    confirmed = [(r.confirm_score, r.confirm_drop) for r in run.records]
    chosen_by = [(r.score, r.drop) for r in run.records]
    found = [words for pairs in (confirmed, chosen_by) if (words := _of_source(pairs))]
    if not found:
        return ""
    return f"Source: {metric_word(run.data.metric)} {'; '.join(found)} samples."


def _of_source(pairs: Sequence[tuple[Score | None, Drop | None]]) -> str:
    """ "74.8 % on 500 held-out": of the most samples, by the least different candidate there."""
    known = [
        (score, drop)
        for score, drop in pairs
        if score and drop and math.isfinite(score.value) and math.isfinite(drop.value)
    ]
    if not known:
        return ""
    score, drop = min(known, key=lambda pair: (-pair[0].n, abs(pair[1].value)))
    relative = drop.relative is not None
    value = source_value(score, drop)
    if not relative and drop.value != 0 and score.value == drop.value:
        return ""  # an error whose source made none: which way it goes is not stored
    return f"{quality(value, relative=relative)} on {score.n} {_PARTS.get(score.part, score.part)}"
