"""Interleaved measurement: all artifacts alive at once, blocks in random order, fresh launches.

Timing one artifact after the other and comparing declares a difference between a thing and
itself in most trials on a shared machine; interleaved blocks do not
(benchmarks/harness/aa_trace.py).
"""

from __future__ import annotations

import contextlib
import dataclasses
import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgeopt.devices.device import Device, forks_of, require_real
from edgeopt.domain.errors import Untrusted
from edgeopt.domain.progress import Listener, silent
from edgeopt.harness import kept, racing, readings
from edgeopt.harness.budget import Budget
from edgeopt.harness.client import SHORT_S, Client, RunnerFailed
from edgeopt.harness.feed import Inputs
from edgeopt.harness.started import Setting, Started, WarmUp, start_all
from edgeopt.harness.subject import Subject
from edgeopt.harness.timed import Block, Launch, Measurement, Timed

WATCH_S = 0.5  # others are watched for so long before a schedule


def never(measurement: Measurement) -> bool:
    """For a schedule that goes to its limit."""
    return False


@dataclass
class _Arm:
    """One artifact's process in the launch at hand.

    Attributes:
        spent_ns: what `runs` runs took: those of its warm-up, and then of its blocks, too.
        longest_ns: of one of them.
    """

    started: Started
    launch: Launch
    spent_ns: float = 0.0
    runs: int = 0
    longest_ns: float = 0.0

    @property
    def mean_ns(self) -> float:
        """What a run costs, without the longest.

        Not the median: threads that wait for each other by spinning take 7 us in most runs, and
        4 ms where other work has one of their cores. One that was paused for a second tells
        nothing of the others: with it all blocks to come would be as short as may be.
        """
        if self.runs < 2:
            return self.spent_ns
        return (self.spent_ns - self.longest_ns) / (self.runs - 1)

    def learn(self, t_ns: list[int]) -> None:
        """What more runs took."""
        self.spent_ns += sum(t_ns)
        self.runs += len(t_ns)
        self.longest_ns = max(self.longest_ns, *t_ns)


@dataclass
class _Schedule:
    setting: Setting
    budget: Budget
    measurement: Measurement
    progress: Listener
    rounds: int
    pace: Collection[str] = ()
    behind: Collection[str] = ()
    done: int = 0
    repeats: bool = True
    number: int = 0
    before: int = 0

    def begin(self, number: int) -> None:
        """The launch of this number; launches may differ in their rounds."""
        self.number, self.before = number, self.done
        self.tell(f"launch {number + 1}: starting")

    def step(self, what: str) -> None:
        self.done += 1
        self.tell(what)

    def look_behind(self, rounds: int) -> None:
        """After so many rounds of a launch: who is far behind, and has shorter blocks for it."""
        if rounds and self.budget.behind_runs:
            self.behind = racing.left_behind(self.measurement, self.pace)

    def tell(self, what: str) -> None:
        """Tell the progress, as far as the next look."""
        launches = self.budget.looks[self.measurement.looks] if self.repeats else 1
        left = max(1, launches - self.number)
        self.progress(what, self.done, self.before + left * (self.rounds + 1))

    @contextlib.contextmanager
    def ends(self, subject: Subject) -> Iterator[None]:
        """A runner that fails in here takes its subject out of the schedule, with its reason.

        Raises:
            Untrusted: the device cannot be believed: that is no subject's fault.
        """
        try:
            yield
        except Untrusted:
            raise
        except RunnerFailed as error:
            timed = self.measurement.timed[subject.key]
            timed.failed, timed.timed_out = str(error.args[0]), error.timed_out


def measure(
    device: Device,
    subjects: Sequence[Subject],
    feed: Inputs,
    budget: Budget,
    log: Path,
    timeout_s: float,
    seed: int = 0,
    progress: Listener = silent,
    baseline: str | None = None,
    settled: Callable[[Measurement], bool] = never,
    pace: Collection[str] = (),
) -> Measurement:
    """Time every subject in one interleaved schedule.

    A subject that fails is taken out, with the reason; the others go on.

    Args:
        feed: samples whose first `inputs.INPUTS` are the inputs, in turn.
        timeout_s: for opening a measurement and for warm-up; other requests have a minute at
            most, a block 20 times what it should take where that is more.
        progress: told the steps done, of how many until the next look.
        baseline: key of the subject that is also measured as its own twin, so that the
            schedule tells its noise; None: the first subject is the baseline, without a twin.
        settled: asked at each of the budget's looks; the schedule ends where it says so. It
            also ends after one launch where that is the budget's way (`rounds_alone`).
        pace: keys of those that set the pace where slower ones leave, or have shorter blocks
            (`Budget.leave_at`, `behind_runs`).

    Raises:
        RunnerFailed: the device runs no runner at all.
        Untrusted: it said what cannot be; that is no subject's fault.
        BadInput: the device is emulated.
    """
    require_real(device)
    rng = random.Random(seed)  # noqa: S311 (a schedule, not a secret)
    subjects, twin = _with_twin(subjects, baseline)
    timed = {s.key: Timed(key=s.key, title=s.title, items=s.items) for s in subjects}
    measurement = Measurement(budget, seed, timed, baseline or subjects[0].key, twin)
    setting = Setting(device, feed, log, timeout_s)
    plan = _Schedule(setting, budget, measurement, progress, budget.rounds, pace)
    with kept.client(device, log) as canary:
        measurement.machine = readings.machine(device, canary, SHORT_S)
        _examine(plan, canary, WATCH_S)
        left: set[str] = set()
        for number in range(budget.looks[-1]):
            alive = [s for s in subjects if not timed[s.key].failed and s.key not in left]
            with contextlib.ExitStack() as stack:
                _launch(plan, alive, number, rng, canary, stack)
            if not plan.repeats:
                measurement.looks = 1
                break
            left |= racing.left_behind(measurement, pace)
            if number + 1 == budget.looks[measurement.looks]:
                measurement.looks += 1
                if settled(measurement):
                    break
        _examine(plan, canary, 0.0)
    return measurement


