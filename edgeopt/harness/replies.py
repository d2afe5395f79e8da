"""What a runner may answer to each request: names, types, ranges (`docs/runner-protocol.md`)."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, TypedDict

from msgspec import Meta, Struct

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
from edgeopt.harness.account import Celsius, Clock, Health, Hello, Load, Reasons, Words

Long = Annotated[str, Meta(max_length=1 << 18)]  # names of fused layers
Durations = list[Ns]
#: A dimension that a file leaves open has a name, or none.
Dims = Annotated[list[Annotated[int, Meta(ge=-1, le=2**40)] | Word | None], Meta(max_length=32)]
Element = Annotated[str, Meta(pattern=r"\A[A-Za-z][A-Za-z0-9_]{0,31}\Z")]


class Envelope(Struct):
    """What every reply has. `n` is the request's own number, so that it is an answer to it."""

    ok: bool
    n: int | None = None
    error: Long = ""
    own: Word = ""


class Stock(TypedDict):
    """The reply to `stock`."""

    executable: Text
    bits: Annotated[int, Meta(ge=8, le=128)]
    numpy: Word | None
    disk_free_bytes: Count
    clock_s: Annotated[float, Meta(ge=0, le=1e12)]
    other_runners: Few | None


class Imported(TypedDict):
    """The reply to `import`."""

    version: Word
    import_ns: NsOrZero
    rss_bytes: NotRequired[Count | None]


class Providers(TypedDict):
    """The reply to `providers`."""

    providers: Words


class Tensor(TypedDict):
    """As a session lists it."""

    name: Long
    dtype: Element
    scale: NotRequired[Number]
    zero_point: NotRequired[Signed]


class Input(Tensor):
    """What a session takes."""

    shape: Dims


class Output(Tensor):
    """What it answers; `shape` is null where only a run tells how many axes there are."""

    shape: Dims | None


class Opened(TypedDict):
    """The reply to `open`."""

    version: Word
    load_ns: NsOrZero
    compile_ns: NsOrZero | None
    why_null: Reasons
    inputs: Annotated[list[Input], Meta(max_length=10_000)]
    outputs: Annotated[list[Output], Meta(max_length=10_000)]
    rss_before_bytes: NotRequired[Count | None]
    peak_rss_bytes: NotRequired[Count | None]


class SessionFacts(TypedDict):
    """What really runs."""

    operators: NotRequired[Annotated[dict[Word, Few], Meta(max_length=10_000)]]
    precisions: NotRequired[Annotated[dict[Word, Few], Meta(max_length=100)] | None]
    total: NotRequired[Few | None]
    delegated: NotRequired[Few | None]
    providers: NotRequired[Words]
    options: NotRequired[
        Annotated[dict[Word, Text | int | float | bool | None], Meta(max_length=1000)]
    ]
    float_asked: NotRequired[Word | None]
    float_ran: NotRequired[Word | None]
    rss_bytes: NotRequired[Count | None]
    why_null: NotRequired[Reasons]


class Facts(TypedDict):
    """The reply to `facts`."""

    facts: SessionFacts


class Written(TypedDict):
    """An output as it stands in its file, but for its first axis, the samples."""

    dtype: Element
    shape: Annotated[list[Count], Meta(max_length=32)]


class Inferred(TypedDict):
    """The reply to `infer`."""

    count: Count
    outputs: Annotated[list[Written], Meta(max_length=10_000)]


class Counted(TypedDict):
    """The reply to `inputs`."""

    count: Count


class Warmed(TypedDict):
    """The reply to `warmup`."""

    first_ns: Ns
    t_ns: Durations
    peak_rss_bytes: Count | None


class Readings(TypedDict):
    """What is read around a block."""

    t_ns: NotRequired[Instant]
    cpu_ns: NotRequired[Count]
    idle_ns: NotRequired[Count]
    idle_cpu_ns: NotRequired[Count]
    major_faults: NotRequired[Count | None]
    yielded: NotRequired[Count | None]
    preempted: NotRequired[Count | None]
    steal_ticks: NotRequired[Count | None]
    total_ticks: NotRequired[Count | None]
    load_1m: NotRequired[Load | None]
    clock_khz: NotRequired[Clock | None]
    temperature_c: NotRequired[Celsius | None]
    throttle_count: NotRequired[Count | None]
    throttled_bits: NotRequired[Annotated[int, Meta(ge=0, le=2**32)] | None]


class Block(TypedDict):
    """The reply to `block`."""

    t_ns: Durations
    start_ns: Instant
    before: Readings
    after: Readings


class Paced(TypedDict):
    """The reply to `paced`."""

    begun_ns: list[Signed]
    t_ns: Durations
    before: Readings
    after: Readings


class Stream(TypedDict):
    """One session of several."""

    t_ns: Durations
    elapsed_ns: Ns


class Streams(TypedDict):
    """The reply to `streams`."""

    streams: Annotated[list[Stream], Meta(max_length=1024)]
    peak_rss_bytes: Count | None
    before: Readings
    after: Readings


class Pages(TypedDict):
    """The reply to `evict` and to `fill`."""

    bytes: Count
    resident_bytes: Count | None
    why_null: Reasons


class Read(TypedDict):
    """The reply to `readings`."""

    readings: Readings


class Canary(TypedDict):
    """The reply to `canary`."""

    arithmetic_ns: Ns
    copy_ns: Ns


class Meter(TypedDict):
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


class Energy(TypedDict):
    """The reply to `energy`."""

    count: Count
    seconds: Annotated[float, Meta(ge=0, le=1e6)]
    meters: Annotated[list[Meter], Meta(max_length=256)]
    why_null: Reasons


class Operator(TypedDict):
    """One operator of a profile."""

    name: Long
    type: Word
    precision: Word | None
    output: Word | None
    detail: Long
    layers: Annotated[list[Long], Meta(max_length=10_000)]
    fallback: bool
    t_ns: list[Annotated[float, Meta(ge=-1e15, le=1e15)]]


class ProfileAccount(TypedDict):
    """Where the time of an inference goes."""

    how: Text
    operators: Annotated[list[Operator], Meta(max_length=100_000)]
    total_ns: Durations
    plain_ns: Durations


class Profile(TypedDict):
    """The reply to `profile`."""

    profile: ProfileAccount


#: Request -> what its reply has beside `Envelope`.
REPLIES: dict[str, Any] = {
    "hello": Hello,
    "health": Health,
    "stock": Stock,
    "import": Imported,
    "providers": Providers,
    "open": Opened,
    "facts": Facts,
    "infer": Inferred,
    "inputs": Counted,
    "warmup": Warmed,
    "block": Block,
    "paced": Paced,
    "streams": Streams,
    "evict": Pages,
    "fill": Pages,
    "readings": Read,
    "canary": Canary,
    "energy": Energy,
    "profile": Profile,
}
