"""One trial: built, timed before it is trained, trained, judged. Any failure is its record."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from edgeopt.domain.errors import (
    BadInput,
    CannotWrite,
    DeviceFailed,
    EdgeoptError,
    NoNumbers,
    OwnFault,
)
from edgeopt.domain.evaluation import Evaluation
from edgeopt.domain.model import Value
from edgeopt.domain.progress import Listener
from edgeopt.domain.study import FailureKind, Point, TrialRecord, TrialState, TrialStep
from edgeopt.store import atomic
from edgeopt.tuning import limits, suggestion
from edgeopt.tuning.call import TuneCall
from edgeopt.tuning.curves import Training
from edgeopt.tuning.same_outputs import SAME_OUTPUTS, Shapes, other_outputs
from edgeopt.tuning.suggestion import Suggesting
from edgeopt.tuning.user_side import Ending
from edgeopt.tuning.user_side import Listener as Asking

TRAINED = "trained.json"
DIVERGED = (
    "its training diverged: the trained network answers every sample with NaN or infinity",
    "A smaller learning rate, or other bounds of it, may do.",
)


def _nothing() -> None:
    """Nobody waits for it."""


def _require_form(found: Sequence[Evaluation]) -> None:
    """Refuse a network of which no form can be made. Raises BadInput."""
    for one in found:
        if one.form is None and one.tried:
            raise BadInput(f"no form of it can be made: {one.why_null['latency_ms']}")


class Bench(Protocol):
    """Where networks are judged: `Workbench.evaluate`."""

    def evaluate(
        self, model: Path, trust: bool = False, *, scored: bool = True, timed: bool = True
    ) -> tuple[Evaluation, ...]: ...


class Users(Protocol):
    """Where the user's functions run: `UserSide.trial`."""

    def trial(
        self, number: int, seed: int, folder: Path, example: str, listener: Asking
    ) -> Ending: ...


class Trained(Value, kw_only=True, frozen=True):
    """`trained.json` in a trial's folder: a call that goes on does not train it again.

    Attributes:
        params: that it was built with; None in folders of older versions.
    """

    path: str
    params: dict[str, Any] | None = None
    curve: tuple[Point, ...] = ()
    untrained: tuple[Evaluation, ...] = ()
    seconds: dict[str, float] = msgspec.field(default_factory=dict)


