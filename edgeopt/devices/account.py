"""What a machine may say of itself, and of what spoils figures there: `hello` and `health`.

What a reading does not give is None, with its reason in `why_null`. What only some links can ask
for (a phone's screen) is UNSET where it was not asked, and then it is written nowhere.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType, field, structs

from edgeopt.devices.answers import Count, Few, Instant, Ns, Number, Share, Signed, Text, Word

Reasons = Annotated[dict[Word, Text], Meta(max_length=1000)]
Words = Annotated[list[Word], Meta(max_length=10_000)]
Clock = Annotated[float, Meta(ge=0, le=1e12)]  # kHz
Celsius = Number  # a broken sensor says 2147483
Load = Annotated[float, Meta(ge=0, le=1e6)]


class Zone(Struct, frozen=True, kw_only=True):
    """A temperature sensor."""

    name: Word
    temperature_c: Celsius
    passive_c: Celsius | None


class Policy(Struct, frozen=True, kw_only=True):
    """Cores that change their clock together."""

    name: Word
    cpus: Text | None
    driver: Word | None
    governor: Word | None
    clock_khz: Clock | None
    min_khz: Clock | None
    max_khz: Clock | None
    hardware_max_khz: Clock | None
    energy_preference: Word | None


class PowerLimit(Struct, frozen=True, kw_only=True):
    """What the processor may draw."""

    zone: Word
    constraint: Word | None
    limit_w: Number


class Machine(Struct, frozen=True, kw_only=True):
    """What `hello` says. What is not to be had is null."""

    arch: Word
    cpu_model: Word | None
    parts: Annotated[list[dict[Word, Word | int]], Meta(max_length=4096)] | None = None
    core_kinds: Annotated[dict[Word, Text], Meta(max_length=64)] | None = None
    cores: Annotated[int, Meta(ge=1, le=65536)]
    cores_online: Text | None = None
    affinity: Annotated[list[Few], Meta(max_length=65536)] | None = None
    smt: Word | None = None
    features: Words
    microcode: Word | None = None
    board: Word | None
    firmware: Text | None = None
    power_mode: Word | None = None
    id: Word | None = None
    kernel: Word | None = None
    os: Word | None = None
    distribution: Word | None = None
    libc: Word | None = None
    python: Word
    uptime_s: Annotated[float, Meta(ge=0, le=1e12)] | None = None
    memory_bytes: Count | None
    memory_limit_bytes: Count | None = None
    swap_bytes: Count | None = None
    governor: Word | None = None
    policies: Annotated[list[Policy], Meta(max_length=4096)] | None = None
    boost: bool | None = None
    power_limits: Annotated[list[PowerLimit], Meta(max_length=4096)] | None = None
    clock_source: Word | None = None
    clock_resolution_ns: Ns | None = None
    virtual_machine: bool | None = None
    hypervisor: Word | None = None
    container: Word | None = None
    cpu_quota: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    thermal_zones: Annotated[list[Zone], Meta(max_length=4096)] | None = None
    throttle_count: Count | None = None
    load_1m: Load | None = None
    steal_share: Share | None = None
    why_null: Reasons = field(default_factory=dict)


class Throttled(Struct, frozen=True, kw_only=True):
    """What a Raspberry Pi's firmware holds back."""

    source: Word | None = None
    bits: Annotated[int, Meta(ge=0, le=2**32)] | None
    now: Words
    since_boot: Words | None = None


class Brake(Struct, frozen=True, kw_only=True):
    """A cooling device that slows something."""

    name: Word
    state: Signed
    most: Signed | None


class Supply(Struct, frozen=True, kw_only=True):
    """A battery or the mains."""

    name: Word
    type: Word | None
    online: Signed | None
    status: Word | None
    capacity_percent: Signed | None
    temperature_c: Celsius | None
    plugged: Words | UnsetType = UNSET


