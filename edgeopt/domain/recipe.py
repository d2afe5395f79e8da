"""A recipe: what is done to the source. Plain data; its content is its identity."""

from __future__ import annotations

from typing import Literal

import msgspec

from edgeopt.domain import compression as stages
from edgeopt.domain.model import Value, content_id

Precision = Literal["fp32", "fp16", "bf16", "int8-static", "int8-dynamic", "int8-weights", "as-is"]

PRECISIONS: dict[str, str] = {
    "fp32": "32-bit float weights and arithmetic",
    "fp16": "16-bit float weights; half-precision arithmetic where the runtime has it",
    "bf16": "bfloat16 arithmetic; weights stored as 16-bit floats",
    "int8-static": "int8 weights per channel, int8 activations with ranges calibrated on data",
    "int8-dynamic": "int8 weights, activation ranges found at run time",
    "int8-weights": "int8 weights only; arithmetic in float",
    "as-is": "the numbers that the source's own file holds, which is quantized already",
}


class Quantization(Value, kw_only=True, frozen=True):
    """How integers are chosen.

    Attributes:
        library: the package that does it.
        calibration: how activation ranges are found, None where there are none.
        granularity: one scale for each output channel or each tensor of weights.
    """

    library: Literal["nncf", "onnxruntime", "ai-edge-quantizer", "tensorflow"]
    calibration: Literal["min-max"] | None = None
    granularity: Literal["per-channel", "per-tensor"] = "per-channel"


class Recipe(Value, kw_only=True, frozen=True):
    """One candidate: a precision in a runtime, run with so many threads.

    `threads` and `options` change how an artifact runs, not the artifact. `compression` is what
    was done to the source before it was converted, in this order.
    """

    runtime: str
    precision: Precision
    quantization: Quantization | None = None
    threads: int = 1
    options: dict[str, str | int] = msgspec.field(default_factory=dict)
    compression: stages.Chain = ()

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise ValueError(f"`threads` must be at least 1, but got {self.threads}")

    @property
    def id(self) -> str:
        """Of all fields; of a recipe without compression it is what it was before there was any."""
        fields = msgspec.structs.asdict(self)
        if not self.compression:
            del fields["compression"]
        return content_id(fields)

    @property
    def conversion_id(self) -> str:
        """Identity of the artifact: the recipe without what only concerns the session."""
        made = [self.runtime, self.precision, self.quantization]
        return content_id([*made, self.compression] if self.compression else made)

    @property
    def session_id(self) -> str:
        """Identity of the answers: threads do not change them, options can."""
        return content_id([self.conversion_id, self.options])

    def with_threads(self, threads: int) -> Recipe:
        return msgspec.structs.replace(self, threads=threads)

    def __str__(self) -> str:
        words = [self.runtime, self.precision]
        if self.quantization:
            q = self.quantization
            parts = [q.library, q.calibration, q.granularity]
            words.append("(" + ", ".join(p for p in parts if p) + ")")
        words += stages.words(self.compression)
        words.append(f"threads={self.threads}")
        words += [f"{key}={value}" for key, value in sorted(self.options.items())]
        return " ".join(words)


class LeftOut(Value, kw_only=True, frozen=True):
    """A recipe that was not tried, and why."""

    runtime: str
    precision: str
    reason: str
    hint: str = ""
