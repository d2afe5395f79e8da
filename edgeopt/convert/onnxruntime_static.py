"""Static integers for ONNX Runtime by its own quantizer, with what it lacks: bias correction.

A source is calibrated once; every form that differs in its exceptions reuses that.
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
from edgeopt.convert.bias_correction import place_means, shift
from edgeopt.convert.forms import Forms
from edgeopt.convert.job import Job
from edgeopt.convert.onnx_graph import Graph, Weighted
from edgeopt.domain.layers import numbers
from edgeopt.domain.recipe import Quantization

#: Samples that tell the mean inputs of layers: means settle much sooner than extremes.
MEANS_FROM = 32

#: What is left out of a range at its ends, per cent together.
PERCENTILE = 99.999


@contextlib.contextmanager
def forms(job: Job, source: Path) -> Iterator[Forms]:
    """What can be made of an ONNX file, calibrated."""
    with tempfile.TemporaryDirectory(prefix="edgeopt-") as scratch:
        work = _Static(job, preprocessed(source, Path(scratch)), Path(scratch))
        yield Forms(work.operators, work.base, {}, work.write)


def write(job: Job, source: Path, target: Path) -> None:
    """The job's own form."""
    quantization = job.recipe.quantization
    assert quantization is not None
    with forms(job, source) as made:
        made.write(numbers(quantization.exceptions), target)


def preprocessed(source: Path, folder: Path) -> Path:
    """What the quantizer wants: shapes inferred, operators fused. The plain file if that fails."""
    from onnxruntime.quantization.shape_inference import quant_pre_process

    ready = folder / "preprocessed.onnx"
    try:
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
    except Exception as error:
        print(f"quant_pre_process failed, going on without it: {error!r}")  # noqa: T201 (log)
        return source
    return ready


def named(path: Path, folder: Path, biases: bool = False) -> Path:
    """The file with a name for every node (the quantizer leaves nodes out by their names), and

    without what it takes wrongly.

    Args:
        biases: a layer without one gets one, to be corrected.
    """
    target = folder / "named.onnx"
    graph = Graph(path)
    graph.prepare()
    if biases:
        graph.give_biases()
    graph.save(target)
    return target


