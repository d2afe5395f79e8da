"""What is wrong with a machine for measuring, before anything is timed. Pure functions.

`failed` is kept for what spoils figures. What only makes noise is a warning: artifacts are
compared in interleaved blocks, and ratios survive it.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import UNSET

from edgeopt.devices.account import Health, Machine
from edgeopt.domain.finding import Finding
from edgeopt.harness import surroundings

NEAR_C = 5.0  # so near to where the kernel slows the processor is too near
HOT_C = 80.0  # the same where the kernel does not say
BATTERY_LOW_PERCENT = 30
BATTERY_HOT_C = 40.0


def governor(machine: Machine, health: Health) -> Finding:
    """Who chooses the clock."""
    policies = health.policies
    if not policies:
        return _unknown("governor", health, "policies")
    governors = sorted({str(policy.governor) for policy in policies})
    if governors == ["performance"]:
        return Finding(check="governor", state="ok", found="performance")
    return Finding(
        check="governor",
        state="warning",
        found=f"{' and '.join(governors)}: clocks follow the load",
        advice="echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
    )


def clock_limit(machine: Machine, health: Health) -> Finding | None:
    """Whether the clock may go as high as the processor can."""
    for policy in health.policies or ():
        most, limit = policy.hardware_max_khz, policy.max_khz
        if most and limit and limit < most:
            return Finding(
                check="clock limit",
                state="warning",
                found=f"CPUs {policy.cpus} may reach {_ghz(limit)} of their {_ghz(most)}",
                advice=f"echo {most:.0f} | sudo tee "
                "/sys/devices/system/cpu/cpu*/cpufreq/scaling_max_freq",
            )
    return None


def boost(machine: Machine, health: Health) -> Finding | None:
    """A note: boost is how the product will run, too."""
    allowed = machine.boost
    if allowed is None:
        return None
    reading = "on: the clock falls when the processor gets warm" if allowed else "off"
    return Finding(check="boost", state="ok", found=reading)


def throttling(machine: Machine, health: Health) -> Finding:
    """Whether the processor is slowed right now, or was since it was switched on."""
    pi, brakes = health.throttled, health.brakes
    now = [word for word in (pi.now if pi else ()) if word != "under-voltage"]
    now += [f"{one.name} at step {one.state}" for one in brakes or () if one.state > 0]
    if health.thermal_status:
        now.append(f"thermal status {health.thermal_status}")
    if now:
        advice = "Let it cool down, and give it a heat sink or a fan; then measure again."
        return Finding(
            check="throttling", state="failed", found=f"now: {', '.join(now)}", advice=advice
        )
    since_boot = (pi.since_boot if pi else None) or ()
    before = [word for word in since_boot if word != "under-voltage"]
    if before:
        return Finding(
            check="throttling",
            state="warning",
            found=f"not now; since it was switched on: {', '.join(before)}",
            advice="A long measurement may throttle again: give it a heat sink or a fan.",
        )
    count = health.throttle_count
    if (pi, brakes, count) == (None, None, None) and health.thermal_status in (None, UNSET):
        return _unknown("throttling", health, "throttled", "brakes", "throttle_count")
    times = f"; {count} times since it was switched on" if count else ""
    return Finding(check="throttling", state="ok", found=f"none now{times}")


def under_voltage(machine: Machine, health: Health) -> Finding | None:
    """A Raspberry Pi's supply."""
    pi = health.throttled
    if pi is None:
        return None
    advice = "Use the board's own power supply (Pi 5: 5 V 5 A, Pi 4: 5 V 3 A) and a short cable."
    if "under-voltage" in pi.now:
        reading = "now: the supply is too weak, and the clock is held down"
        return Finding(check="supply", state="failed", found=reading, advice=advice)
    if "under-voltage" in (pi.since_boot or ()):
        reading = "under-voltage since it was switched on, not now"
        return Finding(check="supply", state="warning", found=reading, advice=advice)
    return Finding(check="supply", state="ok", found="no under-voltage")


