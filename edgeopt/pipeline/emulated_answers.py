"""Candidates of a target that is not at hand, answered on an emulated core of its kind.

Where an artifact does not load there, dies of an instruction that the core lacks, or answers
otherwise than here, its record says so. What it takes there is no latency and is not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from edgeopt.datasets.fidelity import power, sqnr_db
from edgeopt.datasets.places import misplaced
from edgeopt.devices.device import EmulatedDevice
from edgeopt.domain import arithmetic
from edgeopt.domain.emulation import Emulation, OutputDifference
from edgeopt.domain.errors import BadInput, DeviceFailed, RunnerFailed, StepFailed
from edgeopt.domain.progress import Doing, Listener, silent
from edgeopt.domain.record import Record
from edgeopt.domain.score import Drop, Score
from edgeopt.domain.session_facts import SessionFacts
from edgeopt.harness.answering import answer
from edgeopt.harness.subject import Subject
from edgeopt.pipeline.evaluation_set import EvaluationSet
from edgeopt.pipeline.evaluator import Evaluator
from edgeopt.pipeline.parity_check import REQUIRED_DB, Answers
from edgeopt.pipeline.record_ends import failed
from edgeopt.pipeline.scoring import Scoring
from edgeopt.pipeline.source_model import output_shapes
from edgeopt.report import beside_limit, untimed_words
from edgeopt.runner import sensors

CHUNK = 4


@dataclass(frozen=True)
class SampleLimit:
    """How many samples are answered there.

    Attributes:
        samples: at most; a part's samples are shuffled, so its first are a fair part of all.
        patience_s: what takes longer is answered on fewer; its n says so.
    """

    samples: int = 128
    patience_s: float = 20.0


USUAL = SampleLimit()

#: Integer kernels for x86 and ARM may round differently by one step of the quantized output.
REQUIRED_DB_INT8 = 25.0

Found = tuple[Emulation | None, StepFailed | None]


def emulate(
    evaluator: Evaluator,
    device: EmulatedDevice,
    records: Sequence[Record],
    progress: Listener = silent,
    limit: SampleLimit = USUAL,
) -> list[Record]:
    """Answer candidates that were converted and scored here on an emulated core, too.

    Recipes that differ in threads alone are answered once. Several run side by side, since
    nothing may be timed meanwhile.

    Args:
        records: of one target; those that have failed, or were answered there before, stay as
            they are.

    Returns:
        The same records of `device`, of the kind "emulated": with `emulation`, or failed.

    Raises:
        NotInstalled: there is no QEMU, or what it needs cannot be fetched.
    """
    device.prepare(progress)
    sessions = {
        r.recipe.session_id: r
        for r in records
        if _open(r) and r.recipe and r.runtime in device.runtimes
    }
    done: list[str] = []

    def work(record: Record) -> Found:
        by_session = _try(evaluator, device, record, limit)
        done.append(record.runtime)
        progress(Doing(f"on an emulated {device.core}", record.recipe), len(done), len(sessions))
        return by_session

    progress(f"on an emulated {device.core}", 0, len(sessions))
    with ThreadPoolExecutor(sensors.cores()) as pool:
        by_session = dict(zip(sessions, pool.map(work, sessions.values()), strict=True))
    return [_filled(record, device, by_session) for record in records]


def _open(record: Record) -> bool:
    return record.status == "ok" and record.emulation is None


def _filled(record: Record, device: EmulatedDevice, by_session: dict[str, Found]) -> Record:
    if not _open(record) or record.recipe is None:
        return record
    if record.recipe.session_id not in by_session:
        return untimed_words.without_latency(record, "not-emulated", record.runtime)
    emulation, error = by_session[record.recipe.session_id]
    record = msgspec.structs.replace(record, device=device.name, kind="emulated", latency_ms=None)
    record = untimed_words.without_latency(record, "emulated", device.core)
    if error is not None:
        record = failed(record, "parity" if error.status == "failed-parity" else "score", error)
    return msgspec.structs.replace(record, emulation=emulation)


def _try(evaluator: Evaluator, device: EmulatedDevice, record: Record, limit: SampleLimit) -> Found:
    """What became of one candidate there; a failure comes with what was found before it."""
    try:
        emulation = _compared(evaluator, device, record, limit)
    except StepFailed as error:
        return None, error
    return emulation, _broken(emulation, evaluator.choose.scoring)


def _broken(emulation: Emulation, scoring: Scoring) -> StepFailed | None:
    """What an artifact does not keep there, or None."""
    where, hint = f"on an emulated {emulation.core}", "Another precision or runtime may answer."
    for output in emulation.outputs:
        if output.sqnr_db is not None and not output.sqnr_db >= emulation.required_db:
            return StepFailed(
                "failed-parity",
                f"{where} its answers to {output.output!r} are {output.sqnr_db:.1f} dB from those "
                f"here, and must keep {emulation.required_db:.0f} dB",
                hint,
            )
    drop = emulation.drop
    if drop is not None and drop.resolved and drop.judged > scoring.max_drop:
        lost, allowed = beside_limit.drop(drop, scoring.max_drop)
        return StepFailed(
            "failed-parity",
            f"{where} it {lost} against its score here, on {drop.n} samples, and {allowed} are "
            "allowed",
            hint,
        )
    return None


def _compared(
    evaluator: Evaluator, device: EmulatedDevice, record: Record, limit: SampleLimit
) -> Emulation:
    """Answers there against answers here, one thread each.

    Raises:
        StepFailed: it died there, was refused, or took too long.
    """
    subject = _subject(evaluator, record)
    access, feed, conversions = evaluator.access, evaluator.choose.feed, evaluator.conversions
    shapes, limit_s = output_shapes(conversions.source), conversions.timeout_s
    log = access.folder.log(f"emulated-{device.core}-{record.runtime}-{record.precision}")
    count = min(limit.samples, len(feed))
    try:
        there, facts = answer(
            device, subject, feed, shapes, log, limit_s,
            patience_s=limit.patience_s, among=range(count), chunk=CHUNK,
        )  # fmt: skip
        done = len(next(iter(there.values())))
        here, _ = answer(access.device, subject, feed, shapes, log, limit_s, among=range(done))
    except DeviceFailed:
        raise
    except RunnerFailed as error:
        raise StepFailed.ran(error, f"Its output is in {log}.") from error
    return _emulation(evaluator.choose, device, record, there, here, facts)


def _subject(evaluator: Evaluator, record: Record) -> Subject:
    """A candidate as something to run, with one thread."""
    assert record.recipe is not None
    return replace(evaluator.subject(record.recipe), threads=1)


def _emulation(
    choose: EvaluationSet,
    device: EmulatedDevice,
    record: Record,
    there: Answers,
    here: Answers,
    facts: SessionFacts,
) -> Emulation:
    score, drop, why_null = _marks(choose, there, here)
    return Emulation(
        core=device.core,
        emulator=device.emulator,
        note=device.note,
        runtime_version=facts.version,
        precision=arithmetic.precisions(facts.precisions or {}),
        n=len(there[choose.scoring.output]),
        score=score,
        drop=drop,
        outputs=tuple(difference(name, there[name], here[name]) for name in there),
        required_db=REQUIRED_DB.get(record.precision, REQUIRED_DB_INT8),
        rss_bytes=facts.rss_bytes,
        why_null=why_null,
    )


def _marks(
    choose: EvaluationSet, there: Answers, here: Answers
) -> tuple[Score | None, Drop | None, str]:
    """The score there, the drop against here; or why so few samples have none."""
    try:
        score, _ = choose.marks(there)
        drop = choose.judging.beside(there, here, choose.scoring.max_drop)
    except BadInput as error:
        return None, None, str(error.args[0])
    return score, drop, ""


def difference(output: str, there: np.ndarray, here: np.ndarray) -> OutputDifference:
    """One output of the same artifact on two machines, [n, *shape] each.

    Raises:
        StepFailed: one of them is not finite where the other is.
    """
    finite = np.isfinite(here)
    wrong = misplaced(there, here)
    if wrong is not None:
        raise StepFailed("failed-parity", f"output {output!r} is not finite as it is here: {wrong}")
    expected = np.where(finite, here, 0).astype(np.float64)
    error = np.where(finite, there, 0) - expected
    return OutputDifference(
        output=output,
        equal=float(np.mean(error == 0)),
        max_abs=float(np.abs(error).max(initial=0.0)),
        sqnr_db=sqnr_db(power(expected), error),
    )
