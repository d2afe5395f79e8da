"""What really ran, in words."""

from __future__ import annotations

from edgeopt.domain import arithmetic
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Executed
from edgeopt.domain.session_facts import SessionFacts

#: Facts of a runtime that are called otherwise in a record.
_NAMES = {
    "precisions": "precision",
    "total": "operators_total",
    "delegated": "operators_delegated",
}

#: Fields that a measurement fills.
TIMED = ("load_ms", "compile_ms", "first_infer_ms", "peak_rss_bytes", "memory_bytes")


def executed(recipe: Recipe, facts: SessionFacts) -> Executed:
    """What ran, from the runtime's own account of it."""
    precisions = facts.precisions or {}
    why_null = {_NAMES.get(name, name): why for name, why in facts.why_null.items()}
    if not precisions:
        why_null.setdefault("precision", "the runtime names no operator that computes")
    for name in TIMED:
        why_null[name] = "not timed yet"
    return Executed(
        runtime_version=facts.version,
        precision=arithmetic.precisions(precisions),
        instead=arithmetic.instead(recipe.precision, facts),
        threads=recipe.threads,
        options=dict(facts.options or {}),
        operators_total=facts.total,
        operators_delegated=facts.delegated,
        load_ms=None,
        first_infer_ms=None,
        peak_rss_bytes=None,
        why_null=why_null,
    )


def notes(recipe: Recipe, account: Executed) -> tuple[str, ...]:
    """What ran, in a sentence, where it is not what was asked for."""
    if not account.instead:
        return ()
    request = " ".join((recipe.precision, *recipe.settings))
    ran = arithmetic.words(recipe.precision, account.instead).strip("()")
    return (f"asked for {request}, {recipe.runtime} reports: {ran}",)
