"""What a runner may say of its machine and of what spoils figures there: `hello` and `health`."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from msgspec import Meta

from edgeopt.devices.answers import Count, Few, Instant, Ns, Number, Share, Signed, Text, Word

Reasons = Annotated[dict[Word, Text], Meta(max_length=1000)]
Words = Annotated[list[Word], Meta(max_length=10_000)]
Clock = Annotated[float, Meta(ge=0, le=1e12)]  # kHz
Celsius = Number  # a broken sensor says 2147483
Load = Annotated[float, Meta(ge=0, le=1e6)]


class Zone(TypedDict):
    """A temperature sensor."""

    name: Word
    temperature_c: Celsius
    passive_c: Celsius | None


class Policy(TypedDict):
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


class PowerLimit(TypedDict):
    """What the processor may draw."""

    zone: Word
    constraint: Word | None
    limit_w: Number


class Machine(TypedDict):
    """What `hello` says. What is not to be had is null."""

    arch: Word
    cpu_model: Word | None
    parts: NotRequired[Annotated[list[dict[Word, Word | int]], Meta(max_length=4096)] | None]
    core_kinds: NotRequired[Annotated[dict[Word, Text], Meta(max_length=64)] | None]
    cores: Annotated[int, Meta(ge=1, le=65536)]
    cores_online: NotRequired[Text | None]
    affinity: NotRequired[Annotated[list[Few], Meta(max_length=65536)] | None]
    smt: NotRequired[Word | None]
    features: Words
    microcode: NotRequired[Word | None]
    board: Word | None
    firmware: NotRequired[Text | None]
    power_mode: NotRequired[Word | None]
    id: NotRequired[Word | None]
    kernel: NotRequired[Word | None]
    os: NotRequired[Word | None]
    distribution: NotRequired[Word | None]
    libc: NotRequired[Word | None]
    python: Word
    uptime_s: NotRequired[Annotated[float, Meta(ge=0, le=1e12)] | None]
    memory_bytes: Count | None
    memory_limit_bytes: NotRequired[Count | None]
    swap_bytes: NotRequired[Count | None]
    governor: NotRequired[Word | None]
    policies: NotRequired[Annotated[list[Policy], Meta(max_length=4096)] | None]
    boost: NotRequired[bool | None]
    power_limits: NotRequired[Annotated[list[PowerLimit], Meta(max_length=4096)] | None]
    clock_source: NotRequired[Word | None]
    clock_resolution_ns: NotRequired[Ns | None]
    virtual_machine: NotRequired[bool | None]
    hypervisor: NotRequired[Word | None]
    container: NotRequired[Word | None]
    cpu_quota: NotRequired[Annotated[float, Meta(ge=0, le=1e6)] | None]
    thermal_zones: NotRequired[Annotated[list[Zone], Meta(max_length=4096)] | None]
    throttle_count: NotRequired[Count | None]
    load_1m: NotRequired[Load | None]
    steal_share: NotRequired[Share | None]
    why_null: NotRequired[Reasons]


class Hello(TypedDict):
    """The reply to `hello`."""

    machine: Machine
    why_null: NotRequired[Reasons]


class Throttled(TypedDict):
    """What a Raspberry Pi's firmware holds back."""

    source: NotRequired[Word]
    bits: Annotated[int, Meta(ge=0, le=2**32)] | None
    now: Words
    since_boot: NotRequired[Words | None]


class Brake(TypedDict):
    """A cooling device that slows something."""

    name: Word
    state: Signed
    most: Signed | None


class Supply(TypedDict):
    """A battery or the mains."""

    name: Word
    type: Word | None
    online: Signed | None
    status: Word | None
    capacity_percent: Signed | None
    temperature_c: Celsius | None


class GpuUser(TypedDict):
    """A process that computes on a GPU."""

    pid: Count
    memory_bytes: Count | None


class Gpu(TypedDict):
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


class Busy(TypedDict):
    """A process that used processor time."""

    pid: Count
    name: Word
    cores: Annotated[float, Meta(ge=0, le=1e6)]


class QuotaStops(TypedDict):
    """How often a control group was stopped."""

    count: Count
    stopped_ms: Annotated[float, Meta(ge=0, le=1e18)]


class HealthAccount(TypedDict):
    """What may spoil figures."""

    t_ns: Instant
    throttled: NotRequired[Throttled | None]
    thermal_zones: NotRequired[Annotated[list[Zone], Meta(max_length=4096)] | None]
    brakes: NotRequired[Annotated[list[Brake], Meta(max_length=4096)] | None]
    throttle_count: NotRequired[Count | None]
    throttle_ms: NotRequired[Count | None]
    policies: NotRequired[Annotated[list[Policy], Meta(max_length=4096)] | None]
    firmware_clock_khz: NotRequired[Clock | None]
    power_supplies: NotRequired[Annotated[list[Supply], Meta(max_length=256)] | None]
    load_1m: NotRequired[Load | None]
    memory_available_bytes: NotRequired[Count | None]
    swap_used_bytes: NotRequired[Signed | None]
    swapped_pages: NotRequired[dict[Word, Count] | None]
    quota_stops: NotRequired[QuotaStops | None]
    gpus: NotRequired[Annotated[list[Gpu], Meta(max_length=256)] | None]
    meters: NotRequired[Words | None]
    watched_s: NotRequired[Annotated[float, Meta(ge=0, le=1e6)]]
    idle_share: NotRequired[Share | None]
    steal_share: NotRequired[Share | None]
    swapped_in_watch: NotRequired[Signed | None]
    busiest: NotRequired[Annotated[list[Busy], Meta(max_length=16)] | None]
    why_null: NotRequired[Reasons]


class Health(TypedDict):
    """The reply to `health`."""

    health: HealthAccount
