"""Single steps of sequences, with the states that the source itself has there.

They calibrate a model with a memory, and are what is timed of it: zeros are no state that it has.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeopt.datasets.samples import Samples
from edgeopt.devices.device import Device
from edgeopt.domain.progress import Listener, silent
from edgeopt.harness.answering import states_at
from edgeopt.harness.feed import Feed
from edgeopt.harness.in_sizes import Sizes
from edgeopt.harness.inputs import INPUTS
from edgeopt.pipeline.source_model import reference
from edgeopt.sources.source import Source


def feed_of(
    source: Source, samples: Samples, folder: Path, device: Device, log: Path, timeout_s: float
) -> Feed:
    """Samples as files; of sequences with real steps to be timed.

    Raises:
        RunnerFailed: the source does not run.
    """
    if not source.states:
        return Feed(samples.inputs, folder, sizes=sizes_of(source, samples))
    steps = single_steps(source, samples, INPUTS, folder / "rolled", device, log, timeout_s)
    timed = Feed(steps.inputs, folder / "steps")
    return Feed(samples.inputs, folder, source.states, timed)


def sizes_of(source: Source, samples: Samples) -> Sizes | None:
    """At which size of an open axis samples are fed; None where no axis is open."""
    if source.kept is None or samples.sizes is None:
        return None
    return Sizes(source.kept, samples.sizes)


def single_steps(
    source: Source,
    samples: Samples,
    most: int,
    folder: Path,
    device: Device,
    log: Path,
    timeout_s: float,
    progress: Listener = silent,
) -> Samples:
    """Single steps with their states, taken evenly from early and late in each sequence.

    Args:
        samples: sequences; what is none comes back as it is.
        most: steps in all; of more sequences the first are taken.
        folder: for files that the source is fed with.

    Returns:
        Samples of all inputs [m, *shape]; labels only where there is one a step.

    Raises:
        RunnerFailed: the source does not run.
    """
    if not source.states:
        return samples
    n = min(len(samples), most)
    places = _places(n, samples.steps, max(1, most // n))
    some = samples.take(np.arange(n))
    feed = Feed(some.inputs, folder, source.states)
    found = states_at(
        device, reference(source), feed, places.tolist(), log, timeout_s, progress
    )  # fmt: skip
    carried = set(source.states.values())
    inputs = {
        name: _flat(found.get(name, _repeated(array, places)))
        if name in carried
        else _flat(_at(array, places))
        for name, array in some.inputs.items()
    }
    labels = some.labels
    labelled = labels is not None and labels.shape[1:2] == (samples.steps,)
    groups = np.arange(n) if some.groups is None else some.groups
    count = places.shape[1]
    return replace(
        some,
        inputs=inputs,
        labels=_flat(_at(labels, places)) if labels is not None and labelled else None,
        groups=np.repeat(groups, count),
        columns={name: np.repeat(column, count) for name, column in some.columns.items()},
        numbers=None,
        marks=None,
        steps=0,
    )


def _places(n: int, steps: int, count: int) -> np.ndarray:
    """int[n, count or fewer]: steps of each sequence in ascending order, at random within equal
    parts of it; never the first, before which there is no state, unless it is the only one."""
    if steps == 1:
        return np.zeros((n, 1), np.int64)
    count = min(count, steps - 1)
    edges = np.linspace(1, steps, count + 1)
    rng = np.random.default_rng(0)
    found = np.floor(rng.uniform(edges[:-1], edges[1:], (n, count))).astype(np.int64)
    distinct: np.ndarray = np.minimum(found, steps - 1)
    return distinct


def _at(array: np.ndarray, places: np.ndarray) -> np.ndarray:
    """[n, count, ...] of [n, steps, ...]."""
    found: np.ndarray = array[np.arange(len(array))[:, None], places]
    return found


def _repeated(array: np.ndarray, places: np.ndarray) -> np.ndarray:
    """A state that the source does not take: what it begins with, at each step."""
    return np.repeat(array[:, None], places.shape[1], axis=1)


def _flat(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1, *array.shape[2:])
