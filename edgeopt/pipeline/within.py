"""The loop that asks the clock: steps of an order (`search/within.py`) as long as one fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from edgeopt.domain.recipe import Recipe
from edgeopt.search.expected import Costs, Seen
from edgeopt.search.within import Kind, Step, is_due, needed_s, order, still_hold

#: What the end is expected to take, and a tenth: machines have slow minutes.
MARGIN = 1.1


class Worker(Protocol):
    """Who takes the steps: a target at work, or a recorded grid (`benchmarks/search`)."""

    def left_s(self) -> float:
        """Seconds until the time is over."""
        ...

    def end_s(self) -> float:
        """Seconds that what comes after all these steps is expected to take."""
        ...

    def untried(self) -> Sequence[Recipe]:
        """What is left, in the profile's order."""
        ...

    def seen(self) -> Sequence[Seen]: ...

    def costs(self) -> Costs: ...

    def take(self, step: Step) -> None:
        """Do it. What it tries is untried no more, whatever comes of it."""
        ...


def take_in_time(worker: Worker) -> tuple[Step, ...]:
    """Take steps while one fits beside the end; something is tried in any case.

    Returns:
        What the time left out, in its order.
    """
    since: frozenset[Kind] = frozenset()
    idle: frozenset[Kind] = frozenset()  # looks that changed nothing; so they would again
    while True:
        seen, costs = worker.seen(), worker.costs()
        steps = order(worker.untried(), seen, since, costs)
        room_s = worker.left_s() - MARGIN * worker.end_s()
        due = [step for step in steps if step.kind not in idle and is_due(step, seen, since)]
        fitting = [step for step in due if needed_s(step, seen, costs) <= room_s]
        if not seen:
            fitting = list(steps)
        if not fitting:
            return tuple(step for step in steps if step.kind == "try")
        step, before = fitting[0], tuple(seen)
        worker.take(step)
        after = worker.seen()
        since = still_hold(since, step, before, after)
        if step.kind == "try":
            idle = frozenset()
        elif tuple(after) == before:
            idle |= {step.kind}
