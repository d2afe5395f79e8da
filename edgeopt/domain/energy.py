"""Energy of one artifact on one device. Only a meter's reading may fill these."""

from __future__ import annotations

from typing import Literal

import msgspec

from edgeopt.domain.model import Value

Covers = Literal["board", "processor", "processor and memory", "gpu", "platform"]


class Energy(Value, kw_only=True, frozen=True):
    """Energy per inference, or the reason why there is none.

    Attributes:
        meter: source and names of what was read.
        covers: what it measures. Figures that cover different things are not comparable.
        gross_mj: millijoules for each inference, all that was drawn meanwhile; the median of
            the launches. `gross_low_mj`, `gross_high_mj`: smallest and largest launch.
        net_mj: without what is drawn at rest, `idle_w`.
        n: inferences; launches: processes they ran in.
        notes: what to know about this meter.
        why_null: field -> why it is null.
    """

    meter: str | None = None
    covers: Covers | None = None
    gross_mj: float | None = None
    gross_low_mj: float | None = None
    gross_high_mj: float | None = None
    net_mj: float | None = None
    idle_w: float | None = None
    n: int = 0
    launches: int = 0
    notes: tuple[str, ...] = ()
    why_null: dict[str, str] = msgspec.field(default_factory=dict)
