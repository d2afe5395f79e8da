"""Where the time of an inference goes, as the runtime's own profiler tells it.

Taken with the profiler on: it gives shares, never a latency.
"""

from __future__ import annotations

from typing import Literal

from edgeopt.domain.model import Value


class OperatorTime(Value, kw_only=True, frozen=True):
    """One operator of the graph that ran.

    Attributes:
        name: the runtime's own. type: its kind ("QLinearConv", "CONV_2D"), in the runtime's words.
        precision: the arithmetic that ran ("fp32", "bf16", "int8", "int8-dynamic"); null where the
            runtime does not say. output: the element type of its result, in the same words.
        detail: which kernel it was.
        layers: the source's layers that it computes, as far as their names survive.
        fallback: it did not run in the kernels that it was meant to run in: a reference kernel of
            OpenVINO, a built-in one of LiteRT beside XNNPACK.
        ns: of one inference: the mean over the runs that `TimeProfile` counts.
    """

    name: str
    type: str
    precision: str | None
    output: str | None
    detail: str
    layers: tuple[str, ...]
    fallback: bool
    ns: float


class TimeProfile(Value, kw_only=True, frozen=True):
    """One artifact's operators in execution order, with their times.

    Attributes:
        how: where the times come from.
        total_ns: wall time of an inference in the profiled runs that are counted: the middle half
            of them by total. Every operator's time is its mean over the same runs, so that the
            operators and what is left add up to it.
        plain_ns: the same of the runs without a profiler that went in between.
        runs: profiled runs; half of them are counted.
        layers_by: how operators were traced to the source's layers: by "name"; by "position",
            where a converter kept the order of what computes and lost the names; "none": they
            were not, their names are the runtime's own.
    """

    runtime: str
    how: str
    operators: tuple[OperatorTime, ...]
    total_ns: float
    plain_ns: float
    runs: int
    layers_by: Literal["name", "position", "none"] = "none"

    @property
    def outside_ns(self) -> float:
        """What no operator accounts for: the call, copies of inputs and outputs.

        Of the plain runs where these were the shorter ones: what the profiler itself costs is no
        part of an inference.
        """
        whole = min(self.total_ns, self.plain_ns)
        return max(0.0, whole - sum(op.ns for op in self.operators))

    @property
    def overhead(self) -> float:
        """How much longer an inference took with the profiler, a share."""
        return self.total_ns / self.plain_ns - 1
