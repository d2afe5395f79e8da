"""The search for a smaller model of one target: step by step, each judged by measured latency.

A step is converted with one recipe, the carrier, scored on the `choose` part in the target's
runtime, and timed interleaved with what it started from, both with every number of threads and in
several launches. One that is no faster, or loses too much, is taken back. All that was kept is
timed once more, for longer, and that decides. What is left is converted with the target's other
recipes, too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from edgeopt.domain.compression import Chain, Compression, CompressionStep, Method, words
from edgeopt.domain.errors import StepFailed
from edgeopt.domain.latency import Verdict
from edgeopt.domain.obstacle import said
from edgeopt.domain.recipe import LeftOut, Recipe
from edgeopt.domain.record import Record
from edgeopt.pipeline.races import Raced, time_step, time_steps
from edgeopt.pipeline.record_ends import skipped
from edgeopt.pipeline.state import State
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.threads import with_all_threads
from edgeopt.report import step_words, untimed_words
from edgeopt.search import choose, ladder

#: What other work has spoiled is timed again, so often.
ATTEMPTS = 2


@dataclass(frozen=True)
class Form:
    """A form of the model with every number of threads, and where it is in the search.

    Attributes:
        records: the fastest first. number: of the step that made it; None: the whole model.
    """

    chain: Chain
    records: tuple[Record, ...]
    number: int | None = None


@dataclass
class Search:
    """One target's search as it goes.

    Attributes:
        order: candidates of the whole model, the fastest first.
        chain, record: what the next step starts from.
        forms: the whole model and what each kept step made of it, by the carrier of that step.
        state: with all candidates so far, without those that were taken back.
        steps: what was tried.
    """

    run: TargetRun
    asked: Compression
    state: State
    carrier: Recipe
    record: Record
    order: list[Record]
    chain: Chain = ()
    steps: list[CompressionStep] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)


def compressed(run: TargetRun, request: Compression, state: State) -> State:
    """With compressed candidates, and the steps that led to them.

    Args:
        state: screened.
    """
    search = _begin(run, request, state)
    for method in ladder.ORDER:
        if method == "qat":  # what is trained for integers starts from steps that stand
            _time_again(search)
        if method in request.methods:
            _climb(search, method)
    if search.chain:
        _with_other_recipes(search)
    return replace(search.state, compression=tuple(search.steps))


def _begin(run: TargetRun, request: Compression, state: State) -> Search:
    """The carrier is the fastest candidate that qualifies; where none does, the fastest."""
    alive = [r for r in state.records if run.can_time(r)]
    timed = [r for r in alive if r.latency_ms]
    ranked = choose.ranked(choose.qualifying(timed, state.constraints), state.baseline)
    others = [r for r in choose.ranked(timed, state.baseline) if r not in ranked]
    order = ranked + others or alive
    record = order[0]
    assert record.recipe is not None
    search = Search(run, request, state, record.recipe, record, order)
    search.forms.append(Form((), with_all_threads(run, state.records, record)))
    return search


def _climb(search: Search, method: Method) -> None:
    """All steps of one method."""
    tried: tuple[ladder.Tried, ...] = ()
    run = search.run
    profile = run.placement.profile
    carrier = search.carrier
    if method == "qat" and not _for_integers(search):
        return
    while stages := ladder.next_step(method, search.asked, tried, profile.channel_multiple):
        outcome = _try(search, method, stages)
        tried = (*tried, ladder.Tried(stages, outcome))
    if method == "qat" and not (tried and tried[-1].outcome.kept):
        search.carrier = carrier


def _for_integers(search: Search) -> bool:
    """Change to the fastest int8-static recipe, if the carrier is none; False: there is none."""
    if search.carrier.precision == "int8-static":
        return True
    run = search.run
    static = [r for r in search.order if r.precision == "int8-static"]
    if not static or static[0].recipe is None:
        left = LeftOut(runtime="any", precision="qat", why=said("no int8-static candidate works"))
        run.recorder.keep([skipped(run.target, left)])
        return False
    search.carrier = msgspec.structs.replace(static[0].recipe, compression=search.chain)
    known = search.state.with_ids([search.carrier.id])
    [search.record] = known or run.evaluated([search.carrier])
    search.state = search.state.updated([search.record])
    return True


def _try(search: Search, method: Method, stages: Chain) -> ladder.StepOutcome:
    """One step: made, scored, timed; kept or taken back."""
    run, chain = search.run, (*search.chain, *stages)
    compressed_forms = run.context.stages
    recipe = msgspec.structs.replace(search.carrier, compression=chain)
    # Here and not ahead of time in another thread: a training must end with Ctrl-C.
    with contextlib.suppress(StepFailed):  # which is remembered, and told by the record
        compressed_forms.derived(chain)
    [record] = run.evaluated([recipe])
    held = choose.qualifies(record, search.state.constraints)
    forms: tuple[Record, ...] = ()
    raced = None
    if held and method != "qat":
        forms = with_all_threads(run, search.state.records, record)
        raced = _raced(search, forms)
    verdict = raced.verdict if raced else None
    outcome = ladder.outcome_of(method, record, verdict, held, search.record)
    why = step_words.why(outcome)
    search.steps.append(_step(search, chain, record, verdict, outcome, why))
    if outcome.kept:
        _keep(search, chain, raced, forms or (record,))
    else:
        _take_back(search, forms or (record,), why)
    return outcome


def _raced(search: Search, forms: Sequence[Record]) -> Raced | None:
    """A step against what it started from; None where the machine spoils all."""
    run = search.run
    for attempt in range(ATTEMPTS):
        seed = run.call.seed + attempt
        raced = time_step(run, search.forms[-1].records, forms, seed)
        if raced is not None:
            return raced
    return None


def _keep(search: Search, chain: Chain, raced: Raced | None, forms: Sequence[Record]) -> None:
    """The next step starts from this one, with the number of threads that suits it best."""
    fastest = raced.own if raced else forms[0].recipe_id
    ordered = sorted(forms, key=lambda record: record.recipe_id != fastest)
    search.state = search.state.updated(forms)
    search.forms.append(Form(chain, tuple(ordered), len(search.steps) - 1))
    _start_from(search, search.forms[-1])


def _start_from(search: Search, form: Form) -> None:
    """Go on from a form, with the number of threads that it is fastest with."""
    search.chain, search.record = form.chain, form.records[0]
    assert search.record.recipe is not None
    search.carrier = msgspec.structs.replace(search.record.recipe, compression=())


def _take_back(search: Search, forms: Sequence[Record], why: str) -> None:
    """They are no candidates any more; their records say why."""
    search.state = search.state.without({record.key for record in forms})
    run = search.run
    run.recorder.keep(
        untimed_words.without_latency(record, "taken-back", detail=why)
        for record in forms
        if record.status == "ok"
    )


def _time_again(search: Search) -> None:
    """All steps that were kept in one schedule, for longer than what kept them: that decides."""
    forms_kept = search.forms[1:]
    if not forms_kept:
        return
    run = search.run
    forms = [form.records for form in search.forms]
    raced = time_steps(run, forms, run.call.seed + ATTEMPTS)
    verdicts = [one.verdict if one else None for one in raced]
    count = ladder.standing(verdicts)
    for number, (form, verdict) in enumerate(zip(forms_kept, verdicts, strict=True)):
        assert form.number is not None
        if verdict is not None:
            stands = number < count
            step = step_words.timed_again(search.steps[form.number], verdict, stands)
            search.steps[form.number] = step
            if not stands:
                _take_back(search, form.records, step.why)
    search.forms = search.forms[: count + 1]
    _start_from(search, search.forms[-1])


def _step(
    search: Search,
    chain: Chain,
    record: Record,
    verdict: Verdict | None,
    outcome: ladder.StepOutcome,
    why: str,
) -> CompressionStep:
    context = search.run.context
    stages = context.stages
    try:
        derived = stages.derived(chain)
        parameters, note = derived.parameters, derived.note
    except StepFailed:
        parameters, note = None, ""
    return CompressionStep(
        title=" ".join(words(chain)),
        chain=chain,
        carrier=str(search.carrier),
        kept=outcome.kept,
        why=why,
        parameters=parameters,
        drop=record.drop.judged if record.drop else None,
        ratio=verdict.ratio if verdict else None,
        low=verdict.low if verdict else None,
        high=verdict.high if verdict else None,
        launches=verdict.launches if verdict else None,
        size_bytes=record.size_bytes,
        curve=stages.curve(chain),
        note=note,
    )


def _with_other_recipes(search: Search) -> None:
    """The best chain with every other recipe whose whole model works."""
    run, state = search.run, search.state
    known = {r.recipe_id: r for r in state.records}
    recipes = [
        msgspec.structs.replace(recipe, compression=search.chain)
        for recipe in run.space.recipes
        if recipe.id in known and known[recipe.id].status == "ok"
    ]
    new = run.evaluated([recipe for recipe in recipes if recipe.id not in known])
    search.state = state.updated(new)
