"""Interleaved measurement: all artifacts alive at once, blocks in random order, fresh launches.

Timing one artifact after the other and comparing declares a difference between a thing and
itself in most trials on a shared machine; interleaved blocks do not
(benchmarks/harness/aa_trace.py).
"""

from __future__ import annotations

import contextlib
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgeopt.devices.device import Device
from edgeopt.harness.answer import open_session
from edgeopt.harness.budget import Budget
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.harness.feed import Inputs
from edgeopt.harness.subject import Subject
from edgeopt.harness.timed import Block, Launch, Session, Timed

INPUTS = 8  # different real inputs, taken in turn
SHORT_S = 60.0  # enough for every request that is over at once, and for a block
Progress = Callable[[int, int, str], None]


@dataclass
class _Arm:
    """One artifact's process in the launch at hand."""

    subject: Subject
    client: Client
    launch: Launch
    size: int = 0
    timeout_s: float = SHORT_S


@dataclass
class _Schedule:
    device: Device
    feed: Inputs
    budget: Budget
    log: Path
    timeout_s: float
    timed: dict[str, Timed]
    progress: Progress
    done: int = 0
    canary: list[dict[str, int]] = field(default_factory=list)

    @property
    def short_s(self) -> float:
        """The limit of a request that asks for little."""
        return min(SHORT_S, self.timeout_s)

    def step(self, what: str) -> None:
        self.done += 1
        self.progress(self.done, self.budget.launches * (self.budget.rounds + 1), what)


def measure(
    device: Device,
    subjects: Sequence[Subject],
    feed: Inputs,
    budget: Budget,
    log: Path,
    timeout_s: float,
    seed: int = 0,
    progress: Progress = lambda done, total, what: None,
) -> Session:
    """Time every subject in one interleaved schedule.

    A subject that fails is taken out, with the reason; the others go on.

    Args:
        feed: samples whose first `INPUTS` are the inputs, in turn.
        timeout_s: for opening a session and for warm-up; other requests have a minute at
            most, a block 20 times what it should take where that is more.
        progress: told (steps done, of how many, what).

    Raises:
        RunnerFailed: the device runs no runner at all.
    """
    rng = random.Random(seed)  # noqa: S311 (a schedule, not a secret)
    timed = {s.key: Timed(key=s.key, title=s.title) for s in subjects}
    plan = _Schedule(device, feed, budget, log, timeout_s, timed, progress)
    with Client(device, log) as canary:
        machine = canary.request("hello", plan.short_s)["machine"]
        for number in range(budget.launches):
            alive = [s for s in subjects if not timed[s.key].failed]
            rng.shuffle(alive)
            with contextlib.ExitStack() as stack:
                _launch(plan, alive, number, rng, canary, stack)
    return Session(budget.stage, seed, timed, plan.canary, machine)


def _launch(
    plan: _Schedule,
    subjects: list[Subject],
    number: int,
    rng: random.Random,
    canary: Client,
    stack: contextlib.ExitStack,
) -> None:
    """Fresh processes for all; then rounds of one block each, in random order."""
    name = f"launch {number + 1} of {plan.budget.launches}"
    plan.progress(plan.done, plan.budget.launches * (plan.budget.rounds + 1), f"{name}: starting")
    arms = []
    for subject in subjects:
        arm = _start(plan, subject, stack)
        if arm:
            arms.append(arm)
    plan.step(f"{name}: started")
    for index in range(plan.budget.rounds):
        rng.shuffle(arms)
        with contextlib.suppress(RunnerFailed):  # it watches; nothing is lost without it
            plan.canary.append(canary.request("canary", plan.short_s))
        for position, arm in enumerate(list(arms)):
            if not _block(plan, arm, index, position):
                arms.remove(arm)
        plan.step(f"{name}, round {index + 1}")


def _start(plan: _Schedule, subject: Subject, stack: contextlib.ExitStack) -> _Arm | None:
    """Open and warm up one artifact; None, with the reason kept, where that fails."""
    timed, budget = plan.timed[subject.key], plan.budget
    try:
        client = stack.enter_context(Client(plan.device, plan.log))
        opened = open_session(client, plan.device, subject, plan.timeout_s)
        files = [plan.device.put(path) for path in plan.feed.files(subject.inputs)]
        client.request("inputs", plan.short_s, files=files, count=min(INPUTS, len(plan.feed)))
        warm = client.request(
            "warmup", plan.timeout_s, runs=budget.warmup_runs, seconds=budget.warmup_s
        )
    except RunnerFailed as error:
        timed.failed, timed.timed_out = str(error.args[0]), error.timed_out
        return None
    launch = Launch(
        version=opened["version"],
        load_ns=opened["load_ns"],
        first_ns=warm["first_ns"],
        warmup_ns=warm["t_ns"],
        peak_rss_bytes=warm["peak_rss_bytes"],
    )
    timed.launches.append(launch)
    typical = statistics.median(warm["t_ns"])
    arm = _Arm(subject, client, launch, budget.block_size(typical))
    arm.timeout_s = max(plan.short_s, 20 * arm.size * typical / 1e9)
    return arm


def _block(plan: _Schedule, arm: _Arm, index: int, position: int) -> bool:
    """One block; False, with the reason kept, where the runner is lost."""
    timed = plan.timed[arm.subject.key]
    try:
        reply = arm.client.request("block", arm.timeout_s, count=arm.size)
    except RunnerFailed as error:
        timed.failed, timed.timed_out = str(error.args[0]), error.timed_out
        return False
    arm.launch.blocks.append(Block(round=index, position=position, **reply))
    return True
