"""What an artifact did on an emulated core. Nothing here is a time: those would be no latencies."""

from __future__ import annotations

from edgeopt.domain.model import Value
from edgeopt.domain.score import Drop, Score


class OutputDifference(Value, kw_only=True, frozen=True):
    """One output there against the same artifact's here, on the same samples.

    Attributes:
        equal: share of values that are the same to the bit.
        max_abs: largest absolute difference.
        sqnr_db: signal to noise, the answer here being the signal; null where all are equal.
    """

    output: str
    equal: float
    max_abs: float
    sqnr_db: float | None


class Emulation(Value, kw_only=True, frozen=True):
    """One artifact's answers on an emulated core, compared with its answers on this machine.

    Attributes:
        core, emulator: what ran it ("cortex-a72", "qemu-aarch64 7.2.22").
        note: what is not tried where the core only stands for the target's own, "" else.
        runtime_version, precision: as the runtime says there; precision null where it does not.
        n: samples that it answered.
        score: of its answers there. `drop`: against its own answers here. Null with `why_null`
            where so few samples have no score (one class has no ROC curve).
        required_db: what every output was held to.
        rss_bytes: resident memory there when the samples were done, Python and the runtime
            included and the emulator not; null where the system does not tell.
    """

    core: str
    emulator: str
    note: str
    runtime_version: str
    precision: str | None
    n: int
    score: Score | None
    drop: Drop | None
    outputs: tuple[OutputDifference, ...]
    required_db: float
    rss_bytes: int | None
    why_null: str = ""
