"""One study at work: which trial comes next, what is kept of each, what the study has come to."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from edgeopt.domain.errors import BadInput
from edgeopt.domain.progress import Listener
from edgeopt.domain.study import Study, StudyRequest, TrialRecord
from edgeopt.report import study_page
from edgeopt.store import atomic
from edgeopt.tuning import (
    choosing,
    curves,
    grid_sampler,
    importances,
    limits,
    samplers,
    shown_attrs,
)
from edgeopt.tuning.call import TuneCall
from edgeopt.tuning.curves import Curve, Curves
from edgeopt.tuning.foreseen import Foreseen
from edgeopt.tuning.ledger import Ledger
from edgeopt.tuning.same_outputs import Shapes
from edgeopt.tuning.study_folder import StudyFolder

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.study import Study as OptunaStudy
    from optuna.trial import FrozenTrial

RECORD, OWNER = "edgeopt:record", "edgeopt:owner"
"""Attributes of a trial in the storage: what became of it, and the folder that it is of."""

USELESS = 5
"""So many trials in a row that fail in the same way, the first of all, end a study."""


@dataclass
class Search:
    """See the module's head. It alone reads and writes the storage.

    Attributes:
        ledger: the study's storage. timed: targets whose latency is measured.
        records: of the trials that have ended. foreseen: what a build asks next.
    """

    call: TuneCall
    folder: StudyFolder
    study: OptunaStudy
    ledger: Ledger
    request: StudyRequest
    timed: tuple[str, ...]
    progress: Listener
    warnings: tuple[str, ...] = ()
    began: float = field(default_factory=time.monotonic)
    records: dict[int, TrialRecord] = field(default_factory=dict)
    curves: Curves = field(init=False)
    sampling: samplers.Sampling = field(init=False)
    foreseen: Foreseen = field(default_factory=Foreseen)
    _left: list[Any] = field(default_factory=list)
    _first: int = 0
    _latest: Study | None = None

    def __post_init__(self) -> None:
        """Take up what is in the storage: what has ended, and what an interrupted call left."""
        import optuna

        self.sampling = samplers.Sampling(self.study.sampler)
        self.curves = Curves(self.call.pruner, self.study.study_name, self.call.reports_loss)
        trials = self.study.get_trials(deepcopy=False)
        for frozen in trials:
            if frozen.state.is_finished() and RECORD in frozen.user_attrs:
                record = _read(frozen)
                self.records[record.number] = record
        self.curves.known(self.records.values())
        self._first = 1 + max((frozen.number for frozen in trials), default=-1)
        owner = self.folder.owner()
        self._left = [
            frozen
            for frozen in trials
            if frozen.state == optuna.trial.TrialState.RUNNING
            and frozen.user_attrs.get(OWNER) in (owner, None)
            and self._is_ours(frozen)
        ]

    def _is_ours(self, frozen: Any) -> bool:
        """One without an owner is ours where nobody else writes to the storage."""
        return OWNER in frozen.user_attrs or self.call.storage is None

    def next(self, under_way: int = 0) -> Trial | None:
        """The next trial: first those that an interrupted call left; None: there is none now.

        Args:
            under_way: how many have begun and not ended.
        """
        import optuna

        if self._left:
            trial = optuna.trial.Trial(self.study, self._left.pop(0)._trial_id)
        elif self._over(under_way):
            return None
        else:
            trial = self.study.ask()
        if trial.user_attrs.get(OWNER) != self.folder.owner():  # somebody put it there
            trial.set_user_attr(OWNER, self.folder.owner())
        return trial

    def stored(self, trial: Trial) -> TrialRecord | None:
        """The record of one that was judged, and not told."""
        return None if RECORD not in trial.user_attrs else _read(trial)

    def _over(self, under_way: int) -> bool:
        most, time_s = self.call.most_trials, self.call.time_s
        if not grid_sampler.is_anything_left(self.study, under_way, self._first):
            return True
        if most is not None and len(self.records) + under_way >= most:
            return True
        return time_s is not None and time.monotonic() - self.began >= time_s

    def keep(self, trial: Trial, record: TrialRecord) -> None:
        """A trial has ended: the storage is told, then the folder, and who listens.

        Raises:
            BadInput: the first trials all failed.
        """
        if RECORD not in trial.user_attrs:
            record = _with_total(record)
            for name, value in shown_attrs.of(record, self.timed, self.call.asked.constraints):
                trial.set_user_attr(name, value)
            trial.set_user_attr(RECORD, msgspec.json.encode(record).decode())
        self._tell(trial, record)
        self.records[record.number] = record
        self._latest = told = self.told()
        done, total = len(self.records), self.call.most_trials or 0
        by = f" by {record.worker}" if record.worker else ""
        why = f": {record.why}" if record.why else ""
        what = f"trial {record.number}{by}: {record.state}{why}"

        def publish() -> None:
            """What is shown is in the storage. A file that is old by now is not written."""
            if told is self._latest:
                self.folder.write(told)
            self.progress(what, done, total)

        self.ledger.then(publish)
        self._require_use()

    def begin_curve(self, trial: Trial) -> Curve:
        """The curve of a trial that begins."""
        events = self.folder.events(trial.number) if self.call.tensorboard else None
        return self.curves.begin(trial, events)

    def outputs(self) -> Shapes | None:
        """Of the study's first network; None: there is none yet."""
        whole = (one for one in self.records.values() if one.evaluations)
        return next((one.evaluations[0].outputs for one in whole), None)

    def _tell(self, trial: Trial, record: TrialRecord) -> None:
        """The storage is told, and by it the sampler."""
        import optuna

        figures = record.evaluations or record.untrained
        for one in limits.beside(figures, self.call.asked.constraints):
            trial.set_constraint(one.name, one.excess)
        values = [self._value(name, record) for name in self.request.objectives]
        state = optuna.trial.TrialState
        if record.state == "complete" and all(map(math.isfinite, values)):
            self.study.tell(trial, values)
        elif record.state == "failed":
            self.study.tell(trial, state=state.FAIL)
        else:
            self.study.tell(trial, state=state.PRUNED)

    def _value(self, objective: str, record: TrialRecord) -> float:
        """What is minimized: a loss of score, a latency, a size; infinite where not known."""
        kind, _, target = objective.partition(":")
        if kind == "latency":
            found = record.latency_ms(target)
            return math.inf if found is None else found
        if kind in ("size", "multiply-adds"):
            amount = record.size_bytes if kind == "size" else record.multiply_adds
            return math.inf if amount is None else amount
        if record.score is None:
            return math.inf
        return record.score if self._lower_is_better([record]) else -record.score

    def _lower_is_better(self, records: Sequence[TrialRecord] | None = None) -> bool:
        if self.call.score_by == "reported":
            return self.call.reports_loss
        among = list(self.records.values()) if records is None else records
        whole = (one for one in among if one.evaluations)
        return next((one.evaluations[0].score_lower_is_better for one in whole), False)

    def _require_use(self) -> None:
        """End a study in which nothing works, with a page of what failed.

        Raises:
            BadInput: the first trials of this call all failed, and so did all before.
        """
        now = [number for number in sorted(self.records) if number >= self._first]
        if len(now) != USELESS or any(one.state != "failed" for one in self.records.values()):
            return
        last = self.records[now[-1]]
        self.ledger.flush()
        atomic.write(self.folder.report, study_page.render(self.told(ended=True)))
        raise BadInput(
            f"each of the first {USELESS} trials failed; the last one: {last.why}",
            last.hint or f"What the functions printed is in {self.folder.log}.",
        )

    def told(self, ended: bool = False) -> Study:
        """The study as it is now."""
        trials = tuple(self.records[number] for number in sorted(self.records))
        lower, timed = self._lower_is_better(), self.timed
        number, why = choosing.chosen(trials, timed, self.call.asked.constraints, lower)
        shares: dict[str, dict[str, float]] = {}
        why_null: dict[str, str] = {}
        if ended:
            shares, why_null = importances.find(self.study, self.request.objectives)
        return Study(
            folder=str(self.folder.path),
            state="running",
            name=self.study.study_name,
            request=self.request,
            sampler=samplers.known(self.call.sampler),
            pruner=curves.known(self.call.pruner),
            lower_is_better=lower,
            trials=trials,
            front=choosing.front(trials, timed, lower),
            chosen=number,
            why=why,
            importances=shares,
            why_null=why_null,
            warnings=(*self.warnings, *self._untimed()),
            seconds=round(sum(one.seconds.get("all", 0.0) for one in trials), 1),
        )

    def _untimed(self) -> Iterator[str]:
        for target in self.request.targets:
            if target not in self.timed:
                yield (
                    f"No device of {target} is at hand: its networks are converted and scored, and "
                    "no latency of it is searched for."
                )


def _read(trial: Trial | FrozenTrial) -> TrialRecord:
    """What became of a trial, as the storage has it. Raises BadInput: it cannot be read."""
    try:
        return msgspec.json.decode(trial.user_attrs[RECORD], type=TrialRecord)
    except (ValueError, TypeError) as error:
        raise BadInput(
            f"trial {trial.number} of the storage cannot be read: {error}",
            "Was it written by a newer version? Go on with that one, or give another --out.",
        ) from None


def _with_total(record: TrialRecord) -> TrialRecord:
    whole = round(math.fsum(record.seconds.values()), 3)
    return msgspec.structs.replace(record, seconds={**record.seconds, "all": whole})
