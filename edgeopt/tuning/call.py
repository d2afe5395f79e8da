"""Everything a user can ask of `tune`, as given: the command line and Python meet here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgeopt.domain import bounds
from edgeopt.domain.errors import BadInput
from edgeopt.domain.model import content_id
from edgeopt.domain.study import StudyRequest
from edgeopt.domain.task import TaskAsked
from edgeopt.tuning import curves, kinds, known, samplers
from edgeopt.tuning.asked import Asked
from edgeopt.tuning.user_side import Function, Handed, name_of

OBJECTIVES = ("score", "latency", "size", "multiply-adds")
TRIALS = 20
"""Where neither a time nor a number is said."""

ScoreBy = Literal["converted", "reported"]


@dataclass(frozen=True)
class TuneCall:
    """One call of `tune`.

    Attributes:
        asked: targets, data, metric, limits: asked of every trial.
        build, train: the user's functions, or "module:function". train: None: build trains.
        time_s: no trial begins later; trials: nor when so many have ended. None: no limit; where
            both are None, `TRIALS`.
        storage: see `storage.open_storage`; name: of the study there; "": the folder's.
        scheduler: see `scheduler.connected`; None: all is done in this process.
        tensorboard: curves are written for it, below the study's folder.
        objectives: of `OBJECTIVES`; (): the score, with latency beside it unless it has a limit.
        reports_loss: what `report` is told is lower the better.
        score_by: "converted": as the form on the target scores; "reported": the last report, and
            nothing is converted after training.
        trial_timeout_s: of one trial in the user's functions.
        bundle: optimize the chosen network at the end. budget: of that.
    """

    asked: Asked
    build: Function
    train: Function
    out: Path
    time_s: float | None = None
    trials: int | None = None
    sampler: str = samplers.AUTO
    pruner: str = "median"
    storage: str | None = None
    name: str = ""
    scheduler: str | None = None
    tensorboard: bool = False
    objectives: tuple[str, ...] = ()
    reports_loss: bool = False
    score_by: ScoreBy = "converted"
    trial_timeout_s: float = 3600.0
    bundle: bool = True
    budget: str = "standard"

    def __post_init__(self) -> None:
        """Refuse what no call can mean.

        Raises:
            BadInput: an argument of another kind, a number outside its bounds, a name that there is
                not, no function.
        """
        kinds.require_all(self)
        _require_function("build", self.build)
        if self.train is not None:
            _require_function("train", self.train)
        bounds.require("trials", self.trials)
        bounds.require("time_s", self.time_s)
        bounds.require_said("trial_timeout_s", self.trial_timeout_s)
        samplers.known(self.sampler)
        curves.known(self.pruner)
        for one in self.objectives:
            if one not in OBJECTIVES:
                raise BadInput(
                    f"there is no objective {one!r}.", f"Known: {', '.join(OBJECTIVES)}."
                )
        if self.score_by not in ("converted", "reported"):
            raise BadInput(f"score_by is {self.score_by!r}.", 'Say "converted" or "reported".')

    @property
    def searched(self) -> tuple[str, ...]:
        """The objectives."""
        limited = self.asked.constraints.max_latency_ms is not None
        usual = ("score",) if limited else ("score", "latency")
        return tuple(dict.fromkeys(self.objectives)) or usual

    @property
    def most_trials(self) -> int | None:
        """After so many no further one begins."""
        return TRIALS if self.trials is None and self.time_s is None else self.trials

    @property
    def study_name(self) -> str:
        return self.name or self.out.resolve().name

    def request(self, timed: tuple[str, ...]) -> StudyRequest:
        """What decides whether another call goes on with this study.

        Args:
            timed: the targets that a device here serves: each has a latency of its own.
        """
        objectives = [
            name
            for one in self.searched
            for name in ([f"latency:{t}" for t in timed] if one == "latency" else [one])
        ]
        data, preparation = known.of_data(self.asked.data), self.asked.preprocessing
        return StudyRequest(
            build=name_of(self.build),
            train=name_of(self.train),
            targets=self.asked.targets,
            data="the given arrays" if isinstance(self.asked.data, dict) else str(self.asked.data),
            data_sha256=data or content_id(repr(self.asked.data)),
            metric=self.asked.metric or "",
            constraints=self.asked.constraints,
            objectives=tuple(objectives) or ("score",),
            form=self.asked.form or "",
            devices=self.asked.devices,
            score_by=self.score_by,
            reports_loss=self.reports_loss,
            output=self.asked.output or "",
            task=_task_words(self.asked.task),
            preprocessing="" if preparation is None else repr(preparation),
        )


def _require_function(name: str, function: Function) -> None:
    """Refuse what cannot be called. Raises BadInput."""
    if not (function and isinstance(function, str | Handed)) and not callable(function):
        raise BadInput(
            f"{name} is {'nothing' if function in (None, '') else f'{function!r:.60}'}, and no "
            "function.",
            f'Give a function, or "module:{name}".',
        )


def _task_words(task: TaskAsked) -> str:
    """What was said of the task."""
    said = ((name, getattr(task, name)) for name in task.__struct_fields__)
    return " ".join(f"{name}={value}" for name, value in said if value)
