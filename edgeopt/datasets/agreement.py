"""Agreement with the source model, where there are no labels or where it is asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edgeopt.datasets import answers, statistics
from edgeopt.datasets.certainty import read
from edgeopt.datasets.fidelity import follows_inputs
from edgeopt.datasets.metric import Columns, Metric, proportion
from edgeopt.datasets.parts import parts
from edgeopt.datasets.rows import are_sets, in_order

Hits = Callable[[np.ndarray, np.ndarray], np.ndarray]


def agreement(
    name: str, about: str, source_outputs: np.ndarray, labels: np.ndarray | None = None
) -> Metric:
    """What agreement means depends on what the source answers; `why` of the metric says how."""
    if source_outputs.dtype.kind in "biu":
        about = "share of samples answered exactly as by the source model"
        exact = functools.partial(answers.exact_hits, metric=name)
        return proportion(name, about, _in_order(exact, source_outputs), against="source")
    reading = read(source_outputs, labels)
    if not reading.classes:
        return replace(_determination(name, source_outputs), why=f"read as values: {reading.why}")
    scores = answers.class_scores(source_outputs, name)
    yes_above = answers.threshold(scores)
    if scores.shape[1] == 1:
        about = f"share of samples on the same side of {yes_above:g} as the source model's answer"
    else:
        about = "share of samples whose best class is the source model's best class"

    def hits(outputs: np.ndarray, source: np.ndarray) -> np.ndarray:
        both = (answers.class_scores(each, name) for each in (outputs, source))
        return np.equal(*(answers.predicted(each, yes_above) for each in both))

    found = proportion(name, about, hits, against="source")
    return replace(found, why=f"read as scores of classes: {reading.why}")


def _determination(name: str, source_outputs: np.ndarray) -> Metric:
    """R2 as scikit-learn's `r2_score(multioutput="variance_weighted")`, of the worst part.

    An output has parts where slices of it differ in scale; what is constant in the source is none.
    """
    found = [p for p in parts("output", source_outputs) if follows_inputs(p.of(source_outputs))]
    about = "coefficient of determination (R2) of the answers against the source model's"
    if len(found) > 1:
        about += f", in the worst of {' and '.join(p.words for p in found)}"
    elif found and found[0].axis is not None:
        about += f", in {found[0].words}"

    sets = are_sets(source_outputs)

    def columns(outputs: np.ndarray, source: np.ndarray) -> Columns:
        answers.same_size(outputs, source, name)
        outputs = in_order(outputs, source) if sets else outputs.reshape(source.shape)
        each = [_errors(p.of(outputs), p.of(source)) for p in found] or [_errors(outputs, source)]
        errors, spreads = (np.stack(column, axis=1) for column in zip(*each, strict=True))
        return errors, spreads

    return Metric(
        name,
        about,
        columns=columns,
        combine=statistics.worst_determination,
        against="source",
    )


def _in_order(hits: Hits, source_outputs: np.ndarray) -> Hits:
    """The same of rows that are a set, in the source's order."""
    if not are_sets(source_outputs):
        return hits

    def sorted_hits(outputs: np.ndarray, source: np.ndarray) -> np.ndarray:
        same = outputs.size == source.size  # else `hits` says what is wrong
        return hits(in_order(outputs, source) if same else outputs, source)

    return sorted_hits


def _errors(outputs: np.ndarray, source: np.ndarray) -> Columns:
    """Each sample's squared error and squared distance from the mean; of finite values."""
    truths, own = answers.values(source), answers.values(outputs)
    known = np.isfinite(truths)
    truths = np.where(known, truths, 0.0)
    mean = truths.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    errors = np.square(np.where(known, own - truths, 0.0)).sum(axis=1)
    return errors, np.square(np.where(known, truths - mean, 0.0)).sum(axis=1)
