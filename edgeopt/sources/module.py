"""A PyTorch module given from Python: exported to a .pt2 file, then as any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeopt.domain.errors import BadInput


def export(module: Any, example_inputs: Any, path: Path) -> None:
    """Write an `nn.Module` as an exported program with batch 1.

    Args:
        example_inputs: a tensor, or a tuple with one tensor for each argument of `forward`;
            where all share the first dimension, only the first sample is taken.

    Raises:
        BadInput: PyTorch cannot export it.
    """
    import torch

    tensors = (
        tuple(example_inputs) if isinstance(example_inputs, (tuple, list)) else (example_inputs,)
    )
    batches = {t.shape[0] for t in tensors if t.ndim}
    if len(batches) == 1 and all(t.ndim for t in tensors):
        tensors = tuple(t[:1] for t in tensors)
    training = module.training
    try:
        program = torch.export.export(module.eval(), tensors)
        torch.export.save(program, str(path))
    except Exception as error:
        text = str(error).strip().splitlines()
        raise BadInput(
            f"PyTorch cannot export this module: {type(error).__name__}: {(text or [''])[0]}",
            "See torch.export: data-dependent control flow is the usual cause.",
        ) from error
    finally:
        module.train(training)
