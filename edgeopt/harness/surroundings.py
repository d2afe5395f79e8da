"""Checks of what else there is on a machine: other work, memory, limits, the clock that times."""

from __future__ import annotations

from edgeopt.devices.account import Health, Machine
from edgeopt.domain.finding import Finding

BUSY_SHARE = 0.10  # of all cores, by others
LOAD_PER_CORE = 0.3  # where the machine was not watched
STEAL_SHARE = 0.05
SWAP_BYTES = 100_000_000  # less lies there on every desktop
SWAPPED_PAGES = 256  # 1 MiB in the time that was watched, or in a schedule
COARSE_NS = 1000
SLOW_SOURCES = ("hpet", "acpi_pm", "jiffies", "refined-jiffies")
#: Event reasons of a GPU that hold its clocks down.
HELD_DOWN = ("hardware slowdown", "thermal slowdown", "power brake")


def load(machine: Machine, health: Health) -> Finding:
    """What others do with the processor."""
    idle, busiest = health.idle_share, health.busiest or ()
    advice = (
        "End what is not needed, or wait for it. Ratios of equal numbers of threads hold under "
        "load, milliseconds do not."
    )
    if idle is None:
        cores, average = machine.cores, health.load_1m
        if average is None:
            return Finding(check="load", state="unknown", found="nothing tells the load")
        reading = f"load average {average:.2f} on {cores} cores"
        high = average > LOAD_PER_CORE * cores
        return Finding(
            check="load",
            state="warning" if high else "ok",
            found=reading,
            advice=advice if high else "",
        )
    named = ", ".join(f"{one.name} (pid {one.pid}) {one.cores:g}" for one in busiest)
    reading = f"{100 * (1 - idle):.0f} % busy" + (f"; cores used by: {named}" if named else "")
    if 1 - idle > BUSY_SHARE:
        return Finding(check="load", state="warning", found=reading, advice=advice)
    return Finding(check="load", state="ok", found=reading)


def memory(machine: Machine, health: Health) -> Finding:
    """Memory that goes to disk and back takes milliseconds out of any run."""
    moved, used = health.swapped_in_watch, health.swap_used_bytes
    advice = "End what fills the memory, then empty the swap: sudo swapoff -a && sudo swapon -a"
    if moved is not None and moved >= SWAPPED_PAGES:
        reading = f"swapping now: {moved} pages in {health.watched_s:g} s"
        return Finding(check="memory", state="failed", found=reading, advice=advice)
    if used is not None and used >= SWAP_BYTES:
        reading = f"{used / 1e6:.0f} MB lie in swap"
        return Finding(check="memory", state="warning", found=reading, advice=advice)
    if used is None:
        return Finding(check="memory", state="unknown", found="nothing tells the use of swap")
    available = health.memory_available_bytes
    free = "" if available is None else f", {available / 1e9:.1f} GB of memory free"
    return Finding(check="memory", state="ok", found=f"no swapping{free}")


def steal(machine: Machine, health: Health) -> Finding | None:
    """What the host of a virtual machine takes away."""
    share = health.steal_share
    since = "now" if share is not None else "since boot"
    share = machine.steal_share if share is None else share
    if share is None or not (machine.virtual_machine or share > 0):
        return None
    reading = f"{100 * share:.1f} % of the time {since}"
    if share <= STEAL_SHARE:
        return Finding(check="steal", state="ok", found=reading)
    advice = "The host gives these cores to others: measure at another time, or on another machine."
    return Finding(check="steal", state="warning", found=reading, advice=advice)


def enclosure(machine: Machine, health: Health) -> Finding | None:
    """A virtual machine shares what it has; a container does no harm by itself."""
    kind = machine.container
    inside = f"in a container ({kind})" if kind and kind != "none" else ""
    if machine.virtual_machine:
        name = machine.hypervisor
        reading = f"a virtual machine{f' ({name})' if name else ''}{', ' if inside else ''}{inside}"
        advice = "Its milliseconds are its own: measure on the hardware that will run the model."
        return Finding(check="enclosure", state="warning", found=reading, advice=advice)
    return Finding(check="enclosure", state="ok", found=inside) if inside else None


def quota(machine: Machine, health: Health) -> Finding | None:
    """A limit on processor time stops a process in mid-run, for tens of milliseconds."""
    limit, cores = machine.cpu_quota, machine.cores
    if limit is None:
        return None
    reading = f"{limit:g} cores' worth of time for {cores} cores"
    if limit >= cores:
        return Finding(check="quota", state="ok", found=reading)
    return Finding(
        check="quota",
        state="warning",
        found=f"{reading}: the process is stopped when it is used up",
        advice="Start the container without --cpus, and choose cores instead: --cpuset-cpus=0,1",
    )


def clock(machine: Machine, health: Health) -> Finding | None:
    """The clock that times."""
    step, source = machine.clock_resolution_ns, machine.clock_source
    if step is None:
        return None
    reading = f"{source or 'unknown source'}, steps of at most {step} ns"
    if step <= COARSE_NS and source not in SLOW_SOURCES:
        return Finding(check="clock", state="ok", found=reading)
    advice = (
        "Runs of a few microseconds cannot be told apart. See what the kernel has against a faster"
        " clock: dmesg | grep -i clocksource"
    )
    return Finding(check="clock", state="warning", found=reading, advice=advice)


def accelerator_users(health: Health, accelerator: str | None) -> Finding | None:
    """Other processes on a GPU, and a GPU that is held down."""
    gpus = health.gpus
    if not gpus:
        if accelerator != "gpu":
            return None
        why = health.why_null.get("gpus", "no reading `gpus`")
        return Finding(check="accelerator", state="unknown", found=why)
    users = [str(one.pid) for gpu in gpus for one in gpu.processes or ()]
    held = [r for gpu in gpus for r in gpu.event_reasons or () if r.startswith(HELD_DOWN)]
    if not users and not held:
        return Finding(check="accelerator", state="ok", found=f"{gpus[0].name}: nobody else")
    uses = ([f"used by processes {', '.join(users)}"] if users else []) + held
    advice = f"End what is yours: kill {' '.join(users)}" if users else "Let it cool down."
    return Finding(
        check="accelerator",
        state="failed" if accelerator == "gpu" else "warning",
        found=f"{gpus[0].name}: {'; '.join(uses)}",
        advice=advice,
    )


#: Until the next boot. It is ours: what a board says is no command to be run as root.
OPEN_METERS = "sudo chmod a+r /sys/class/powercap/*/energy_uj"


def meters(health: Health) -> Finding:
    """Whether energy can be measured here."""
    if health.meters:
        by = ", ".join(health.meters)
        return Finding(check="energy", state="ok", found=f"can be metered by {by}")
    why = health.why_null.get("meters", "no reading `meters`")
    advice = OPEN_METERS if health.meters_sealed else ""
    return Finding(check="energy", state="unknown", found=why, advice=advice)
