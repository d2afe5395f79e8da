"""What is done about a fast int8 form that loses too much: better integers, layers in float."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from edgeopt import convert
from edgeopt.domain.errors import RunnerFailed, StepFailed
from edgeopt.domain.layers import Price, Refinement, Step, numbers, spans
from edgeopt.domain.progress import Doing
from edgeopt.domain.quantizers import QUANTIZERS
from edgeopt.domain.recipe import Quantization, Recipe
from edgeopt.domain.record import Record
from edgeopt.harness.budget import CLOSER
from edgeopt.harness.profile import profiles
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.threads import with_all_threads
from edgeopt.pipeline.timing import time_records
from edgeopt.report import refine_words, untimed_words
from edgeopt.search import choose, prices
from edgeopt.search.alternatives import other_integers
from edgeopt.search.find import float_form, own_fp32
from edgeopt.search.worth import Chance, chances, less_lossy, lost

#: Qualifying candidates that are timed again beside what came out, for one order of all.
RIVALS = 3

_RUNS = 20  # profiled inferences of a turn


@dataclass
class _Work:
    """One runtime's refinement under way.

    Attributes:
        plain: the record that it began with. best: the one that loses least so far.
        limit_ms: what it must be faster than to be of use.
    """

    run: TargetRun
    plain: Record
    limit_ms: float
    best: Record
    made: list[Record] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    found: tuple[Price, ...] = ()
    kept: tuple[Price, ...] = ()
    why_no_cost: str = ""
    trouble: str = ""

    def tried(self, recipe: Recipe, what: str, kept: Sequence[Price] = ()) -> Record:
        """Convert and score one form; a failure is a record like any other."""
        [record] = self.run.candidates([recipe])
        record = untimed_words.without_latency(record, "lossy-form")
        self.made.append(record)
        self.steps.append(
            Step(
                what=what,
                recipe_id=str(record.recipe_id),
                drop=record.drop.judged if record.drop else None,
                kept=len(kept),
                predicted_ms=prices.predicted_ms(_ms(self.plain), kept),
            )
        )
        self.best = min(self.best, record, key=lost)
        return record

    def holds(self, record: Record) -> bool:
        constraints = self.run.call.constraints
        return bool(choose.qualifying([record], constraints)) and choose.likely(record, constraints)


def refine(
    run: TargetRun,
    records: Sequence[Record],
    baseline: str | None,
    done: Sequence[Refinement] = (),
) -> tuple[list[Record], tuple[Refinement, ...]]:
    """Refine each int8 form that is faster than all that qualifies and may lose too much.

    Of each runtime, and of the whole and the compressed model. Layers are ranked on calibrating
    samples, forms are judged on the choosing ones.

    Args:
        records: screened in one schedule.
        done: earlier refinements, whose forms are not refined again.

    Returns:
        (the records with those of new forms, what was done)
    """
    works: list[_Work] = []
    refined = {one.recipe_id for one in done}
    for chance in chances(records, run.call.constraints):
        if chance.plain.recipe_id in refined:
            continue
        limit = min([chance.limit_ms, *(_predicted(work) for work in works if _won(work))])
        if _ms(chance.plain) < limit and _has_forms(chance.plain):
            works.append(_refined(run, records, chance, limit))
    if not works:
        return list(records), ()
    records = [*records, *(record for work in works for record in work.made)]
    records = _timed(run, records, works, baseline)
    allowed = run.call.constraints.max_drop
    return records, tuple(_told(work, records, allowed) for work in works)


def _has_forms(record: Record) -> bool:
    """Whether its converter makes other forms of its integers."""
    return convert.load(record.runtime).makes_forms


def _won(work: _Work) -> bool:
    return work.best is not work.plain and work.holds(work.best)


def _predicted(work: _Work) -> float:
    return prices.predicted_ms(_ms(work.plain), work.kept) or _ms(work.plain)


def _ms(record: Record) -> float:
    assert record.latency_ms is not None
    return record.latency_ms.p50


def _refined(run: TargetRun, records: Sequence[Record], chance: Chance, limit: float) -> _Work:
    plain = chance.plain
    work = _Work(run, plain, limit, best=plain)
    assert plain.recipe is not None
    assert plain.recipe.quantization is not None
    for other in other_integers(plain.recipe.quantization):
        if work.holds(work.tried(_with(plain.recipe, other), ", ".join(other.words[1:]))):
            return work
    try:
        _except_layers(work, records)
    except StepFailed as error:
        work.trouble = error.reason
    return work


def _with(recipe: Recipe, quantization: Quantization) -> Recipe:
    return msgspec.structs.replace(recipe, quantization=quantization)


def _except_layers(work: _Work, records: Sequence[Record]) -> None:
    """Keep the groups in float that give most for their time, until the drop is allowed.

    Raises:
        StepFailed: the layers cannot be ranked.
    """
    evaluator, base = work.run.evaluator, _base(work)
    work.run.progress(Doing(work.plain.target, f"ranking the layers of {base}"))
    table = evaluator.conversions.sensitivity(base, evaluator.output)
    fp32, int8 = _profiles(work, records)
    work.found = prices.price_groups(table, fp32, int8)
    if not work.why_no_cost and all(price.cost_ms is None for price in work.found):
        work.why_no_cost = "the profiled operators are not those of the graph"
    best = prices.worth_keeping(work.found)
    enough = None
    tried: dict[int, Record] = {}
    for count in prices.counts(best):
        if (prices.predicted_ms(_ms(work.plain), best[:count]) or 0.0) >= work.limit_ms:
            work.trouble = "more layers in float would be slower than what qualifies already"
            break
        tried[count] = _kept(work, base, best[:count])
        if work.holds(tried[count]):
            enough = count
            break
    if enough is not None:
        enough = _fewer(work, base, best, tried, enough)
        work.best, work.kept = tried[enough], tuple(best[:enough])


def _base(work: _Work) -> Recipe:
    """The form that loses least so far, of a library that takes exceptions.

    Raises:
        StepFailed: there is none.
    """
    for record in (work.best, *work.made):
        how = record.recipe.quantization if record.recipe else None
        made = record.status == "ok" or record.mendable
        if made and record.recipe and how and QUANTIZERS[how.library].leaves_in_float:
            return record.recipe
    raise StepFailed("failed-run", "no quantizer that keeps layers in float takes this model")


def _kept(work: _Work, base: Recipe, kept: Sequence[Price]) -> Record:
    """The form with some groups in float."""
    assert base.quantization is not None
    inside = numbers(price.group.span for price in kept)
    quantization = msgspec.structs.replace(base.quantization, exceptions=spans(inside))
    what = f"{len(kept)} of {len(work.found)} groups in float"
    return work.tried(_with(base, quantization), what, kept)


def _fewer(
    work: _Work, base: Recipe, best: Sequence[Price], tried: dict[int, Record], enough: int
) -> int:
    """The fewest groups that hold, between the last that did not and the first that did."""
    low = max((count for count in tried if count < enough), default=0)
    while enough - low > 1:
        middle = (low + enough) // 2
        tried[middle] = _kept(work, base, best[:middle])
        if work.holds(tried[middle]):
            enough = middle
        else:
            low = middle
    return enough


def _profiles(
    work: _Work, records: Sequence[Record]
) -> tuple[Sequence[prices.Launch], Sequence[prices.Launch]]:
    """Profiles of the fp32 and the plain int8 form by launch, taken in turns on the device."""
    evaluator, fp32 = work.run.evaluator, float_form(records, work.plain)
    if fp32 is None or fp32.recipe is None or work.plain.recipe is None:
        work.why_no_cost = "its fp32 form was not measured"
        return (), ()
    recipes = (fp32.recipe, work.plain.recipe)
    try:
        with evaluator.measuring():
            found = profiles(
                evaluator.device,
                [evaluator.subject(recipe, evaluator.artifact(recipe)) for recipe in recipes],
                evaluator.choose.feed,
                [_RUNS, _RUNS],
                evaluator.log("profile"),
                evaluator.timeout_s,
            )
    except RunnerFailed as error:
        evaluator.require_device(error)
        work.why_no_cost = str(error.args[0])
        return (), ()
    return found[0], found[1]


def _timed(
    run: TargetRun, records: Sequence[Record], works: Sequence[_Work], baseline: str | None
) -> list[Record]:
    """What came out, timed with every number of threads beside what it stands against."""
    won = [work.best for work in works if _won(work)]
    new = [form for best in won for form in with_all_threads(run, records, best)]
    records = [*records, *(r for r in new if r.key not in {own.key for own in records})]
    if not new:
        made = {record.key for record in _made(works)}
        return [run.keep(r) if r.key in made else r for r in records]
    limits = run.call.constraints
    rivals = choose.in_order(choose.qualifying(records, limits), limits)[:RIVALS]
    plain = [work.plain for work in works]
    floats = [
        own
        for form in (*plain, *new)
        for own in (own_fp32(records, form), float_form(records, form))
        if own is not None
    ]
    wanted = {r.recipe_id for r in (*new, *rivals, *plain, *floats)} | {baseline}
    group = [r for r in records if r.recipe_id in wanted]
    seed = run.call.seed
    wanted_clear = [str(r.recipe_id) for r in new]
    timed, _ = time_records(
        run.evaluator, group, CLOSER, seed, baseline, wanted_clear, run.progress
    )
    by_key = {record.key: record for record in timed}
    kept = [by_key.get(record.key, record) for record in records]
    changed = {record.key for record in (*timed, *new, *_made(works))}
    return [run.keep(r) if r.key in changed else r for r in kept]


def _made(works: Sequence[_Work]) -> list[Record]:
    return [record for work in works for record in work.made]


def _told(work: _Work, records: Sequence[Record], allowed: float) -> Refinement:
    result = work.best if _won(work) else None
    done = Refinement(
        runtime=work.plain.runtime,
        form=work.plain.name,
        recipe_id=str(work.plain.recipe_id),
        result=str(result.recipe_id) if result else None,
        steps=tuple(work.steps),
        kept=work.kept,
        prices=work.found,
        why_no_cost=work.why_no_cost,
    )
    now = {record.recipe_id: record for record in records}
    plain, best = now[work.plain.recipe_id], now[work.best.recipe_id]
    return msgspec.structs.replace(
        done,
        sentence=refine_words.sentence(done, plain, best, allowed, work.trouble),
        offer=refine_words.offer(less_lossy(best, records)) if result else "",
    )
