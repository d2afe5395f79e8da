"""What a runner may answer to each request: names, types, ranges (`docs/runner-protocol.md`)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from edgeopt.devices import account
from edgeopt.devices.account import Celsius, Clock, Load, Reasons, Words
from edgeopt.devices.answers import (
    Count,
    Few,
    Instant,
    Ns,
    NsOrZero,
    Number,
    Signed,
    Text,
    Word,
)
from edgeopt.domain.session_facts import SessionFacts

Long = Annotated[str, Meta(max_length=1 << 18)]  # names of fused layers
Durations = list[Ns]
#: A dimension that a file leaves open has a name, or none.
Dims = Annotated[list[Annotated[int, Meta(ge=-1, le=2**40)] | Word | None], Meta(max_length=32)]
Element = Annotated[str, Meta(pattern=r"\A[A-Za-z][A-Za-z0-9_]{0,31}\Z")]


class Reply(Struct, frozen=True, kw_only=True):
    """An answer to one request, but for what every line has (`protocol.Envelope`)."""


class Hello(Reply, frozen=True, kw_only=True):
    """The reply to `hello`."""

    machine: account.Machine
    why_null: Reasons = field(default_factory=dict)


class Health(Reply, frozen=True, kw_only=True):
    """The reply to `health`."""

    health: account.Health


class Stock(Reply, frozen=True, kw_only=True):
    """The reply to `stock`."""

    executable: Text
    bits: Annotated[int, Meta(ge=8, le=128)]
    numpy: Word | None
    disk_free_bytes: Count
    clock_s: Annotated[float, Meta(ge=0, le=1e12)]
    other_runners: Few | None


class Imported(Reply, frozen=True, kw_only=True):
    """The reply to `import`."""

    version: Word
    import_ns: NsOrZero
    rss_bytes: Count | None = None


class Providers(Reply, frozen=True, kw_only=True):
    """The reply to `providers`."""

    providers: Words


class Tensor(Struct, frozen=True, kw_only=True):
    """As a session lists it."""

    name: Long
    dtype: Element
    scale: Number | None = None
    zero_point: Signed | None = None


class Input(Tensor, frozen=True, kw_only=True):
    """What a session takes."""

    shape: Dims


class Output(Tensor, frozen=True, kw_only=True):
    """What it answers; `shape` is null where only a run tells how many axes there are."""

    shape: Dims | None


class Loaded(Reply, frozen=True, kw_only=True):
    """How opening a session went.

    Attributes:
        load_ns: reading and preparing; compiling, too, where `compile_ns` is null.
        rss_before_bytes: of the process, the runtime imported and the model not yet read; its
            peak starts anew there.
        peak_rss_bytes: when the session was open.
    """

    version: Word
    load_ns: NsOrZero
    compile_ns: NsOrZero | None
    why_null: Reasons
    rss_before_bytes: Count | None = None
    peak_rss_bytes: Count | None = None


class Opened(Loaded, frozen=True, kw_only=True):
    """The reply to `open`."""

    inputs: Annotated[list[Input], Meta(max_length=10_000)]
    outputs: Annotated[list[Output], Meta(max_length=10_000)]

    @property
    def loaded(self) -> Loaded:
        """Without the tensors."""
        return Loaded(**{name: getattr(self, name) for name in Loaded.__struct_fields__})


class ReportedFacts(SessionFacts, frozen=True, kw_only=True):
    """What really runs, as a runner reports it."""

    operators: Annotated[dict[Word, Few], Meta(max_length=10_000)] | None = None
    precisions: Annotated[dict[Word, Few], Meta(max_length=100)] | None = None
    total: Few | None = None
    delegated: Few | None = None
    providers: Words | None = None
    options: (
        Annotated[dict[Word, Text | int | float | bool | None], Meta(max_length=1000)] | None
    ) = None
    float_asked: Word | None = None
    float_ran: Word | None = None
    rss_bytes: Count | None = None
    why_null: Reasons = field(default_factory=dict)


class Facts(Reply, frozen=True, kw_only=True):
    """The reply to `facts`."""

    facts: ReportedFacts


class Written(Struct, frozen=True, kw_only=True):
    """An output as it stands in its file, but for its first axis, the samples."""

    dtype: Element
    shape: Annotated[list[Count], Meta(max_length=32)]


class Inferred(Reply, frozen=True, kw_only=True):
    """The reply to `infer`."""

    count: Count
    outputs: Annotated[list[Written], Meta(max_length=10_000)]


class Counted(Reply, frozen=True, kw_only=True):
    """The reply to `inputs`."""

    count: Count


class Warmed(Reply, frozen=True, kw_only=True):
    """The reply to `warmup`."""

    first_ns: Ns
    t_ns: Durations
    peak_rss_bytes: Count | None


class Readings(Struct, frozen=True, kw_only=True):
    """What is read around a block."""

    t_ns: Instant | None = None
    cpu_ns: Count | None = None
    idle_ns: Count | None = None
    idle_cpu_ns: Count | None = None
    major_faults: Count | None = None
    yielded: Count | None = None
    preempted: Count | None = None
    steal_ticks: Count | None = None
    total_ticks: Count | None = None
    load_1m: Load | None = None
    clock_khz: Clock | None = None
    temperature_c: Celsius | None = None
    throttle_count: Count | None = None
    throttled_bits: Annotated[int, Meta(ge=0, le=2**32)] | None = None


class Block(Reply, frozen=True, kw_only=True):
    """The reply to `block`."""

    t_ns: Durations
    start_ns: Instant
    before: Readings
    after: Readings
    parts_ns: Annotated[list[NsOrZero], Meta(min_length=4, max_length=4)] | None = None


class Paced(Reply, frozen=True, kw_only=True):
    """The reply to `paced`."""

    begun_ns: list[Signed]
    t_ns: Durations
    before: Readings
    after: Readings


class Stream(Struct, frozen=True, kw_only=True):
    """One session of several."""

    t_ns: Durations
    elapsed_ns: Ns


class Streams(Reply, frozen=True, kw_only=True):
    """The reply to `streams`."""

    streams: Annotated[list[Stream], Meta(max_length=1024)]
    peak_rss_bytes: Count | None
    before: Readings
    after: Readings


class Pages(Reply, frozen=True, kw_only=True):
    """The reply to `evict` and to `fill`."""

    bytes: Count
    resident_bytes: Count | None
    why_null: Reasons


class Read(Reply, frozen=True, kw_only=True):
    """The reply to `readings`."""

    readings: Readings


class Canary(Reply, frozen=True, kw_only=True):
    """The reply to `canary`."""

    arithmetic_ns: Ns
    copy_ns: Ns


class Meter(Struct, frozen=True, kw_only=True):
    """One meter's readings."""

    source: Word
    name: Word
    scope: Word
    counter: bool
    joules: Annotated[float, Meta(ge=0, le=1e12)] | None
    span_s: Annotated[float, Meta(ge=0, le=1e6)]
    idle_joules: Annotated[float, Meta(ge=0, le=1e12)] | None
    idle_span_s: Annotated[float, Meta(ge=0, le=1e6)]
    readings: Count
    note: Text
    why_null: Reasons


class Energy(Reply, frozen=True, kw_only=True):
    """The reply to `energy`."""

    count: Count
    seconds: Annotated[float, Meta(ge=0, le=1e6)]
    meters: Annotated[list[Meter], Meta(max_length=256)]
    why_null: Reasons


class Operator(Struct, frozen=True, kw_only=True):
    """One operator of a profile."""

    name: Long
    type: Word
    precision: Word | None
    output: Word | None
    detail: Long
    layers: Annotated[list[Long], Meta(max_length=10_000)]
    fallback: bool
    t_ns: list[Annotated[float, Meta(ge=-1e15, le=1e15)]]


class ProfileAccount(Struct, frozen=True, kw_only=True):
    """Where the time of an inference goes."""

    how: Text
    operators: Annotated[list[Operator], Meta(max_length=100_000)]
    total_ns: Durations
    plain_ns: Durations


class Profile(Reply, frozen=True, kw_only=True):
    """The reply to `profile`."""

    profile: ProfileAccount
