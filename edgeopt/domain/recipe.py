"""A recipe: what is done to the source. Plain data; its content is its identity."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from edgeopt.domain import compression as stages
from edgeopt.domain.model import Value, content_id
from edgeopt.domain.obstacle import Obstacle
from edgeopt.domain.quantizers import Library

Precision = Literal[
    "fp32", "fp16", "bf16", "int8-static", "int8-dynamic", "int8-weights", "fp16-2to4", "as-is"
]

PRECISIONS: dict[str, str] = {
    "fp32": "32-bit float weights and arithmetic",
    "fp16": "16-bit float weights; half-precision arithmetic where the runtime has it",
    "bf16": "bfloat16 arithmetic; weights stored as 16-bit floats",
    "int8-static": "int8 weights per channel, int8 activations with ranges calibrated on data",
    "int8-dynamic": "int8 weights, activation ranges found at run time",
    "int8-weights": "int8 weights only; arithmetic in float",
    "fp16-2to4": "fp16, and of four weights in a row the two smallest are zero",
    "as-is": "the numbers that the source's own file holds, which is quantized already",
}


Calibration = Literal[
    "min-max", "mean-min-max", "moving-average", "percentile", "entropy", "mse", "histogram"
]


class Quantization(Value, kw_only=True, frozen=True):
    """How integers are chosen. What a library does not have is in `domain/quantizers.py`.

    Attributes:
        library: the package that does it.
        calibration: how activation ranges are found, None where there are none. "min-max": the
            least and the largest value of all samples; "mean-min-max": their mean over samples;
            "histogram": torchao's, which cuts what is rare.
        granularity: one scale for each output channel or each tensor of weights.
        activations: whether their zero point is free, or 0.
        activation_bits: 16 beside 8-bit weights, where there are kernels for it.
        weight_bits: 4 halves the file once more.
        bias_correction: what rounded weights shift on average goes into the bias: found from
            means of each layer's input ("fast"), or by running the model so far ("full").
        smooth_quant: activation outliers are moved into the weights (SmoothQuant).
        channel_alignment: ranges of channels are evened out between two layers in a row.
        overflow_fix: weights of the first layers (True), or "all", keep to 7 bits: x86 without
            8-bit dot products adds two products in 16 bits, which overflow (`search/overflow.py`).
        tail: whether what follows the last weights (`domain/tail.py`) is in integers as well, or in
            float: each branch that enters it then has a scale of its own.
        exceptions: operators of the runtime's fp32 form that stay in float, by number in order of
            execution, from 0: "4-9" (see `domain/layers.py`).
    """

    library: Library
    calibration: Calibration | None = None
    granularity: Literal["per-channel", "per-tensor"] = "per-channel"
    activations: Literal["asymmetric", "symmetric"] = "asymmetric"
    activation_bits: Literal[8, 16] = 8
    weight_bits: Literal[8, 4] = 8
    bias_correction: Literal["fast", "full"] | None = None
    smooth_quant: bool = False
    channel_alignment: bool = False
    overflow_fix: bool | Literal["all"] = False
    tail: Literal["integer", "float"] = "integer"
    exceptions: tuple[str, ...] = ()

    @property
    def identity(self) -> dict[str, Any]:
        """What its id is made of: fields that are younger than the first runs, where they say more

        than their defaults. So recipes of before keep their ids.
        """
        said: dict[str, Any] = msgspec.to_builtins(self)
        usual = msgspec.to_builtins(Quantization(library=self.library))
        return {
            name: value
            for name, value in said.items()
            if name in _FIRST_FIELDS or value != usual[name]
        }

    @property
    def words(self) -> tuple[str, ...]:
        """The settings, without those that are as usual."""
        said = [
            (self.calibration or "", self.calibration is not None),
            (self.granularity, True),
            ("symmetric activations", self.activations == "symmetric"),
            ("16-bit activations", self.activation_bits == 16),
            ("4-bit weights", self.weight_bits == 4),
            (f"{self.bias_correction} bias correction", self.bias_correction is not None),
            ("SmoothQuant", self.smooth_quant),
            ("channel alignment", self.channel_alignment),
            ("overflow fix", self.overflow_fix is True),
            ("7-bit weights", self.overflow_fix == "all"),
            ("tail in float", self.tail == "float"),
            (f"float: {' '.join(self.exceptions)}", bool(self.exceptions)),
        ]
        return (self.library, *(word for word, holds in said if holds))


_FIRST_FIELDS = ("library", "calibration", "granularity")


#: Which cores the runner keeps to (`runner/affinity.py`).
Affinity = Literal["any", "fastest"]

#: Options that only say how threads are run: they cannot change an answer.
SCHEDULING = frozenset({"spinning", "ENABLE_CPU_PINNING", "ENABLE_HYPER_THREADING"})


class Recipe(Value, kw_only=True, frozen=True):
    """One candidate: a precision in a runtime, run with so many threads.

    `threads`, `options` and `affinity` change how an artifact runs, not the artifact. `compression`
    is what was done to the source before it was converted, in this order. `batch` samples are taken
    at once.
    """

    runtime: str
    precision: Precision
    quantization: Quantization | None = None
    threads: int = 1
    options: dict[str, str | int] = msgspec.field(default_factory=dict)
    affinity: Affinity = "any"
    compression: stages.Chain = ()
    batch: int = 1

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise ValueError(f"`threads` must be at least 1, but got {self.threads}")
        if self.batch < 1:
            raise ValueError(f"`batch` must be at least 1, but got {self.batch}")

    @property
    def id(self) -> str:
        # A field that came later counts where it is used: what is stored keeps its identity.
        said: dict[str, Any] = msgspec.to_builtins(self)
        if self.affinity == "any":
            del said["affinity"]
        if not self.compression:
            del said["compression"]
        if self.batch == 1:
            del said["batch"]
        return content_id(said | {"quantization": self._integers})

    @property
    def _integers(self) -> dict[str, Any] | None:
        return self.quantization.identity if self.quantization else None

    @property
    def conversion_id(self) -> str:
        """Identity of the artifact: the recipe without what only concerns the session."""
        made: list[Any] = [self.runtime, self.precision, self._integers]
        if self.compression:
            made.append(self.compression)
        if self.batch > 1:
            made.append({"batch": self.batch})
        return content_id(made)

    @property
    def session_id(self) -> str:
        """Identity of the answers: options can change them, threads and cores do not."""
        telling = {key: value for key, value in self.options.items() if key not in SCHEDULING}
        return content_id([self.conversion_id, telling])

    @property
    def account_id(self) -> str:
        """Identity of what a session says of itself: every option shows there."""
        return content_id([self.conversion_id, self.options, self.affinity])

    @property
    def settings(self) -> tuple[str, ...]:
        """The options and the affinity in words: ("affinity=fastest", "spinning=during-run")."""
        pinned = () if self.affinity == "any" else (f"affinity={self.affinity}",)
        return (*pinned, *(f"{key}={value}" for key, value in sorted(self.options.items())))

    @property
    def is_calibrated(self) -> bool:
        """Whether its numbers come of calibrating samples, besides of the model."""
        how = self.quantization
        if how is None:
            return False
        return bool(how.calibration or how.bias_correction or how.smooth_quant)

    @property
    def at_once(self) -> tuple[str, ...]:
        """The batch in words, () where it is one: ("batch=4",)."""
        return () if self.batch == 1 else (f"batch={self.batch}",)

    def with_threads(self, threads: int) -> Recipe:
        return msgspec.structs.replace(self, threads=threads)

    @property
    def artifact_title(self) -> str:
        """The artifact in one line, without what only concerns the session."""
        integers = f"({', '.join(self.quantization.words)})" if self.quantization else ""
        words = (
            self.runtime,
            self.precision,
            integers,
            *stages.words(self.compression),
            *self.at_once,
        )
        return " ".join(filter(None, words))

    @property
    def words(self) -> frozenset[str]:
        """What it may be called by: every word of its title, without brackets and commas."""
        phrases = (
            *(self.runtime, self.precision, f"threads={self.threads}"),
            *(*self.at_once, *self.settings),
            *(self.quantization.words if self.quantization else ()),
            *stages.words(self.compression),
        )
        return frozenset(word for phrase in phrases for word in phrase.split())

    def __str__(self) -> str:
        return " ".join((self.artifact_title, f"threads={self.threads}", *self.settings))


class LeftOut(Value, kw_only=True, frozen=True):
    """A recipe that was not tried, and why."""

    runtime: str
    precision: str
    why: Obstacle
