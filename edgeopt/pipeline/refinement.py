"""What is done about a fast int8 form that loses too much: better integers, layers in float."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from edgeopt import convert
from edgeopt.domain.aim import Aim
from edgeopt.domain.errors import RunnerFailed, StepFailed
from edgeopt.domain.layers import Price, Refinement, TriedForm, spans
from edgeopt.domain.progress import Doing
from edgeopt.domain.quantizers import QUANTIZERS
from edgeopt.domain.recipe import Quantization, Recipe
from edgeopt.domain.record import Record
from edgeopt.harness.profiling import profiles
from edgeopt.pipeline.clock import Turns
from edgeopt.pipeline.conversions import AHEAD
from edgeopt.pipeline.state import State
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.threads import with_all_threads
from edgeopt.pipeline.timing import Plan, time_records
from edgeopt.report import refine_words, untimed_words
from edgeopt.search import choose, prices
from edgeopt.search.aims import OF_TIME
from edgeopt.search.alternatives import other_integers
from edgeopt.search.find import float_form, own_fp32
from edgeopt.search.worth import Chance, chances, clearly_worse, less_lossy, lost

#: Qualifying candidates that are timed again beside what came out, for one order of all.
RIVALS = 3
_RUNS = 20  # profiled inferences of a turn


@dataclass
class _Work:
    """One runtime's refinement under way.

    Attributes:
        plain: the record that it began with. best: the one that loses least so far.
        limit_ms: what it must be faster than to be of use.
        state: before any of it. turns: forms, of all runtimes, as long as there is time.
    """

    run: TargetRun
    state: State
    plain: Record
    limit_ms: float
    best: Record
    turns: Turns
    forms: list[Record] = field(default_factory=list)
    steps: list[TriedForm] = field(default_factory=list)
    priced: tuple[Price, ...] = ()
    in_float: tuple[Price, ...] = ()
    why_no_cost: str = ""
    trouble: str = ""

    def tried(self, recipe: Recipe, what: str, in_float: Sequence[Price] = ()) -> Record:
        """Convert and score one form; a failure is a record like any other.

        Raises:
            StepFailed: there is no time for it.
        """
        self.turns.begin("form")
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


def refined(run: TargetRun, state: State, reserve_s: float = 0.0) -> State:
    """With other forms of each int8 form that is faster than what qualifies and may lose too much.

    Of each runtime, and of the whole and the compressed model. Layers are ranked on calibrating
    samples, forms are judged on the choosing ones. A form is refined once.

    Args:
        state: screened. reserve_s: of a call's time, if it has one, left for what comes after.
    """
    works: list[_Work] = []
    turns = Turns(run.due.until(reserve_s) if run.clock else None)
    done = {one.recipe_id for one in state.refinements}
    for chance in chances(state.records, state.constraints, state.aim):
        if chance.plain.recipe_id in done:
            continue
        limit = _limit(chance, works, state.aim)
        if _ms(chance.plain) < limit and convert.load(chance.plain.runtime).makes_forms:
            works.append(_worked_out(_Work(run, state, chance.plain, limit, chance.plain, turns)))
    if not works:
        return state
    state = _timed(run, state.updated(_forms(works)), works)
    return replace(state, refinements=(*state.refinements, *(_refinement(w, state) for w in works)))


def _limit(chance: Chance, works: Sequence[_Work], aim: Aim) -> float:
    """What a refined form must be faster than to be of use; nothing, where no time is aimed at."""
    won = [(_ms(one.plain), one.in_float) for one in works if _won(one)] if aim in OF_TIME else []
    return min([chance.limit_ms, *(prices.predicted_ms(ms, kept) or ms for ms, kept in won)])


def _won(work: _Work) -> bool:
    return work.best is not work.plain and work.holds(work.best)


def _ms(record: Record) -> float:
    assert record.latency_ms is not None
    return record.latency_ms.p50


def _worked_out(work: _Work) -> _Work:
    recipe = work.plain.recipe
    assert recipe is not None
    assert recipe.quantization is not None
    others = other_integers(recipe.quantization)
    try:
        for number, other in enumerate(others):
            # Calibrating keeps one core busy. Within a time the next may not be begun.
            for soon in others[number:][: AHEAD if work.turns.deadline is None else 0]:
                work.run.context.conversions.prepare(_with(recipe, soon))
            if work.holds(work.tried(_with(recipe, other), ", ".join(other.words[1:]))):
                return work
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
    evaluator, began = work.run.evaluator, _base(work)
    base = began.recipe
    assert base is not None
    work.turns.begin("form")
    work.run.progress(Doing(work.plain.target, f"ranking the layers of {base}"))
    table = evaluator.conversions.sensitivity(base, evaluator.choose.scoring.output)
    work.priced = prices.price_groups(table, *_profiles(work))
    if not work.why_no_cost and all(price.cost_ms is None for price in work.priced):
        work.why_no_cost = (
            "the profiled operators are not those of the graph, or too short to be counted"
        )
    kept: list[Price] = []
    latest = began
    for added in prices.steps(work.priced):
        wider = [*kept, *added]
        if (prices.predicted_ms(_ms(work.plain), wider) or 0.0) >= work.limit_ms:
            work.trouble = "more layers in float would be slower than what qualifies already"
            continue
        form = _kept(work, base, wider)
        if work.holds(form):
            work.trouble = ""
            _take_fewest(work, base, kept, added, form)
            return
        if not clearly_worse(form, latest):
            kept, latest = wider, form


def _base(work: _Work) -> Record:
    """The form that loses least so far, of a library that takes exceptions. Raises StepFailed."""
    for record in sorted((work.plain, *work.forms), key=lost):
        usable = record.status == "ok" or record.mendable
        how = record.recipe.quantization if usable and record.recipe else None
        # What a moving average cuts off in every layer no few layers in float give back.
        if how and QUANTIZERS[how.library].leaves_in_float and how.calibration != "moving-average":
            return record
    raise StepFailed("failed-run", "no quantizer that keeps layers in float takes this model")


def _kept(work: _Work, base: Recipe, in_float: Sequence[Price]) -> Record:
    """The form with some groups in float."""
    assert base.quantization is not None
    inside: frozenset[int] = frozenset().union(*(price.group.numbers for price in in_float))
    quantization = msgspec.structs.replace(base.quantization, exceptions=spans(inside))
    what = f"{len(in_float)} of {len(work.priced)} groups in float"
    return work.tried(_with(base, quantization), what, in_float)


def _take_fewest(
    work: _Work, base: Recipe, kept: Sequence[Price], added: Sequence[Price], form: Record
) -> None:
    """Take the form that holds with the fewest of the groups that were added last.

    Args:
        kept: without which of `added` it did not hold. form: the one with all of both.
    """
    low, enough = 0, len(added)
    try:
        while enough - low > 1:
            middle = (low + enough) // 2
            tried = _kept(work, base, [*kept, *added[:middle]])
            if work.holds(tried):
                enough, form = middle, tried
            else:
                low = middle
    finally:  # also where the time is over: `tried` takes what loses least for the best
        work.best, work.in_float = form, (*kept, *added[:enough])


def _profiles(work: _Work) -> tuple[Sequence[prices.Launch], Sequence[prices.Launch]]:
    """Profiles of the fp32 and the plain int8 form by launch, taken in turns on the device."""
    evaluator, fp32 = work.run.evaluator, float_form(work.state.records, work.plain)
    if fp32 is None or fp32.recipe is None or work.plain.recipe is None:
        work.why_no_cost = "its fp32 form was not measured"
        return (), ()
    access, recipes = evaluator.access, (fp32.recipe, work.plain.recipe)
    try:
        with access.measuring():
            fp32_turns, own_turns = profiles(
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
    return fp32_turns, own_turns


def _timed(run: TargetRun, state: State, works: Sequence[_Work]) -> State:
    """What came out, timed with every number of threads beside what it stands against."""
    new = [f for w in works if _won(w) for f in with_all_threads(run, state.records, w.best)]
    known = {record.key for record in state.records}
    state = state.updated(form for form in new if form.key not in known)
    changed = {record.key for record in (*new, *_forms(works))}
    if new:
        ids = tuple(str(record.recipe_id) for record in new)
        plan = Plan(state.schedule("closer"), run.call.seed, state.baseline, ids, any_will_do=True)
        timed, _ = time_records(run, _group(state, works, new), plan)
        state = state.updated(timed)
        changed.update(record.key for record in timed)
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
    rivals = choose.in_order(state.qualifying, state.constraints, aim=state.aim)[:RIVALS]
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
    return msgspec.structs.replace(
        done,
        sentence=refine_words.sentence(done, plain, best, state.constraints.max_drop, work.trouble),
        offer=refine_words.offer(less_lossy(best, state.records), best) if result else "",
    )
