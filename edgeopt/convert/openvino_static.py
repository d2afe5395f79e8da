"""Static integers for OpenVINO by NNCF.

A source is calibrated once; a form that keeps operators in float is the calibrated one with
their quantizers taken out again.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgeopt.convert import calibrated, tail_in_float
from edgeopt.convert.forms import Forms
from edgeopt.convert.job import Job
from edgeopt.domain.layers import Operator, numbers
from edgeopt.domain.recipe import Quantization

#: NNCF's own: alpha of SmoothQuant for matrix products; for convolutions it is off by default.
_ALPHA = 0.95


@contextlib.contextmanager
def forms(job: Job, model: Any) -> Iterator[Forms]:
    """What can be made of an OpenVINO model, calibrated."""
    import openvino as ov

    work = _Static(job, model)
    with tempfile.TemporaryDirectory(prefix="edgeopt-") as scratch:
        plain = Path(scratch) / "plain.xml"
        ov.save_model(model, plain, compress_to_fp16=False)

        def write(keep: Collection[int], target: Path) -> None:
            ov.save_model(work.form(keep), target, compress_to_fp16=False)

        yield Forms(work.operators, plain, {}, write)


def quantized(job: Job, model: Any) -> Any:
    """The job's own form."""
    assert job.recipe.quantization is not None
    return _Static(job, model).form(numbers(job.recipe.quantization.exceptions))


class _Static:
    def __init__(self, job: Job, model: Any) -> None:
        self._model = model
        self.operators = operators(model)
        self._tail = tail_in_float.numbers(job.how, self.operators)
        self._quantized = _kept(job, model)

    def form(self, keep: Collection[int]) -> Any:
        """The quantized model with some operators in float."""
        made = self._quantized.clone()
        wanted = {self.operators[number].name for number in {*keep, *self._tail}}
        true = {op.get_friendly_name(): op for op in self._model.get_ordered_ops()}
        for op in made.get_ordered_ops():
            name = op.get_friendly_name()
            if name in wanted and name in true:
                _in_float(op, true[name])
        made.validate_nodes_and_infer_types()
        return made


def _in_float(op: Any, true: Any) -> None:
    """Read past quantizers of activations, and the constants of the fp32 model again."""
    for i in range(op.get_input_size()):
        constant = _constant(true.input_value(i).get_node())
        if constant is not None:
            op.input(i).replace_source_output(constant.output(0))
            continue
        before = op.input_value(i).get_node()
        if before.get_type_name() == "FakeQuantize":
            op.input(i).replace_source_output(before.input_value(0))


def _constant(node: Any) -> Any | None:
    """A copy of a constant in 32 bits; None where a tensor is computed."""
    from openvino import opset13

    if node.get_type_name() == "Convert":
        node = node.input_value(0).get_node()
    if node.get_type_name() != "Constant":
        return None
    data = node.get_data()
    if data.dtype.kind == "f":
        data = data.astype(np.float32)
    return opset13.constant(data, name=node.get_friendly_name())


def _kept(job: Job, model: Any) -> Any:
    """The calibrated model: an earlier conversion's, or one that NNCF makes now.

    It is the same whatever stays in float, and takes most of a conversion's time.
    """
    import openvino as ov

    how = msgspec.structs.replace(job.how, exceptions=(), tail="integer")

    def measure(path: Path) -> None:
        place = path.with_name("model.xml")
        ov.save_model(_quantized(job, model.clone(), how), place, compress_to_fp16=False)
        files: dict[str, Any] = {
            one.suffix[1:]: np.frombuffer(one.read_bytes(), np.uint8)
            for one in place.parent.glob("model.*")
        }
        np.savez(path, **files)

    kind = ["nncf model", ov.__version__, how, *job.relaxation.left_out]
    with calibrated.file(job, kind, ".npz", measure) as path, np.load(path) as held:
        described, weights = held["xml"].tobytes(), held["bin"].tobytes()
    return ov.Core().read_model(described, weights)


def _quantized(job: Job, model: Any, how: Quantization) -> Any:
    import nncf

    samples = list(job.samples())
    return nncf.quantize(
        model,
        nncf.Dataset(samples),
        subset_size=len(samples),
        ignored_scope=ignored(job),
        preset=_preset(how),
        fast_bias_correction=how.bias_correction != "full",
        advanced_parameters=_parameters(how),
    )


