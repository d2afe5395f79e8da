"""Static integers for LiteRT by AI Edge Quantizer, with what it lacks: exceptions by operator, bias

correction. A source is calibrated once; every form that differs in its exceptions reuses that.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgeopt.convert import calibrated, litert_prepared, matching, tail_in_float
from edgeopt.convert.bias_correction import place_means, shift
from edgeopt.convert.forms import Forms
from edgeopt.convert.job import Job
from edgeopt.convert.litert_graph import Graph, Weighted, is_bounded
from edgeopt.convert.relaxation import listed
from edgeopt.domain.layers import Operator, numbers
from edgeopt.domain.recipe import Quantization

#: Samples that tell the mean inputs of layers: means settle much sooner than extremes.
MEANS_FROM = 32


def forms(job: Job, base: str, permutes: dict[str, tuple[int, ...]]) -> Forms:
    """What can be made of an fp32 file, calibrated.

    Args:
        base: the fp32 .tflite. permutes: the layouts that it changed.
    """
    work = _Static(job, base, permutes)
    return Forms(work.operators, Path(base), permutes, work.write)


def write(
    job: Job, base: str, permutes: dict[str, tuple[int, ...]], target: Path
) -> tuple[str, ...]:
    """The job's own form; returns notes."""
    quantization = job.recipe.quantization
    assert quantization is not None
    work = _Static(job, base, permutes)
    work.write(numbers(quantization.exceptions), target)
    return work.notes


