"""A model with a memory is recorded so that its bundle rolls it as it was rolled for its score."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from edgeopt.datasets.samples import Samples
from edgeopt.decoding import wave_file
from edgeopt.domain.task import TaskFacts
from edgeopt.pipeline.recorded_task import overlap, recorded

RNG = np.random.default_rng(0)
SIGNAL = RNG.normal(size=(3, 4000)).astype(np.float32)


def steps(size, shared):
    return np.stack([wave_file.steps(one, size, shared)[:, None] for one in SIGNAL])


@pytest.mark.parametrize(("size", "shared"), [(576, 64), (512, 0), (400, 240), (10, 1), (10, 9)])
def test_the_overlap_of_steps_is_found(size, shared):
    assert overlap(steps(size, shared)) == shared


@pytest.mark.parametrize(
    "sequences",
    [
        np.zeros((2, 5, 1, 8)),
        np.ones((2, 1, 8)),
        RNG.normal(size=(2, 5, 3, 8)),
        RNG.normal(size=(2, 5)),
    ],
)
def test_what_has_none_has_none(sequences):
    assert overlap(sequences) == 0


def source(**states):
    return SimpleNamespace(states=states, kept=None)


def test_a_memory_is_recorded_whatever_judges_it():
    samples = Samples({"sound": steps(576, 64), "state": np.zeros((3, 2, 1))})
    found = recorded(None, source(stateN="state"), samples)
    assert (found.name, found.states, found.extra) == (
        "regression", {"stateN": "state"}, {"overlap": 64},
    )  # fmt: skip
    task = TaskFacts(name="ctc", output="y", extra={"blank": 0})
    settled = SimpleNamespace(facts=task)
    found = recorded(settled, source(stateN="state"), samples)
    assert (found.name, found.output, found.extra) == ("ctc", "y", {"blank": 0, "overlap": 64})


def test_what_has_no_memory_is_recorded_as_it_is():
    samples = Samples({"x": np.zeros((3, 4))})
    task = TaskFacts(name="detection", head="yolo")
    assert recorded(None, source(), samples) is None
    assert recorded(SimpleNamespace(facts=task), source(), samples) is task


def test_the_rate_of_sounds_is_recorded_beside_what_the_task_has():
    task = SimpleNamespace(facts=TaskFacts(name="ctc", extra={"blank": 2}))
    sounds = Samples({"x": np.zeros((3, 1, 8))}, rate=8000)
    assert recorded(task, source(), sounds.take([1])).extra == {"blank": 2, "rate": 8000}
    memory = Samples({"sound": steps(576, 64), "state": np.zeros((3, 2, 1))}, rate=8000)
    found = recorded(task, source(stateN="state"), memory)
    assert found.extra == {"blank": 2, "rate": 8000, "overlap": 64}
    assert "rate" not in recorded(task, source(), Samples({"x": np.zeros((3, 8))})).extra
