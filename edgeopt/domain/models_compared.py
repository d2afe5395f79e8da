"""What several models ship on the same targets, side by side: which one, at which quality."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from edgeopt.domain.finding import Finding
from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.model import Value

#: Why scores of two models cannot be compared, "" where they can.
Doubt = Literal["", "agreement", "metrics", "data"]

#: Whether a model is worth shipping: no other is at least as good and faster.
Standing = Literal["worth it", "beaten", "not told", "nothing chosen"]


class ModelRow(Value, kw_only=True, frozen=True):
    """What one model ships on one target.

    Attributes:
        model: the source's path. folder: its run. recipe_id, title: of the chosen candidate; null
            and "" where nothing was chosen.
        latency_ms: in the schedule of all models; null where it was not timed, with `reason`.
        versus_first: against the first model that was timed there; null of itself.
        score: on the held-out samples, of `n` of them. source_score: the source's own there.
        lower_is_better: the score is an error.
        standing: "beaten" by the models `by` (their paths), which score as well or better and are
            faster; "not told" where scores or times cannot be compared.
    """

    model: str
    folder: str
    recipe_id: str | None
    title: str
    latency_ms: Latency | None = None
    versus_first: Verdict | None = None
    score: float | None = None
    source_score: float | None = None
    n: int | None = None
    lower_is_better: bool = False
    size_bytes: int | None = None
    standing: Standing = "not told"
    by: tuple[str, ...] = ()
    reason: str = ""


class ModelsOnTarget(Value, kw_only=True, frozen=True):
    """All models on one target.

    Attributes:
        device: where they were timed; "none": nowhere.
        rows: in the order of the models.
        findings: warnings and failures of the machine in the schedule.
        raw: every duration of it; {} where nothing was timed.
    """

    target: str
    device: str
    rows: tuple[ModelRow, ...]
    findings: tuple[Finding, ...] = ()
    raw: dict[str, Any] = msgspec.field(default_factory=dict)


class ModelsCompared(Value, kw_only=True, frozen=True):
    """See the module's head.

    Attributes:
        metric: of all models. doubt: why the scores of two models cannot be compared, or "".
    """

    metric: str
    targets: tuple[ModelsOnTarget, ...]
    doubt: Doubt = ""