@contextlib.contextmanager
def _spared() -> Iterator[None]:
    """What may fail without loss, but for a device that lies: that ends the schedule."""
    try:
        yield
    except Untrusted:
        raise
    except RunnerFailed:
        pass


def _examine(plan: _Schedule, canary: Client, seconds: float) -> None:
    """The slower readings: throttling, temperatures, supply, who else is at work."""
    with _spared():  # without them nothing is judged, and that is said
        account = readings.health(plan.setting.device, canary, SHORT_S, seconds)
        plan.measurement.health.append(account)


def _with_twin(
    subjects: Sequence[Subject], baseline: str | None
) -> tuple[list[Subject], str | None]:
    original = next((s for s in subjects if s.key == baseline), None)
    if original is None or len(subjects) == 1:
        return list(subjects), None
    twin = dataclasses.replace(
        original, key=f"{original.key} again", title=f"{original.title}, again"
    )
    return [*subjects, twin], twin.key


def _launch(
    plan: _Schedule,
    subjects: list[Subject],
    number: int,
    rng: random.Random,
    canary: Client,
    stack: contextlib.ExitStack,
) -> None:
    """Fresh processes for all; then rounds of one block each, in random order."""
    name = f"launch {number + 1}"
    plan.begin(number)
    if forks := forks_of(plan.setting.device):
        # Nothing of a launch lies where it lay in the one before.
        forks.renew({subject.runtime for subject in subjects})
    rng.shuffle(subjects)
    budget = plan.budget
    warm_up = WarmUp(budget.warmup_runs, budget.warmup_s, budget.most_runs)
    started = start_all(plan.setting, subjects, stack, warm_up, plan.ends)
    arms = [_arm(plan, one) for one in started]
    typical_ns = [one.typical_ns for one in started]
    mean_ns = [arm.mean_ns for arm in arms]
    plan.rounds = plan.budget.rounds_for(typical_ns, number, mean_ns)
    plan.repeats = plan.repeats and plan.budget.repeats(typical_ns)
    plan.step(f"{name}: started")
    for index in range(plan.rounds):
        if index % 2 == 0:
            rng.shuffle(arms)
            plan.look_behind(index)
        else:  # a mirrored pair of rounds: what drifts steadily favours none
            arms.reverse()
        _watch(plan, canary)
        for position, arm in enumerate(list(arms)):
            if not _block(plan, arm, index, position):
                arms.remove(arm)
        plan.step(f"{name}, round {index + 1} of {plan.rounds}")
    _watch(plan, canary)
    for arm in arms:
        _meter(plan, arm)


def _arm(plan: _Schedule, started: Started) -> _Arm:
    """A new launch of an artifact."""
    warm = started.warm
    launch = Launch(
        opened=started.opened.loaded,
        first_ns=warm.first_ns,
        warmup_ns=warm.t_ns,
        peak_rss_bytes=warm.peak_rss_bytes,
    )
    plan.measurement.timed[started.subject.key].launches.append(launch)
    arm = _Arm(started, launch)
    arm.learn(warm.t_ns[len(warm.t_ns) // 2 :])  # the first few do what is done once
    return arm


def _meter(plan: _Schedule, arm: _Arm) -> None:
    """Energy, while nothing else runs. Without a meter it is over at once, with the reason."""
    seconds = plan.budget.energy_s
    if seconds and arm.started.subject.key != plan.measurement.twin:
        with _spared():  # its times are safe already
            limit_s = plan.setting.short_s + 20 * arm.mean_ns / 1e9 + 4 * seconds
            arm.launch.energy = arm.started.client.request("energy", limit_s, seconds=seconds)


def _watch(plan: _Schedule, canary: Client) -> None:
    with _spared():  # it watches; nothing is lost without it
        plan.measurement.canary.append(canary.request("canary", plan.setting.short_s))


def _block(plan: _Schedule, arm: _Arm, index: int, position: int) -> bool:
    """One block; False, with the reason kept, where the runner is lost."""
    size = plan.budget.block_size(arm.mean_ns, arm.started.subject.key in plan.behind)
    limit_s = max(plan.setting.short_s, 20 * size * arm.mean_ns / 1e9)
    with plan.ends(arm.started.subject):
        reply = arm.started.client.request("block", limit_s, count=size)
        block = Block(round=index, position=position, **msgspec.structs.asdict(reply))
        arm.launch.blocks.append(block)
        if not plan.budget.least_runs:  # else rounds were counted for blocks of this size
            arm.learn(block.steady_ns)
        return True
    return False
