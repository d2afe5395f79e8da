"""To ExecuTorch with XNNPACK, from PyTorch; torchao's pt2e flow makes integers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.convert import tail_in_float
from edgeopt.convert.converter import Converter, needs_a_program
from edgeopt.convert.fallbacks import Way
from edgeopt.convert.job import Job, Made
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.layers import Operator
from edgeopt.domain.recipe import Quantization
from edgeopt.runtimes import exported
from edgeopt.sources.source import Source

if TYPE_CHECKING:
    import torch


class ExecuTorch(Converter):
    """By ExecuTorch's own lowering. Each precision is made from the exported program."""

    runtime = "executorch"

    def needs(self, precision: str) -> tuple[str, ...]:
        """PyTorch; torchao for integers."""
        return ("torch", "torchao") if precision == "int8-static" else ("torch",)

    def quantization(self, precision: str, source: Source | None = None) -> Quantization | None:
        """Static integers by torchao."""
        if precision != "int8-static":
            return None
        return Quantization(library="torchao", calibration="histogram")

    def unsuitable(self, precision: str, source: Source) -> str:
        """ExecuTorch is made from what PyTorch exports, or ""."""
        return needs_a_program("ExecuTorch", source)

    def convert(self, job: Job) -> Made:
        """Write model.pte.

        Raises:
            EdgeoptError: the source is no exported program, or nothing in it was quantized.
        """
        if not job.source.exported:
            raise EdgeoptError(self.unsuitable(job.recipe.precision, job.source))
        import torch
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import to_edge_transform_and_lower

        module: Any = exported.written(job.source.exported).module()
        arguments = _zeros(job.source)
        if job.recipe.precision == "int8-static":
            module = _quantized(job, module, arguments)
        # Exported anew: inputs that the program was exported with may have strides of 0.
        program = torch.export.export(module, arguments)
        lowered = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
        target = Path(job.folder) / "model.pte"
        target.write_bytes(lowered.to_executorch().buffer)
        return Made(main=target.name)

    def ways(self, job: Job) -> tuple[Way, ...]:
        """Of the integers alone."""
        return ("float", "per-tensor") if job.recipe.precision == "int8-static" else ()

    def operators(self, job: Job) -> tuple[Operator, ...]:
        """The calls of the program that is quantized."""
        import torch

        module: Any = exported.written(str(job.source.exported)).module()
        graph = torch.export.export(module, _zeros(job.source)).module().graph
        return tuple(_operator(node) for node in graph.nodes if node.op == "call_function")


CONVERTER = ExecuTorch()

#: Of calls with constants: a number that is added is no weight.
_WITH_WEIGHTS = ("conv", "linear", "addmm", "mm", "bmm", "matmul", "lstm", "gru", "rnn")


def _operator(node: Any) -> Operator:
    constants = tuple(str(one.target) for one in node.all_input_nodes if one.op == "get_attr")
    kind = str(node.target).removeprefix("aten.").removesuffix(".default")
    return Operator(
        name=node.name,
        label=node.name,
        type=kind,
        inputs=tuple(one.name for one in node.all_input_nodes if one.op != "get_attr"),
        outputs=(node.name,),
        elements=0,
        computes=bool(constants) and kind.startswith(_WITH_WEIGHTS),
        constants=constants,
    )


def _zeros(source: Source) -> tuple[torch.Tensor, ...]:
    import torch

    return tuple(
        torch.zeros(list(spec.sizes), dtype=getattr(torch, spec.dtype)) for spec in source.inputs
    )


def _quantized(job: Job, module: Any, arguments: tuple[torch.Tensor, ...]) -> Any:
    """int8 by XNNPACK's own quantizer: weights by channel, activations by histogram."""
    import torch
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
        XNNPACKQuantizer,
        get_symmetric_quantization_config,
    )
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    quantizer = XNNPACKQuantizer().set_global(
        get_symmetric_quantization_config(is_per_channel=job.how.granularity == "per-channel")
    )
    left = {*job.relaxation.in_float, *tail_in_float.names(job.how, CONVERTER.operators(job))}
    if left:
        quantizer.set_filter_function(lambda node: node.name not in left)
    prepared = prepare_pt2e(torch.export.export(module, arguments).module(), quantizer)
    names = [spec.name for spec in job.source.inputs]
    with torch.inference_mode():
        for sample in job.samples():
            prepared(*(torch.from_numpy(sample[name]) for name in names))
    done = convert_pt2e(prepared)
    if not any("quantize_per" in str(node.target) for node in done.graph.nodes):
        raise EdgeoptError("XNNPACK's quantizer found nothing in it that it quantizes.")
    return done
