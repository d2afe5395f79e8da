"""Where one target's candidates are answered and timed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from edgeopt import convert
from edgeopt.devices.device import Device
from edgeopt.domain.errors import Untrusted
from edgeopt.domain.target import Profile
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
    """

    profile: Profile
    device: Device | None = None
    machine: dict[str, Any] | None = None
    missing: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    providers: Providers = field(default_factory=dict)
    lost: Untrusted | None = None

    @property
    def timed(self) -> bool:
        """Whether our harness times there what are latencies of the target."""
        return self.device is not None and self.device.times

    @property
    def name(self) -> str:
        """As records keep it."""
        return NOWHERE if self.device is None else self.device.name


def space_of(placement: Placement, source: Source) -> Space:
    """The recipes worth trying there, and why each other one is not."""
    profile, machine = placement.profile, placement.machine
    features = machine["features"] if machine else profile.isa.features
    cores = machine["cores"] if machine else max(profile.big_cores, 1)
    whole = recipe_space(profile, features, cores, source, convert.find, placement.providers)
    hint = f"`edgeopt devices setup {placement.name}` installs it." if placement.missing else ""
    return without(whole, placement.missing, hint)
