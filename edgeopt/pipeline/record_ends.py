"""How a record begins, and how it ends before it was scored."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from edgeopt import runtimes
from edgeopt.domain.errors import StepFailed
from edgeopt.domain.recipe import LeftOut, Recipe
from edgeopt.domain.record import Record, RecordStep, Status
from edgeopt.domain.shortfall import Shortfall
from edgeopt.report import obstacle_words, shortfall_words


def blank(target: str, device: str, recipe: Recipe) -> Record:
    """The record of a recipe of which nothing is known yet."""
    return Record(
        target=target,
        device=device,
        runtime=recipe.runtime,
        precision=recipe.precision,
        recipe_id=recipe.id,
        recipe=recipe,
        status="ok",
        step=None,
    )


def made_only(record: Record) -> Record:
    """The record of an artifact that nothing here can run."""
    elsewhere = runtimes.spec(record.runtime).elsewhere
    assert elsewhere is not None, "asked of a runtime that runs nowhere here"
    why, advice = elsewhere
    return msgspec.structs.replace(
        record, status="converted", step="convert", reason=why, hint=advice
    )


def failed(record: Record, step: RecordStep, error: StepFailed) -> Record:
    """A record that ended at a step."""
    status: Status = error.status  # type: ignore[assignment]
    return msgspec.structs.replace(
        record, status=status, step=step, reason=error.reason, hint=error.hint
    )


def unscored(record: Record, shortfalls: Sequence[Shortfall]) -> Record:
    """The record of an artifact that falls short whatever its score would be."""
    why = "; ".join(map(shortfall_words.clause, shortfalls))
    return msgspec.structs.replace(
        record, status="skipped", step="score", reason=f"not scored: {why}"
    )


def skipped(target: str, left: LeftOut) -> Record:
    """The record of a recipe that was left out."""
    return Record(
        target=target,
        device="none",
        runtime=left.runtime,
        precision=left.precision,
        recipe_id=None,
        recipe=None,
        status="skipped",
        step="space",
        reason=obstacle_words.reason(left.why),
        hint=obstacle_words.hint(left.why),
    )
