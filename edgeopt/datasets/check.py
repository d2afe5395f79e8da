"""Fits samples to a model's inputs, or says in one sentence why they do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgeopt.datasets.advice import Advice, did_you_mean, quoted
from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import BadInput
from edgeopt.domain.tensor import TensorSpec

_NUMBERS = "biuf"
_INTEGERS = "biu"


def check(samples: Samples, specs: Sequence[TensorSpec], where: str) -> Samples:
    """The samples exactly as the model takes them.

    Args:
        specs: the model's inputs. A leading 1 is the batch axis: samples may come without it.
            None stands for any size.
        where: what the messages call the data, such as its path.

    Returns:
        Inputs [n, *spec.shape] in the spec's element type, in the order of `specs`;
        labels [n, ...] of numbers or None; groups [n] or None; columns [n].

    Raises:
        BadInput: names, shapes, element types, values or lengths do not fit, or n is 0.
    """
    inputs = _match_names(samples.inputs, specs, where)
    n = _count(inputs, where)
    fitted = {
        spec.name: _fit_type(_fit_shape(inputs[spec.name], spec, where), spec, where)
        for spec in specs
    }
    if samples.labels is not None:
        _check_labels(samples.labels, n, where)
    if samples.groups is not None:
        _check_groups(samples.groups, n, where)
    for name, column in samples.columns.items():
        _check_column(column, name, n, where)
    return replace(samples, inputs=fitted)


def constant_inputs(samples: Samples) -> tuple[Advice, ...]:
    """A warning for each float input that is the same in all samples."""
    return tuple(
        Advice(
            f"input '{name}' is the same in all {len(samples)} samples of {samples.origin}",
            "What is calibrated or scored on it holds for this one value only: vary it as in use.",
        )
        for name, array in samples.inputs.items()
        if len(array) > 1
        and array.size
        and array.dtype.kind == "f"
        and bool((array == array[:1]).all())
    )


def _match_names(
    inputs: dict[str, np.ndarray], specs: Sequence[TensorSpec], where: str
) -> dict[str, np.ndarray]:
    """The inputs by the model's names. One array for one input fits under any name."""
    wanted = [spec.name for spec in specs]
    if len(wanted) == len(inputs) == 1:
        return {wanted[0]: next(iter(inputs.values()))}
    missing = [name for name in wanted if name not in inputs]
    unknown = [name for name in inputs if name not in wanted]
    if not missing and not unknown:
        return inputs
    parts = [f"{_plural('input', missing)} {quoted(missing)} missing"] if missing else []
    parts += [f"no input of the model is called {quoted(unknown)}"] if unknown else []
    near = did_you_mean(unknown[0], missing or wanted) if unknown else ""
    columns = [name for name in unknown if inputs[name].ndim == 1]
    more = f" An array to slice scores by is named: --slice-by {columns[0]}." if columns else ""
    raise BadInput(
        f"{where}: {'; '.join(parts)}{near}",
        f"The model takes {', '.join(str(spec) for spec in specs)}.{more}",
    )


def _plural(noun: str, names: list[str]) -> str:
    return noun if len(names) == 1 else noun + "s"


def _count(inputs: dict[str, np.ndarray], where: str) -> int:
    """The number of samples, the same in every input."""
    counts = {name: len(array) for name, array in inputs.items()}
    if len(set(counts.values())) > 1:
        each = ", ".join(f"'{name}' has {count}" for name, count in counts.items())
        raise BadInput(
            f"{where}: the inputs have different numbers of samples: {each}",
            "The first axis of every array counts the samples.",
        )
    n = next(iter(counts.values()))
    if n == 0:
        raise BadInput(f"{where}: holds no samples")
    return n


def _fit_shape(array: np.ndarray, spec: TensorSpec, where: str) -> np.ndarray:
    """[n, *spec.shape], from that or from samples without the batch axis."""
    if _matches(array.shape[1:], spec.shape):
        return array
    without_batch = spec.shape[1:]
    has_batch_axis = bool(spec.shape) and spec.shape[0] in (1, None)
    if has_batch_axis and _matches(array.shape[1:], without_batch):
        return array[:, None]
    for axis, size in enumerate(spec.shape):  # the batch may stand elsewhere: [time, 1, features]
        others = (*spec.shape[:axis], *spec.shape[axis + 1 :])
        if size == 1 and _matches(array.shape[1:], others):
            return np.expand_dims(array, axis + 1)
    per_sample = without_batch if has_batch_axis else spec.shape
    raise BadInput(
        f"{where}: '{spec.name}' has shape {_dims(array.shape)}, "
        f"but the model takes {_dims(('n', *per_sample))}",
        _shape_hint(array.shape[1:], per_sample),
    )


