"""Fits samples to a model's inputs, or says in one sentence why they do not fit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from edgeopt.datasets import sequences
from edgeopt.datasets.advice import Advice, did_you_mean, quoted
from edgeopt.datasets.pixels import Pixels, blocks
from edgeopt.datasets.samples import Samples
from edgeopt.decoding import size_inputs
from edgeopt.domain.errors import BadInput
from edgeopt.domain.tensor import TensorSpec
from edgeopt.runtimes import fitting

_NUMBERS = "biuf"


def check(
    samples: Samples,
    specs: Sequence[TensorSpec],
    where: str,
    text_labels: bool = False,
    states: Collection[str] = (),
) -> Samples:
    """The samples exactly as the model takes them.

    Args:
        specs: the model's inputs. A leading 1 is the batch axis: samples may come without it.
            None stands for any size.
        where: what the messages call the data, such as its path.
        text_labels: the task has labels of text, which are taken as they are.
        states: inputs that are the memory of a model. Then samples are sequences, and the data may
            lack the states.

    Returns:
        Inputs [n, *spec.shape] in the spec's element type, in the order of `specs`;
        labels [n, ...] of numbers, or of text where that is allowed, or None; groups [n] or None;
        columns [n].
        Of sequences [n, steps, *spec.shape], states [n, *spec.shape].

    Raises:
        BadInput: names, shapes, element types, values or lengths do not fit, or n is 0.
    """
    given = [spec for spec in specs if spec.name not in states or spec.name in samples.inputs]
    inputs = _match_names(samples.inputs, given, where)
    n = _count(inputs, where)
    steps = 0
    if states:
        fitted = sequences.fit(inputs, specs, states, where)
        steps = next(array.shape[1] for name, array in fitted.items() if name not in states)
    else:
        fitted = {spec.name: _fit(inputs[spec.name], spec, where) for spec in specs}
    if samples.labels is not None:
        _check_labels(samples.labels, n, where, text_labels)
    if samples.groups is not None:
        _check_groups(samples.groups, n, where)
    for name, column in samples.columns.items():
        _check_column(column, name, n, where)
    return replace(samples, inputs=fitted, steps=steps)


def constant_inputs(samples: Samples, states: Collection[str] = ()) -> tuple[Advice, ...]:
    """A warning for each float input that is always the same, but for states and image sizes."""
    return tuple(
        Advice(
            f"input '{name}' is the same in all {len(samples)} samples of {samples.origin}",
            "What is calibrated or scored on it holds for this one value only: vary it as in use.",
        )
        for name, array in samples.inputs.items()
        if len(array) > 1
        and not size_inputs.known(name, array.shape[1:])
        and name not in states
        and array.size
        and array.dtype.kind == "f"
        and _is_one(array)
    )


def _is_one(array: np.ndarray) -> bool:
    first = np.asarray(array[:1])
    return all(bool((block == first).all()) for block in blocks(array))


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


def _fit(array: np.ndarray, spec: TensorSpec, where: str) -> np.ndarray:
    """[n, *spec.shape] in the spec's element type: `runtimes.fitting`, which bundles have too."""
    try:
        if isinstance(array, Pixels) and np.dtype(spec.dtype) == array.dtype:
            # Finite already: mean, scale and bytes are.
            like = np.broadcast_to(np.zeros((), array.dtype), array.shape)
            return array.shaped(fitting.fit_shape(like, spec.name, spec.shape).shape[1:])
        fitted: np.ndarray = fitting.fit(array, spec.name, spec.dtype, spec.shape)
    except fitting.Unfit as error:
        raise BadInput(f"{where}: {error}", error.hint) from error
    return fitted


def _dims(shape: Sequence[int]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"


def _refuse_non_finite(array: np.ndarray, name: str, where: str) -> None:
    try:
        fitting.refuse_gaps(array, name)
    except fitting.Unfit as error:
        raise BadInput(f"{where}: {error}", error.hint) from error


def _check_labels(labels: np.ndarray, n: int, where: str, text: bool) -> None:
    if len(labels) != n:
        raise BadInput(f"{where}: {len(labels)} labels for {n} samples")
    if text and labels.dtype.kind == "U":
        return
    if labels.dtype.kind not in _NUMBERS:
        texts = " Texts are labels of --task ctc and --task embedding."
        raise BadInput(
            f"{where}: the labels hold {labels.dtype}, not numbers",
            "Give each class the number of its column in the model's output."
            + (texts if labels.dtype.kind == "U" else ""),
        )
    if labels.dtype.kind == "f":
        _refuse_non_finite(labels, "labels", where)


def _check_groups(groups: np.ndarray, n: int, where: str) -> None:
    if groups.shape != (n,):
        raise BadInput(
            f"{where}: groups of shape {_dims(groups.shape)} for {n} samples",
            "Give one group name or number for each sample.",
        )
    if groups.dtype.kind == "f":
        _refuse_non_finite(groups, "groups", where)


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
