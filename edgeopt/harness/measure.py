"""Interleaved measurement: all artifacts alive at once, blocks in random order, fresh launches.

Timing one artifact after the other and comparing declares a difference between a thing and
itself in most trials on a shared machine; interleaved blocks do not
(benchmarks/harness/aa_trace.py).
"""

from __future__ import annotations

import contextlib
import dataclasses
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from edgeopt.devices.device import Device, require_real
from edgeopt.domain.errors import Untrusted
from edgeopt.domain.progress import Listener, silent
from edgeopt.harness import inputs, told
from edgeopt.harness.answer import open_session
from edgeopt.harness.budget import Budget
from edgeopt.harness.client import SHORT_S, Client, RunnerFailed
from edgeopt.harness.feed import Inputs
from edgeopt.harness.subject import Subject
from edgeopt.harness.timed import Block, Launch, Session, Timed

STARTING = 4  # processes that import their runtime side by side; nothing is timed then
WATCH_S = 0.5  # others are watched for so long before a schedule


def never(session: Session) -> bool:
    """For a schedule that goes to its limit."""
    return False


@dataclass
class _Arm:
    """One artifact's process in the launch at hand."""

    subject: Subject
    client: Client
    launch: Launch
    typical_ns: float
    size: int
    timeout_s: float


@dataclass
class _Schedule:
    device: Device
    feed: Inputs
    budget: Budget
    log: Path
    timeout_s: float
    session: Session
    progress: Listener
    rounds: int
    done: int = 0
    repeats: bool = True

    @property
    def short_s(self) -> float:
        """The limit of a request that asks for little."""
        return min(SHORT_S, self.timeout_s)

    def step(self, what: str) -> None:
        self.done += 1
        self.tell(what)

    def tell(self, what: str) -> None:
        """Tell the progress, as far as the next look."""
        launches = self.budget.looks[self.session.looks] if self.repeats else 1
        self.progress(what, self.done, launches * (self.rounds + 1))


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
    settled: Callable[[Session], bool] = never,
) -> Session:
    """Time every subject in one interleaved schedule.

    A subject that fails is taken out, with the reason; the others go on.

    Args:
        feed: samples whose first `inputs.INPUTS` are the inputs, in turn.
        timeout_s: for opening a session and for warm-up; other requests have a minute at
            most, a block 20 times what it should take where that is more.
        progress: told the steps done, of how many until the next look.
        baseline: key of the subject that is also measured as its own twin, so that the
            schedule tells its noise; None: the first subject is the baseline, without a twin.
        settled: asked at each of the budget's looks; the schedule ends where it says so. It
            also ends after one launch where that is the budget's way (`rounds_alone`).

    Raises:
        RunnerFailed: the device runs no runner at all.
        Untrusted: it said what cannot be; that is no subject's fault.
        BadInput: the device is emulated.
    """
    require_real(device)
    rng = random.Random(seed)  # noqa: S311 (a schedule, not a secret)
    subjects, twin = _with_twin(subjects, baseline)
    timed = {s.key: Timed(key=s.key, title=s.title) for s in subjects}
    session = Session(budget, seed, timed, baseline or subjects[0].key, twin)
    plan = _Schedule(device, feed, budget, log, timeout_s, session, progress, budget.rounds)
    with Client(device, log) as canary:
        session.machine = told.machine(device, canary, SHORT_S)
        _examine(plan, canary, WATCH_S)
        for number in range(budget.looks[-1]):
            alive = [s for s in subjects if not timed[s.key].failed]
            with contextlib.ExitStack() as stack:
                _launch(plan, alive, number, rng, canary, stack)
            if not plan.repeats:
                session.looks = 1
                break
            if number + 1 == budget.looks[session.looks]:
                session.looks += 1
                if settled(session):
                    break
        _examine(plan, canary, 0.0)
    return session


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
        plan.session.health.append(told.health(plan.device, canary, SHORT_S, seconds))


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
    plan.tell(f"{name}: starting")
    rng.shuffle(subjects)
    # Processes end with the thread that started them (PR_SET_PDEATHSIG), so this one does.
    started = [(s, client) for s in subjects if (client := _start(plan, s, stack))]
    with ThreadPoolExecutor(STARTING) as pool:
        imported = list(pool.map(lambda pair: _import(plan, *pair), started))
    arms = [
        arm
        for (subject, client), ready in zip(started, imported, strict=True)
        if ready and (arm := _warm(plan, subject, client))
    ]
    typical_ns = [arm.typical_ns for arm in arms]
    plan.rounds = plan.budget.rounds_for(typical_ns)
    plan.repeats = plan.repeats and plan.budget.repeats(typical_ns)
    plan.step(f"{name}: started")
    for index in range(plan.rounds):
        if index % 2 == 0:
            rng.shuffle(arms)
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


