"""Where one target's candidates are answered and timed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from edgeopt import convert
from edgeopt.devices.device import Device
from edgeopt.domain.errors import BadInput, Untrusted
from edgeopt.domain.space_asked import SpaceAsked
from edgeopt.domain.target import Profile
from edgeopt.report import obstacle_words
from edgeopt.runner import sensors
from edgeopt.search import bounded
from edgeopt.search.providers import Providers
from edgeopt.search.space import Space, recipe_space, without
from edgeopt.sources.source import Source

NOWHERE = "none"


@dataclass(frozen=True)
class Placement:
    """One target, and the device that serves it.

    Attributes:
        profile: as probed, where it is this machine's.
        device: None: there is none of this target at hand; it is scored here and not timed.
        machine: what the device says of itself; None where there is none, or it is emulated.
        missing: runtime -> why it cannot be imported there.
        absent: the same of those that another one answers for (`RuntimeSpec.stand_in`), on the
            device that scores: they are tried without being timed.
        providers: runtime -> what else than the processor it can compute on there.
        lost: why its device cannot be believed; its target is not done, the others are.
        answered_here: this machine answers for the device, which another process times.
        answering: flags of the processor whose forms are made, where one is named: several machines
            that judge alike make the same ones.
    """

    profile: Profile
    device: Device | None = None
    machine: dict[str, Any] | None = None
    missing: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    providers: Providers = field(default_factory=dict)
    lost: Untrusted | None = None
    answered_here: bool = False
    answering: tuple[str, ...] | None = None

    @property
    def timed(self) -> bool:
        """Whether our harness times there what are latencies of the target."""
        return self.device is not None and self.device.times

    @property
    def answers(self) -> bool:
        """Whether the device itself gives the answers that are scored; else this machine does."""
        return self.timed and not self.answered_here

    @property
    def name(self) -> str:
        """As records keep it."""
        return NOWHERE if self.device is None else self.device.name


def space_of(placement: Placement, source: Source, asked: SpaceAsked | None = None) -> Space:
    """The recipes worth trying there, and why each other one is not.

    Args:
        asked: the user's bounds.

    Raises:
        BadInput: they leave nothing to try.
    """
    profile, machine = placement.profile, placement.machine
    features = machine["features"] if machine else profile.isa.features
    cores = machine["cores"] if machine else max(profile.big_cores, 1)
    threads = asked.threads if asked else ()
    if threads and min(threads) > cores:
        raise BadInput(
            f"--threads asks for {min(threads)} at least, and {profile.name} has {cores} cores.",
            f"Give numbers from 1 to {cores}.",
        )
    providers = placement.providers
    answering = placement.answering
    if answering is None:
        answering = () if placement.answers else tuple(sensors.features())
    whole = recipe_space(
        profile, features, cores, source, convert.find, providers, threads, answering
    )
    hint = f"`edgeopt devices setup {placement.name}` installs it." if placement.missing else ""
    space = without(whole, placement.missing, hint)
    if asked is None:
        return space
    if bounded.is_empty(space, asked):
        raise _nothing_within(space, asked, profile.name)
    return bounded.bounded(space, asked, timed=placement.timed)


def _nothing_within(space: Space, asked: SpaceAsked, target: str) -> BadInput:
    """Why bounds leave nothing: for each recipe that they name its own reason."""
    message = f"nothing can be tried for {target} within {bounded.told(asked)}"
    left = [one for one in space.left_out if not bounded.is_outside(one, asked)]
    if left:
        why = {f"{one.runtime} {one.precision}": obstacle_words.reason(one.why) for one in left}
        return BadInput(f"{message}.", "\n".join(f"{name}: {said}" for name, said in why.items()))
    there = dict.fromkeys(f"{recipe.runtime} {recipe.precision}" for recipe in space.recipes)
    return BadInput(f"{message}.", f"There are: {', '.join(there)}." if there else "")
