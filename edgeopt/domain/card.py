"""What a bundle's model card says, as `card.json` has it in one line."""

from __future__ import annotations

from typing import Any

from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.model import Value
from edgeopt.domain.nearness import WholeNearness
from edgeopt.domain.score import Drop, Score
from edgeopt.domain.tensor import Binding

CARD_VERSION = 1


class Card(Value, kw_only=True, frozen=True):
    """What is shipped, from what, how it was measured, and what is not known. Null: not measured.

    Attributes:
        artifact, sha256, size_bytes: the file that a session opens; the hash and the size of all
            files of the model.
        recipe: in words; `float_layers`: those that stay in float beside integers.
        executed: the arithmetic that ran, as the runtime told; null where it did not.
        source: file name, format, `sha256` and `size_bytes` of what it was made from.
        picked: a person took this row (`edgeopt ship`); the run chose, or suggested, another one.
        device: where it was timed and answered. kind: "measured", "emulated" or null.
        latency_reason: why there is no latency.
        over: what `versus_baseline` compares it with.
        score, drop: on held-out samples, by their `part`; on the choosing ones where none were
            held out. source_score: the source's own, on the same samples.
        max_drop: what was allowed. held: as in `Choice`.
        lost_for: what is lost, and for whom, in sentences.
        limits: what a reader must know before relying on it.
        made: the day, `edgeopt` and packages with their versions.
    """

    v: int = CARD_VERSION
    target: str
    artifact: str
    sha256: str
    size_bytes: int
    runtime: str
    runtime_version: str | None
    recipe: str
    recipe_id: str
    threads: int
    options: dict[str, str | int]
    executed: str | None
    float_layers: tuple[str, ...] = ()
    inputs: tuple[Binding, ...]
    outputs: tuple[Binding, ...]
    task: str = ""
    source: dict[str, Any]
    basis: str
    picked: bool = False
    device: str
    kind: str | None
    latency_ms: Latency | None
    latency_reason: str = ""
    versus_baseline: Verdict | None = None
    over: str = ""
    load_ms: float | None = None
    memory_bytes: int | None = None
    roof: WholeNearness | None = None
    score: Score | None
    drop: Drop | None
    source_score: float | None = None
    max_drop: float
    held: str | None = None
    lost_for: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    made: dict[str, Any]
