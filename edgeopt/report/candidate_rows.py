"""A run as one flat table: a row a candidate, plain values. For CSV, Parquet, pandas, MLflow.

The columns are an interface: they are explained in docs/records.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from edgeopt.domain.latency import Latency
from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice, Run
from edgeopt.domain.score import Drop, Score

#: Column -> its type: "str", "int", "float" or "bool". Every column may be empty but the first six.
COLUMNS = {
    "target": "str", "device": "str", "runtime": "str", "precision": "str", "status": "str",
    "role": "str", "recipe_id": "str", "title": "str", "threads": "int", "options": "str",
    "p50_ms": "float", "p50_low_ms": "float", "p50_high_ms": "float", "p90_ms": "float",
    "runs": "int", "stage": "str", "latency_reason": "str",
    "versus_baseline": "float", "versus_baseline_low": "float", "versus_baseline_high": "float",
    "versus_baseline_word": "str",
    "metric": "str", "score": "float", "score_low": "float", "score_high": "float",
    "score_n": "int",
    "drop": "float", "drop_low": "float", "drop_high": "float",
    "confirm_score": "float", "confirm_drop": "float", "confirm_n": "int",
    "size_bytes": "int", "load_ms": "float", "memory_bytes": "int", "energy_mj": "float",
    "on_front": "bool", "step": "str", "reason": "str", "sha256": "str", "artifact": "str",
}  # fmt: skip


def rows(run: Run) -> list[dict[str, Any]]:
    """A row a record, in the order of the run; None where there is nothing."""
    return [_row(run, record) for record in run.records]


def _row(run: Run, record: Record) -> dict[str, Any]:
    choice = run.choice(record.target)
    recipe, executed = record.recipe, record.executed
    verdict, energy = record.versus_baseline, record.energy
    found: dict[str, Any] = {
        "target": record.target,
        "device": record.device,
        "runtime": record.runtime,
        "precision": record.precision,
        "status": record.status,
        "role": _role(choice, record),
        "recipe_id": record.recipe_id,
        "title": record.title,
        "threads": recipe.threads if recipe else None,
        "options": json.dumps(recipe.options, sort_keys=True) if recipe else None,
        "latency_reason": record.latency_reason or None,
        "size_bytes": record.size_bytes,
        "load_ms": executed.load_ms if executed else None,
        "memory_bytes": executed.memory_bytes if executed else None,
        "energy_mj": energy.gross_mj if energy else None,
        "on_front": bool(choice and record.recipe_id in choice.front),
        "step": record.step,
        "reason": record.reason or None,
        "sha256": record.sha256,
        "artifact": record.artifact,
        **dict(_latency(record.latency_ms)),
        **dict(_scores(record.score, record.drop)),
        **dict(_scores(record.confirm_score, record.confirm_drop, "confirm_")),
    }
    if verdict is not None:
        found["versus_baseline"] = verdict.ratio
        found["versus_baseline_low"], found["versus_baseline_high"] = verdict.low, verdict.high
        found["versus_baseline_word"] = verdict.word
    return {name: found.get(name) for name in COLUMNS}


def _role(choice: Choice | None, record: Record) -> str:
    """ "chosen", "baseline", "rejected" on held-out samples, or ""."""
    if choice is None or record.recipe_id is None:
        return ""
    if record.recipe_id == choice.recipe_id:
        return "chosen"
    if record.recipe_id == choice.baseline_id:
        return "baseline"
    return "rejected" if record.recipe_id in {m.recipe_id for m in choice.rejected} else ""


def _latency(latency: Latency | None) -> Iterator[tuple[str, Any]]:
    if latency is not None:
        yield "p50_ms", latency.p50
        yield "p50_low_ms", latency.p50_low
        yield "p50_high_ms", latency.p50_high
        yield "p90_ms", latency.p90
        yield "runs", latency.n
        yield "stage", latency.stage


def _scores(score: Score | None, drop: Drop | None, of: str = "") -> Iterator[tuple[str, Any]]:
    """Columns of a part's score and drop, `of` before each; a row keeps those of `COLUMNS`."""
    if score is not None:
        yield f"{of}metric", score.metric
        yield f"{of}score", score.value
        yield f"{of}score_low", score.low
        yield f"{of}score_high", score.high
        yield f"{of or 'score_'}n", score.n
    if drop is not None:
        yield f"{of}drop", drop.judged
        yield f"{of}drop_low", drop.low
        yield f"{of}drop_high", drop.high
