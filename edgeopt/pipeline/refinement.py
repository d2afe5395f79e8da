"""What is done about a fast int8 form that loses too much: better integers, layers in float."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from edgeopt import convert
from edgeopt.domain.errors import RunnerFailed, StepFailed
from edgeopt.domain.layers import Price, Refinement, TriedForm, numbers, spans
from edgeopt.domain.progress import Doing
from edgeopt.domain.quantizers import QUANTIZERS
from edgeopt.domain.recipe import Quantization, Recipe
from edgeopt.domain.record import Record
from edgeopt.harness.profiling import profiles
from edgeopt.pipeline.state import State
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.threads import with_all_threads
from edgeopt.pipeline.timing import Plan, time_records
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
        state: before any of it.
    """

    run: TargetRun
    state: State
    plain: Record
    limit_ms: float
    best: Record
    forms: list[Record] = field(default_factory=list)
    steps: list[TriedForm] = field(default_factory=list)
    priced: tuple[Price, ...] = ()
    in_float: tuple[Price, ...] = ()
    why_no_cost: str = ""
    trouble: str = ""

    def tried(self, recipe: Recipe, what: str, in_float: Sequence[Price] = ()) -> Record:
        """Convert and score one form; a failure is a record like any other."""
        [record] = self.run.evaluated([recipe])
        record = untimed_words.without_latency(record, "lossy-form")
        self.forms.append(record)
        self.steps.append(
            TriedForm(
                what=what,
                recipe_id=str(record.recipe_id),
                drop=record.drop.judged if record.drop else None,
                kept=len(in_float),
                predicted_ms=prices.predicted_ms(_ms(self.plain), in_float),
            )
        )
        self.best = min(self.best, record, key=lost)
        return record

    def holds(self, record: Record) -> bool:
        return choose.qualifies(record, self.state.constraints) and self.state.likely(record)


def refined(run: TargetRun, state: State) -> State:
    """With other forms of each int8 form that is faster than what qualifies and may lose too much.

    Of each runtime, and of the whole and the compressed model. Layers are ranked on calibrating
    samples, forms are judged on the choosing ones. A form is refined once.

    Args:
        state: screened.
    """
    works: list[_Work] = []
    done = {one.recipe_id for one in state.refinements}
    for chance in chances(state.records, state.constraints):
        if chance.plain.recipe_id in done:
            continue
        limit = min([chance.limit_ms, *(_predicted(work) for work in works if _won(work))])
        if _ms(chance.plain) < limit and _has_forms(chance.plain):
            works.append(_worked_out(run, state, chance, limit))
    if not works:
        return state
    state = _timed(run, state.updated(_forms(works)), works)
    more = (_refinement(work, state) for work in works)
    return replace(state, refinements=(*state.refinements, *more))


def _has_forms(record: Record) -> bool:
    """Whether its converter makes other forms of its integers."""
    return convert.load(record.runtime).makes_forms


def _won(work: _Work) -> bool:
    return work.best is not work.plain and work.holds(work.best)


def _predicted(work: _Work) -> float:
    return prices.predicted_ms(_ms(work.plain), work.in_float) or _ms(work.plain)


def _ms(record: Record) -> float:
    assert record.latency_ms is not None
    return record.latency_ms.p50


def _worked_out(run: TargetRun, state: State, chance: Chance, limit: float) -> _Work:
    plain = chance.plain
    work = _Work(run, state, plain, limit, best=plain)
    assert plain.recipe is not None
    assert plain.recipe.quantization is not None
    for other in other_integers(plain.recipe.quantization):
        if work.holds(work.tried(_with(plain.recipe, other), ", ".join(other.words[1:]))):
            return work
    try:
        _except_layers(work)
    except StepFailed as error:
        work.trouble = error.reason
    return work


def _with(recipe: Recipe, quantization: Quantization) -> Recipe:
    return msgspec.structs.replace(recipe, quantization=quantization)


def _except_layers(work: _Work) -> None:
    """Keep the groups in float that give most for their time, until the drop is allowed.

    Raises:
        StepFailed: the layers cannot be ranked.
    """
    evaluator, base = work.run.evaluator, _base(work)
    work.run.progress(Doing(work.plain.target, f"ranking the layers of {base}"))
    output = evaluator.choose.scoring.output
    table = evaluator.conversions.sensitivity(base, output)
    fp32, int8 = _profiles(work)
    work.priced = prices.price_groups(table, fp32, int8)
    if not work.why_no_cost and all(price.cost_ms is None for price in work.priced):
        work.why_no_cost = "the profiled operators are not those of the graph"
    best = prices.worth_keeping(work.priced)
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
        work.best, work.in_float = tried[enough], tuple(best[:enough])


