"""By what a candidate falls short of the constraints, as values: decisions ask them.

`report/shortfall_words.py` puts them into words.
"""

from __future__ import annotations

import math
from typing import Literal

from edgeopt.domain.model import Value

ShortfallKind = Literal[
    "no-score", "latency-only", "drop", "slice-drop", "size", "untrusted-latency", "latency",
    "p90", "memory", "energy", "outside",
]  # fmt: skip


class Subset(Value, kw_only=True, frozen=True):
    """The samples that a loss was found on.

    Attributes:
        part: "choose" or "confirm", as in `Score`. n: how many samples.
        column, value: of the slice; "" where it is the whole part.
    """

    part: str
    n: int
    column: str = ""
    value: str = ""


class Shortfall(Value, kw_only=True, frozen=True):
    """One constraint that a candidate does not keep.

    Attributes:
        kind: "no-score": nothing tells what it loses; "latency-only": its numbers come of random
            inputs; "drop" of the metric over a whole part;
            "slice-drop": over the worst slice of a column; "size"; "latency"; "untrusted-latency":
            what was measured cannot be ranked; "p90"; "memory"; "energy"; "outside" of the space
            that was asked for: it was measured to compare with.
        got, allowed: the figure and its limit: of a drop as `Drop.judged`, of a size in bytes, of
            a latency its p50 in ms, of a memory in bytes, of an energy in mJ. None where there is
            no figure.
        relative: a drop is a share of the source's error, and no difference of scores.
        where: the samples of a drop; None of anything else.
        spoiled: what makes a latency unfit, as in `Latency`.
    """

    kind: ShortfallKind
    got: float | None = None
    allowed: float | None = None
    relative: bool = False
    where: Subset | None = None
    spoiled: tuple[str, ...] = ()

    @property
    def is_loss(self) -> bool:
        """Whether other integers may mend it: it loses too much, and by a number."""
        lossy = self.kind in ("drop", "slice-drop")
        return lossy and self.got is not None and not math.isnan(self.got)
