"""A model with a memory, rolled over sequences in its own layout and element types."""

from __future__ import annotations

import numpy as np

from edgeopt.decoding import rolling
from edgeopt.runtimes.binding import from_artifact, to_artifact

_FORM = ("dtype", "shape", "permute", "scale", "zero_point")


class Carried:
    """One state: the output that it leaves by, the input that takes it at the next step.

    Where both have one form the artifact's own numbers go on. Else they go by the real value:
    int8 of one scale becomes int8 of another, one layout another.
    """

    def __init__(self, output: dict, into: dict, shape: list) -> None:
        """Fields of both bindings; the state's shape in the source."""
        self.output, self.into = output["index"], into["index"]
        self._from, self._to, self._shape = output, into, shape
        self._same = all(output.get(key) == into.get(key) for key in _FORM)

    def following(self, value):
        """The next step's input out of this step's output.

        Raises:
            ValueError: it has another size than the state.
        """
        if np.size(value) != np.prod(self._shape):
            raise ValueError(
                "the state {} is {} and comes back as {}: a memory that grows cannot be "
                "given back at fixed shapes".format(
                    self._to["source"], self._shape, list(np.shape(value))
                )
            )
        if self._same:
            return np.array(value, order="C").reshape(self._to["shape"])
        real = from_artifact(np.asarray(value)[None], self._from).reshape((1, *self._shape))
        return np.array(to_artifact(real, self._to)[0], order="C")


def roll(session, arrays: list, states: list, wanted: list, first, count, steps, kept) -> list:
    """Answer the first steps of sequences, each begun with its own first states.

    Args:
        arrays: of the session's inputs in order: [n, steps, *shape], and of a state [n, *shape].
        states: `Carried`.
        wanted: positions of the outputs that are answers.
        first, count: which sequences. steps: of each of them, from its first.
        kept: for each sequence the steps before which its states are kept; empty: none are.

    Returns:
        [count, steps, *shape] of each wanted output; then, where steps are kept,
        [count, kept, *shape] of each state as the session takes it.

    Raises:
        TooShort: the sequences have no step.
        ValueError: the shape of an output or state changes from step to step.
    """
    answers: list = [[] for _ in wanted]
    memories: list = [[] for _ in states] if kept else []
    for i in range(count):
        found, seen = _sequence(session, arrays, states, wanted, first + i, steps)
        for rows, position in zip(answers, wanted):
            rows.append(found[position])
        for rows, one in zip(memories, states):
            rows.append(np.stack([seen[t][one.into] for t in kept[i]]))
    return [np.stack(rows) for rows in [*answers, *memories]]


def _sequence(session, arrays, states, wanted, i, steps):
    """({output: [steps, *shape]}, the states before each step) of one sequence."""
    carried = {one.into for one in states}
    fed = [np.array(array[i], order="C") for array in arrays]
    state = {one.into: fed[one.into] for one in states}
    seen, shapes = [], {}

    def step(given):
        seen.append({name: given[name] for name in carried})
        results = session.run([given[k] for k in range(len(arrays))])
        for k in wanted:
            _require_shape(shapes, k, np.shape(results[k]), len(seen) - 1)
        # A state may be wanted as an answer, too: so it goes back under a name of its own.
        return {
            **{k: results[k] for k in wanted},
            **{"state {}".format(one.into): one.following(results[one.output]) for one in states},
        }

    sequence = (
        {k: np.array(array[t], order="C") for k, array in enumerate(fed) if k not in carried}
        for t in range(steps)
    )
    pairs = {"state {}".format(one.into): one.into for one in states}
    found, _ = rolling.roll(step, sequence, pairs, state)
    return found, seen


def _require_shape(shapes, output, shape, step):
    first = shapes.setdefault(output, shape)
    if first != shape:
        raise ValueError(
            "output {} has shape {} at the first step and {} at step {}: its shape depends on "
            "what is fed".format(output, list(first), list(shape), step)
        )
