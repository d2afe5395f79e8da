"""The samples of a part whose answers changed most, with what draws answers of their task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from edgeopt.datasets.by_task import ByTask
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.settling.own import SettledOwn
from edgeopt.decoding.placement import Placement
from edgeopt.pipeline.pictures import MOST, MOST_BYTES, Artist, Sample
from edgeopt.tasks.alone import distances

_ROUNDING = 1e-9  # differences that are no change


def changed(judging: ByTask, answers: Mapping[str, np.ndarray], most: int = MOST) -> list[Sample]:
    """Those that changed most, worst first; none that did not change.

    Args:
        judging: of samples that are images in files. answers: the chosen's, to the first of them.

    Raises:
        KeyError: the measure is none of answers that are judged by a model's.
        BadInput: the task cannot compare the two.
    """
    trial, measure = judging.trial(answers), judging.metric.measure
    outputs = (judging.source, answers)
    source, own = (trial.answers(each) for each in outputs)
    apart = distances(trial.task, source, own, measure)
    marks, numbers = trial.samples.marks, trial.samples.numbers
    if len(apart) != len(trial.rows) or not isinstance(marks, MarkedImages):
        return []  # of queries or pairs, and not of images
    assert numbers is not None  # they were taken from the data
    found = []
    for place in most_changed(apart, most):
        theirs, ours = (_one(each, int(trial.rows[place])) for each in outputs)
        sample = Sample(
            number=int(numbers[place]),
            path=marks.annotated.images[place],
            place=marks.placements[place],
            apart=float(apart[place]),
            source=theirs,
            chosen=ours,
        )
        found.append(sample)
    return found


def most_changed(distances: np.ndarray, most: int = MOST) -> np.ndarray:
    """Indices of the samples that changed most, worst first; none that did not change."""
    order = np.argsort(-distances, kind="stable")[:most]
    return order[distances[order] > _ROUNDING]


def share(samples: list[Sample], targets: int) -> int:
    """Bytes of one JPEG of these samples, where so many targets share a page."""
    return MOST_BYTES // (2 * max(1, len(samples)) * targets)


def artist_of(judging: ByTask, samples: list[Sample], targets: int = 1) -> Artist:
    """What draws answers of their task, and keeps to its part of the page: targets share it."""
    facts = msgspec.to_builtins(judging.settled.facts)
    most = share(samples, targets)
    if not isinstance(judging.settled, SettledOwn):
        return Artist(facts, None, most)
    task = judging.settled.found

    def answer(outputs: Mapping[str, np.ndarray], place: Placement) -> Any:
        found = task.answers({name: each[None] for name, each in outputs.items()}, [place])
        return found[0] if isinstance(found, list) else None

    return Artist(facts, answer, most)


def _one(outputs: Mapping[str, np.ndarray], row: int) -> dict[str, np.ndarray]:
    return {name: each[row] for name, each in outputs.items()}