def _base(work: _Work) -> Recipe:
    """The form that loses least so far, of a library that takes exceptions.

    Raises:
        StepFailed: there is none.
    """
    for record in (work.best, *work.forms):
        how = record.recipe.quantization if record.recipe else None
        usable = record.status == "ok" or record.mendable
        if usable and record.recipe and how and QUANTIZERS[how.library].leaves_in_float:
            return record.recipe
    raise StepFailed("failed-run", "no quantizer that keeps layers in float takes this model")


def _kept(work: _Work, base: Recipe, in_float: Sequence[Price]) -> Record:
    """The form with some groups in float."""
    assert base.quantization is not None
    inside = numbers(price.group.span for price in in_float)
    quantization = msgspec.structs.replace(base.quantization, exceptions=spans(inside))
    what = f"{len(in_float)} of {len(work.priced)} groups in float"
    return work.tried(_with(base, quantization), what, in_float)


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


def _profiles(work: _Work) -> tuple[Sequence[prices.Launch], Sequence[prices.Launch]]:
    """Profiles of the fp32 and the plain int8 form by launch, taken in turns on the device."""
    evaluator, fp32 = work.run.evaluator, float_form(work.state.records, work.plain)
    if fp32 is None or fp32.recipe is None or work.plain.recipe is None:
        work.why_no_cost = "its fp32 form was not measured"
        return (), ()
    access, recipes = evaluator.access, (fp32.recipe, work.plain.recipe)
    try:
        with access.measuring():
            of_both = profiles(
                access.device,
                [evaluator.subject(recipe) for recipe in recipes],
                evaluator.choose.feed,
                [_RUNS, _RUNS],
                access.log("profile"),
                work.run.call.step_timeout_s,
            )
    except RunnerFailed as error:
        access.require_device(error)
        work.why_no_cost = str(error.args[0])
        return (), ()
    return of_both[0], of_both[1]


def _timed(run: TargetRun, state: State, works: Sequence[_Work]) -> State:
    """What came out, timed with every number of threads beside what it stands against."""
    won = [work.best for work in works if _won(work)]
    new = [form for best in won for form in with_all_threads(run, state.records, best)]
    known = {record.key for record in state.records}
    state = state.updated(form for form in new if form.key not in known)
    changed = {record.key for record in (*new, *_forms(works))}
    if new:
        group = _group(state, works, new)
        contested = tuple(str(record.recipe_id) for record in new)
        plan = Plan("closer", run.call.seed, state.baseline, contested)
        timed, _ = time_records(run, group, plan)
        state = state.updated(timed)
        changed |= {record.key for record in timed}
    run.recorder.keep(record for record in state.records if record.key in changed)
    return state


def _group(state: State, works: Sequence[_Work], new: Sequence[Record]) -> list[Record]:
    """What came out, what it began with, its fp32 forms, the best that qualify, the baseline."""
    plain = [work.plain for work in works]
    floats = [
        form_of
        for form in (*plain, *new)
        for form_of in (own_fp32(state.records, form), float_form(state.records, form))
        if form_of is not None
    ]
    rivals = choose.in_order(state.qualifying, state.constraints)[:RIVALS]
    ids = {record.recipe_id for record in (*new, *rivals, *plain, *floats)}
    return state.with_ids(ids | {state.baseline})


def _forms(works: Sequence[_Work]) -> list[Record]:
    return [record for work in works for record in work.forms]


def _refinement(work: _Work, state: State) -> Refinement:
    """What was done, with the sentences that say so."""
    result = work.best if _won(work) else None
    done = Refinement(
        runtime=work.plain.runtime,
        form=work.plain.name,
        recipe_id=str(work.plain.recipe_id),
        result=str(result.recipe_id) if result else None,
        steps=tuple(work.steps),
        kept=work.in_float,
        prices=work.priced,
        why_no_cost=work.why_no_cost,
    )
    [plain, best] = state.latest([work.plain.key, work.best.key])
    allowed = state.constraints.max_drop
    return msgspec.structs.replace(
        done,
        sentence=refine_words.sentence(done, plain, best, allowed, work.trouble),
        offer=refine_words.offer(less_lossy(best, state.records)) if result else "",
    )
