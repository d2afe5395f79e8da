"""Where each target's candidates are answered and timed: on a device of it, here, or nowhere."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from edgeopt import runtimes, targets
from edgeopt.devices import registry
from edgeopt.devices.device import Device, Reserved, is_emulation, is_own_timer
from edgeopt.devices.local import Local
from edgeopt.devices.resolve import resolve
from edgeopt.domain.errors import BadInput, DeviceFailed, NotInstalled, RunnerFailed, Untrusted
from edgeopt.domain.progress import Listener
from edgeopt.domain.target import Profile
from edgeopt.harness import probing
from edgeopt.harness.client import Client
from edgeopt.jobs.told import told
from edgeopt.pipeline.placement import Placement
from edgeopt.search import providers
from edgeopt.search.providers import Providers
from edgeopt.targets.probe import THIS_MACHINE

IMPORT_S = 120.0


@dataclass(frozen=True)
class _Readings:
    """What a device says of itself; see `Placement`."""

    machine: dict[str, Any]
    missing: dict[str, str] = field(default_factory=dict)
    providers: Providers = field(default_factory=dict)


@dataclass
class DevicePool:
    """The devices of one call. Closing it leaves nothing on them.

    Attributes:
        here: what this machine says of itself.
        warnings: devices that could have served, too.
    """

    here: dict[str, Any]
    log: Path
    progress: Listener
    local: Local = field(default_factory=Local)
    warnings: list[str] = field(default_factory=list)
    _runtimes: frozenset[str] = frozenset()
    _missing_here: dict[str, str] = field(default_factory=dict)
    _devices: dict[str, Device] = field(default_factory=dict)
    _readings: dict[str, _Readings] = field(default_factory=dict)

    def placements(self, profiles: Sequence[Profile], named: Sequence[str]) -> list[Placement]:
        """A place for each target.

        Args:
            named: names and links of devices; empty: this machine for the targets that it is
                of, and the user's devices for the others.

        Raises:
            BadInput: one that was asked for is of none of the targets.
            DeviceFailed: one cannot be reached, or there is none that can be believed.
            NotInstalled: one has none of the runtimes, or what emulates it is missing.
        """
        self._runtimes = _runtimes(profiles)
        if not named:
            return _some([self._own(profile) for profile in profiles])
        placements = _some([self._asked(profile, named) for profile in profiles])
        used = {place.device.name for place in placements if place.device}
        for name in named:
            if name not in used and name != registry.LOCAL:
                named = " or ".join(profile.name for profile in profiles)
                raise BadInput(
                    f"the device {name!r} is not needed: it is no {named}, or another one that "
                    "was named before is of the same target.",
                    "`edgeopt devices check NAME` tells what it is of.",
                )
        return placements

    def require(self, named: Sequence[str], reach: bool = False) -> None:
        """Refuse names and links of no device; with `reach`, devices that cannot be reached, too.

        Raises:
            BadInput: there is no such device, or no such link.
            DeviceFailed: one cannot be reached. What lies is told where it is needed.
            NotInstalled: what reaches it is missing here.
        """
        devices = [self._device(name) for name in named if name != registry.LOCAL]
        for device in devices if reach else ():
            self.progress(f"looking for {device.name}")
            try:
                device.reach()
            except Untrusted:
                continue
            except DeviceFailed as error:
                raise _unusable(device, error) from error

    def names(self, profiles: Sequence[Profile], named: Sequence[str]) -> tuple[str, ...]:
        """The devices of a call, as its identity has them; none is connected for that.

        Without a word about devices: "" for each target that this machine or none serves, and
        nothing at all where that holds of every one.
        """
        if named:
            return tuple(named)
        first = [self._first(profile) or "" for profile in profiles]
        return tuple(first) if any(first) else ()

    def close(self) -> None:
        """Remove what was left on the devices."""
        for device in (*self._devices.values(), self.local):
            with contextlib.suppress(DeviceFailed):
                device.close()

    def machines(self) -> dict[str, dict[str, Any]]:
        """What every device but this machine says of itself, by name."""
        return {name: readings.machine for name, readings in self._readings.items()}

    def _own(self, profile: Profile) -> Placement:
        """Without a word about devices: this machine first, then the user's."""
        first = self._first(profile)
        names = [name for name in registry.for_target(profile.name) if name != first]
        real = [name for name in names if self._device(name).kind == "measured"]
        if first is not None:
            self._unused(profile, real, first)
            try:
                return self._on(profile, self._device(first))
            except Untrusted as error:
                return Placement(profile, self._device(first), lost=error)
        if self._is_here(profile):
            self._unused(profile, real, "this machine")
            return self._this_machine(profile)
        return self.nowhere(profile)

    def _first(self, profile: Profile) -> str | None:
        """The user's device that serves a target; None where this machine does, or none.

        One that the harness can time comes before an emulated one, and before a phone that
        LiteRT's own program times, whatever they are called.
        """
        if self._is_here(profile):
            return None
        devices = [self._device(name) for name in registry.for_target(profile.name)]
        devices.sort(key=lambda device: not device.times)
        return devices[0].name if devices else None

    def _asked(self, profile: Profile, named: Sequence[str]) -> Placement:
        """The first device that was named and is of the target; this machine where it is."""
        lost: Placement | None = None
        for name in named:
            try:
                if name != registry.LOCAL and self._serves(name, profile):
                    return self._on(profile, self._device(name))
            except Untrusted as error:  # what it is of is not known, either
                lost = Placement(profile, self._device(name), lost=error)
        if self._is_here(profile):
            return self._this_machine(profile)
        return lost or self.nowhere(profile)

    def _is_here(self, profile: Profile) -> bool:
        """Whether this machine is of a target: by its processor, or by a GPU that is there."""
        if targets.matches(profile, self.here):
            return True
        # One that no processor tells: its GPU does.
        there = profile.match is None and profile.arch == self.here["arch"]
        return there and bool(_stood_in(profile) - set(self._absent(profile)))

    def nowhere(self, profile: Profile) -> Placement:
        """A target that no device serves: it is scored on this machine."""
        return Placement(profile, absent=self._absent(profile))

    def _absent(self, profile: Profile) -> dict[str, str]:
        """Runtimes of a GPU that this machine lacks -> why; each is asked once."""
        for name in sorted(_stood_in(profile) - set(self._missing_here)):
            try:
                with Client(self.local, self.log) as client:
                    client.request("import", IMPORT_S, runtime=name)
                self._missing_here[name] = ""
            except RunnerFailed as error:
                self._missing_here[name] = str(error.args[0])
        return {
            name: self._missing_here[name]
            for name in _stood_in(profile)
            if self._missing_here[name]
        }

    def _serves(self, name: str, profile: Profile) -> bool:
        """Whether a device is of a target: by the user's word, else by its own."""
        entry = None if "://" in name else registry.entry(name)
        if entry is not None and entry.target is not None:
            return entry.target == profile.name
        device = self._device(name)
        if is_emulation(device):
            return device.target == profile.name
        if is_own_timer(device):
            return False  # of no target but by the user's word
        return profile.name != THIS_MACHINE and targets.matches(profile, self._ask(device).machine)

    def _this_machine(self, profile: Profile) -> Placement:
        if profile.name == THIS_MACHINE:
            profile = targets.probe(profile, self.here)
        absent, providers_here = self._absent(profile), self._providers(profile)
        return Placement(profile, self.local, self.here, absent=absent, providers=providers_here)

    def _providers(self, profile: Profile) -> dict[str, tuple[str, ...]]:
        """Runtime -> what else than the processor it can compute on here."""
        with Client(self.local, self.log) as client:
            return {
                name: probing.providers(client, name)
                for name in providers.runtimes_with_any(profile)
            }

    def _on(self, profile: Profile, device: Device) -> Placement:
        if is_emulation(device):
            device.prepare(self.progress)
        if is_own_timer(device):
            self._readings[device.name] = _Readings(msgspec.to_builtins(device.machine()))
        if not device.times:
            return Placement(profile, device, absent=self._absent(profile))
        readings = self._ask(device)
        missing = readings.missing
        served = _runtimes([profile])
        if served and served <= set(missing):
            reasons = "; ".join(f"{name}: {missing[name]}" for name in sorted(served))
            raise NotInstalled(
                f"{device.name} has no runtime that {profile.name} is served by ({reasons}).",
                f"`edgeopt devices setup {device.name}` installs them.",
            )
        stood_in = (
            {}
            if set(missing) >= {spec.stand_in for spec in runtimes.specs() if spec.stand_in}
            else {name: why for name, why in missing.items() if runtimes.spec(name).stand_in}
        )
        missing = {name: why for name, why in missing.items() if name not in stood_in}
        return Placement(profile, device, readings.machine, missing, stood_in, readings.providers)

    def _device(self, name: str) -> Device:
        if name not in self._devices:
            self._devices[name] = resolve(name)
        return self._devices[name]

    def _ask(self, device: Device) -> _Readings:
        """Asked once."""
        if device.name not in self._readings:
            try:
                probed = probing.probe(device, sorted(self._runtimes), self.log, self.progress)
            except Untrusted:
                raise
            except RunnerFailed as error:
                raise _unusable(device, error) from error
            self._readings[device.name] = _Readings(
                probed.machine, probed.missing, probed.providers
            )
            if isinstance(device, Reserved) and device.reserved_note:
                self.warnings.append(device.reserved_note)
        return self._readings[device.name]

    def _unused(self, profile: Profile, names: Sequence[str], instead: str) -> None:
        if names:
            self.warnings.append(
                f"{profile.name} was served by {instead}; of it is also {', '.join(names)}. "
                "`--device NAME` takes another one."
            )


def _unusable(device: Device, error: RunnerFailed | DeviceFailed) -> Exception:
    return told(
        error,
        DeviceFailed(
            f"{device.name} cannot be used: {error.args[0]}",
            f"{error.hint} Without it: `--device local`.".strip(),
        ),
    )


def _some(places: list[Placement]) -> list[Placement]:
    """Places, one of which can be worked on at least. Raises Untrusted where there is none."""
    if places[0].lost and all(place.lost for place in places):
        raise places[0].lost
    return places


def _runtimes(profiles: Sequence[Profile]) -> frozenset[str]:
    """Those that recipes of the profiles are for, and that there are."""
    named = {rule.runtime for profile in profiles for rule in profile.recipes}
    return frozenset(named & set(runtimes.RUNTIMES))


def _stood_in(profile: Profile) -> frozenset[str]:
    """Those that another runtime answers for where they are missing."""
    return frozenset(name for name in _runtimes([profile]) if runtimes.spec(name).stand_in)
