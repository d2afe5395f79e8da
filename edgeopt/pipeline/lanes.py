"""All targets of a run: those of one device one after the other, devices side by side.

One measurement at a time on each device, and nothing else on this machine while it measures
(`turns.py`). This machine's lane runs in the thread that called: what it starts ends with that
thread (PR_SET_PDEATHSIG), and Ctrl-C reaches it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import msgspec

from edgeopt.devices.benchmark_phone import BenchmarkPhone
from edgeopt.devices.emulated import Emulated
from edgeopt.devices.registry import LOCAL
from edgeopt.domain.errors import DeviceFailed
from edgeopt.domain.run import Choice
from edgeopt.pipeline import decide
from edgeopt.pipeline.compress import compressed
from edgeopt.pipeline.device_pool import DevicePool
from edgeopt.pipeline.emulation import emulate
from edgeopt.pipeline.mean_latency import with_mean_latency
from edgeopt.pipeline.placement import Placement
from edgeopt.pipeline.run_context import RunContext
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.search.space import Space

GOES_ON = "What was found is kept; the same call again goes on."


@dataclass(frozen=True)
class Job:
    """One target: where, and what is worth trying."""

    placement: Placement
    space: Space

    @property
    def target(self) -> str:
        return self.placement.profile.name

    @property
    def lane(self) -> str:
        """Whose time it takes. What is answered on this machine is of its lane."""
        return self.placement.name if self.placement.timed else LOCAL


@dataclass
class Outcome:
    """What became of targets.

    Attributes:
        choices: by target. lost: devices that were lost before all was done.
    """

    choices: dict[str, Choice] = field(default_factory=dict)
    lost: list[DeviceFailed] = field(default_factory=list)


def work(
    context: RunContext, pool: DevicePool, jobs: Sequence[Job], known: Mapping[str, Choice]
) -> Outcome:
    """Every target's candidates made, scored, measured where they can be; then its choice.

    Args:
        known: choices of an earlier call, taken as they are.
    """
    lanes: dict[str, list[Job]] = {LOCAL: []}
    for job in jobs:
        if job.target not in known:
            lanes.setdefault(job.lane, []).append(job)
    here = lanes.pop(LOCAL)
    with ThreadPoolExecutor(max(1, len(lanes))) as threads:
        try:
            others = [threads.submit(_lane, context, lane) for lane in lanes.values()]
            outcomes = [_lane(context, here), *(other.result() for other in others)]
        except BaseException:
            context.stop()
            pool.close()
            raise
    done = Outcome(dict(known))
    for outcome in outcomes:
        done.choices.update(outcome.choices)
        done.lost += outcome.lost
    return done


def _lane(context: RunContext, jobs: Sequence[Job]) -> Outcome:
    """The targets of one device. Where it is lost, those that are left are not tried."""
    done = Outcome()
    for job in jobs:
        try:
            done.choices[job.target] = _one_target(context, job)
        except DeviceFailed as error:
            message = f"{job.target} is not done: {error.args[0]}"
            done.lost.append(DeviceFailed(message, f"{error.hint} {GOES_ON}".strip()))
            break
    return done


def _one_target(context: RunContext, job: Job) -> Choice:
    """Every candidate of one target: made, scored, measured; then the choice, confirmed."""
    placement = job.placement
    if placement.lost is not None:
        raise placement.lost
    for left in job.space.left_out:
        context.keep(decide.skipped(job.target, left))
    device = placement.device if placement.timed and placement.device else context.local
    run = TargetRun(context, context.evaluator(device, placement.absent), placement)
    records = run.candidates(job.space.recipes)
    if isinstance(placement.device, Emulated):
        asked = emulate(run.evaluator, placement.device, records, run.progress)
        records = [run.keep(record) for record in asked]
    if isinstance(placement.device, BenchmarkPhone):
        records = with_mean_latency(run, placement.device, records)
    records, steps = compressed(run, job.space, records)
    by = decide.by_measurement if placement.timed else decide.by_profile
    choice = by(run, placement.profile, records)
    return msgspec.structs.replace(choice, compression=steps)
