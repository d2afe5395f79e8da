"""Measures candidates of one target together and writes what was found into their records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from edgeopt import runtimes
from edgeopt.domain.errors import StepFailed
from edgeopt.domain.finding import Finding, failures
from edgeopt.domain.latency import Verdict
from edgeopt.domain.progress import Doing, Listener, under
from edgeopt.domain.record import Record
from edgeopt.harness.budget import CLOSER, Budget
from edgeopt.harness.compare import compare, decided, settled
from edgeopt.harness.figures import energy_of, latency, start
from edgeopt.harness.measure import measure
from edgeopt.harness.timed import Session
from edgeopt.harness.validity import findings
from edgeopt.pipeline import schedules
from edgeopt.pipeline.evaluator import Evaluator
from edgeopt.pipeline.record_ends import failed
from edgeopt.pipeline.session_account import TIMED
from edgeopt.search.find import is_own_fp32, is_plain


def time_records(
    evaluator: Evaluator,
    records: Sequence[Record],
    budget: Budget,
    seed: int,
    baseline_id: str | None,
    contested: Collection[str],
    progress: Listener,
) -> tuple[list[Record], tuple[Finding, ...]]:
    """Measure records in one interleaved schedule.

    Args:
        baseline_id: the recipe that `versus_baseline` compares with, measured twice so that
            the noise is known; None: found here, and the noise is not.
        contested: recipe ids whose verdicts against the baseline decide when to stop.

    Returns:
        (the same records with latency and verdicts, or failed; what was found of the machine)

    Raises:
        DeviceFailed: the device was lost; what was timed until then is in `measurements/`.
    """
    session, found = measured(
        evaluator, records, budget, seed, baseline_id, contested, progress,
        lambda session: settled(session, contested),
    )  # fmt: skip
    return _told(evaluator, records, session, failures(found), baseline_id), found


def time_variants(
    evaluator: Evaluator,
    records: Sequence[Record],
    parents: Mapping[str, str],
    seed: int,
    baseline_id: str | None,
    progress: Listener,
) -> tuple[list[Record], dict[str, Verdict], tuple[Finding, ...]]:
    """Time variants of candidates together with these, until each is decided or the limit.

    Args:
        records: parents, variants and the baseline, which has no twin here.
        parents: recipe id of a variant -> that of the candidate that it is to beat.

    Returns:
        (the records with what was found, verdict of each variant over its parent, findings);
        there are no verdicts where the machine spoiled the figures.

    Raises:
        DeviceFailed: the device was lost.
    """
    session, found = measured(
        evaluator, records, CLOSER, seed, None, tuple(parents), progress,
        lambda session: decided(session, parents),
    )  # fmt: skip
    spoiled = failures(found)
    timed = _told(evaluator, records, session, spoiled, baseline_id)
    alive = {r.recipe_id for r in timed if r.latency_ms}
    verdicts = {
        key: verdict
        for key, parent in parents.items()
        if not spoiled and {key, parent} <= alive
        if (verdict := compare(session, key, parent))
    }
    return timed, verdicts, found


def measured(
    evaluator: Evaluator,
    records: Sequence[Record],
    budget: Budget,
    seed: int,
    baseline_id: str | None,
    contested: Collection[str],
    progress: Listener,
    stop: Callable[[Session], bool],
) -> tuple[Session, tuple[Finding, ...]]:
    """One schedule and its findings: measured now, or the same one that the folder has.

    Args:
        contested: recipe ids that `stop` looks at. stop: see `measure`.

    Raises:
        DeviceFailed: the device was lost.
    """
    folder = evaluator.folder.path / "measurements"
    wanted = schedules.asked(evaluator, records, budget, seed, baseline_id, contested)
    known = schedules.known(folder, wanted, budget)
    if known is not None:
        progress(Doing(f"measuring ({budget.name})", "known from an earlier schedule"), 1, 1)
        return known, findings(known.raw())
    subjects = [
        evaluator.subject(r.recipe, evaluator.artifact(r.recipe)) for r in records if r.recipe
    ]
    with evaluator.measuring():
        session = measure(
            evaluator.device,
            subjects,
            evaluator.choose.feed,
            budget,
            evaluator.log(f"measure-{budget.name}"),
            evaluator.timeout_s,
            seed,
            under(progress, f"measuring ({budget.name})"),
            baseline_id,
            stop,
        )
        if any(timed.timed_out for timed in session.timed.values()):
            evaluator.require_answer()
        raw = session.raw()
        found = findings(raw)
        whole = not failures(found) and not any(t.failed for t in session.timed.values())
        schedules.keep(folder, wanted, budget, raw, whole)
    return session, found


def _told(
    evaluator: Evaluator,
    records: Sequence[Record],
    session: Session,
    spoiled: tuple[str, ...],
    baseline_id: str | None,
) -> list[Record]:
    """The records with what a schedule told of them."""
    timed = [_timed(record, session, evaluator, spoiled) for record in records]
    if not spoiled:
        baseline = baseline_id or baseline_of(timed, evaluator.source.reference_runtime)
        timed = [_with_verdicts(record, timed, session, baseline) for record in timed]
    return timed


def _timed(
    record: Record, session: Session, evaluator: Evaluator, spoiled: tuple[str, ...]
) -> Record:
    timed = session.timed[str(record.recipe_id)]
    if timed.failed:
        status = "timeout" if timed.timed_out else "failed-run"
        return failed(record, "measure", StepFailed(status, timed.failed))
    assert record.executed is not None
    told = msgspec.structs.asdict(start(timed))
    why_null = {k: why for k, why in record.executed.why_null.items() if k not in TIMED}
    told["why_null"] = why_null | told["why_null"]
    executed = msgspec.structs.replace(record.executed, **told)
    return msgspec.structs.replace(
        record,
        kind=evaluator.device.kind,
        latency_ms=latency(timed, session.budget, spoiled),
        energy=energy_of(timed) or record.energy,
        latency_reason="",
        untimed=None,
        executed=executed,
    )


def baseline_of(records: Sequence[Record], own_runtime: str) -> str | None:
    """The fp32 that the run is compared with: ONNX Runtime's where there is one, at its best.

    A source whose file is quantized has none: there it is the file itself, in its own runtime
    where that was timed.

    Args:
        own_runtime: the one that answers for the source.
    """
    timed = [r for r in records if r.latency_ms and is_plain(r)]
    floats = [r for r in timed if r.precision == "fp32"]
    candidates = sorted(runtimes.specs(), key=lambda spec: spec.baseline)
    order = tuple(spec.name for spec in candidates if spec.baseline)
    if not floats:
        floats = [r for r in timed if r.precision == "as-is"]
        order = (own_runtime, *order)
    for runtime in order:
        own = [r for r in floats if r.runtime == runtime]
        if own:
            best = min(own, key=lambda r: r.latency_ms.p50 if r.latency_ms else 0.0)
            return best.recipe_id
    return None


def _with_verdicts(
    record: Record, records: Sequence[Record], session: Session, baseline: str | None
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
    return msgspec.structs.replace(record, speedup=speedup, versus_baseline=versus)
