"""A study: trials of a user's own search space, and what they came to. Stored as `study.json`."""

from __future__ import annotations

from typing import Literal

import msgspec

from edgeopt.domain.evaluation import Evaluation
from edgeopt.domain.model import Value
from edgeopt.domain.run import Constraints
from edgeopt.domain.worker_share import WorkerShare, shares

STUDY_VERSION = 1

Param = str | int | float | bool | None
TrialState = Literal["complete", "pruned", "outside-limits", "failed"]
TrialStep = Literal["build", "before-training", "train", "judge"]
FailureKind = Literal[
    "error", "no-model", "other-outputs", "diverged", "timeout", "died", "not-exported", "unusable",
    "lost",
]  # fmt: skip


class Point(Value, kw_only=True, frozen=True):
    """One report of a training."""

    step: int
    score: float


class TrialRecord(Value, kw_only=True, frozen=True):
    """What became of one trial.

    Attributes:
        state: "complete": trained and judged; "pruned": its training was stopped by its curve;
            "outside-limits": slower or larger than allowed, so it was not trained; "failed".
        step: the last step that was begun. kind: of a failure; None of others.
        why: one sentence where it is not complete, and a hint.
        curve: what `report` was told. untrained: what was measured before training.
        evaluations: after it, one a target. score: the worst of them over the targets.
        network: the trained model's file, beside the study; "" where there is none.
        seconds: what was spent, by step; "user": in the user's own functions.
        worker: which one did it, "" where there was no scheduler. attempts: how often it was
            begun. measured_by: target -> the worker that owns the device. trained_by: which one
            trained it: another one where its worker was lost afterwards. lost_by: those that it
            was begun on, and that were lost.
    """

    number: int
    state: TrialState
    params: dict[str, Param]
    step: TrialStep = "build"
    kind: FailureKind | None = None
    why: str = ""
    hint: str = ""
    curve: tuple[Point, ...] = ()
    untrained: tuple[Evaluation, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    score: float | None = None
    network: str = ""
    seconds: dict[str, float] = msgspec.field(default_factory=dict)
    worker: str = ""
    attempts: int = 1
    measured_by: dict[str, str] = msgspec.field(default_factory=dict)
    trained_by: str = ""
    lost_by: tuple[str, ...] = ()

    def latency_ms(self, target: str) -> float | None:
        """On a target; of what was not trained as it was measured before."""
        found = self.timed(target)
        return None if found is None else found.latency_ms

    def timed(self, target: str) -> Evaluation | None:
        """The evaluation that has its latency on a target."""
        for one in (*self.evaluations, *self.untrained):
            if one.target == target and one.latency_ms is not None:
                return one
        return None

    @property
    def multiply_adds(self) -> int | None:
        """Of the network, whatever its form."""
        figures = self.evaluations or self.untrained
        return figures[0].multiply_adds if figures else None

    @property
    def size_bytes(self) -> int | None:
        """Of the largest of its forms."""
        sizes = [e.size_bytes for e in (self.evaluations or self.untrained) if e.size_bytes]
        return max(sizes, default=None)


class StudyRequest(Value, kw_only=True, frozen=True):
    """What was asked for: enough to tell whether a call goes on with a study.

    Attributes:
        build, train: names of the user's functions.
        objectives: what is searched for: "score", "latency:TARGET" for every target that is timed,
            "size", "multiply-adds".
        score_by, reports_loss, output, task, preprocessing: as of the call, in words: scores of
            two kinds are not compared.
    """

    build: str
    train: str
    targets: tuple[str, ...]
    data: str
    data_sha256: str
    metric: str
    constraints: Constraints
    objectives: tuple[str, ...]
    form: str = ""
    devices: tuple[str, ...] = ()
    score_by: str = "converted"
    reports_loss: bool = False
    output: str = ""
    task: str = ""
    preprocessing: str = ""


class Study(Value, kw_only=True, frozen=True):
    """See the module's head.

    Attributes:
        folder: not stored. sampler, pruner: names, as they were used last.
        lower_is_better: of the score.
        front: numbers of the trials that no other beats in score and in latency on every target.
        chosen: the number of the one that was taken; null where none qualifies. why: a sentence.
        importances: objective -> parameter -> share of the variation that it explains (fANOVA), or
            why there are none in `why_null`.
        run: the folder of the chosen one's run, beside the study; "" where there is none.
        qualified: whether that run has a form for every target that keeps the limits.
    """

    v: int = STUDY_VERSION
    folder: str = ""
    state: Literal["running", "finished"]
    name: str
    request: StudyRequest
    sampler: str
    pruner: str
    lower_is_better: bool = False
    trials: tuple[TrialRecord, ...] = ()
    front: tuple[int, ...] = ()
    chosen: int | None = None
    why: str = ""
    importances: dict[str, dict[str, float]] = msgspec.field(default_factory=dict)
    why_null: dict[str, str] = msgspec.field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    run: str = ""
    qualified: bool = False
    seconds: float = 0.0

    def trial(self, number: int | None) -> TrialRecord | None:
        """A trial by its number."""
        return next((one for one in self.trials if one.number == number), None)

    @property
    def workers(self) -> tuple[WorkerShare, ...]:
        """Who did what; () without a scheduler."""
        return shares(self.trials)

    @property
    def best(self) -> TrialRecord | None:
        """The chosen trial."""
        return self.trial(self.chosen)
