"""The last schedule's finalists are in the order of the figure that tables and the front show."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.pipeline.state import State
from edgeopt.pipeline.steps import final
from tests.search.test_choose import record


@dataclass
class Recorder:
    def keep(self, records: Any) -> tuple[Record, ...]:
        return tuple(records)


def test_finalists_are_ranked_by_their_ratio_to_the_baseline(monkeypatch):
    """Their p50 say the other order: medians of a whole schedule, in which the machine changed."""
    base = record("base", p50=0.0162)
    shorter = record("shorter", p50=0.00485, ratio=3.20)
    faster = record("faster", p50=0.00490, ratio=3.24)
    monkeypatch.setattr(final, "time_records", lambda run, group, plan: (group, ()))
    state = State(
        constraints=Constraints(max_drop=0.01),
        records=(base, shorter, faster),
        baseline="base",
        queue=(shorter.key, faster.key),
    )
    run: Any = SimpleNamespace(call=SimpleNamespace(budget="standard", seed=0), recorder=Recorder())
    found = final.Final().advance(run, state)
    assert found.finalists == (faster.key, shorter.key)
    assert found.ranked()[0].key == faster.key
