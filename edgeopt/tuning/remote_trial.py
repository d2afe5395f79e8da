"""A trial on a worker: the same work, and whom it asks: the call, by its link."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from edgeopt.domain.errors import DeviceFailed
from edgeopt.domain.evaluation import Evaluation
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.study import Point
from edgeopt.pipeline.host_lock import HostLock
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.tuning import file_set, suggestion
from edgeopt.tuning.foreseen import Told
from edgeopt.tuning.link import Link
from edgeopt.tuning.timing import Timed
from edgeopt.tuning.user_side import Ending, Listener, UserSide
from edgeopt.tuning.workbench import Workbench


@dataclass
class RemoteTrial:
    """As `suggestion.Suggesting`: the call's sampler is asked, where it has not answered already.

    Attributes:
        ahead: questions of `build` with their answers, in the order in which they are expected.
    """

    link: Link
    number: int
    params: dict[str, Any] = field(default_factory=dict)
    ahead: list[Told] = field(default_factory=list)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return self._suggested("categorical", name, choices=list(choices))

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        return int(self._suggested("int", name, low=low, high=high, step=step, log=log))

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        return float(self._suggested("float", name, low=low, high=high, step=step, log=log))

    def _suggested(self, sort: str, name: str, **asked: Any) -> Any:
        self.params[name] = self._answer({"sort": sort, "name": name, **asked})
        return self.params[name]

    def _answer(self, asked: dict[str, Any]) -> Any:
        if self.ahead and self.ahead[0][0] == suggestion.worded(asked):
            self.link.used += 1
            return self.ahead.pop(0)[1]
        self.ahead.clear()  # the others were to follow another question
        reply = self.link.ask("suggest", **asked)
        if "refused" in reply:
            raise ValueError(reply["refused"])
        return reply["value"]

    def built(self) -> None:
        """`build` has ended: so have the answers to what it asks."""
        self.ahead.clear()
        self.link.tell("built")


@dataclass
class RemoteCurve:
    """As `curves.Training`: the call's pruner is asked, where it may stop a training.

    Attributes:
        prunes: else it is told, and not waited for.
    """

    link: Link
    prunes: bool = True
    points: list[Point] = field(default_factory=list)

    def report(self, step: int, score: float) -> bool:
        """See `Training.report`."""
        self.points.append(Point(step=step, score=score))
        if not self.prunes:
            self.link.tell("report", step=step, score=score, told=True)
            return False
        return bool(self.link.ask("report", step=step, score=score)["stop"])

    def end(self, pruned: bool) -> tuple[Point, ...]:
        """See `Training.end`; the call ends its own curve when it has the record."""
        return tuple(self.points)


@dataclass
class RemoteClock:
    """As `timing.Times`: the worker is asked that owns the device.

    Attributes:
        model: which network is being judged. by: target -> the worker that measured.
        waited_s: for times, since the trial began.
    """

    link: Link
    model: Path = Path()
    by: dict[str, str] = field(default_factory=dict)
    waited_s: float = 0.0

    def times(
        self, run: TargetRun, recipes: Sequence[Recipe], structure: str, folder: Path
    ) -> dict[str, tuple[Timed, bool]]:
        """See `Clock.times`.

        Raises:
            DeviceFailed: nobody has the device, or it was lost again and again.
        """
        files = file_set.read(self.model.parent, [self.model])
        began = time.monotonic()
        with self.link.waiting():
            reply = self.link.ask(
                "time",
                target=run.target,
                model=self.model.name,
                files=files,
                recipes=msgspec.json.encode(list(recipes)),
            )
        self.waited_s += time.monotonic() - began
        if "lost" in reply:
            raise DeviceFailed(reply["lost"], reply.get("hint", ""))
        self.by[run.target] = reply["worker"]
        found = msgspec.json.decode(reply["times"], type=dict[str, Timed])
        return {key: (timed, False) for key, timed in found.items()}


@dataclass
class RemoteBench:
    """As `trial_work.Bench`: converts and scores here, and is told latencies."""

    bench: Workbench
    clock: RemoteClock

    def evaluate(
        self, model: Path, trust: bool = False, *, scored: bool = True, timed: bool = True
    ) -> tuple[Evaluation, ...]:
        """See `Workbench.evaluate`."""
        self.clock.model, self.bench.clock = model, self.clock
        return self.bench.evaluate(model, trust, scored=scored, timed=timed)


@dataclass
class TakingTurns:
    """The user's functions, which let go of this machine whenever they ask something.

    While a device is measured here they wait for the answer; see `pipeline/machine_lock.py`.

    Attributes:
        waited_s: for this machine, since the trial began.
    """

    user: UserSide
    lock: HostLock
    remote: RemoteTrial
    waited_s: float = 0.0
    _turn: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def trial(
        self, number: int, seed: int, folder: Path, example: str, listener: Listener
    ) -> Ending:
        """See `UserSide.trial`."""
        self._listener = listener
        with contextlib.ExitStack() as self._turn:
            self._take()
            return self.user.trial(number, seed, folder, example, self)

    def suggest(self, asked: dict[str, Any]) -> Any:
        """See `user_side.Listener`."""
        with self._let_go():
            return self._listener.suggest(asked)

    def built(self, path: str) -> bool:
        """See `user_side.Listener`."""
        with self._let_go():
            self.remote.built()
            return self._listener.built(path)

    def report(self, step: int, score: float) -> bool:
        """See `user_side.Listener`."""
        with self._let_go():
            return self._listener.report(step, score)

    @contextlib.contextmanager
    def _let_go(self) -> Iterator[None]:
        self._turn.close()
        yield
        self._take()

    def _take(self) -> None:
        began = time.monotonic()
        self._turn.enter_context(self.lock.working())
        self.waited_s += time.monotonic() - began