class Screen(Struct, frozen=True, kw_only=True):
    """A phone's screen; `stays_on`: while it is plugged in."""

    on: bool
    stays_on: bool


class GpuUser(Struct, frozen=True, kw_only=True):
    """A process that computes on a GPU."""

    pid: Count
    memory_bytes: Count | None


class Gpu(Struct, frozen=True, kw_only=True):
    """An NVIDIA GPU."""

    index: Few
    name: Word | None
    temperature_c: Celsius | None
    power_w: Number | None
    clock_mhz: Clock | None
    memory_clock_mhz: Clock | None
    performance_state: Word | None
    event_reasons: Words | None
    processes: Annotated[list[GpuUser], Meta(max_length=10_000)] | None


class Busy(Struct, frozen=True, kw_only=True):
    """A process that used processor time."""

    pid: Count
    name: Word
    cores: Annotated[float, Meta(ge=0, le=1e6)]


class QuotaStops(Struct, frozen=True, kw_only=True):
    """How often a control group was stopped."""

    count: Count
    stopped_ms: Annotated[float, Meta(ge=0, le=1e18)]


class Health(Struct, frozen=True, kw_only=True):
    """What may spoil figures."""

    t_ns: Instant
    throttled: Throttled | None = None
    thermal_zones: Annotated[list[Zone], Meta(max_length=4096)] | None = None
    brakes: Annotated[list[Brake], Meta(max_length=4096)] | None = None
    throttle_count: Count | None = None
    throttle_ms: Count | None = None
    policies: Annotated[list[Policy], Meta(max_length=4096)] | None = None
    firmware_clock_khz: Clock | None = None
    power_supplies: Annotated[list[Supply], Meta(max_length=256)] | None = None
    load_1m: Load | None = None
    memory_available_bytes: Count | None = None
    swap_used_bytes: Signed | None = None
    swapped_pages: dict[Word, Count] | None = None
    quota_stops: QuotaStops | None = None
    gpus: Annotated[list[Gpu], Meta(max_length=256)] | None = None
    meters: Words | None = None
    meters_sealed: bool | None = None
    watched_s: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    idle_share: Share | None = None
    steal_share: Share | None = None
    swapped_in_watch: Signed | None = None
    busiest: Annotated[list[Busy], Meta(max_length=16)] | None = None
    screen: Screen | UnsetType | None = UNSET
    thermal_status: Few | UnsetType | None = UNSET
    fixed_performance: bool | UnsetType | None = UNSET
    why_null: Reasons = field(default_factory=dict)


class PhoneMachine(Struct, frozen=True, kw_only=True):
    """Of `Machine`, what a phone's properties tell better than its runner does."""

    board: str | None
    distribution: str | None
    firmware: str | None
    id: str | None = None
    why_null: dict[str, str] = field(default_factory=dict)


class PhoneHealth(Struct, frozen=True, kw_only=True):
    """Of `Health`, what the runner on a phone may not read.

    Attributes:
        thermal_status: Android's, from 0 (none) to 6 (shutdown).
        fixed_performance: whether the phone holds a clock that it can hold for long.
    """

    fixed_performance: bool
    screen: Screen | None
    thermal_status: int | None
    thermal_zones: list[Zone] | None
    power_supplies: list[Supply] | None
    why_null: dict[str, str] = field(default_factory=dict)


Account = TypeVar("Account", Machine, Health)


def completed(account: Account, more: PhoneMachine | PhoneHealth) -> Account:
    """Readings of two sources: what the second knows counts; reasons stay for what none knows."""
    readings = structs.asdict(more)
    reasons = {**account.why_null, **readings.pop("why_null")}
    known = {
        name: value
        for name, value in readings.items()
        if value is not None or getattr(account, name) is UNSET
    }
    whole = structs.replace(account, **known)
    why = {name: text for name, text in reasons.items() if getattr(whole, name, None) is None}
    return structs.replace(whole, why_null=why)
