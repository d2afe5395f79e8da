"""All targets of a run: those of one device one after the other, devices side by side.

One measurement at a time on each device, and nothing else on this machine while it measures
(`host_lock.py`). This machine's lane runs in the thread that called: what it starts ends with that
thread (PR_SET_PDEATHSIG), and Ctrl-C reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from edgeopt.devices.registry import LOCAL
from edgeopt.domain.errors import DeviceFailed
from edgeopt.domain.run import Choice
from edgeopt.pipeline.choice import choice_of
from edgeopt.pipeline.record_ends import skipped
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Steps, follow
from edgeopt.pipeline.target_run import TargetRun

GOES_ON = "What was found is kept; the same call again goes on."


@dataclass(frozen=True)
class Orders:
    """The steps of a target: where its device is timed, and where none is."""

    measured: Steps
    unmeasured: Steps


@dataclass
class Decided:
    """What became of targets.

    Attributes:
        choices: by target. lost: devices that were lost before all was done.
    """

    choices: dict[str, Choice] = field(default_factory=dict)
    lost: list[DeviceFailed] = field(default_factory=list)


def decided(runs: Sequence[TargetRun], orders: Orders, end: Callable[[], None]) -> Decided:
    """Every target taken through its steps.

    Args:
        end: ends what devices are doing, where one lane fails.
    """
    lanes: dict[str, list[TargetRun]] = {LOCAL: []}
    for run in runs:
        # What is answered on this machine is of its lane.
        name = run.placement.name if run.placement.timed else LOCAL
        lanes.setdefault(name, []).append(run)
    here = lanes.pop(LOCAL)
    with ThreadPoolExecutor(max(1, len(lanes))) as threads:
        try:
            others = [threads.submit(_lane, lane, orders) for lane in lanes.values()]
            ended = [_lane(here, orders), *(other.result() for other in others)]
        except BaseException:
            end()
            raise
    together = Decided()
    for one in ended:
        together.choices.update(one.choices)
        together.lost += one.lost
    return together


def _lane(runs: Sequence[TargetRun], orders: Orders) -> Decided:
    """The targets of one device. Where it is lost, those that are left are not tried."""
    ended = Decided()
    for number, run in enumerate(runs):
        if run.clock is not None:
            run = replace(run, clock=run.clock.share(len(runs) - number))
        try:
            ended.choices[run.target] = _choice(run, orders)
        except DeviceFailed as error:
            message = f"{run.target} is not done: {error.args[0]}"
            ended.lost.append(DeviceFailed(message, f"{error.hint} {GOES_ON}".strip()))
            break
    return ended


def _choice(run: TargetRun, orders: Orders) -> Choice:
    """One target: what its space left out is recorded, then its steps are followed."""
    placement, space, scoring = run.placement, run.space, run.context.scoring
    if placement.lost is not None:
        raise placement.lost
    run.recorder.keep(skipped(run.target, left) for left in space.left_out)
    begin = State(scoring.constraints, untried=space.recipes, aim=run.call.aim)
    steps = orders.measured if placement.timed else orders.unmeasured
    return choice_of(run, follow(steps, run, begin))
