"""A PyTorch module given from Python: exported to a .pt2 file, then as any other."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgeopt.domain.errors import BadInput
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import told

_SAID = re.compile(r"data[- ]dependent|[Dd]ynamic control flow|[Cc]ontrol flow|torch\.cond")
_BY_VALUES = (
    "Its control flow is data-dependent, it follows values of tensors: choose by torch.where, or "
    "torch.cond, instead (see torch.export)."
)


def export(module: Any, example_inputs: Any, path: Path) -> None:
    """Write an `nn.Module` as an exported program with batch 1.

    Args:
        example_inputs: a tensor, or a tuple with one tensor for each argument of `forward`;
            where all share the first dimension, only the first sample is taken.

    Raises:
        BadInput: these are no module and tensors, or PyTorch cannot export it.
    """
    import torch

    tensors = (
        tuple(example_inputs) if isinstance(example_inputs, (tuple, list)) else (example_inputs,)
    )
    _check(module, tensors)
    batches = {t.shape[0] for t in tensors if t.ndim}
    if len(batches) == 1 and all(t.ndim for t in tensors):
        tensors = tuple(t[:1] for t in tensors)
    modes = [(part, part.training) for part in module.modules()]
    try:
        program = torch.export.export(module.eval(), tensors)
        torch.export.save(program, str(path))
    except Exception as error:
        otherwise = BadInput(
            f"PyTorch cannot export this module: {first_line(error)}",
            _BY_VALUES if _is_by_values(error) else _beside(module, tensors),
        )
        raise told(error, otherwise) from error
    finally:
        for part, training in modes:
            part.training = training


def example_of(module: Any, samples: Mapping[str, Any]) -> Any:
    """Example inputs out of data: by the names of `forward`, or the only array.

    Args:
        samples: arrays by name, of one sample each.

    Raises:
        BadInput: the names do not tell which arrays are the inputs.
    """
    import torch

    wanted = [
        name
        for name, one in inspect.signature(module.forward).parameters.items()
        if one.default is inspect.Parameter.empty
        and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]
    names = wanted if wanted and set(wanted) <= set(samples) else list(samples)
    if not names or (names is not wanted and len(names) > 1):
        raise BadInput(
            f"a {type(module).__name__} comes without an example of its inputs, and the names of "
            f"the data's arrays ({', '.join(samples) or 'there are none'}) do not tell them.",
            "Return (model, example_inputs): a tensor, or a tuple of tensors.",
        )
    return tuple(torch.as_tensor(samples[name]) for name in names)


def _is_by_values(error: BaseException) -> bool:
    """Whether torch.export refused to choose a way, or a size, by the values of tensors."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return "GuardOnDataDependentSymNode" in names or bool(_SAID.search(str(error)))


def _beside(module: Any, tensors: tuple[Any, ...]) -> str:
    """What `forward` takes, and what it was given."""
    takes = ", ".join(inspect.signature(module.forward).parameters) or "nothing"
    shapes = " and ".join(str(tuple(one.shape)) for one in tensors) or "nothing"
    return f"forward takes {takes}; the example that it was called with has the shape {shapes}."


def _check(module: Any, inputs: tuple[Any, ...]) -> None:
    import torch

    if not isinstance(module, torch.nn.Module):
        raise BadInput(
            f"the model is a value of type {type(module).__name__}, not a torch.nn.Module.",
            "Give a module, or the path of a model file.",
        )
    for value in inputs:
        if not isinstance(value, torch.Tensor):
            raise BadInput(
                f"example_inputs hold a value of type {type(value).__name__}, not a tensor.",
                "Give a tensor, or a tuple with one tensor for each argument of forward.",
            )