@dataclass
class TrialWork:
    """See the module's head; what the user's process asks meanwhile (`user_side.Listener`).

    Attributes:
        folder: of this trial. example: samples as files, for the user's process.
        outputs: of the study's first network; None: this is the first.
        on_trained: called when a trained network lies in the folder.
    """

    call: TuneCall
    trial: Suggesting
    folder: Path
    bench: Bench
    user: Users
    curve: Training
    progress: Listener
    example: str = ""
    outputs: Shapes | None = None
    on_trained: Callable[[], None] = _nothing
    _params: dict[str, Any] = field(default_factory=dict)
    _untrained: tuple[Evaluation, ...] = ()
    _refused: EdgeoptError | None = None
    _seconds: dict[str, float] = field(default_factory=dict)
    _step: TrialStep = "build"
    _ending: BaseException | None = None

    def record(self) -> TrialRecord:
        """Do it.

        Raises:
            BadInput: the user's functions cannot be loaded at all.
            CannotWrite, DeviceFailed, OwnFault: they end the study, which a call goes on with.
        """
        self._params = dict(self.trial.params)
        trained = self._known()
        if trained is not None:
            self._untrained, self._seconds = trained.untrained, dict(trained.seconds)
            return self._judged(trained)
        self.folder.mkdir(parents=True, exist_ok=True)
        number = self.trial.number
        self.progress(f"trial {number}: building")
        ending = self.user.trial(
            number, self.call.asked.seed + number, self.folder, self.example, self
        )
        self._seconds["user"] = round(ending.user_s, 3)
        if self._ending is not None:
            raise self._ending
        if ending.say != "trained":
            return self._ended(ending)
        curve = self.curve.end(pruned=False)
        trained = Trained(
            path=str(Path(ending.path).relative_to(self.folder)),
            params=self._params,
            curve=curve,
            untrained=self._untrained,
            seconds=self._seconds,
        )
        atomic.write(self.folder / TRAINED, msgspec.json.encode(trained))
        self.on_trained()
        return self._judged(trained)

    def lost(self, why: str, hint: str = "") -> TrialRecord:
        """The record of a trial whose worker or device was lost again and again."""
        return self._failed("lost", why, hint, self.curve.end(pruned=True))

    def unloadable(self, why: str, hint: str = "") -> TrialRecord:
        """The record of a trial whose functions cannot be loaded where it was begun."""
        return self._failed("error", why, hint)

    def suggest(self, asked: dict[str, Any]) -> Any:
        """See `user_side.Listener`."""
        value = suggestion.put(self.trial, asked)
        self._params[asked["name"]] = value
        return value

    def built(self, path: str) -> bool:
        """See `user_side.Listener`. Where there are limits, what breaks one is not trained.

        Where nothing is converted after training, its latency is this one. The study's first
        network is converted in any case: what the data or the form lack is known before training.
        """
        self._step = "before-training"
        constraints = self.call.asked.constraints
        limited = constraints.max_latency_ms is not None or constraints.max_size_bytes is not None
        converted = self.call.score_by == "converted"
        timed = limited or not (converted or self.call.searched == ("score",))
        go = True
        if path and (timed or (converted and self.outputs is None)):
            go = self._fits(Path(path), timed)
        if go:
            self._step = "train"
            self.progress(f"trial {self.trial.number}: training")
        return go

    def report(self, step: int, score: float) -> bool:
        """See `user_side.Listener`."""
        self.progress(f"trial {self.trial.number}: step {step}, {score:.4g}")
        return self.curve.report(step, score)

    def _fits(self, path: Path, timed: bool) -> bool:
        what = "timing" if timed else "converting"
        self.progress(f"trial {self.trial.number}: {what} it before it is trained")
        try:
            with self._taking("before-training"):
                self._untrained = self.bench.evaluate(path, trust=True, scored=False, timed=timed)
                _require_form(self._untrained)
        except (CannotWrite, DeviceFailed, OwnFault) as error:
            self._ending = error  # raised when the user's process waits no more
            return False
        except EdgeoptError as error:
            self._refused = error
            return False
        if self._other_outputs(self._untrained):
            return False
        return not limits.surely_broken(self._untrained, self.call.asked.constraints)

    @contextlib.contextmanager
    def _taking(self, step: str) -> Iterator[None]:
        """What a step takes, however it ends."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._seconds[step] = round(time.monotonic() - began, 3)

    def _other_outputs(self, found: Sequence[Evaluation]) -> str:
        """How its outputs differ from those of the first network, "" where they do not."""
        return other_outputs(found[0].outputs, self.outputs)

    def _ended(self, ending: Ending) -> TrialRecord:
        """The record of a trial that was not trained to its end."""
        curve = self.curve.end(pruned=True)
        if ending.say == "pruned":
            at = curve[-1].step if curve else 0
            return self._made("pruned", why=f"its curve was hopeless at step {at}", curve=curve)
        if ending.say == "left":
            return self._left()
        step: TrialStep = "build" if ending.where == "build" else "train"
        self._step = step
        kind: FailureKind = ending.kind  # type: ignore[assignment]
        return self._failed(kind, ending.message, ending.hint, curve)

    def _left(self) -> TrialRecord:
        if self._refused is not None:
            return self._failed("unusable", str(self._refused.args[0]), self._refused.hint)
        if other := self._other_outputs(self._untrained):
            return self._failed("other-outputs", other, SAME_OUTPUTS)
        broken = limits.surely_broken(self._untrained, self.call.asked.constraints)
        return self._made("outside-limits", why="; ".join(one.words for one in broken))

    def _judged(self, trained: Trained) -> TrialRecord:
        self._step = "judge"
        if self.call.score_by == "reported":
            return self._by_report(trained)
        self.progress(f"trial {self.trial.number}: converting, scoring and timing it")
        try:
            with self._taking("judge"):
                found = self.bench.evaluate(self.folder / trained.path, trust=True)
        except (CannotWrite, DeviceFailed, OwnFault):
            raise
        except NoNumbers:
            return self._failed("diverged", *DIVERGED, trained.curve)
        except EdgeoptError as error:
            return self._failed("unusable", str(error.args[0]), error.hint, trained.curve)
        if other := self._other_outputs(found):
            return self._failed("other-outputs", other, SAME_OUTPUTS, trained.curve)
        scores = [one.score for one in found if one.score is not None]
        if not scores:
            why = next(iter(found[0].why_null.values()), "no form of it could be scored")
            return self._failed("unusable", why, curve=trained.curve)
        worst = max(scores) if found[0].score_lower_is_better else min(scores)
        return self._whole(trained, worst, found)

    def _by_report(self, trained: Trained) -> TrialRecord:
        if not trained.curve:
            why = "train reported no score, and the study is judged by reports"
            return self._failed("unusable", why, "Call report(step, score), or score the forms.")
        return self._whole(trained, trained.curve[-1].score, ())

    def _whole(self, trained: Trained, score: float, found: tuple[Evaluation, ...]) -> TrialRecord:
        network = str((self.folder / trained.path).relative_to(self.call.out.resolve()))
        record = self._made("complete", curve=trained.curve)
        return msgspec.structs.replace(
            record, evaluations=found, score=score, network=network, why=""
        )

    def _failed(
        self, kind: FailureKind, why: str, hint: str = "", curve: tuple[Point, ...] = ()
    ) -> TrialRecord:
        record = self._made("failed", why=why, curve=curve)
        return msgspec.structs.replace(record, kind=kind, hint=hint)

    def _made(
        self, state: TrialState, *, why: str = "", curve: tuple[Point, ...] = ()
    ) -> TrialRecord:
        return TrialRecord(
            number=self.trial.number,
            state=state,
            params=self._params,
            step=self._step,
            why=why,
            curve=curve,
            untrained=self._untrained,
            seconds=self._seconds,
        )

    def _known(self) -> Trained | None:
        """What an interrupted call trained with these parameters, where it is still there."""
        try:
            found = msgspec.json.decode((self.folder / TRAINED).read_bytes(), type=Trained)
        except (OSError, ValueError):
            return None
        same = found.params is None or found.params == self._params
        return found if same and (self.folder / found.path).exists() else None