def _meter(plan: _Schedule, arm: _Arm) -> None:
    """Energy, while nothing else runs. Without a meter it is over at once, with the reason."""
    seconds = plan.budget.energy_s
    if seconds and arm.subject.key != plan.session.twin:
        with _spared():  # its times are safe already
            limit_s = arm.timeout_s + 4 * seconds
            arm.launch.energy = arm.client.request("energy", limit_s, seconds=seconds)


def _watch(plan: _Schedule, canary: Client) -> None:
    with _spared():  # it watches; nothing is lost without it
        plan.session.canary.append(canary.request("canary", plan.short_s))


def _start(plan: _Schedule, subject: Subject, stack: contextlib.ExitStack) -> Client | None:
    """A process; None, with the reason kept, where the device is lost."""
    try:
        return stack.enter_context(Client(plan.device, plan.log))
    except RunnerFailed as error:
        _take_out(plan, subject, error)
        return None


def _import(plan: _Schedule, subject: Subject, client: Client) -> bool:
    """Import the runtime; False, with the reason kept, where that fails."""
    try:
        client.request("import", plan.timeout_s, runtime=subject.runtime)
    except RunnerFailed as error:
        _take_out(plan, subject, error)
        return False
    return True


def _take_out(plan: _Schedule, subject: Subject, error: RunnerFailed) -> None:
    """The end of one subject, with its reason; of all where the device cannot be believed."""
    if isinstance(error, Untrusted):
        raise error
    timed = plan.session.timed[subject.key]
    timed.failed, timed.timed_out = str(error.args[0]), error.timed_out


def _warm(plan: _Schedule, subject: Subject, client: Client) -> _Arm | None:
    """Open and warm up one artifact; None, with the reason kept, where that fails."""
    budget = plan.budget
    try:
        # Inputs first: they are not the model's memory.
        inputs.give(plan.device, client, plan.feed, subject, plan.short_s)
        opened = open_session(client, plan.device, subject, plan.timeout_s)
        warm = client.request(
            "warmup", plan.timeout_s, runs=budget.warmup_runs, seconds=budget.warmup_s
        )
    except RunnerFailed as error:
        _take_out(plan, subject, error)
        return None
    launch = Launch(
        opened={key: said for key, said in opened.items() if key not in ("inputs", "outputs")},
        first_ns=warm["first_ns"],
        warmup_ns=warm["t_ns"],
        peak_rss_bytes=warm["peak_rss_bytes"],
    )
    plan.session.timed[subject.key].launches.append(launch)
    typical = statistics.median(warm["t_ns"])
    size = budget.block_size(typical)
    limit_s = max(plan.short_s, 20 * size * typical / 1e9)
    return _Arm(subject, client, launch, typical, size, limit_s)


def _block(plan: _Schedule, arm: _Arm, index: int, position: int) -> bool:
    """One block; False, with the reason kept, where the runner is lost."""
    try:
        reply = arm.client.request("block", arm.timeout_s, count=arm.size)
    except RunnerFailed as error:
        _take_out(plan, arm.subject, error)
        return False
    arm.launch.blocks.append(Block(round=index, position=position, **reply))
    return True
