"""To Core ML: Apple's coremltools, from PyTorch. It converts on Linux, too, and runs on Apple's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.convert.converter import Converter, needs_a_program
from edgeopt.convert.job import Job, Made
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.recipe import Quantization
from edgeopt.domain.tensor import TensorSpec
from edgeopt.runtimes import exported
from edgeopt.sources.source import Source

#: Weights of fewer elements stay as they are: coremltools' own bound.
SMALLEST_WEIGHT = 2048


class CoreMl(Converter):
    """By coremltools. Each precision is made from the exported program."""

    runtime = "coreml"

    def needs(self, precision: str) -> tuple[str, ...]:
        """PyTorch, for each."""
        return ("torch",)

    def quantization(self, precision: str, source: Source | None = None) -> Quantization | None:
        """Weights by coremltools' own compression."""
        return Quantization(library="coremltools") if precision == "int8-weights" else None

    def unsuitable(self, precision: str, source: Source) -> str:
        """Why coremltools cannot take a source, or ""."""
        return needs_a_program("Core ML", source)

    def convert(self, job: Job) -> Made:
        """Write model.mlpackage, with inputs and outputs under the source's names.

        Raises:
            EdgeoptError: the source is no exported program, or no weight was compressed.
        """
        source, precision = job.source, job.recipe.precision
        if not source.exported:
            raise EdgeoptError(self.unsuitable(precision, source))
        import coremltools as ct

        program = exported.written(source.exported).run_decompositions({})
        whole = ct.precision.FLOAT32 if precision == "fp32" else ct.precision.FLOAT16
        model: Any = ct.convert(
            program,
            convert_to="mlprogram",
            compute_precision=whole,
            minimum_deployment_target=ct.target.iOS17,
            outputs=[_output(ct, spec) for spec in source.outputs],
            skip_model_load=True,
        )
        if precision == "int8-weights":
            model = _compressed(model)
        target = Path(job.folder) / "model.mlpackage"
        model.save(str(target))
        return Made(main=target.name)


CONVERTER = CoreMl()


def _output(ct: Any, spec: TensorSpec) -> Any:
    """Under the source's name; in 32 bits where it is a float, whatever is computed in."""
    dtype = np.dtype(np.float32 if spec.dtype.startswith("float") else np.int32).type
    return ct.TensorType(name=spec.name, dtype=dtype)


def _compressed(model: Any) -> Any:
    from coremltools.optimize import coreml as optimize

    config = optimize.OpLinearQuantizerConfig(
        mode="linear_symmetric", weight_threshold=SMALLEST_WEIGHT
    )
    done = optimize.linear_quantize_weights(
        model, optimize.OptimizationConfig(global_config=config)
    )
    block = done.get_spec().mlProgram.functions["main"]
    operations = block.block_specializations[block.opset].operations
    if not any(operation.type.startswith("constexpr") for operation in operations):
        raise EdgeoptError(
            "coremltools found no weight in the model that it compresses.",
            f"Weights of fewer than {SMALLEST_WEIGHT} elements stay as they are.",
        )
    return done
