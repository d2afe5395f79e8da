"""Small tables below a target's candidates, for the terminal and the page alike.

What does not belong into the columns of the candidates: by whom the loss is paid, means that
another program took, and what others have published.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeopt.domain.effects import LEAST_TO_DECIDE, CorruptionEffect, SliceEffect, Slices
from edgeopt.domain.emulation import Emulation, OutputDifference
from edgeopt.domain.published import Published
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints, Run
from edgeopt.domain.score import Drop, Score
from edgeopt.domain.target import Profile
from edgeopt.report import beside_limit, loss
from edgeopt.report import format as fmt
from edgeopt.report.side_table import SideTable
from edgeopt.report.sizes_table import by_size
from edgeopt.report.suggested_table import suggested
from edgeopt.search.choose import shortfalls
from edgeopt.targets import predict

PARTS = {"choose": "choosing", "confirm": "held-out"}

SHOWN = 5
"""Slices of each column that are shown; the record has more."""

MEANS = (
    "Means of one process each, one after the other, on random inputs: not interleaved, so they "
    "rank nothing and have no verdict against figures of edgeopt's harness."
)
BAND = (
    "Figures of others for a model of this name, of any runtime and threads: 0.6 of the least to "
    "1.7 of the largest. A check of the order of magnitude, not a measurement."
)


def side_tables(
    run: Run, target: str, profile: Profile | None, published: Sequence[Published]
) -> list[SideTable]:
    """All that there is of a target.

    Args:
        profile: None where it is not known: nothing published is shown then.
    """
    records = [record for record in run.records if record.target == target]
    choice = run.choice(target)
    chosen = run.record(target, choice.recipe_id) if choice and choice.recipe_id else None
    limit = run.request.constraints.max_slice_drop
    tables = [
        *suggested(choice, records),
        *by_size(run, chosen),
        *_effects(chosen),
        *_beyond(records, limit),
    ]
    tables += [*_emulated(records), *_means(records)]
    if profile is not None:
        tables += _band(run, records, profile, published)
    return tables


def _effects(chosen: Record | None) -> Iterator[SideTable]:
    """Whom the chosen costs what: by slices, and under corruptions."""
    if chosen is None:
        return
    for column in chosen.confirm_slices:
        yield _slices(column)
    if chosen.corruptions:
        yield SideTable(
            "The chosen on corrupted inputs",
            "The same samples for both; s.d.: standard deviations of the input's own values.",
            ("inputs", "n", "source", "chosen", "loses (95 %)"),
            tuple(map(_corruption, chosen.corruptions)),
        )


def _beyond(records: Sequence[Record], limit: float | None) -> Iterator[SideTable]:
    """Candidates that the limit of a slice keeps out: the columns of the table do not tell."""
    if limit is None:
        return
    rows, most = [], fmt.allowance(limit, relative=False)
    limits = Constraints(max_slice_drop=limit)
    for record in records:
        for missed in shortfalls(record, limits):
            if missed.kind == "slice-drop" and missed.where and missed.got is not None:
                where = missed.where
                name = f"{where.column} {where.value}, {PARTS[where.part]} samples"
                most = fmt.allowance(limit, relative=missed.relative)
                lost = beside_limit.losses([missed.got], limit, relative=missed.relative)[0]
                rows.append((str(record.recipe), name, fmt.whole(where.n), lost))
    if rows:
        heads = ("candidate", "worst slice", "n", "drop")
        about = f"A slice of {LEAST_TO_DECIDE} samples or more may lose {most} at most."
        yield SideTable("Beyond the limit of a slice", about, heads, tuple(rows))


def _slices(column: Slices) -> SideTable:
    shown = column.worst[:SHOWN]
    left = column.count - len(shown)
    more = f" {left} more lose no more than these." if left else ""
    return SideTable(
        f"The chosen by {column.by}, worst first",
        f"On the {PARTS[column.part]} samples. Each interval is of its slice alone: the worst of "
        f"{column.count} is partly the unluckiest.{more}",
        (column.by, "n", "source", "chosen", "loses (95 %)"),
        tuple(map(_slice, shown)),
    )


def _slice(one: SliceEffect) -> tuple[str, ...]:
    few = "" if one.decides or one.drop is None else ", too few to reject"
    n = f"{fmt.whole(one.n)}{few}"
    return (one.value, n, *_scores(one.source, one.score, one.drop, one.why_null))


def _corruption(one: CorruptionEffect) -> tuple[str, ...]:
    name = f"{one.corruption}, {one.level}: {one.what}"
    return (name, fmt.whole(one.n), *_scores(one.source, one.score, one.drop, one.why_null))


def _scores(
    source: Score | None, score: Score | None, drop: Drop | None, why: str
) -> tuple[str, ...]:
    if source is None or score is None or drop is None:
        return (fmt.DASH, fmt.DASH, why)
    found, shares = loss.bounds(drop), loss.in_shares(score, drop)
    told = f"{loss.loss(drop)} ({found})" if found else loss.loss(drop)
    before, after = (loss.score_text(one.value, shares) for one in (source, score))
    return (before, after, told)


def _emulated(records: Sequence[Record]) -> Iterator[SideTable]:
    """How each artifact answered on an emulated core; threads change nothing there."""
    found = [(record, record.emulation) for record in records if record.emulation]
    if not found:
        return
    several = any(len(emulation.outputs) > 1 for _, emulation in found)
    rows = dict.fromkeys(
        _answered(record, emulation, output, several)
        for record, emulation in found
        for output in emulation.outputs
    )
    heads = ("candidate", "n", "answers against here", "drop against here", "memory")
    about = "The real aarch64 runtimes, answers alone: an emulated time is no latency."
    yield SideTable(f"On an emulated {found[0][1].core}", about, heads, tuple(rows))


def _answered(
    record: Record, emulation: Emulation, output: OutputDifference, several: bool
) -> tuple[str, ...]:
    name = f"{record.runtime} {record.precision}{f', {output.output}' if several else ''}"
    near = f"{fmt.share(output.equal)} equal"
    if output.sqnr_db is not None:
        near += f", {fmt.decibels(output.sqnr_db)}, ±{output.max_abs:.2g}"
    drop = emulation.why_null or fmt.DASH
    if emulation.drop is not None:
        lost = fmt.drop(emulation.drop)
        bounds = fmt.drop_interval(emulation.drop)
        drop = f"{lost.number if lost.unit == bounds.unit else lost} ({bounds})"
    return (name, fmt.whole(emulation.n), near, drop, fmt.size(emulation.rss_bytes, fmt.DASH))


def _means(records: Sequence[Record]) -> Iterator[SideTable]:
    """What LiteRT's benchmark_model said, kept apart."""
    rows = []
    for record in records:
        found = record.benchmark_model
        if found is not None and record.recipe is not None:
            spread = fmt.DASH if found.std_ms is None else fmt.ms(found.std_ms)
            hot = "the phone held back for heat" if found.hot else ""
            rows.append(
                (str(record.recipe), fmt.ms(found.mean_ms), spread, fmt.whole(found.n), hot)
            )
    if rows:
        devices = ", ".join(sorted({r.device for r in records if r.benchmark_model}))
        heads = ("candidate", "mean*", "sd", "n", "")
        title = f"By LiteRT's benchmark_model on {devices}"
        yield SideTable(title, f"* {MEANS}", heads, tuple(rows))


