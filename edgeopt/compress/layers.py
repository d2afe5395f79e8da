"""Calls of functions that own weights, and the layers of `nn` that do the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Maker = Callable[[dict[str, Any]], Any]


def makers() -> dict[Any, Maker]:
    """Calls that own weights -> the layer that does the same; None where it does not fit."""
    import torch

    aten = torch.ops.aten
    return {
        aten.conv1d.default: lambda a: _conv(torch.nn.Conv1d, a),
        aten.conv2d.default: lambda a: _conv(torch.nn.Conv2d, a),
        aten.conv3d.default: lambda a: _conv(torch.nn.Conv3d, a),
        aten.conv1d.padding: lambda a: _conv(torch.nn.Conv1d, a),
        aten.conv2d.padding: lambda a: _conv(torch.nn.Conv2d, a),
        aten.conv_transpose1d.default: lambda a: _transposed(torch.nn.ConvTranspose1d, a),
        aten.conv_transpose2d.input: lambda a: _transposed(torch.nn.ConvTranspose2d, a),
        aten.conv_transpose3d.input: lambda a: _transposed(torch.nn.ConvTranspose3d, a),
        aten.convolution.default: _convolution,
        aten.linear.default: lambda a: _linear(a["weight"], a["bias"]),
        aten.batch_norm.default: _batch_norm,
        aten._native_batch_norm_legit_no_training.default: _batch_norm,
        aten.layer_norm.default: _layer_norm,
        aten.embedding.default: _embedding,
        aten.dropout.default: lambda a: torch.nn.Dropout(a["p"]),
    }


def _is_tensor(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor)


def _set(layer: Any, **tensors: Any) -> Any:
    import torch

    with torch.no_grad():
        for name, value in tensors.items():
            if value is not None:
                getattr(layer, name).copy_(value)
    return layer


def _conv(kind: Any, a: dict[str, Any]) -> Any:
    weight, bias = a["weight"], a["bias"]
    if not _is_tensor(weight) or not (bias is None or _is_tensor(bias)):
        return None
    padding = a["padding"]
    layer = kind(
        weight.shape[1] * a["groups"],
        weight.shape[0],
        tuple(weight.shape[2:]),
        stride=_as_tuple(a["stride"]),
        padding=padding if isinstance(padding, str) else _as_tuple(padding),
        dilation=_as_tuple(a["dilation"]),
        groups=a["groups"],
        bias=bias is not None,
    )
    return _set(layer, weight=weight, bias=bias)


def _transposed(kind: Any, a: dict[str, Any]) -> Any:
    weight, bias = a["weight"], a["bias"]
    if not _is_tensor(weight) or not (bias is None or _is_tensor(bias)):
        return None
    layer = kind(
        weight.shape[0],
        weight.shape[1] * a["groups"],
        tuple(weight.shape[2:]),
        stride=_as_tuple(a["stride"]),
        padding=_as_tuple(a["padding"]),
        output_padding=_as_tuple(a["output_padding"]),
        groups=a["groups"],
        bias=bias is not None,
        dilation=_as_tuple(a["dilation"]),
    )
    return _set(layer, weight=weight, bias=bias)


def _as_tuple(value: Any) -> Any:
    """One number, also in a list of one, stands for all dimensions."""
    if isinstance(value, int):
        return value
    numbers = tuple(value)
    return numbers[0] if len(numbers) == 1 else numbers


def _convolution(a: dict[str, Any]) -> Any:
    import torch

    if not _is_tensor(a["weight"]):
        return None
    nn, ndim = torch.nn, a["weight"].ndim
    if a["transposed"]:
        backwards = {3: nn.ConvTranspose1d, 4: nn.ConvTranspose2d, 5: nn.ConvTranspose3d}
        return _transposed(backwards[ndim], a)
    return _conv({3: nn.Conv1d, 4: nn.Conv2d, 5: nn.Conv3d}[ndim], a)


def _linear(weight: Any, bias: Any) -> Any:
    import torch

    if not _is_tensor(weight) or weight.ndim != 2 or not (bias is None or _is_tensor(bias)):
        return None
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    return _set(layer, weight=weight, bias=bias)


def _batch_norm(a: dict[str, Any]) -> Any:
    """Batch norm that learns again: a program of evaluation mode holds its statistics."""
    import torch

    mean = a["running_mean"]
    if not _is_tensor(mean):
        return None
    # The number of dimensions is checked by nn.BatchNormNd only; the arithmetic is one.
    kinds = {3: torch.nn.BatchNorm1d, 4: torch.nn.BatchNorm2d, 5: torch.nn.BatchNorm3d}
    ndim = a["input"].meta["val"].ndim
    layer = kinds.get(ndim, torch.nn.BatchNorm1d)(mean.shape[0], eps=a["eps"])
    return _set(
        layer,
        weight=a["weight"],
        bias=a["bias"],
        running_mean=mean,
        running_var=a["running_var"],
    )


def _layer_norm(a: dict[str, Any]) -> Any:
    import torch

    if not _is_tensor(a["weight"]):
        return None
    layer = torch.nn.LayerNorm(a["normalized_shape"], eps=a["eps"], bias=a["bias"] is not None)
    return _set(layer, weight=a["weight"], bias=a["bias"])


def _embedding(a: dict[str, Any]) -> Any:
    import torch

    weight = a["weight"]
    return torch.nn.Embedding.from_pretrained(weight.detach().clone(), freeze=False)
