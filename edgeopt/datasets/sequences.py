"""Sequences, which a model with a memory is rolled over: one sample is a sequence of steps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from edgeopt.domain.errors import BadInput
from edgeopt.domain.tensor import TensorSpec
from edgeopt.runtimes import fitting

#: As a file states it: sizes, and names or None where it is open. None: the file is silent.
Stated: TypeAlias = Sequence[int | str | None] | None

FORM = "Data of a model with a memory is of sequences: [n, steps, *shape] of each input."


def fit(
    data: Mapping[str, np.ndarray],
    specs: Sequence[TensorSpec],
    states: Collection[str],
    where: str,
) -> dict[str, np.ndarray]:
    """Sequences exactly as a model with a memory takes them, step by step.

    Args:
        data: [n, ...] of all inputs but the states, and of states where there are any.
        specs: the model's inputs. states: the names of those that are states.

    Returns:
        Inputs [n, steps, *spec.shape] in the order of `specs`; an input that has no steps is the
        same at each. A state is [n, *spec.shape], what each sequence begins with: zeros where
        the data has none.

    Raises:
        BadInput: shapes, types or values do not fit, or the sequences have no step.
    """
    n = len(next(iter(data.values())))
    new = [spec for spec in specs if spec.name not in states]
    found = {spec.name: _steps(data[spec.name], spec, where) for spec in new}
    steps = _length(found, data, where)
    inputs = {}
    for spec in specs:
        if spec.name in states:
            inputs[spec.name] = _first_state(data.get(spec.name), n, spec, where)
            continue
        array = found[spec.name]
        if array is None:
            once = _fitted(data[spec.name], spec, where)
            array = np.repeat(once[:, None], steps, axis=1)
        inputs[spec.name] = array
    return inputs


def has_steps(array: np.ndarray, shape: Stated) -> bool:
    """Whether [n, ...] has an axis of steps before what a step of this shape takes.

    An axis of 1 may be the batch's, which samples may lack: [n, k, 512] of [1, 512] are steps
    unless k is 1.
    """
    if shape is None:
        return array.ndim > 2
    forms = _forms(shape)
    if any(fitting.matches(array.shape[1:], form) for form in forms):
        return False
    return array.ndim > 1 and any(fitting.matches(array.shape[2:], form) for form in forms)


def _forms(shape: Sequence[int | str | None]) -> list[list[int | None]]:
    """The shapes that a step may come in: with the batch axis and without."""
    stated = [size if isinstance(size, int) else None for size in shape]
    if stated[:1] == [None]:
        stated[0] = 1
    ones = [axis for axis, size in enumerate(stated) if size == 1]
    return [stated, *(stated[:axis] + stated[axis + 1 :] for axis in ones)]


def single(
    data: Mapping[str, np.ndarray], stated: Mapping[str, Stated], states: Collection[str]
) -> dict[str, np.ndarray]:
    """One step of each sequence, the middle one, for what only looks at shapes and values.

    Args:
        stated: the shape of each input. states: the inputs that are states; those that the data
            lacks are zeros, as far as their shape is known.
    """
    n = len(next(iter(data.values())))
    found = {}
    for name, shape in stated.items():
        array = data.get(name)
        if array is not None:
            stepped = name not in states and has_steps(array, shape) and array.shape[1]
            found[name] = array[:, array.shape[1] // 2] if stepped else array
        elif name in states and shape is not None:
            sizes = known_sizes(shape)
            if sizes is not None:
                found[name] = np.zeros((n, *sizes), np.float32)
    return found


def middle(
    inputs: Mapping[str, np.ndarray], steps: int, states: Collection[str], count: int
) -> dict[str, np.ndarray]:
    """The middle steps of the first sequences, with what each begins with as its states.

    Args:
        inputs: as `fit` gives them; where `steps` is 0 they are no sequences and stay as they are.
    """
    return {
        name: array[:count, steps // 2] if steps and name not in states else array[:count]
        for name, array in inputs.items()
    }


def known_sizes(shape: Sequence[int | str | None]) -> tuple[int, ...] | None:
    """The sizes of a state of one stream: its only open axis is the batch's; None for more."""
    if sum(not isinstance(size, int) for size in shape) > 1:
        return None
    return tuple(size if isinstance(size, int) else 1 for size in shape)


def _steps(array: np.ndarray, spec: TensorSpec, where: str) -> np.ndarray | None:
    """[n, steps, *shape]; None where the array has no steps.

    Raises:
        BadInput: it fits neither.
    """
    if has_steps(array, spec.shape):
        flat = _fitted(array.reshape(-1, *array.shape[2:]), spec, where)
        return flat.reshape(*array.shape[:2], *flat.shape[1:])
    try:
        fitting.fit_shape(array, spec.name, spec.shape)
    except fitting.Unfit:
        raise _unfit(array, spec, where) from None
    return None


def _first_state(array: np.ndarray | None, n: int, spec: TensorSpec, where: str) -> np.ndarray:
    if array is None:
        return np.zeros((n, *spec.sizes), spec.dtype)
    try:
        return _fitted(array, spec, where)
    except BadInput as error:
        hint = f"'{spec.name}' is a state: give what each sequence begins with, or leave it out."
        raise BadInput(str(error.args[0]), hint) from error


def _fitted(array: np.ndarray, spec: TensorSpec, where: str) -> np.ndarray:
    try:
        fitted: np.ndarray = fitting.fit(array, spec.name, spec.dtype, spec.shape)
    except fitting.Unfit as error:
        raise BadInput(f"{where}: {error}", error.hint) from error
    return fitted


def _length(
    found: Mapping[str, np.ndarray | None], data: Mapping[str, np.ndarray], where: str
) -> int:
    """The steps of each sequence, the same of every input."""
    lengths = {name: array.shape[1] for name, array in found.items() if array is not None}
    if not lengths:
        name = next(iter(found))
        raise BadInput(f"{where}: '{name}' holds single steps: {_dims(data[name].shape)}", FORM)
    if len(set(lengths.values())) > 1:
        each = ", ".join(f"'{name}' has {steps}" for name, steps in lengths.items())
        raise BadInput(f"{where}: the inputs have different numbers of steps: {each}", FORM)
    steps = next(iter(lengths.values()))
    if not steps:
        raise BadInput(f"{where}: the sequences have no steps", FORM)
    return steps


def _unfit(array: np.ndarray, spec: TensorSpec, where: str) -> BadInput:
    """What fits no step, with what would."""
    step = fitting.inner(spec.shape)
    dims = ", ".join("?" if size is None else str(size) for size in ("n", "steps", *step))
    found = f"{where}: '{spec.name}' has shape {_dims(array.shape)}, but the model takes [{dims}]"
    if len(step) == 0 or array.ndim != len(step) + 1 or array.shape[2:] != step[1:]:
        return BadInput(found, FORM)
    length, size = array.shape[1], step[0]
    if size is None:
        return BadInput(found, FORM)
    if length < size:
        return BadInput(
            f"{where}: the sequences of '{spec.name}' have {length} values along the axis of which "
            f"a step takes {size}: they are shorter than a step",
            "Give longer sequences.",
        )
    return BadInput(
        found,
        f"Cut each sequence of {length} into steps of {size}: that is {length // size} of them, "
        f"array[:, : {length // size * size}].reshape(n, {length // size}, "
        f"{', '.join(map(str, step))}).",
    )


def _dims(shape: Sequence[int]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"