class _Static:
    def __init__(self, job: Job, base: Path, scratch: Path) -> None:
        self._job, self._scratch = job, scratch
        self._how: Quantization = job.how
        self.base = named(base, scratch, self._how.bias_correction is not None)
        self.operators = Graph(self.base).operators()
        self._float = job.relaxation.numbers(self.operators)
        self._float |= tail_in_float.numbers(self._how, self.operators)
        self._shifts: dict[int, tuple[str, np.ndarray]] | None = None

    def write(self, keep: Collection[int], target: Path) -> None:
        """Write the form that keeps some operators in float."""
        model = self.base
        if self._how.bias_correction is not None:
            if self._shifts is None:
                self._shifts = self._found_shifts()
            graph = Graph(self.base)
            left = self._float | set(keep)
            graph.add_to_biases(one for number, one in self._shifts.items() if number not in left)
            model = self._scratch / "corrected.onnx"
            graph.save(model)
        self._quantize(model, keep, target)

    def _quantize(self, model: Path, keep: Collection[int], target: Path) -> None:
        from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

        # Ranges are of the plain form, whatever was done to its biases: kept under one name.
        def measure(path: Path) -> None:
            self._call(quantize_static, QuantFormat, QuantType, self.base, (), target, path)

        how = self._how
        kind = ["onnxruntime ranges", how.calibration, how.activations]
        with calibrated.file(self._job, kind, ".json", measure) as ranges:
            self._call(quantize_static, QuantFormat, QuantType, model, keep, target, ranges)

    def _call(
        self,
        quantize_static: Any,
        formats: Any,
        types: Any,
        model: Path,
        keep: Collection[int],
        target: Path,
        ranges: Path,
    ) -> None:
        symmetric = self._how.activations == "symmetric"
        quantize_static(
            str(model),
            str(target),
            Reader(self._job),
            quant_format=formats.QDQ,
            per_channel=self._how.granularity == "per-channel",
            activation_type=types.QInt8 if symmetric else types.QUInt8,
            weight_type=types.QInt8,
            reduce_range=self._how.overflow_fix == "all",
            nodes_to_exclude=[
                self.operators[number].name for number in sorted(self._float | set(keep))
            ],
            calibrate_method=_method(self._how),
            calibration_cache_path=str(ranges),
            extra_options={
                "CalibMovingAverage": self._how.calibration == "moving-average",
                "CalibTensorRangeSymmetric": symmetric,
                "ActivationSymmetric": symmetric,
                "CalibPercentile": PERCENTILE,
                # Else every value of every tensor of every sample is in memory at once.
                "CalibStridedMinMax": 1,
                "TensorQuantOverrides": self._one_scale(types.QInt8),
            },
        )

    def _one_scale(self, kind: Any) -> dict[str, list[dict[str, Any]]]:
        """Weights that have one scale, whatever the others have."""
        chosen = [op for op in self.operators if op.name in self._job.relaxation.per_tensor]
        return {op.constants[0]: [{"quant_type": kind, "symmetric": True}] for op in chosen}

    def _found_shifts(self) -> dict[int, tuple[str, np.ndarray]]:
        """operator -> (its bias, what takes the shift of its outputs away)."""
        biases = {one.number: one.bias for one in Graph(self.base).weighted()}
        plain = msgspec.structs.replace(self._how, exceptions=())
        kind = ["onnxruntime shifts, biases given", plain, *self._job.relaxation.left_out]
        found = calibrated.arrays(self._job, kind, self._measure_shifts)
        return {number: (biases[number], one) for number, one in found.items()}

    def _measure_shifts(self) -> dict[int, np.ndarray]:
        """operator -> what takes the mean shift of its outputs away."""
        true = {one.number: one for one in Graph(self.base).weighted()}
        plain = self._scratch / "plain.onnx"
        self._quantize(self.base, (), plain)
        rounded = Graph(plain).rounded_weights([self.operators[number].name for number in true])
        means = self._means(list(true.values()))
        found = {}
        for number, one in true.items():
            weights = rounded.get(self.operators[number].name)
            if weights is not None:
                error = one.arranged(weights) - one.weights
                found[number] = -shift(error, means[number], one.groups)
        return found

    def _means(self, layers: list[Weighted]) -> dict[int, np.ndarray]:
        """What each place of each kernel sees on average in the fp32 form."""
        import onnxruntime as ort

        graph = Graph(self.base)
        inner = graph.show(layer.input for layer in layers)
        shown = self._scratch / "shown.onnx"
        graph.save(shown)
        settings = ort.SessionOptions()
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = ort.InferenceSession(str(shown), settings, providers=["CPUExecutionProvider"])
        found: dict[int, np.ndarray] = {}
        count = 0
        for sample in self._job.samples(MEANS_FROM):
            made = session.run(inner, sample) if inner else []  # for no name it answers all
            seen = sample | dict(zip(inner, made, strict=True))
            count += 1
            for layer in layers:
                array = seen[layer.input]
                mean = place_means(layer.as_image(array), layer.window(array.shape))
                found[layer.number] = found.get(layer.number, 0.0) + mean
        return {number: total / count for number, total in found.items()}


def _method(how: Quantization) -> Any:
    from onnxruntime.quantization import CalibrationMethod

    return {
        "min-max": CalibrationMethod.MinMax,
        "moving-average": CalibrationMethod.MinMax,
        "percentile": CalibrationMethod.Percentile,
        "entropy": CalibrationMethod.Entropy,
    }[str(how.calibration)]


class Reader:
    """ONNX Runtime's calibration interface: one sample a call, None at the end."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._samples = job.samples()

    def __len__(self) -> int:
        return self._job.count

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._samples, None)

    def set_range(self, start_index: int, end_index: int) -> None:
        self._samples = self._job.samples(end_index, start_index)
