"""What is recorded of a run's task, a memory included: enough for a bundle to answer by itself."""

from __future__ import annotations

import msgspec
import numpy as np

from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settled import Settled
from edgeopt.domain.task import TaskFacts
from edgeopt.sources.source import Source

_FEW = 8  # sequences that are looked at


def recorded(settled: Settled | None, source: Source, samples: Samples) -> TaskFacts | None:
    """The settled task, the rate of its sounds, and of a model with a memory its states.

    How the steps of a model with a memory overlap is recorded, too.

    A model with a memory that is judged by a metric of one output is recorded as `regression`: it
    gives values at each step. None: one output is judged by itself.
    """
    facts = None if settled is None else settled.facts
    if facts is not None and samples.rate:
        facts = msgspec.structs.replace(facts, extra={**facts.extra, "rate": samples.rate})
    if facts is not None and source.kept is not None and facts.preparation.get("way") == "line":
        widths = {**facts.preparation, "widths": list(source.kept.sizes)}
        facts = msgspec.structs.replace(facts, preparation=widths)
    if not source.states:
        return facts
    facts = facts or TaskFacts(name="regression", why="a model with a memory")
    fed = [name for name in samples.inputs if name not in source.states.values()]
    found = max((overlap(samples.inputs[name][:_FEW]) for name in fed), default=0)
    extra = {**facts.extra, "overlap": found} if found else facts.extra
    return msgspec.structs.replace(facts, states=dict(source.states), extra=extra)


def overlap(sequences: np.ndarray) -> int:
    """How many values at the end of each step begin the next one, in [n, steps, ..., size].

    Silero's VAD is fed so: 64 values of the step before, then 512 new ones. 0 where no number of
    values does, or where the values never change.
    """
    if sequences.ndim < 3 or sequences.shape[1] < 2 or sequences[0, 0].size != sequences.shape[-1]:
        return 0
    steps = sequences.reshape(*sequences.shape[:2], -1)
    if (steps == steps.flat[0]).all():
        return 0
    size = steps.shape[-1]
    before, after = steps[:, :-1], steps[:, 1:]
    fitting = (
        k for k in range(size - 1, 0, -1) if np.array_equal(before[..., -k:], after[..., :k])
    )
    return next(fitting, 0)
