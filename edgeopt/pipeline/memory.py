"""A model with a memory at intake: which inputs are states, and what its data is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeopt.datasets import sequences
from edgeopt.datasets.advice import Advice, quoted
from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import BadInput
from edgeopt.sources.source import Inspected, Source
from edgeopt.tasks import memory


@dataclass(frozen=True)
class Expected:
    """What may be a memory, before the model's outputs are known.

    Attributes:
        told: "OUTPUT=INPUT" as the call says it.
        names: the inputs that are states by what is told, or that the data lacks.
        stated: the shape of each input as the file states it.
    """

    told: tuple[str, ...]
    names: tuple[str, ...]
    stated: Mapping[str, Sequence[int | str] | None]

    def single(self, data: Samples) -> Samples:
        """A step of each sequence, for what looks at shapes before the data is checked."""
        if not self.names:
            return data
        named = self._named(data.inputs)
        return replace(data, inputs=sequences.single(named, self.stated, self.names))

    def settled(self, source: Source, data: Samples) -> dict[str, str]:
        """The model's states, output -> input; {} where it has none or data of single steps.

        Raises:
            BadInput: what is told does not fit the model, or names do not make certain what the
                data lacks.
        """
        if self.told:
            return _answering(memory.told(self.told, source.inputs, source.outputs), source)
        if not self.names:
            return {}
        found = memory.find(source.inputs, source.outputs)
        if set(self.names) <= set(found.values()):
            return _answering(found, source)
        self._refuse_doubt(source, data)
        return {}

    def _refuse_doubt(self, source: Source, data: Samples) -> None:
        """Inputs that the data lacks may be states all the same: say how that is told."""
        possible = memory.possible(source.inputs, source.outputs)
        pairs = [p for p in possible if any(p.endswith(f"={name}") for name in self.names)]
        if not pairs or set(self._named(data.inputs)) - set(self.stated):
            return  # of a misspelt name `check` says more
        noun = "input" if len(self.names) == 1 else "inputs"
        raise BadInput(
            f"{data.origin}: {noun} {quoted(self.names)} missing",
            "Give an array for each. Of a memory, which the step before answers, say "
            f"--state OUTPUT=INPUT; by their shapes these can be: {', '.join(pairs[:10])}.",
        )

    def _named(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """One array for the one input that is no state fits under any name."""
        new = [name for name in self.stated if name not in self.names]
        if len(new) == len(inputs) == 1:
            return {new[0]: next(iter(inputs.values()))}
        return inputs


def _answering(states: dict[str, str], source: Source) -> dict[str, str]:
    """The states, where something is left that is an answer.

    Raises:
        BadInput: there is nothing.
    """
    if all(spec.name in states for spec in source.outputs):
        raise BadInput(
            f"all {len(source.outputs)} outputs are states, and none is an answer to score.",
            "Say --state for those alone that the next step takes.",
        )
    return states


def expected(told: Sequence[str], inspected: Inspected, data: Samples) -> Expected:
    """What may be a memory of this model, by what is told and what the data lacks."""
    stated = {spec.name: spec.shape for spec in inspected.inputs}
    if told:
        names = [name for name in stated if any(pair.endswith(f"={name}") for pair in told)]
    else:
        names = [name for name in stated if name not in data.inputs]
        if len(names) == len(stated):  # one array for one input fits under any name
            names = []
    return Expected(tuple(told), tuple(names), stated)


def advice(source: Source, data: Samples) -> tuple[Advice, ...]:
    """What is to be known of a model that has a memory, or seems to."""
    if source.states:
        pairs = ", ".join(f"{output} into {name}" for output, name in source.states.items())
        return (
            Advice(
                f"The model has a memory ({pairs}): it is rolled over {len(data)} sequences of "
                f"{data.steps} steps, and each is a sample",
                "If that is not so, give an array for every input.",
            ),
        )
    try:
        found = memory.find(source.inputs, source.outputs)
    except BadInput:  # names say too little
        return ()
    if not found:
        return ()
    pairs = ", ".join(f"{output} into {name}" for output, name in found.items())
    return (
        Advice(
            f"The model seems to have a memory ({pairs}), and the data is of single steps: an "
            "error that grows from step to step is not seen",
            "To have sequences scored, give [n, steps, *shape] of its other inputs, and no states.",
        ),
    )
