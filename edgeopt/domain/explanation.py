"""Why one candidate is faster or slower than another, in figures."""

from __future__ import annotations

from typing import Literal

from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.model import Value
from edgeopt.domain.nearness import Nearness
from edgeopt.domain.roof import Roof
from edgeopt.domain.time_profile import TimeProfile

EXPLANATION_VERSION = 1

Kind = Literal["compute", "conversion", "other", "outside"]


class Cost(Value, kw_only=True, frozen=True):
    """What one kind of operators costs an inference of each candidate.

    Attributes:
        kind: "compute" (convolutions and matrix products), "conversion" (of element type or
            layout), "other" operators, "outside" of all operators.
        precision: the arithmetic, for "compute" alone.
        a_ms, b_ms: of one inference. a_count, b_count: operators.
    """

    kind: Kind
    precision: str | None = None
    a_ms: float
    b_ms: float
    a_count: int
    b_count: int


class LayerCost(Value, kw_only=True, frozen=True):
    """One layer in both candidates.

    Attributes:
        layer: the source's name, or kind and number where names do not survive.
        kind: of what weighs most in it.
        matched: by "name"; by "position" among the operators that compute, where names do not
            survive; by "type", all of one together; "alone": it is in one of them only.
        a, b: what ran, in the runtimes' words; "" where nothing did.
        a_precision, b_precision: the arithmetic of what weighs most in it.
        a_ms, b_ms: of one inference, 0 where nothing ran.
        a_fallback, b_fallback: some of it did not run in the kernels it was meant for.
    """

    layer: str
    kind: Kind
    matched: Literal["name", "position", "type", "alone"]
    a: str
    b: str
    a_precision: str | None
    b_precision: str | None
    a_ms: float
    b_ms: float
    a_fallback: bool = False
    b_fallback: bool = False

    @property
    def more_ms(self) -> float:
        """How much longer it takes in `a`."""
        return self.a_ms - self.b_ms


class Side(Value, kw_only=True, frozen=True):
    """One of the two candidates.

    Attributes:
        latency_ms: as measured in the run; null where it was not timed.
    """

    recipe_id: str
    title: str
    runtime: str
    precision: str
    threads: int
    latency_ms: Latency | None
    profile: TimeProfile


class Explanation(Value, kw_only=True, frozen=True):
    """Candidate `a` against candidate `b`.

    Attributes:
        verdict: the run's own, of `a` over `b`; null where the run compared them not.
        costs: by kind. layers: the largest difference first.
        inputs: what the profiled inferences were fed. device: where they ran.
        sentence: the same in words. caveats: what to know before believing it.
        nearness: how near `a` and `b` come to what this machine can do. roofs: that, for each
            number of threads of theirs, where it was measured.
    """

    v: int = EXPLANATION_VERSION
    target: str
    a: Side
    b: Side
    verdict: Verdict | None
    costs: tuple[Cost, ...]
    layers: tuple[LayerCost, ...]
    inputs: str
    device: str
    sentence: str
    caveats: tuple[str, ...]
    nearness: tuple[Nearness, ...] = ()
    roofs: tuple[Roof, ...] = ()
