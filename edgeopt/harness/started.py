"""Artifacts' processes, opened and warm: what every measurement begins with."""

from __future__ import annotations

import contextlib
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from edgeopt.devices.device import Device, forks_of
from edgeopt.domain.errors import Untrusted
from edgeopt.domain.progress import Listener
from edgeopt.harness import inputs, kept
from edgeopt.harness.answering import open_session
from edgeopt.harness.client import SHORT_S, Client, RunnerFailed
from edgeopt.harness.feed import Inputs
from edgeopt.harness.replies import Opened, Warmed
from edgeopt.harness.subject import Subject

SIDE_BY_SIDE = 4  # processes that import their runtime at once; nothing is timed then

Turn = TypeVar("Turn")
AnyTrial = TypeVar("AnyTrial", bound="Trial[Any]")


@dataclass(frozen=True)
class Setting:
    """Where processes run, and on what.

    Attributes:
        timeout_s: for opening a session and for warm-up.
    """

    device: Device
    feed: Inputs
    log: Path
    timeout_s: float

    @property
    def short_s(self) -> float:
        """The limit of a request that asks for little."""
        return min(SHORT_S, self.timeout_s)


@dataclass(frozen=True)
class WarmUp:
    """Runs and seconds are both reached before anything counts.

    Attributes:
        most_runs: enough, where the seconds hold more; None: the seconds are reached in any case.
    """

    runs: int = 10
    seconds: float = 1.0
    most_runs: int | None = None


@dataclass(frozen=True)
class Started:
    """A process of its own, with the artifact open and warm."""

    subject: Subject
    client: Client
    opened: Opened
    warm: Warmed

    @property
    def typical_ns(self) -> float:
        """The median of the warm-up."""
        return statistics.median(self.warm.t_ns)


def start(
    setting: Setting, subject: Subject, stack: ExitStack, warm_up: WarmUp = WarmUp()
) -> Started:
    """Start one artifact.

    Args:
        stack: ends the process.

    Raises:
        RunnerFailed: it did not come so far.
    """
    client = stack.enter_context(kept.client(setting.device, setting.log, subject.runtime))
    _import(setting, subject, client)
    return _open(setting, subject, client, warm_up)


def start_all(
    setting: Setting,
    subjects: Sequence[Subject],
    stack: ExitStack,
    warm_up: WarmUp,
    ends: Callable[[Subject], AbstractContextManager[None]],
) -> list[Started]:
    """Start several artifacts: their runtimes are imported side by side, which takes longest.

    Args:
        ends: each part of a subject's start is made in this context, which takes note of a
            subject that does not come so far; the others go on.
    """
    # Processes end with the thread that started them (PR_SET_PDEATHSIG), so this one does.
    clients: list[tuple[Subject, Client]] = []
    # All alike, forked or not: a fork of ONNX Runtime took 0.15 us longer where a run takes 6.
    runtimes = {subject.runtime for subject in subjects}
    alike = 1 + (len(subjects) > len(runtimes))
    if alike > 1:
        _begin(setting.device, sorted(runtimes))
    for subject in subjects:
        with ends(subject):
            runtime, log = subject.runtime, setting.log
            new = kept.client(setting.device, log, runtime, one_of=alike)
            clients.append((subject, stack.enter_context(new)))
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        imports = [pool.submit(_import, setting, *pair) for pair in clients]
    started: list[Started] = []
    for (subject, client), imported in zip(clients, imports, strict=True):
        with ends(subject):
            imported.result()
            started.append(_open(setting, subject, client, warm_up))
    return started


def _begin(device: Device, runtimes: Sequence[str]) -> None:
    """Have runtimes imported of which several runners will be forked."""
    forks = forks_of(device)
    if forks and not kept.active():
        forks.begin(runtimes)


def _import(setting: Setting, subject: Subject, client: Client) -> None:
    client.request("import", setting.timeout_s, runtime=subject.runtime)


def _open(setting: Setting, subject: Subject, client: Client, warm_up: WarmUp) -> Started:
    # Inputs are read before the model is opened: they are not its memory.
    inputs.give(setting.device, client, setting.feed, subject, setting.short_s)
    opened = open_session(client, setting.device, subject, setting.timeout_s)
    return Started(subject, client, opened, _warmed(client, warm_up, setting.timeout_s))


def _warmed(client: Client, warm_up: WarmUp, timeout_s: float) -> Warmed:
    """Warm up; where runs are enough, their first few tell how long that takes."""
    first_s = 0.0 if warm_up.most_runs else warm_up.seconds
    warm = client.request("warmup", timeout_s, runs=warm_up.runs, seconds=first_s)
    if not warm_up.most_runs:
        return warm
    wanted_s = min(warm_up.seconds, warm_up.most_runs * statistics.median(warm.t_ns) / 1e9)
    left_s = wanted_s - sum(warm.t_ns) / 1e9
    if left_s <= 0.0:
        return warm
    more = client.request("warmup", timeout_s, runs=1, seconds=left_s)
    return msgspec.structs.replace(more, first_ns=warm.first_ns, t_ns=[*warm.t_ns, *more.t_ns])


@dataclass
class Trial(Generic[Turn]):
    """One artifact in one mode, as it was measured: nothing left out, nothing computed.

    Attributes:
        started: its process; None before, and where a mode starts a fresh one for each turn.
        turns: what the runner answered in the mode itself.
        failed: why it was given up, "" if it went through; its turns so far are kept.
    """

    subject: Subject
    started: Started | None = None
    turns: list[Turn] = field(default_factory=list)
    failed: str = ""

    @property
    def process(self) -> Started:
        """Of a trial that has one."""
        assert self.started is not None
        return self.started

    @property
    def case(self) -> dict[str, Any]:
        """The fields of a `domain.case.Case`, but `why_null`."""
        return {
            "path": str(self.subject.path),
            "runtime": self.subject.runtime,
            "threads": self.subject.threads,
            "reason": self.failed,
        }

    def raw(self) -> dict[str, Any]:
        """All of it, as plain data."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        del values["subject"], values["started"]
        about: dict[str, Any] = {
            "key": self.subject.key,
            "title": self.subject.title,
            "opened": self.started.opened if self.started else {},
            "warm": self.started.warm if self.started else {},
        }
        plain: dict[str, Any] = msgspec.to_builtins({**about, **values}, enc_hook=list)
        return plain


def in_rounds(
    trials: Sequence[AnyTrial],
    rounds: int,
    seed: int,
    turn: Callable[[AnyTrial, int], None],
    what: str,
    progress: Listener,
) -> None:
    """Give every trial a turn in each round, in random order; one that fails is out."""
    rng = random.Random(seed)  # noqa: S311 (a schedule, not a secret)
    for number in range(rounds):
        progress(f"{what}: round {number + 1}", number, rounds)
        alive = [trial for trial in trials if not trial.failed]
        rng.shuffle(alive)
        for trial in alive:
            with ending(trial):
                turn(trial, number)


@contextlib.contextmanager
def ending(trial: Trial[Any]) -> Iterator[None]:
    """A runner that fails in here ends its trial, with the reason, and nothing else.

    Raises:
        Untrusted: the device said what cannot be: that is no trial's fault.
    """
    try:
        yield
    except Untrusted:
        raise
    except RunnerFailed as error:
        trial.failed = str(error.args[0])
