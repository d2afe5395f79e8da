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
from edgeopt.pipeline.emulation import emulate
from edgeopt.pipeline.means import with_means
from edgeopt.pipeline.place import Place
from edgeopt.pipeline.places import Fleet
from edgeopt.pipeline.station import Station
from edgeopt.pipeline.workbench import Workbench
from edgeopt.search.space import Space

GOES_ON = "What was found is kept; the same call again goes on."


@dataclass(frozen=True)
class Job:
    """One target: where, and what is worth trying."""

    place: Place
    space: Space

    @property
    def target(self) -> str:
        return self.place.profile.name

    @property
    def lane(self) -> str:
        """Whose time it takes. What is answered on this machine is of its lane."""
        return self.place.name if self.place.timed else LOCAL


@dataclass
class Outcome:
    """What became of targets.

    Attributes:
        choices: by target. lost: devices that were lost before all was done.
    """

    choices: dict[str, Choice] = field(default_factory=dict)
    lost: list[DeviceFailed] = field(default_factory=list)


def work(
    bench: Workbench, fleet: Fleet, jobs: Sequence[Job], known: Mapping[str, Choice]
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
    with ThreadPoolExecutor(max(1, len(lanes))) as pool:
        try:
            others = [pool.submit(_lane, bench, lane) for lane in lanes.values()]
            outcomes = [_lane(bench, here), *(other.result() for other in others)]
        except BaseException:
            bench.stop()
            fleet.close()
            raise
    done = Outcome(dict(known))
    for outcome in outcomes:
        done.choices.update(outcome.choices)
        done.lost += outcome.lost
    return done


def _lane(bench: Workbench, jobs: Sequence[Job]) -> Outcome:
    """The targets of one device. Where it is lost, those that are left are not tried."""
    done = Outcome()
    for job in jobs:
        try:
            done.choices[job.target] = _one_target(bench, job)
        except DeviceFailed as error:
            message = f"{job.target} is not done: {error.args[0]}"
            done.lost.append(DeviceFailed(message, f"{error.hint} {GOES_ON}".strip()))
            break
    return done


def _one_target(bench: Workbench, job: Job) -> Choice:
    """Every candidate of one target: made, scored, measured; then the choice, confirmed."""
    place = job.place
    if place.lost is not None:
        raise place.lost
    for left in job.space.left_out:
        bench.keep(decide.skipped(job.target, left))
    device = place.device if place.timed and place.device else bench.local
    station = Station(bench, bench.shop(device, place.absent), place)
    records = station.candidates(job.space.recipes)
    if isinstance(place.device, Emulated):
        asked = emulate(station.shop, place.device, records, station.progress)
        records = [station.keep(record) for record in asked]
    if isinstance(place.device, BenchmarkPhone):
        records = with_means(station, place.device, records)
    records, steps = compressed(station, job.space, records)
    by = decide.by_measurement if place.timed else decide.by_profile
    choice = by(station, place.profile, records)
    return msgspec.structs.replace(choice, compression=steps)
