"""The sentences of a choice: what was taken and why, and what is not proven."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.domain.aim import Aim
from edgeopt.domain.compression import CompressionStep
from edgeopt.domain.finding import Finding
from edgeopt.domain.passed_over import PassedOver
from edgeopt.domain.record import Record
from edgeopt.domain.run import Miss
from edgeopt.report import aim_words, beside_limit, float_words, promise
from edgeopt.report import format as fmt
from edgeopt.report.promise import Promise


def why(
    record: Record,
    records: Sequence[Record],
    baseline: str | None,
    rejected: Sequence[Miss],
    said: Promise,
    aim: Aim = "latency",
) -> str:
    """One sentence for a measured choice."""
    assert record.recipe is not None
    assert record.latency_ms is not None
    assert record.confirm_drop is not None
    lead = promise.lead(said, record.confirm_drop, aim_words.first(record, aim))
    aimed = aim_words.named(record, aim) or aim_words.unknown(record, aim)
    figures = filter(None, (aimed, f"p50 {aim_words.p50(record)}"))
    words = [f"{record.title}: {lead}, {', '.join(figures)}"]
    if tie := promise.tie(said, record, aim):
        words.append(tie)
    versus = record.versus_baseline
    over = next((r for r in records if r.recipe_id == baseline), None)
    if versus is not None and over is not None:
        words.append(f"{fmt.verdict(versus)} over {over.title}")
        words += filter(None, (aim_words.beside(record, over, aim),))
    elif record.recipe_id == baseline:
        words.append("which is the baseline itself")
    words.append(promise.told(said, record))
    if rejected:
        words.append(f"{fmt.count(len(rejected), 'other candidate')} rejected before it")
    return "; ".join(words) + "."


def unmeasured(
    record: Record, rejected: Sequence[Miss], said: Promise, aim: Aim = "latency"
) -> str:
    """One sentence for a suggestion: a target without a device."""
    assert record.confirm_drop is not None
    taken = f" after {fmt.count(len(rejected), 'other')} that lost too much" if rejected else ""
    first = aim_words.UNTIMED.get(aim, "suggested, the first in the order of the evidence")
    lead = promise.lead(said, record.confirm_drop, first)
    return (
        f"{record.title}: {lead}{taken}; {_untimed(record)}{_emulated(record)}; "
        f"{promise.told(said, record)}, scored on this machine."
    )


def unscored(
    record: Record, records: Sequence[Record], baseline: str | None, tied: Record | None = None
) -> str:
    """One sentence for what was taken where the inputs are random.

    Args:
        tied: a form that is a little faster and counts as equally fast.
    """
    latency, versus = record.measured, record.versus_baseline
    over = next((r for r in records if r.recipe_id == baseline), None)
    if latency is None:
        lead = f"suggested, the first in floats in the order of the evidence; {_untimed(record)}"
    else:
        speed = "which is the baseline itself"
        if versus is not None and over is not None:
            speed = f"{fmt.verdict(versus)} over {over.title}"
        words = f"the {float_words.lead(tied)}, p50 {fmt.ms(latency.p50)}"
        lead = "; ".join(filter(None, (words, promise.tied_words(tied, record), speed)))
    return f"{record.title}: {lead}; not scored, since the inputs are random."


def _untimed(record: Record) -> str:
    """Why nothing was timed, as a part of a sentence."""
    found = record.benchmark_model
    if found is None:
        return "nothing was timed, since no device of this target is at hand"
    return (
        "nothing was timed by edgeopt's harness; LiteRT's benchmark_model on "
        f"{record.device} gave a mean of {fmt.ms(found.mean_ms)}, which ranks nothing"
    )


def _emulated(record: Record) -> str:
    """How it answered on an emulated core, as a part of a sentence; "" where it was not asked."""
    found = record.emulation
    if found is None:
        return ""
    same = all(output.equal == 1.0 for output in found.outputs)
    nearest = min((o.sqnr_db for o in found.outputs if o.sqnr_db is not None), default=0.0)
    how = "to the bit" if same else f"within {fmt.decibels(nearest)}"
    return f"; on an emulated {found.core} it answered {found.n} samples as here, {how}"


def nothing(records: Sequence[Record]) -> str:
    """One sentence where nothing qualified."""
    ok = sum(record.status == "ok" for record in records)
    made = [record for record in records if record.status == "converted"]
    if not ok and made:
        return f"{fmt.count(len(made), 'artifact')} made, none chosen: {made[0].reason}."
    if not ok:
        return f"none of {fmt.count(len(records), 'candidate')} could be converted and run."
    return f"none of {fmt.count(ok, 'working candidate')} keeps what was asked."


def without_interval(record: Record) -> tuple[str, ...]:
    """A warning where nothing tells how far off the confirming drop may be."""
    drop = record.confirm_drop
    if drop is None or drop.low is not None:
        return ()
    why = drop.why_null or "none was given"
    return (f"The drop has no interval, so how far off it may be is not known: {why}.",)


def passed_over(one: PassedOver, aim: Aim = "latency") -> str:
    """A warning: a candidate that is better, and what other samples may lose with it."""
    lost, bound, allowed = beside_limit.losses(
        [abs(one.lost), one.bound], one.allowed, relative=one.relative
    )
    words = (
        f"{one.title} {aim_words.ahead(aim, one.times)} and {'gains' if one.lost < 0 else 'loses'} "
        f"{lost} on {fmt.whole(one.n)} samples, but other samples may well lose up to {bound} with "
        f"it, and {allowed} are allowed. "
    )
    if one.needed is not None:
        unit = "group" if one.groups else "held-out sample"
        unlike = " that do not look alike" * one.alike
        needed = f"{fmt.count(one.needed, unit)}{unlike}"
        return f"{words}It takes at least {needed} to show whether it keeps that."
    if one.more is None:
        return f"{words}More samples would show it more exactly."
    others = ", of other groups," if one.groups else ""
    return (
        f"{words}About {fmt.whole(one.more)} more samples{others} would show whether it keeps that."
    )


def of_this_load(rival: Record, times: float) -> str:
    """A warning: cores were taken, and what needs more of them came second."""
    return (
        f"Other work took part of the cores while this was timed. {rival.title} took "
        f"{fmt.factor(times)} times as long, and may be the faster one where its cores are free. "
        "Run this again on an idle machine."
    )


def step(one: CompressionStep) -> str:
    """One line for a step of the search for a smaller model."""
    state = "kept" if one.kept else "taken back"
    note = f" ({one.note})" if one.note else ""
    return f"{one.title}: {state}; {one.why}{note}"


def finding(one: Finding) -> str:
    """One line for what a check of the machine found, with what to do."""
    advice = f" → {one.advice}" if one.advice else ""
    return f"{one.state}: {one.check}: {one.found}{advice}"