def _band(
    run: Run, records: Sequence[Record], profile: Profile, published: Sequence[Published]
) -> Iterator[SideTable]:
    """The fastest measured of each precision beside what is published for it."""
    rows, sources = [], dict[str, None]()
    for precision in dict.fromkeys(record.precision for record in records):
        own = [r for r in records if r.precision == precision]
        found = predict.from_published(published, profile, _model(run), precision)
        if found is None:
            continue
        sources |= dict.fromkeys(found.sources)
        band = fmt.interval(found.low_ms, found.high_ms, fmt.ms)
        p50s = [latency.p50 for r in own if (latency := r.measured)]
        least = min(p50s, default=None)
        rows.append(
            (precision, fmt.ms(least, "not measured"), band, _place(least, found), str(found.n))
        )
    if rows:
        heads = ("precision", "fastest here", "expected", "", "figures")
        about = f"{BAND} From {'; '.join(sources)}."
        yield SideTable("Beside published latencies", about, heads, tuple(rows))


def _place(least_ms: float | None, band: predict.Predicted) -> str:
    """Where a measurement lies."""
    if least_ms is None:
        return ""
    if least_ms < band.low_ms:
        return "faster than expected: is it the same model?"
    return "within" if least_ms <= band.high_ms else "slower than expected: is the machine free?"


def _model(run: Run) -> str:
    """The source's name without its folder and suffix."""
    return run.source.path.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
