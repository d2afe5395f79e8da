"""A classifier's images whose probabilities changed most, and the facts by which they are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from edgeopt.datasets.classified_images import ClassifiedImages
from edgeopt.datasets.metrics import AGREEMENT
from edgeopt.datasets.samples import Samples
from edgeopt.decoding import answering
from edgeopt.decoding.placement import placement
from edgeopt.domain.task import TaskFacts
from edgeopt.pipeline.changed_samples import most_changed
from edgeopt.pipeline.pictures import MOST, Sample
from edgeopt.sources.source import Source

#: Metrics whose output is a score of each class.
OF_CLASSES = ("accuracy", "top5", "f1", "roc-auc", AGREEMENT)


def facts(metric: str, output: str, source: Source, samples: Samples) -> TaskFacts | None:
    """What a classifier of images is recorded as; None where the model is none.

    Args:
        metric: its name. output: the one that is scored.
    """
    marks = samples.marks
    [spec] = [spec for spec in source.outputs if spec.name == output]
    classes = max(spec.sizes, default=0)
    one_class = source.fold is not None and source.fold.output == "argmax"
    scores = spec.dtype.startswith("float") and classes > 1 and np.prod(spec.sizes) == classes
    if not isinstance(marks, ClassifiedImages) or metric not in OF_CLASSES:
        return None
    if one_class or not scores or len(marks.names) > classes:
        return None
    rows, columns = marks.preparation.size
    return TaskFacts(
        name="classification",
        why="a folder of images",
        size=(int(rows), int(columns)),
        names=marks.names,
        output=output,
        preparation=marks.preparation.record(),
    )


def changed(
    task: TaskFacts,
    samples: Samples,
    source: Mapping[str, np.ndarray],
    own: Mapping[str, np.ndarray],
    most: int = MOST,
) -> list[Sample]:
    """The images of which most probability moved to other classes, worst first.

    Args:
        source, own: both models' answers {output: [n, *shape]}; `own` to the first of them.
    """
    marks, numbers = samples.marks, samples.numbers
    assert isinstance(marks, ClassifiedImages)
    count = len(own[task.output])
    as_plain: dict[str, Any] = msgspec.to_builtins(task)
    told = [
        np.stack([answering.answered(as_plain, {task.output: one}) for one in each[:count]])
        for each in (source[task.output], own[task.output])
    ]
    apart = np.nan_to_num(np.abs(told[0] - told[1]).sum(axis=1) / 2)
    found = []
    for row in most_changed(apart, most):
        sides = (int(side) for side in marks.preparation.size)
        size = (next(sides), next(sides))
        found.append(
            Sample(
                number=int(row if numbers is None else numbers[row]),
                path=marks.images[row],
                place=placement("stretch", size, size),
                apart=float(apart[row]),
                source={task.output: source[task.output][row]},
                chosen={task.output: own[task.output][row]},
            )
        )
    return found
