"""Which ways to choose integers each library has. What it has not is refused with a sentence."""

from __future__ import annotations

from collections.abc import Callable

from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.recipe import Quantization, Recipe

Refusal = tuple[Callable[[Quantization], bool], str]

#: Library -> what it is asked for, and why that cannot be had.
REFUSED: dict[str, tuple[Refusal, ...]] = {
    "ai-edge-quantizer": (
        (
            lambda q: q.calibration
            in ("mean-min-max", "percentile", "entropy", "mse", "histogram"),
            "AI Edge Quantizer keeps the least and the largest value of each tensor (min-max, or a "
            "moving average of them): it has no other calibration",
        ),
        (
            lambda q: q.activations == "symmetric" and q.activation_bits == 8,
            "LiteRT's 8-bit kernels take activations with a free zero point; AI Edge Quantizer "
            "makes symmetric ones with 16 bits only",
        ),
        (lambda q: q.smooth_quant, "AI Edge Quantizer has no SmoothQuant"),
        (lambda q: q.channel_alignment, "AI Edge Quantizer has no channel alignment"),
        (lambda q: q.overflow_fix, "AI Edge Quantizer has no overflow fix"),
        (
            lambda q: q.bias_correction == "full",
            "bias correction for LiteRT is made here, from the means of each layer's input: it has "
            "no full form",
        ),
    ),
    "onnxruntime": (
        (
            lambda q: q.calibration in ("mse", "mean-min-max", "histogram"),
            "ONNX Runtime's quantizer has min-max, moving-average, percentile and entropy "
            "calibration, and no other",
        ),
        (
            lambda q: q.activation_bits == 16,
            "ONNX Runtime has no processor kernels for 16-bit activations: they would be computed "
            "in float after two conversions",
        ),
        (
            lambda q: q.smooth_quant,
            "ONNX Runtime's quantizer takes SmoothQuant from neural-compressor, which this version "
            "of edgeopt does not use",
        ),
        (lambda q: q.channel_alignment, "ONNX Runtime's quantizer has no channel alignment"),
        (lambda q: q.overflow_fix, "this version of edgeopt asks ONNX Runtime for all 8 bits"),
        (
            lambda q: q.bias_correction == "full",
            "bias correction for ONNX Runtime is made here, from the means of each layer's input: "
            "it has no full form",
        ),
        (lambda q: q.weight_bits == 4, "this version of edgeopt makes 4-bit weights for LiteRT and "
         "OpenVINO only"),
    ),
    "nncf": (
        (
            lambda q: q.calibration in ("entropy", "moving-average", "histogram"),
            "NNCF has min-max, mean-min-max, percentile and mse calibration, and no other",
        ),
        (
            lambda q: q.activation_bits == 16,
            "OpenVINO has no integer kernels for 16-bit activations",
        ),
    ),
    "tensorflow": (
        (
            lambda q: q != Quantization(library="tensorflow", calibration=q.calibration),
            "TensorFlow's converter has no settings for its integers: ask AI Edge Quantizer",
        ),
    ),
    "torchao": (
        (
            lambda q: q != Quantization(library="torchao", calibration="histogram"),
            "integers for ExecuTorch are torchao's for XNNPACK, whose settings are not offered",
        ),
    ),
    "coremltools": (
        (
            lambda q: q != Quantization(library="coremltools"),
            "coremltools' weight compression is taken with its usual settings",
        ),
    ),
}  # fmt: skip

#: Of every library: fields that say something about activations with fixed ranges.
_STATIC_ONLY: tuple[Refusal, ...] = (
    (lambda q: bool(q.exceptions), "exceptions by operator are for int8-static"),
    (lambda q: q.bias_correction is not None, "bias correction is for int8-static"),
    (lambda q: q.activation_bits == 16, "16-bit activations are for int8-static"),
    (lambda q: q.smooth_quant, "SmoothQuant is for int8-static"),
    (lambda q: q.channel_alignment, "channel alignment is for int8-static"),
)
_WEIGHTS_ONLY: tuple[Refusal, ...] = (
    (lambda q: q.weight_bits == 4, "4-bit weights are for int8-weights, whose arithmetic is float"),
)


def refusal(recipe: Recipe) -> str:
    """Why a recipe's way to choose integers cannot be had, or ""."""
    how = recipe.quantization
    if how is None:
        return ""
    rows = REFUSED[how.library]
    rows += _WEIGHTS_ONLY if recipe.precision != "int8-weights" else ()
    rows += _STATIC_ONLY if recipe.precision != "int8-static" else ()
    return next((f"{why}." for asks, why in rows if asks(how)), "")


def require(recipe: Recipe) -> None:
    """Refuse what a library does not have.

    Raises:
        EdgeoptError: it says what.
    """
    why = refusal(recipe)
    if why:
        raise EdgeoptError(why, "Leave that setting out.")
