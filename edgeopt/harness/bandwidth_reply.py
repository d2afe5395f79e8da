"""What a runner may answer to `bandwidth` (`docs/runner-protocol.md`)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from edgeopt.devices.account import Reasons
from edgeopt.devices.answers import Count
from edgeopt.harness.replies import Reply

#: Faster than any memory of today by far: what is more is no measurement.
Rate = Annotated[float, Meta(gt=0, le=1e15)]


class Cache(Struct, frozen=True, kw_only=True):
    """One level of caches: the smallest and the largest, and how many there are."""

    level: Annotated[int, Meta(ge=0, le=16)]
    least_bytes: Count
    most_bytes: Count
    instances: Annotated[int, Meta(ge=1, le=1 << 16)]


class Level(Struct, frozen=True, kw_only=True):
    """What was moved in one level, by all threads together."""

    level: Literal["L0", "L1", "L2", "L3", "L4", "L5", "memory"]
    row_bytes: Count
    read_bytes_per_s: Rate
    copy_bytes_per_s: Rate


class Bandwidth(Reply, frozen=True, kw_only=True):
    """The reply to `bandwidth`."""

    caches: Annotated[list[Cache], Meta(max_length=16)]
    levels: Annotated[list[Level], Meta(max_length=16)]
    why_null: Reasons
