"""The libraries that choose integers: what they are called, refuse and leave to be tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from edgeopt.domain.recipe import Calibration, Quantization

#: Their packages. A new one is a word here and a row in `QUANTIZERS`.
Library = Literal[
    "nncf", "onnxruntime", "ai-edge-quantizer", "tensorflow", "torchao", "coremltools", "mnn"
]

#: What is asked of a library, and why that cannot be had.
Refusal = tuple[Callable[["Quantization"], bool], str]


@dataclass(frozen=True)
class Quantizer:
    """One library.

    Attributes:
        title: its name for people.
        refused: what it does not have. What it is silent about, it has.
        leaves_in_float: whether it leaves operators in float where it is told to.
        splits_tail: whether it leaves the tail of a graph in float (`Quantization.tail`).
        alternatives: changes of its usual static integers that are worth a try where these lose
            too much. All of them run in the same kernels, so that none costs time where it runs.
        seven_bits: by precision, what is changed to keep the weights of all layers to 7 bits.
    """

    title: str
    refused: tuple[Refusal, ...] = ()
    leaves_in_float: bool = False
    splits_tail: bool = False
    alternatives: tuple[Mapping[str, object], ...] = ()
    seven_bits: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


def _unusual(
    how: Quantization,
    calibration: Calibration | None,
    weight_bits: Literal[8, 4] = 8,
    tail: Literal["integer", "float"] = "integer",
) -> bool:
    """Whether anything but its library and these is said."""
    usual = type(how)(
        library=how.library, calibration=calibration, weight_bits=weight_bits, tail=tail
    )
    return how != usual


QUANTIZERS: dict[str, Quantizer] = {
    "ai-edge-quantizer": Quantizer(
        title="AI Edge Quantizer",
        refused=(
            (
                lambda q: (
                    q.calibration in ("mean-min-max", "percentile", "entropy", "mse", "histogram")
                ),
                "AI Edge Quantizer keeps the least and the largest value of each tensor (min-max, "
                "or a moving average of them): it has no other calibration",
            ),
            (
                lambda q: q.activations == "symmetric" and q.activation_bits == 8,
                "LiteRT's 8-bit kernels take activations with a free zero point; AI Edge Quantizer "
                "makes symmetric ones with 16 bits only",
            ),
            (lambda q: q.smooth_quant, "AI Edge Quantizer has no SmoothQuant"),
            (lambda q: q.channel_alignment, "AI Edge Quantizer has no channel alignment"),
            (lambda q: bool(q.overflow_fix), "AI Edge Quantizer has no overflow fix"),
            (
                lambda q: q.bias_correction == "full",
                "bias correction for LiteRT is made here, from the means of each layer's "
                "input: it has no full form",
            ),
        ),
        leaves_in_float=True,
        splits_tail=True,
        alternatives=({"bias_correction": "fast"}, {"calibration": "moving-average"}),
    ),
    "onnxruntime": Quantizer(
        title="ONNX Runtime's quantizer",
        refused=(
            (
                lambda q: q.calibration in ("mse", "mean-min-max", "histogram"),
                "ONNX Runtime's quantizer has min-max, moving-average, percentile and entropy "
                "calibration, and no other",
            ),
            (
                lambda q: q.activation_bits == 16,
                "ONNX Runtime has no processor kernels for 16-bit activations: they would be "
                "computed in float after two conversions",
            ),
            (
                lambda q: q.smooth_quant,
                "ONNX Runtime's quantizer takes SmoothQuant from neural-compressor, which this "
                "version of edgeopt does not use",
            ),
            (lambda q: q.channel_alignment, "ONNX Runtime's quantizer has no channel alignment"),
            (
                lambda q: q.overflow_fix is True,
                "ONNX Runtime's quantizer keeps the weights of all layers to 7 bits, or of none",
            ),
            (
                lambda q: q.bias_correction == "full",
                "bias correction for ONNX Runtime is made here, from the means of each layer's "
                "input: it has no full form",
            ),
            (
                lambda q: q.weight_bits == 4,
                "this version of edgeopt makes 4-bit weights for LiteRT and OpenVINO only",
            ),
        ),
        leaves_in_float=True,
        splits_tail=True,
        # Percentiles took 13 times as long as extremes on EfficientNet-Lite0 and gave 0.1 dB.
        alternatives=(
            {"bias_correction": "fast"},
            {"bias_correction": "fast", "overflow_fix": False},
            # A detector of characters (tail in float): 1.8 points by extremes, 0.9 by this.
            {"calibration": "moving-average"},
        ),
        # EfficientNet-Lite0: 12.5 dB, with the correction 19.0; with 8 bits, which overflow, 6.8.
        seven_bits={
            "int8-static": {"overflow_fix": "all", "bias_correction": "fast"},
            "int8-dynamic": {"overflow_fix": "all"},
        },
    ),
    "nncf": Quantizer(
        title="NNCF",
        refused=(
            (
                lambda q: q.calibration in ("entropy", "moving-average", "histogram"),
                "NNCF has min-max, mean-min-max, percentile and mse calibration, and no other",
            ),
            (
                lambda q: q.activation_bits == 16,
                "OpenVINO has no integer kernels for 16-bit activations",
            ),
        ),
        leaves_in_float=True,
        splits_tail=True,
        # EfficientNet-Lite0: 2.1 dB by 8 bits in the first layer, 0.3 dB by free zero points.
        alternatives=(
            {"overflow_fix": True},
            {"overflow_fix": False},
            {"overflow_fix": False, "activations": "asymmetric"},
            {"calibration": "mean-min-max", "overflow_fix": False},
        ),
        # EfficientNet-Lite0: 17.5 dB; 10.5 with the first layers alone, 5.5 with 8 bits.
        seven_bits={"int8-static": {"overflow_fix": "all"}},
    ),
    "tensorflow": Quantizer(
        title="TensorFlow's converter",
        refused=(
            (
                lambda q: _unusual(q, q.calibration),
                "TensorFlow's converter has no settings for its integers: ask AI Edge Quantizer",
            ),
        ),
        alternatives=(
            {"library": "ai-edge-quantizer"},
            {"library": "ai-edge-quantizer", "bias_correction": "fast"},
            {"library": "ai-edge-quantizer", "calibration": "moving-average"},
        ),
    ),
    "torchao": Quantizer(
        title="torchao",
        refused=(
            (
                lambda q: _unusual(q, "histogram", tail=q.tail),
                "integers for ExecuTorch are torchao's for XNNPACK, whose settings are not offered",
            ),
        ),
        splits_tail=True,
    ),
    "mnn": Quantizer(
        title="MNN's converter",
        refused=(
            (
                lambda q: q.calibration not in (None, "min-max"),
                "integers for MNN are calibrated here, by extremes (min-max) alone",
            ),
            (
                lambda q: _unusual(q, q.calibration, weight_bits=q.weight_bits),
                "integers for MNN have 8 bits, or 4 for weights alone, and no other setting",
            ),
        ),
    ),
    "coremltools": Quantizer(
        title="coremltools",
        refused=(
            (
                lambda q: _unusual(q, None),
                "coremltools' weight compression is taken with its usual settings",
            ),
        ),
    ),
}
