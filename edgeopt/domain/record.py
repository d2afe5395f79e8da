"""A record: what became of one recipe on one target. Its field names are an interface.

They are documented in `docs/records.md`; `RECORD_VERSION` changes with them.
"""

from __future__ import annotations

from typing import Literal

from edgeopt.domain import arithmetic
from edgeopt.domain import compression as stages
from edgeopt.domain.at_size import AtSize
from edgeopt.domain.effects import CorruptionEffect, Slices
from edgeopt.domain.emulation import Emulation
from edgeopt.domain.energy import Energy
from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.mean_latency import MeanLatency
from edgeopt.domain.model import Value
from edgeopt.domain.picture import Picture
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.score import Drop, Score
from edgeopt.domain.untimed import Untimed

RECORD_VERSION = 2

#: Fewer different values than this, where the source has so many times more, are few.
FEW_VALUES, TIMES_MORE = 32, 32

Status = Literal[
    "ok", "converted", "failed-convert", "failed-parity", "failed-run", "timeout", "skipped"
]
RecordStep = Literal["space", "convert", "parity", "score", "measure"]


class Parity(Value, kw_only=True, frozen=True):
    """How near the artifact's answers are to the source's on a few samples.

    Attributes:
        sqnr_db: signal to quantization noise of the worst part of all outputs, dB; the higher the
            nearer. Null where the answers are equal to the bit.
        max_abs: largest absolute difference of finite values. n: samples.
        required_db: what the precision was held to.
        worst: that part in words ("channels 4 to 83 of output0"). `output`, `axis`, `slices`: the
            same as values; axis null: all of the output.
        distinct, source_distinct: different values in the part where the artifact has the fewest of
            the source's, `coarsest` in words; null where they were not counted.
    """

    sqnr_db: float | None
    max_abs: float
    n: int
    required_db: float
    worst: str = ""
    output: str = ""
    axis: int | None = None
    slices: tuple[int, ...] = ()
    coarsest: str = ""
    distinct: int | None = None
    source_distinct: int | None = None

    @property
    def is_coarse(self) -> bool:
        """Whether it has few different values there, and the source so many times more."""
        if self.distinct is None or self.source_distinct is None:
            return False
        return self.distinct < FEW_VALUES and self.source_distinct >= TIMES_MORE * self.distinct


class Executed(Value, kw_only=True, frozen=True):
    """What really ran, as the runtime itself reports it. Null has a reason in `why_null`.

    The times and the memory are those of `start.Start`.

    Attributes:
        instead: the arithmetic in float that ran, where the recipe asks for another; "" where it is
            that. Parity is then held to what ran (`arithmetic.held_to`).
        operators_total, operators_delegated: how many operators the graph has that ran, and how
            many of them ran where they are meant to (`runtimes/__init__.py`): fewer show a
            silent fallback.
    """

    runtime_version: str
    precision: str | None
    instead: str = ""
    threads: int
    options: dict[str, str]
    operators_total: int | None = None
    operators_delegated: int | None = None
    load_ms: float | None
    compile_ms: float | None = None
    first_infer_ms: float | None
    peak_rss_bytes: int | None
    memory_bytes: int | None = None
    why_null: dict[str, str]


class Record(Value, kw_only=True, frozen=True):
    """See the module's head.

    Attributes:
        alike: recipe ids of the last final schedule from whose times its own are not told apart.
        sizes: of the chosen and the baseline, where an axis stays open: their times at each size.
        random_inputs: of a run without data: it has no score, and parity is of random inputs.
        given_up: scoring ended after so many samples, on which it clearly loses too much; None: it
            did not.
        latency_only: its numbers come of random inputs, too: it is timed, and never shipped.
    """

    v: int = RECORD_VERSION
    target: str
    device: str
    runtime: str
    precision: str
    recipe_id: str | None
    recipe: Recipe | None
    status: Status
    step: RecordStep | None
    reason: str = ""
    hint: str = ""
    kind: Literal["measured", "emulated", "predicted"] | None = None
    latency_ms: Latency | None = None
    latency_reason: str = ""
    untimed: Untimed | None = None
    energy: Energy | None = None
    speedup: Verdict | None = None
    versus_baseline: Verdict | None = None
    alike: tuple[str, ...] = ()
    score: Score | None = None
    drop: Drop | None = None
    confirm_score: Score | None = None
    confirm_drop: Drop | None = None
    slices: tuple[Slices, ...] = ()
    confirm_slices: tuple[Slices, ...] = ()
    corruptions: tuple[CorruptionEffect, ...] = ()
    pictures: tuple[Picture, ...] = ()
    sizes: tuple[AtSize, ...] = ()
    parity: Parity | None = None
    executed: Executed | None = None
    emulation: Emulation | None = None
    benchmark_model: MeanLatency | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    artifact: str | None = None
    notes: tuple[str, ...] = ()
    random_inputs: bool = False
    latency_only: bool = False
    given_up: int | None = None

    @property
    def name(self) -> str:
        """Runtime and precision, what ran instead, and what was done to the model before."""
        done = stages.words(self.recipe.compression) if self.recipe else []
        ran = arithmetic.words(self.precision, self.instead)
        return " ".join([self.runtime, self.precision, *([ran] if ran else []), *done])

    @property
    def title(self) -> str:
        """The recipe in one line, and what ran instead of what it asks for."""
        ran = arithmetic.words(self.precision, self.instead)
        return f"{self.recipe or self.name}{f' {ran}' if ran and self.recipe else ''}"

    @property
    def instead(self) -> str:
        """See `Executed.instead`."""
        return self.executed.instead if self.executed else ""

    @property
    def measured(self) -> Latency | None:
        """A latency that was measured; an emulated or predicted one is none of that kind."""
        return self.latency_ms if self.kind == "measured" else None

    @property
    def mendable(self) -> bool:
        """Static integers refused for their answers alone: others, or layers in float, may do."""
        compared = (self.status, self.step) == (
            "failed-parity",
            "parity",
        ) and self.parity is not None
        return compared and self.precision == "int8-static" and self.executed is not None

    @property
    def key(self) -> tuple[str, str, str]:
        """A later line of the journal with the same key replaces an earlier one."""
        return (self.target, self.device, self.recipe_id or f"{self.runtime}/{self.precision}")