def _matches(shape: Sequence[int], wanted: Sequence[int | None]) -> bool:
    return len(shape) == len(wanted) and all(
        w in (None, d) for d, w in zip(shape, wanted, strict=True)
    )


def _dims(shape: Sequence[int | str | None]) -> str:
    return "[" + ", ".join("?" if d is None else str(d) for d in shape) + "]"


def _shape_hint(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> str:
    """What would make the shape fit."""
    if None not in wanted and sorted(shape) == sorted(wanted, key=lambda d: d or 0):
        return "The same axes in another order: transpose them (images: layout=nchw or nhwc)."
    return "The first axis counts the samples; the others are the model's own."


def _fit_type(array: np.ndarray, spec: TensorSpec, where: str) -> np.ndarray:
    """In the spec's element type, every value kept; floats may lose digits, nothing else.

    Integers are not turned into floats: raw pixels in place of normalised ones are the
    commonest mistake of all, and nothing later would notice it.
    """
    wanted, name = np.dtype(spec.dtype), f"{where}: '{spec.name}'"
    if array.dtype.kind not in _NUMBERS:
        raise BadInput(f"{name} holds {array.dtype}, but the model takes {wanted}")
    if array.dtype.kind == "f":
        _refuse_non_finite(array, name)
    if array.dtype == wanted:
        return array
    if array.dtype.kind in _INTEGERS and wanted.kind in _INTEGERS:
        return _fit_integers(array, wanted, name)
    if array.dtype.kind != "f" or wanted.kind != "f":
        raise BadInput(
            f"{name} holds {array.dtype}, but the model takes {wanted}",
            _conversion_hint(array.dtype, wanted),
        )
    with np.errstate(over="ignore"):
        cast = array.astype(wanted)
    if not np.isfinite(cast).all():
        raise BadInput(f"{name} holds values up to {np.abs(array).max():g}, too large for {wanted}")
    return cast


def _fit_integers(array: np.ndarray, wanted: np.dtype, name: str) -> np.ndarray:
    """Another integer type, where every value fits into it."""
    low, high = int(array.min()), int(array.max())
    limits = (0, 1) if wanted.kind == "b" else (np.iinfo(wanted).min, np.iinfo(wanted).max)
    if low < limits[0] or high > limits[1]:
        raise BadInput(
            f"{name} holds values from {low} to {high}, which do not fit the model's {wanted}"
        )
    return array.astype(wanted)


def _conversion_hint(found: np.dtype, wanted: np.dtype) -> str:
    if wanted.kind != "f":
        return f"If its values are whole numbers, save it with .astype('{wanted}')."
    if found == np.uint8:
        return f"Normalise it as in training and save it as {wanted}; raw pixels rarely fit."
    return f"Normalise it as in training, if there was that, and save it with .astype('{wanted}')."


def _refuse_non_finite(array: np.ndarray, name: str) -> None:
    bad = ~np.isfinite(array).reshape(len(array), -1).all(axis=1)
    if bad.any():
        raise BadInput(
            f"{name} has NaN or infinite values in {bad.sum()} of {len(array)} samples, "
            f"first in sample {int(bad.argmax())}",
            "Leave these samples out, or fill the gaps as in training.",
        )


def _check_labels(labels: np.ndarray, n: int, where: str) -> None:
    if len(labels) != n:
        raise BadInput(f"{where}: {len(labels)} labels for {n} samples")
    if labels.dtype.kind not in _NUMBERS:
        raise BadInput(
            f"{where}: the labels hold {labels.dtype}, not numbers",
            "Give each class the number of its column in the model's output.",
        )
    if labels.dtype.kind == "f":
        _refuse_non_finite(labels, f"{where}: 'labels'")


def _check_groups(groups: np.ndarray, n: int, where: str) -> None:
    if groups.shape != (n,):
        raise BadInput(
            f"{where}: groups of shape {_dims(groups.shape)} for {n} samples",
            "Give one group name or number for each sample.",
        )
    if groups.dtype.kind == "f":
        _refuse_non_finite(groups, f"{where}: 'groups'")


def _check_column(column: np.ndarray, name: str, n: int, where: str) -> None:
    if column.shape != (n,):
        raise BadInput(
            f"{where}: the column '{name}' has shape {_dims(column.shape)} for {n} samples",
            "Give one number or word for each sample.",
        )
    if column.dtype.kind == "f":
        raise BadInput(
            f"{where}: the column '{name}' holds {column.dtype}, of which each value is a slice",
            "Put its values into bins: whole numbers or words.",
        )
