"""A trial under way on a worker: what is known of it, and the answers to what it asks."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from edgeopt.domain.study import TrialRecord
from edgeopt.tuning import file_set, grid_sampler, provisional, suggestion
from edgeopt.tuning.curves import Curve
from edgeopt.tuning.foreseen import Told
from edgeopt.tuning.search import Search

if TYPE_CHECKING:
    from optuna import Trial

ATTEMPTS = 3
"""So often a trial is begun, and a measurement, before it counts as lost."""


@dataclass
class Asked:
    """A measurement that a trial waits for."""

    message: dict[str, Any]
    device: str
    future: Any = None
    tries: int = 0
    unowned_since: float | None = None


@dataclass
class Open:
    """A trial under way.

    Attributes:
        attempt: the one that is listened to, once it has begun; others are over.
        begun: whether the task that was sent last has begun.
        worker: the address of the one that it was sent to, or that began it.
        names: of the workers that began it, one after the other. trained_by: who trained it.
        told: questions with their answers, in order. sure: the first so many were asked, and are
            its parameters; the others are foreseen, and travel with it.
    """

    trial: Trial
    curve: Curve
    future: Any = None
    worker: str = ""
    attempt: str = ""
    begun: bool = False
    attempts: int = 0
    answers: Any = None
    measured: Asked | None = None
    sampler_s: float = 0.0
    began: float = 0.0
    reported: int = 0
    names: list[str] = field(default_factory=list)
    trained_by: str = ""
    told: list[Told] = field(default_factory=list)
    sure: int = 0

    def ahead(self, search: Search) -> list[Told]:
        """What it is going to ask, as it is sent: another attempt is told the same again."""
        if not self.told:
            thought = search.sampling.spent_s
            self.told = provisional.answers(self.trial, search.ledger, search.foreseen.next)
            self.sampler_s += search.sampling.spent_s - thought
        return list(self.told)

    def used(self, count: int) -> None:
        """So many of the answers that it was sent with were asked for, as this attempt says."""
        for one in self.told[self.sure : count]:
            provisional.register(self.trial, one)
            self.sure += 1

    def reply(self, message: dict[str, Any], search: Search) -> dict[str, Any] | None:
        """The answer to a question that needs no device; None: it is none."""
        say, thought = message["say"], search.sampling.spent_s
        reply: dict[str, Any] | None = None
        if say == "suggest":
            reply = self._suggested(message)
        elif say == "report":
            self.reported += 1
            step, score = message["step"], message["score"]
            search.progress(f"trial {self.trial.number}: step {step}, {score:.4g}")
            stop = self.curve.report(step, score)
            reply = None if message.get("told") else {"stop": stop}
        elif say == "built":
            del self.told[self.sure :]  # what is foreseen is of builds
            if self.attempts == 1:  # another attempt may have asked otherwise
                search.foreseen.learn(self.told)
            self.trial.set_user_attr(grid_sampler.BUILT, True)
        else:  # trained
            self.trained_by = self.names[-1]
            folder, files = search.folder.trial(self.trial.number), message["files"]
            search.ledger.then(lambda: file_set.write(files, folder))
        self.sampler_s += search.sampling.spent_s - thought
        return reply

    def _suggested(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The sampler's answer, or why there is none: nothing was foreseen, or something else."""
        del self.told[self.sure :]
        try:
            value = suggestion.put(self.trial, asked)
        except ValueError as error:
            return {"refused": str(error)}
        self.told.append((suggestion.worded(asked), value))
        self.sure += 1
        return {"value": value}

    def lost(self, why: str) -> TrialRecord:
        """The record of one that was lost again and again: with all that it was told, since how

        much of that it had asked is not known where its workers were lost within `build`.
        """
        self.used(len(self.told))
        return TrialRecord(
            number=self.trial.number,
            state="failed",
            kind="lost",
            params=dict(self.trial.params),
            why=why,
            worker=self.names[-1] if self.names else "",
        )

    def finished(self, record: TrialRecord) -> TrialRecord:
        """With what this side knows of its time: `overhead` is what nothing else accounts for."""
        spent = time.monotonic() - self.began if self.began else 0.0
        seconds = {**record.seconds, "sampler": round(self.sampler_s, 3)}
        seconds["overhead"] = round(max(0.0, spent - sum(seconds.values())), 3)
        return msgspec.structs.replace(
            record, seconds=seconds, attempts=self.attempts or 1, trained_by=self.trained_by,
            lost_by=tuple(self.names[:-1]),
        )  # fmt: skip
