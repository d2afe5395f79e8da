"""One artifact's process, opened and warm: what every mode begins with."""

from __future__ import annotations

import contextlib
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from edgeopt.devices.device import Device
from edgeopt.domain.errors import Untrusted
from edgeopt.domain.progress import Listener
from edgeopt.harness import inputs
from edgeopt.harness.answer import open_session
from edgeopt.harness.client import SHORT_S, Client, RunnerFailed
from edgeopt.harness.feed import Inputs
from edgeopt.harness.subject import Subject

WARMUP_RUNS = 10
WARMUP_S = 1.0


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


@dataclass
class Trial:
    """One artifact in one mode, as it was told: nothing left out, nothing computed.

    Attributes:
        opened, warm: the runner's replies to `open` and `warmup`.
        turns: its replies in the mode itself.
        failed: why it was given up, "" if it went through; its turns so far are kept.
    """

    subject: Subject
    opened: dict[str, Any] = field(default_factory=dict)
    warm: dict[str, Any] = field(default_factory=dict)
    turns: list[dict[str, Any]] = field(default_factory=list)
    failed: str = ""

    @property
    def typical_ns(self) -> float:
        """The median of the warm-up."""
        return statistics.median(self.warm["t_ns"])

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
        told = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "subject"}
        turns = [
            {**turn, "t_ns": list(turn["t_ns"])} if "t_ns" in turn else turn for turn in self.turns
        ]
        return {"key": self.subject.key, "title": self.subject.title, **told, "turns": turns}


def start(
    setting: Setting,
    trial: Trial,
    stack: ExitStack,
    warmup_s: float = WARMUP_S,
) -> Client:
    """A process of its own, the runtime imported, the artifact open and warm.

    Inputs are read before the model is opened, so that they are in the memory's baseline.

    Raises:
        RunnerFailed: it did not come so far.
    """
    subject = trial.subject
    client = stack.enter_context(Client(setting.device, setting.log))
    client.request("import", setting.timeout_s, runtime=subject.runtime)
    inputs.give(setting.device, client, setting.feed, subject, SHORT_S)
    trial.opened = open_session(client, setting.device, subject, setting.timeout_s)
    trial.warm = client.request("warmup", setting.timeout_s, runs=WARMUP_RUNS, seconds=warmup_s)
    return client


def in_rounds(
    trials: Sequence[Trial],
    rounds: int,
    seed: int,
    turn: Callable[[Trial, int], None],
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
            with kept(trial):
                turn(trial, number)


@contextlib.contextmanager
def kept(trial: Trial) -> Iterator[None]:
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