class _Static:
    def __init__(self, job: Job, base: str, permutes: dict[str, tuple[int, ...]]) -> None:
        self._job, self._base, self._permutes = job, base, permutes
        self._how: Quantization = job.how
        self._graph = Graph(base)
        self.operators = self._graph.operators()
        self._float = job.relaxation.numbers(self.operators)
        self._ends: list[str] = []  # of the model's inputs or outputs that stay in float
        self._ranges = self._calibrate()
        # A scale of infinity: LiteRT takes the process with it when it opens such a file.
        tensors = self._unbounded()
        unbounded = self._graph.touching(tensors)
        self._float |= unbounded.keys()
        self._float |= tail_in_float.numbers(self._how, self.operators)
        self._ends = self._graph.ends_touching(tensors)
        self.notes = _note(list(unbounded.values()))
        self._shifts: dict[int, tuple[int, np.ndarray]] | None = None

    def _answers(self, numbers: Collection[int]) -> set[int]:
        """What some operators answer: the model's outputs among it stay in float as well."""
        return {int(name) for number in numbers for name in self.operators[number].outputs}

    def write(self, keep: Collection[int], target: Path) -> None:
        """Write the form that keeps some operators in float."""
        model: str | bytes = self._base
        if self._how.bias_correction is not None:
            if self._shifts is None:
                self._shifts = self._found_shifts()
            left = self._float | set(keep)
            chosen = [one for number, one in self._shifts.items() if number not in left]
            model = Graph(self._base).with_biases(chosen)
        target.write_bytes(self._quantized(model, keep))

    def _quantized(self, model: str | bytes, keep: Collection[int]) -> bytes:
        from ai_edge_quantizer import quantizer

        work = quantizer.Quantizer(model, self._recipe(keep))
        made = work.quantize(self._ranges, enable_progress_bar=False, enable_progress_report=False)
        return bytes(made.quantized_model)

    def _recipe(self, keep: Collection[int]) -> list[dict[str, Any]]:
        """Weights by channel, but not in BATCH_MATMUL: its kernel would then answer zeros."""
        from ai_edge_quantizer import qtyping, recipe_manager

        names, grains = qtyping.TFLOperationName, qtyping.QuantGranularity
        usual = grains.CHANNELWISE if self._how.granularity == "per-channel" else grains.TENSORWISE
        bits = self._how.activation_bits
        manager = recipe_manager.RecipeManager()
        for operation, grain in (
            (names.ALL_SUPPORTED, usual),
            (names.BATCH_MATMUL, grains.TENSORWISE),
        ):
            manager.add_static_config(".*", operation, bits, 8, weight_granularity=grain)
        if scaled := self._job.relaxation.per_tensor:
            manager.add_static_config(
                litert_prepared.scope(scaled),
                names.ALL_SUPPORTED,
                bits,
                8,
                weight_granularity=grains.TENSORWISE,
            )
        left = sorted(self._float | set(keep))
        names = [self.operators[number].name for number in left]
        ends = {*self._ends, *self._graph.ends_touching(self._answers(left))}
        return litert_prepared.without(manager.get_quantization_recipe(), [*names, *sorted(ends)])

    def _calibrate(self) -> dict[str, Any]:
        """The range of each tensor; see `Quantization.calibration`.

        "min-max" is the least and the largest value over all samples. The quantizer's own way is
        "moving-average", which starts at the first sample: it cuts off most of what is rare, and
        all of an output that is one number.
        """
        from ai_edge_quantizer.utils import calibration_utils

        def measure(path: Path) -> None:
            work = self._calibrator()
            work.calibrate(self._samples(), self._manager())
            work.save_calibration_result(str(path))

        kind = ["litert ranges", self._how.calibration, *self._job.relaxation.left_out]
        with calibrated.file(self._job, kind, ".json", measure) as path:
            ranges, _ = calibration_utils.load_calibration_results(str(path))
        return dict(ranges)

    def _calibrator(self) -> Any:
        from ai_edge_quantizer import calibrator
        from ai_edge_quantizer.utils import qsv_utils

        if self._how.calibration == "moving-average":
            return calibrator.Calibrator(self._base, num_threads=2)
        return calibrator.Calibrator(
            self._base, num_threads=2, qsv_update_func=qsv_utils.min_max_update
        )

    def _manager(self) -> Any:
        from ai_edge_quantizer import recipe_manager

        manager = recipe_manager.RecipeManager()
        manager.load_quantization_recipe(self._recipe(()))
        return manager

    def _samples(self) -> dict[str, Any]:
        """Samples as the signature takes them: {signature: ({argument: [1, ...]}, ...)}."""
        from edgeopt.runtimes import litert

        return {litert.signature(self._base): list(self._fed())}

    def _fed(self, limit: int | None = None) -> Iterator[dict[str, np.ndarray]]:
        from edgeopt.runtimes import litert
        from edgeopt.runtimes.binding import to_artifact

        with contextlib.closing(litert.open_session(self._base, 1, {})) as session:
            bindings, _ = matching.bound(self._job, session, self._permutes)
        fields = [msgspec.to_builtins(binding) for binding in bindings]
        for sample in self._job.samples(limit):
            yield {b["name"]: to_artifact(sample[b["source"]][None], b)[0] for b in fields}

    def _found_shifts(self) -> dict[int, tuple[int, np.ndarray]]:
        """operator -> (its bias's tensor, what takes the shift of its outputs away)."""
        biases = {one.number: one.bias for one in self._graph.weighted()}
        plain = msgspec.structs.replace(self._how, exceptions=())
        kind = ["litert shifts", plain, *self._job.relaxation.left_out]
        found = calibrated.arrays(self._job, kind, self._measure_shifts)
        return {number: (biases[number], one) for number, one in found.items()}

    def _measure_shifts(self) -> dict[int, np.ndarray]:
        """operator -> what takes the mean shift of its outputs away."""
        true = {one.number: one for one in self._graph.weighted()}
        rounded = self._rounded()
        means = self._means(list(true.values()))
        return {
            number: -shift(rounded[number].weights - one.weights, means[number], one.groups)
            for number, one in true.items()
            if number in rounded
        }

    def _rounded(self) -> dict[int, Weighted]:
        """The weighted operators with what their integers stand for, by number in the fp32 form."""
        graph = Graph(self._quantized(self._base, ()))
        own = [number for number, op in enumerate(self.operators) if op.computes]
        theirs = [number for number, op in enumerate(graph.operators()) if op.computes]
        if len(own) != len(theirs):
            return {}
        rounded = {one.number: one for one in graph.weighted()}
        pairs = zip(own, theirs, strict=True)
        return {mine: rounded[other] for mine, other in pairs if other in rounded}

    def _unbounded(self) -> set[int]:
        """Tensors that hold infinities, which the quantizer's ranges leave out."""
        found = self._graph.unbounded(self._ranges)
        if not found:
            return found
        work, runner = self._watched()
        made = {int(i) for op in self._graph.main.operators for i in op.outputs}
        for sample in self._fed(MEANS_FROM):
            runner(**sample)
            for index in made - found:
                values = work.get_tensor(index)
                if values.dtype.kind == "f" and not is_bounded(values):
                    found.add(index)
        return found

    def _means(self, layers: list[Weighted]) -> dict[int, np.ndarray]:
        """What each place of each kernel sees on average in the fp32 form."""
        work, runner = self._watched()
        found: dict[int, np.ndarray] = {}
        count = 0
        for sample in self._fed(MEANS_FROM):
            runner(**sample)
            count += 1
            for layer in layers:
                image = work.get_tensor(layer.input)
                seen = place_means(_as_image(image), layer.window)
                found[layer.number] = found.get(layer.number, 0.0) + seen
        return {number: total / count for number, total in found.items()}

    def _watched(self) -> tuple[Any, Any]:
        """The fp32 form, which keeps what each operator answers, and how it is asked."""
        from ai_edge_litert import interpreter

        work = interpreter.Interpreter(
            model_path=self._base, experimental_preserve_all_tensors=True, num_threads=2
        )
        work.allocate_tensors()
        return work, work.get_signature_runner()


def _note(unbounded: list[Operator]) -> tuple[str, ...]:
    if not unbounded:
        return ()
    verb = "stays" if len(unbounded) == 1 else "stay"
    return (f"{listed(unbounded)} {verb} in float: no integer stands for an infinite value",)


def _as_image(array: np.ndarray) -> np.ndarray:
    """[rows, columns, channels]: of what a matrix product reads, the mean over its rows."""
    if array.ndim == 4:
        return array[0]
    return array.reshape(-1, array.shape[-1]).mean(axis=0, dtype=np.float64)[None, None]
