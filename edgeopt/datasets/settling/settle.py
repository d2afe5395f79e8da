"""Which task a run's answers are judged by; None: a metric of one output, as for classifiers."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Literal

from edgeopt.datasets import function
from edgeopt.datasets.advice import did_you_mean
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.marked_pairs import MarkedPairs
from edgeopt.datasets.metrics import METRICS
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settled import Given, Settled
from edgeopt.datasets.task_metric import TaskMetric
from edgeopt.domain.errors import BadInput
from edgeopt.tasks import known
from edgeopt.tasks.task import Measure

CLASSIFICATION = "classification"


def settle(given: Given) -> Settled | None:
    """The task that is asked for, that the data is of, or that the outputs are certain to be of.

    Raises:
        BadInput: the outputs or the data do not fit it.
    """
    asked = given.asked.task
    if asked and function.is_reference(asked):
        return _of("own")(given)
    word = asked or _of_options(given) or _of_data(given.samples) or _of_metric(given.metric)
    if not word and given.samples.labels is None and not given.metric:
        word = _of_outputs(given)
    if word in ("", CLASSIFICATION):
        return None
    return _of(word.replace("-", "_"))(given)


def metric_of(settled: Settled, metric: str, samples: Samples) -> TaskMetric:
    """The measure that is asked for, or the task's first one.

    Raises:
        BadInput: the task has no such measure.
    """
    measures = {measure.name: measure for measure in settled.task(samples).measures}
    name = metric or next(iter(measures))
    if name not in measures:
        raise BadInput(
            f"the task {settled.facts.name} is not judged by {name!r}"
            f"{did_you_mean(name, measures)}.",
            f"It has {', '.join(measures)}.",
        )
    measure: Measure = measures[name]
    against: Literal["labels", "source"] = "source" if settled.truths(samples) is None else "labels"
    return TaskMetric(measure, against, f"{settled.facts.name}: {settled.facts.why}")


def _of(word: str) -> Callable[[Given], Any]:
    module = importlib.import_module(f"edgeopt.datasets.settling.{word}")
    found: Callable[[Given], Any] = module.settle
    return found


def _of_options(given: Given) -> str:
    from edgeopt.datasets.settling.pose import WITH_POINTS
    from edgeopt.decoding.class_map import MAPS
    from edgeopt.decoding.points import FORMS

    asked = given.asked
    if asked.head in MAPS:
        return "segmentation"
    if asked.head:
        posed = given.marked is not None and bool(given.marked.annotated.keypoint_names)
        points = asked.head in FORMS or asked.head == "yolo-pose"
        return "pose" if points or (posed and asked.head in WITH_POINTS) else "detection"
    if asked.alphabet:
        return "ctc"
    if asked.candidates:
        return "ranking"
    return "segmentation" if asked.masks else ""


def _of_data(samples: Samples) -> str:
    marks = samples.marks
    if isinstance(marks, MarkedPairs):
        return "embedding"
    if samples.labels is not None and samples.labels.dtype.kind == "U":
        return "ctc"
    if not isinstance(marks, MarkedImages):
        return ""
    annotated = marks.annotated
    if annotated.masks is not None:
        return "segmentation"
    if annotated.texts is not None:
        return "ctc"
    if annotated.objects is None:
        return ""
    return "pose" if annotated.keypoint_names else "detection"


def _of_metric(metric: str) -> str:
    """The task whose measure this is, where it is of one alone and no classifier's."""
    tasks = [task for task, names in known.measures().items() if metric in names]
    return tasks[0] if len(tasks) == 1 and metric not in METRICS else ""


def _of_outputs(given: Given) -> str:
    from edgeopt.datasets.settling import detection

    return "detection" if detection.possible(given) else ""
