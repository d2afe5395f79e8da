"""ON THE DEVICE AND HOST. A model with a memory, rolled over a sequence."""

from __future__ import annotations

import numpy as np


class TooShort(ValueError):
    """A sequence that is shorter than one step of the model."""


def frames(signal, step, overlap=0):
    """[n, step] of a signal [length, ...]: its whole steps, each `overlap` values into the last.

    What is left behind the last whole step is not used.

    Raises:
        TooShort: there is not even one.
    """
    signal = np.asarray(signal)
    if len(signal) < step:
        raise TooShort(f"a sequence of {len(signal)} values is shorter than a step of {step}")
    starts = range(0, len(signal) - step + 1, step - overlap)
    return np.stack([signal[start : start + step] for start in starts])


def zeros(shapes):
    """{name: zeros} of the first step's states; shapes: name -> (dtype, shape), open sizes as 1."""
    return {
        name: np.zeros([1 if size is None else size for size in shape], dtype)
        for name, (dtype, shape) in shapes.items()
    }


def roll(step, sequence, pairs, state):
    """What a model answers at each step of a sequence, its states given back to it.

    Args:
        step: {input: array} -> {output: array}: the model.
        sequence: for each step the inputs that are no states, {name: array}.
        pairs: output -> the input that it is at the next step.
        state: {input: array} of the first step, one for each of `pairs`.

    Returns:
        ({output: [t, ...]} without the states, {input: array} after the last step).

    Raises:
        TooShort: the sequence has no step.
        ValueError: a state is missing, or comes back in another shape.
    """
    missing = sorted(set(pairs.values()) - set(state))
    if missing:
        raise ValueError(f"no first value of the states {', '.join(missing)}")
    found = {}
    count = 0
    for given in sequence:
        outputs = step({**given, **state})
        state = _next(outputs, pairs, state)
        count += 1
        for name, value in outputs.items():
            if name not in pairs:
                found.setdefault(name, []).append(np.array(value))
    if not count:
        raise TooShort("a sequence of 0 steps")
    return {name: np.stack(values) for name, values in found.items()}, state


def _next(outputs, pairs, state):
    following = {}
    for output, name in pairs.items():
        value = np.array(outputs[output])  # a copy: a runtime may write its next answer there
        if value.shape != np.shape(state[name]):
            raise ValueError(
                f"the state {name} is {list(np.shape(state[name]))} and comes back as "
                f"{list(value.shape)}"
            )
        following[name] = value
    return following