def temperature(machine: Machine, health: Health) -> Finding:
    """How near the hottest zone is to where it will be slowed."""
    zones = health.thermal_zones
    if not zones:
        return _unknown("temperature", health, "thermal_zones")
    near = [z for z in zones if z.temperature_c > (z.passive_c or HOT_C + NEAR_C) - NEAR_C]
    hottest = max(near or zones, key=lambda zone: zone.temperature_c)
    reading = f"{hottest.temperature_c:.0f} °C ({hottest.name})"
    if near:
        limit = f", slowed from {hottest.passive_c:.0f} °C on" if hottest.passive_c else ""
        advice = "Wait until it has cooled down: it will throttle in the measurement."
        return Finding(
            check="temperature", state="warning", found=f"{reading}{limit}", advice=advice
        )
    return Finding(check="temperature", state="ok", found=reading)


def battery(machine: Machine, health: Health) -> Finding | None:
    """A machine that runs on its battery saves power, and one that is low or hot more so."""
    batteries = [s for s in health.power_supplies or () if s.type == "Battery"]
    for one in batteries:
        percent, celsius = one.capacity_percent, one.temperature_c
        if percent is not None and percent < BATTERY_LOW_PERCENT:
            reading = f"{percent} % left: below {BATTERY_LOW_PERCENT} % systems save power"
            return Finding(
                check="battery", state="failed", found=reading, advice="Charge it, then measure."
            )
        if celsius is not None and celsius > BATTERY_HOT_C:
            reading = f"{celsius:.0f} °C: above {BATTERY_HOT_C:.0f} °C systems slow down"
            advice = "Let it cool down; charging heats it."
            return Finding(check="battery", state="failed", found=reading, advice=advice)
    if any(one.status == "Discharging" for one in batteries):
        return Finding(
            check="battery",
            state="warning",
            found="discharging: on battery most machines clock lower",
            advice="Plug it in, unless this is how the product will run.",
        )
    return Finding(check="battery", state="ok", found="charged or charging") if batteries else None


def screen(machine: Machine, health: Health) -> Finding | None:
    """A phone whose screen is off saves power."""
    screen = health.screen
    if not screen:
        return None
    advice = "Settings, developer options: Stay awake; unlock it, and put it in airplane mode."
    if not screen.on:
        reading = "off: the phone may rest in the middle of a measurement"
        return Finding(check="screen", state="warning", found=reading, advice=advice)
    if not screen.stays_on:
        reading = "on, and will go off by itself"
        return Finding(check="screen", state="warning", found=reading, advice=advice)
    return Finding(check="screen", state="ok", found="on, and stays on")


def _unknown(check: str, health: Health, *fields: str) -> Finding:
    reasons = dict.fromkeys(health.why_null.get(field, f"no reading `{field}`") for field in fields)
    return Finding(check=check, state="unknown", found="; ".join(reasons))


def _ghz(khz: float) -> str:
    return f"{khz / 1e6:.2f} GHz"


Check = Callable[[Machine, Health], Finding | None]

CHECKS: tuple[Check, ...] = (
    governor,
    clock_limit,
    boost,
    throttling,
    under_voltage,
    temperature,
    battery,
    screen,
    surroundings.load,
    surroundings.memory,
    surroundings.steal,
    surroundings.enclosure,
    surroundings.quota,
    surroundings.clock,
)


def check_machine(
    machine: Machine, health: Health, accelerator: str | None = None
) -> tuple[Finding, ...]:
    """Every check of a machine.

    Args:
        health: best watched for 0.5 s or more while nothing of edgeopt works.
        accelerator: "gpu" where that is what will be measured.
    """
    findings = [check(machine, health) for check in CHECKS]
    findings.append(surroundings.accelerator_users(health, accelerator))
    return tuple(finding for finding in findings if finding is not None)