def ignored(job: Job) -> Any:
    """NNCF's name for what stays in float; None where nothing must."""
    import nncf

    names = list(job.relaxation.in_float)
    return nncf.IgnoredScope(names=names, validate=False) if names else None


def _preset(how: Quantization) -> Any:
    """NNCF's names for activations whose zero point is 0, and for those where it is free."""
    import nncf

    symmetric = how.activations == "symmetric"
    return nncf.QuantizationPreset.PERFORMANCE if symmetric else nncf.QuantizationPreset.MIXED


def _parameters(how: Quantization) -> Any:
    """One scale for each tensor of activations, as in the other runtimes.

    NNCF's own default is one for each channel before depthwise convolutions. On EfficientNet-Lite0
    that gave 11.8 dB where one in all gave 16.0, at the same latency (OpenVINO 2026.4, NNCF 3.4).
    """
    import nncf
    from nncf.quantization.advanced_parameters import (
        AdvancedQuantizationParameters,
        AdvancedSmoothQuantParameters,
        QuantizationParameters,
    )

    per_tensor = QuantizationParameters(per_channel=False)
    return AdvancedQuantizationParameters(
        disable_bias_correction=how.bias_correction is None,
        disable_channel_alignment=not how.channel_alignment,
        overflow_fix={
            False: nncf.OverflowFix.DISABLE,
            True: nncf.OverflowFix.FIRST_LAYER,
            "all": nncf.OverflowFix.ENABLE,
        }[how.overflow_fix],
        activations_quantization_params=per_tensor,
        weights_quantization_params=per_tensor if how.granularity == "per-tensor" else None,
        activations_range_estimator_params=_estimator(how),
        smooth_quant_alphas=AdvancedSmoothQuantParameters(
            convolution=_ALPHA if how.smooth_quant else -1.0, matmul=_ALPHA
        ),
    )


def _estimator(how: Quantization) -> Any:
    """How activation ranges are found; "mean-min-max" is NNCF's own default."""
    from nncf.quantization.range_estimator import (
        AggregatorType,
        RangeEstimatorParameters,
        RangeEstimatorParametersSet,
        StatisticsCollectorParameters,
        StatisticsType,
    )

    if how.calibration == "min-max":
        return RangeEstimatorParametersSet.MINMAX
    if how.calibration == "mse":
        return RangeEstimatorParametersSet.HISTOGRAM
    if how.calibration == "percentile":
        low, high = (
            StatisticsCollectorParameters(
                statistics_type=StatisticsType.QUANTILE,
                aggregator_type=aggregator,
                quantile_outlier_prob=_OUTSIDE,
            )
            for aggregator in (AggregatorType.MIN, AggregatorType.MAX)
        )
        return RangeEstimatorParameters(min=low, max=high)
    return RangeEstimatorParameters()


_OUTSIDE = 1e-5  # a share of a sample's values at each end


_WITH_WEIGHTS = (
    "Convolution", "GroupConvolution", "ConvolutionBackpropData", "GroupConvolutionBackpropData",
    "MatMul",
)  # fmt: skip
_PASSIVE = ("Constant", "Parameter", "Result", "Convert")


def operators(model: Any) -> tuple[Operator, ...]:
    """What is executed, in order."""
    return tuple(
        _operator(op) for op in model.get_ordered_ops() if op.get_type_name() not in _PASSIVE
    )


def _operator(op: Any) -> Operator:
    sources = [value.get_node() for value in op.input_values()]
    moving = [node for node in sources if not _is_constant(node)]
    kind = op.get_type_name()
    weights = kind in _WITH_WEIGHTS and len(moving) < len(sources)
    return Operator(
        name=op.get_friendly_name(),
        label=op.get_friendly_name(),
        type=kind,
        inputs=tuple(node.get_friendly_name() for node in moving),
        outputs=(op.get_friendly_name(),),
        elements=sum(int(np.prod(list(o.get_shape()))) for o in op.outputs()),
        computes=weights,
        constants=tuple(node.get_friendly_name() for node in sources if _is_constant(node)),
    )


def _is_constant(node: Any) -> bool:
    if node.get_type_name() == "Convert":
        node = node.input_value(0).get_node()
    return bool(node.get_type_name() == "Constant")
