"""How the figures of a target were come by, in sentences made from its records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.domain.score import Drop, Score
from edgeopt.report import format as fmt


def method(run: Run, target: str) -> list[str]:
    """Sentences: what was timed and how often, what a verdict rests on, how scores were had."""
    records = [record for record in run.records if record.target == target]
    return [*_timing(records), *_verdicts(records), *_scores(records)]


def untimed_reason(run: Run, target: str) -> str:
    """Why nothing was timed on a target; "" where something was."""
    tried = [r for r in run.records if r.target == target and r.status == "ok"]
    if not tried or any(record.measured for record in tried):
        return ""
    reasons = dict.fromkeys(r.latency_reason for r in tried if r.latency_reason)
    return "; ".join(reasons) or "no device of this target was measured"


def _timing(records: Iterable[Record]) -> Iterator[str]:
    """What was timed, on what, and how many samples there are."""
    timed = [(record, latency) for record in records if (latency := record.measured)]
    if not timed:
        return
    devices = ", ".join(sorted({record.device for record, _ in timed}))
    batches = {record.recipe.batch if record.recipe else 1 for record, _ in timed}
    at_once = " or ".join(map(str, sorted(batches)))
    yield f"Timed on {devices}: steady state, host to host, batch {at_once}."
    for stage, about in (
        ("screen", "screened, to rank them"),
        ("final", "measured in full, to choose"),
    ):
        at_stage = [latency for _, latency in timed if latency.stage == stage]
        if at_stage:
            yield f"{fmt.count(len(at_stage), 'candidate')} {about}: {_effort(at_stage)}."
    if any(latency.p90 is None for _, latency in timed):
        yield "No p90 where the samples are too few for it (64 are needed)."


def _effort(latencies: list[Latency]) -> str:
    """The launches and samples of each."""
    launches = fmt.span((x.launches for x in latencies), "fresh process", "fresh processes")
    return f"{launches} each, {fmt.span((x.n for x in latencies), 'sample')}"


def _verdicts(records: Iterable[Record]) -> Iterator[str]:
    """What a verdict rests on."""
    verdicts = [v for r in records for v in (r.speedup, r.versus_baseline) if v]
    if verdicts:
        yield f"Rivals ran in interleaved blocks, {_pairs(verdicts)} to a verdict."
        margins = sorted({verdict.margin for verdict in verdicts})
        shares = " or ".join(fmt.percent(margin) for margin in margins)
        yield f"A difference below {shares} counts as none: EQUIVALENT."


def _pairs(verdicts: list[Verdict]) -> str:
    """The pairs and launches of each verdict."""
    launches = fmt.span((verdict.launches for verdict in verdicts), "launch", "launches")
    return f"{fmt.span((verdict.pairs for verdict in verdicts), 'pair')} from {launches}"


def _scores(records: Iterable[Record]) -> Iterator[str]:
    """Where the intervals of scores and drops come from."""
    scores = {(_by(s), s.n, s.part) for r in records for s in (r.score, r.confirm_score) if s}
    drops = {_by(drop) for r in records for drop in (r.drop, r.confirm_drop) if drop}
    for by, n, part in sorted(scores):
        samples = fmt.count(n, "choosing sample" if part == "choose" else "held-out sample")
        yield f"Scores on {samples}: {by}."
    for by in sorted(drops):
        yield (
            "Drops are paired with the source’s own answers on the same samples, "
            f"{by}; positive is worse."
        )


def _by(figure: Score | Drop) -> str:
    """How the interval was had, or why there is none."""
    if figure.low is None:
        return f"{fmt.NO_INTERVAL} ({figure.why_null})"
    return f"95 % interval by {figure.interval}"
