"""What one model came to on one target: the answer of `edgeopt.evaluate`."""

from __future__ import annotations

from typing import Any

import msgspec

from edgeopt.domain.energy import Energy
from edgeopt.domain.model import Value
from edgeopt.domain.score import Drop, Score

EVALUATION_VERSION = 1


class RelativeLatency(Value, kw_only=True, frozen=True):
    """A latency that was measured as a ratio, so that figures of different calls compare.

    Attributes:
        ms: `ratio` times `reference_ms`: steady state, host to host, batch 1, the median.
        low, high: its 95 % interval, null where there are too few pairs of blocks.
        ratio: how many times as long as the fixed reference took, in interleaved blocks of the same
            schedule; null where nothing could stand beside it: then `ms` is its own median.
        reference_ms: what the reference takes on this device, measured once and kept.
        pairs: pairs of blocks. n: runs.
        slowed: how many times as long as `reference_ms` the reference took in this schedule.
    """

    ms: float
    low: float | None = None
    high: float | None = None
    ratio: float | None = None
    reference_ms: float | None = None
    pairs: int = 0
    n: int = 0
    slowed: float | None = None

    @property
    def ends(self) -> tuple[float, float]:
        """Of its interval, ms; of what has none the figure itself, twice."""
        if self.low is None or self.high is None:
            return self.ms, self.ms
        return self.low, self.high

    def reaches_over(self, limit_ms: float) -> bool:
        """Whether its interval does not tell on which side of a limit it is."""
        low, high = self.ends
        return low <= limit_ms < high


class Evaluation(Value, kw_only=True, frozen=True):
    """One model on one target, in one form. Null has a reason in `why_null`.

    Fields are read as attributes or by name: `found.latency_ms`, `found["latency_ms"]`.

    Attributes:
        form: the recipe in one line; null where no form could be had.
        recipe_id, runtime, precision: of that form.
        latency_ms: the median of `latency`.
        score, drop: on the choosing part of the data, of the converted model in its runtime. The
            drop is beside the model as it was given: positive is worse.
        score_lower_is_better: of its metric. score_detail, drop_detail: with their intervals.
        size_bytes: of all files of the form. energy_mj: for one inference; energy: in full.
        structure: two models of one structure differ in weights alone; "" where it is not known.
        multiply_adds, parameters: of the model as it was given.
        outputs: the shapes of the model's outputs, by name.
        allowed: whether the drop is at most the allowed one; null where it is not known.
        notes: what to know of the figures. cached: which of them were taken from earlier calls.
        tried: the forms that were tried, each with why it was not taken, "" for the one that was.
    """

    v: int = EVALUATION_VERSION
    target: str
    device: str
    form: str | None = None
    recipe_id: str | None = None
    runtime: str = ""
    precision: str = ""
    latency_ms: float | None = None
    latency: RelativeLatency | None = None
    score: float | None = None
    score_detail: Score | None = None
    score_lower_is_better: bool = False
    drop: float | None = None
    drop_detail: Drop | None = None
    size_bytes: int | None = None
    energy_mj: float | None = None
    energy: Energy | None = None
    structure: str = ""
    multiply_adds: int | None = None
    parameters: int | None = None
    outputs: dict[str, tuple[int, ...]] = msgspec.field(default_factory=dict)
    allowed: bool | None = None
    why_null: dict[str, str] = msgspec.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    cached: tuple[str, ...] = ()
    tried: dict[str, str] = msgspec.field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """A field by its name.

        Raises:
            KeyError: there is none.
        """
        if name not in self.__struct_fields__:
            raise KeyError(name)
        return getattr(self, name)
