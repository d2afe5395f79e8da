"""What a candidate did to whom: its score by slices of the data, and under corrupted inputs."""

from __future__ import annotations

from edgeopt.domain.model import Value
from edgeopt.domain.score import Drop, Score

#: A slice of fewer samples is shown, and rejects nobody: one sample is then ten points or more.
LEAST_TO_DECIDE = 10


class SliceEffect(Value, kw_only=True, frozen=True):
    """The samples that have one value of a column.

    Attributes:
        value: as text. n: samples; of a task's class, size or point those that have it.
        source, score: of the source and of the candidate on them. drop: between the two.
            Null with `why_null` where the metric is not defined on them alone.
    """

    value: str
    n: int
    source: Score | None
    score: Score | None
    drop: Drop | None
    why_null: str = ""

    @property
    def decides(self) -> bool:
        """Whether it may reject a candidate."""
        return self.drop is not None and self.n >= LEAST_TO_DECIDE


class Slices(Value, kw_only=True, frozen=True):
    """All values of one column, worst first.

    Attributes:
        by: "class", or the column's name.
        part: of the data, as in `Score`.
        count: how many values there are; `worst` holds the first of them, and every one that
            was needed to tell whether the limit is kept.
    """

    by: str
    part: str
    count: int
    worst: tuple[SliceEffect, ...]

    @property
    def worst_deciding(self) -> SliceEffect | None:
        """The slice that `--max-slice-drop` is compared with."""
        return next((one for one in self.worst if one.decides), None)


class CorruptionEffect(Value, kw_only=True, frozen=True):
    """The same samples with corrupted inputs, for the source and the candidate alike.

    Attributes:
        corruption: "noise", "blur", "brightness" or "gain". level: "mild" or "strong".
        what: how it was made, in words.
        n: samples. source, score, drop: as in `SliceEffect`, null with `why_null`.
    """

    corruption: str
    level: str
    what: str
    n: int
    source: Score | None
    score: Score | None
    drop: Drop | None
    why_null: str = ""
