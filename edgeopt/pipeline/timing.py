"""Measures candidates of one target together and writes what was found into their records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from edgeopt.devices.device import Device
from edgeopt.domain.errors import RunnerFailed, StepFailed
from edgeopt.domain.finding import Finding, failures
from edgeopt.domain.latency import Verdict
from edgeopt.domain.progress import Doing, under
from edgeopt.domain.record import Record
from edgeopt.harness.budget import BUDGETS, CLOSER, Budget
from edgeopt.harness.figures import energy_of, latency, start
from edgeopt.harness.interleaved import measure
from edgeopt.harness.timed import Measurement
from edgeopt.harness.validity import findings
from edgeopt.harness.verdicts import compare, decided, led, settled, unbeaten
from edgeopt.pipeline import schedules
from edgeopt.pipeline.clock import Deadline
from edgeopt.pipeline.record_ends import failed
from edgeopt.pipeline.session_account import TIMED
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.search.baseline import baseline_of
from edgeopt.search.find import is_own_fp32

#: The schedule of other settings.
VARIANTS = CLOSER


@dataclass(frozen=True)
class Plan:
    """One interleaved schedule to be.

    Attributes:
        budget: its name (`harness.budget.BUDGETS`).
        baseline: the recipe id that `versus_baseline` compares with, measured twice so that the
            noise is known; None: `over`, or found among the measured, and the noise is not.
        contested: recipe ids whose verdicts decide when to stop: against the baseline, and with
            `between` also between the fastest of them and the others.
        any_will_do: of the contested; one that is clearly slower than the fastest of them
            decides nothing.
        pace: recipe ids that set the pace, where a budget lets slower ones leave.
        deadline: it also ends where its next look would be beyond this; None: there is none.
        looks: in place of the budget's; (): the budget's own.
        over: the recipe id that `versus_baseline` compares with, where it is measured once.
    """

    budget: str
    seed: int
    baseline: str | None = None
    contested: tuple[str, ...] = ()
    pace: tuple[str, ...] = ()
    deadline: Deadline | None = None
    between: bool = False
    any_will_do: bool = False
    looks: tuple[int, ...] = ()
    over: str | None = None

    @property
    def schedule(self) -> Budget:
        """The budget with the looks that were asked for."""
        budget = BUDGETS[self.budget]
        return replace(budget, looks=self.looks) if self.looks else budget

    def is_clear(self, session: Measurement) -> bool:
        """Whether nothing more need be measured."""
        contested = unbeaten(session, self.contested) if self.any_will_do else self.contested
        clear = settled(session, contested)
        clear = clear and (not self.between or led(session, self.contested))
        return clear or not self._goes_on(session)

    def _goes_on(self, session: Measurement) -> bool:
        """Whether there is time for the next look."""
        looks = session.budget.looks
        if self.deadline is None or session.looks == len(looks):
            return True
        return self.deadline.allows(looks[session.looks - 1], looks[session.looks])


def time_records(
    run: TargetRun, records: Sequence[Record], plan: Plan
) -> tuple[list[Record], tuple[Finding, ...]]:
    """Measure records in one interleaved schedule, until the contested verdicts are clear.

    Returns:
        (the same records with latency and verdicts, or failed; what was found of the machine)

    Raises:
        DeviceFailed: the device was lost; what was timed until then is in `measurements/`.
    """
    session, machine = measured(run, records, plan, plan.is_clear)
    over = plan.baseline or plan.over
    return _with_figures(run, records, session, failures(machine), over), machine


def time_variants(
    run: TargetRun,
    records: Sequence[Record],
    parents: Mapping[str, str],
    seed: int,
    baseline: str | None,
) -> tuple[list[Record], dict[str, Verdict]]:
    """Time variants of candidates together with these, until each is decided or the limit.

    Args:
        records: parents, variants and the baseline, which has no twin here.
        parents: recipe id of a variant -> that of the candidate that it is to beat.

    Returns:
        (the records with what was found, verdict of each variant over its parent); there are no
        verdicts where the machine spoiled the figures.

    Raises:
        DeviceFailed: the device was lost.
    """
    plan = Plan(VARIANTS.name, seed, None, tuple(parents))
    session, machine = measured(
        run, records, plan, lambda session: decided(session, parents, give_up=True)
    )
    spoiled = failures(machine)
    timed = _with_figures(run, records, session, spoiled, baseline)
    alive = {r.recipe_id for r in timed if r.latency_ms}
    verdicts = {
        key: verdict
        for key, parent in parents.items()
        if not spoiled and {key, parent} <= alive
        if (verdict := compare(session, key, parent))
    }
    return timed, verdicts


def measured(
    run: TargetRun, records: Sequence[Record], plan: Plan, stop: Callable[[Measurement], bool]
) -> tuple[Measurement, tuple[Finding, ...]]:
    """One schedule and its findings: measured now, or the same one that the folder has.

    Args:
        stop: see `measure`.

    Raises:
        DeviceFailed: the device was lost.
    """
    evaluator, budget = run.evaluator, plan.schedule
    access, folder = evaluator.access, run.context.folder.path / "measurements"
    schedule = schedules.asked(
        access, records, budget, plan.seed, plan.baseline, plan.contested, plan.pace
    )
    known = schedules.known(folder, schedule, budget)
    if known is not None:
        run.progress(Doing(f"measuring ({budget.name})", "known from an earlier schedule"), 1, 1)
        return known, findings(known)
    results = run.context.results
    known = schedules.known_earlier(folder, results, schedule, budget)
    if known is not None:
        run.progress(Doing(f"measuring ({budget.name})", "known from an earlier run"), 1, 1)
        return known, findings(known)
    subjects = [evaluator.subject(r.recipe) for r in records if r.recipe]
    with access.measuring():
        session = measure(
            access.device,
            subjects,
            evaluator.choose.feed,
            budget,
            access.log(f"measure-{budget.name}"),
            run.call.step_timeout_s,
            plan.seed,
            under(run.progress, f"measuring ({budget.name})"),
            plan.baseline,
            stop,
            plan.pace,
        )
        if any(timed.timed_out for timed in session.timed.values()):
            access.require_answer()
        machine = findings(session)
        whole = not failures(machine) and not any(t.failed for t in session.timed.values())
        schedules.keep(folder, schedule, budget, session.raw(), whole)
        if whole and schedule.machine:
            results.keep_schedule(schedule, session.raw())
    return session, machine


def _with_figures(
    run: TargetRun,
    records: Sequence[Record],
    session: Measurement,
    spoiled: tuple[str, ...],
    baseline: str | None,
) -> list[Record]:
    """The records with what a schedule told of them."""
    device = run.evaluator.access.device
    timed = [_timed(record, session, device, spoiled) for record in records]
    if not spoiled:
        baseline = baseline or baseline_of(timed, run.source.reference_runtime)
        timed = [_with_verdicts(record, timed, session, baseline) for record in timed]
    return timed


def _timed(
    record: Record, session: Measurement, device: Device, spoiled: tuple[str, ...]
) -> Record:
    timed = session.timed[str(record.recipe_id)]
    if timed.failed:
        return failed(
            record, "measure", StepFailed.ran(RunnerFailed(timed.failed, timed.timed_out))
        )
    assert record.executed is not None
    account = msgspec.structs.asdict(start(timed))
    why_null = {k: why for k, why in record.executed.why_null.items() if k not in TIMED}
    account["why_null"] = why_null | account["why_null"]
    return msgspec.structs.replace(
        record,
        kind=device.kind,
        latency_ms=latency(timed, session.budget, spoiled),
        energy=energy_of(timed) or record.energy,
        latency_reason="",
        untimed=None,
        executed=msgspec.structs.replace(record.executed, **account),
    )


def _with_verdicts(
    record: Record, records: Sequence[Record], session: Measurement, baseline: str | None
) -> Record:
    if record.latency_ms is None:
        return record
    same = next((r for r in records if r.latency_ms and is_own_fp32(r, record)), None)
    speedup = None
    if same is not None and same.recipe_id != record.recipe_id:
        speedup = compare(session, str(record.recipe_id), str(same.recipe_id))
    versus = None
    if baseline in session.timed and baseline != record.recipe_id:
        versus = compare(session, str(record.recipe_id), str(baseline))
    return msgspec.structs.replace(
        record, speedup=speedup, versus_baseline=versus, alike=_alike(record, records, session)
    )


def _alike(record: Record, records: Sequence[Record], session: Measurement) -> tuple[str, ...]:
    """See `Record.alike`; a screen has many forms, and is there to rank them roughly."""
    if session.budget.stage != "final":
        return ()
    own = str(record.recipe_id)
    others = [str(r.recipe_id) for r in records if r.latency_ms and r is not record]
    verdicts = {other: compare(session, own, other) for other in others}
    return tuple(other for other, found in verdicts.items() if found and not found.told_apart)
