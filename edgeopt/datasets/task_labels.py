"""What samples are judged by where it stands in arrays or tables: queries, pairs, identities."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeopt.datasets.annotations import candidates, pairs
from edgeopt.datasets.marked_pairs import MarkedPairs
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.task_data import JUDGED, TaskData
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked
from edgeopt.jobs import on_disk
from edgeopt.tasks.ranking import Candidates

#: Tasks whose labels may be text: what is written or said, and who or what a sample is.
OF_TEXT = ("ctc", "embedding")
#: Pairs keep together in the parts unless they connect a larger share of the samples than this.
MOST_CONNECTED = 0.1
#: Identities keep together, too, if there are so many, most of them of fewer samples than this.
LEAST_IDENTITIES, MANY_SAMPLES = 20, 10


def require(of: TaskData) -> None:
    """Refuse tables that are not there, without the data.

    Raises:
        BadInput: one is missing, or numbers samples of another file.
    """
    if of.part == "confirm" and of.task.pairs and not of.task.confirm_pairs:
        raise BadInput(
            "--pairs numbers the samples of --data, so that nothing says which of --confirm's "
            "samples are pairs.",
            "Add --confirm-pairs FILE, or leave --confirm out: a part of --data confirms.",
        )
    if of.task.confirm_pairs and not of.task.pairs:
        raise BadInput(
            "--confirm-pairs names pairs of --confirm, and nothing names those of --data.",
            "Add --pairs FILE.",
        )
    for name in (of.task.candidates, of.task.pairs, of.task.confirm_pairs):
        if name and on_disk.kind(Path(name)) == "nothing":
            raise BadInput(f"{on_disk.shown(name)}: no such file", on_disk.near(Path(name)))


def settled(samples: Samples, of: TaskData) -> Samples:
    """The samples with what a table says of them, checked for the task.

    Raises:
        BadInput: a table does not fit the samples, or they lack what the task is judged by.
    """
    if of.task.pairs and of.part == "data":
        samples = _with_pairs(samples, Path(of.task.pairs))
    if of.task.confirm_pairs and of.part == "confirm":
        samples = _with_pairs(samples, Path(of.task.confirm_pairs))
    if of.task.candidates and of.part == "data":
        samples = _with_candidates(samples, Path(of.task.candidates))
    if of.part in JUDGED:
        _require(samples, of)
        if of.task.task == "embedding":
            samples = _identities_together(samples)
    return samples


def may_be_text(said: TaskAsked) -> bool:
    """Whether labels of text are labels of the task that is asked for."""
    return said.task in OF_TEXT or ":" in said.task or bool(said.alphabet or said.pairs)


def _with_pairs(samples: Samples, path: Path) -> Samples:
    _require_no_labels(samples, "pairs", path)
    marks = MarkedPairs(pairs.read(path, len(samples)), len(samples))
    found = replace(samples, marks=marks)
    groups = marks.groups() if samples.groups is None else None
    if groups is None or np.bincount(groups).max() > MOST_CONNECTED * len(samples):
        return found
    return replace(found, groups=groups)


def _identities_together(samples: Samples) -> Samples:
    """Identities of few samples are groups, so that none is left alone in a part."""
    if samples.labels is None or samples.groups is not None:
        return samples
    _, identity, counts = np.unique(samples.labels, return_inverse=True, return_counts=True)
    if len(counts) < LEAST_IDENTITIES or np.median(counts) >= MANY_SAMPLES:
        return samples
    return replace(samples, groups=identity)


def _with_candidates(samples: Samples, path: Path) -> Samples:
    """Those that are a candidate: the query as the group, the relevance as the label."""
    _require_no_labels(samples, "candidates", path)
    if samples.groups is not None:
        raise BadInput(
            f"{samples.origin} has groups, and {path} says the query of each sample, too.",
            "Leave one of them out.",
        )
    found = candidates.read(path, len(samples))
    _require_one_query(found, path)
    order = np.argsort(found.sample)
    taken = samples.take(found.sample[order])
    return replace(taken, labels=found.relevance[order], groups=found.query[order])


def _require_one_query(found: Candidates, path: Path) -> None:
    numbers, counts = np.unique(found.sample, return_counts=True)
    if counts.max() > 1:
        raise BadInput(
            f"{path}: the sample {numbers[counts > 1][0]} is a candidate {counts.max()} times "
            f"({np.sum(counts > 1)} samples are more than once).",
            "A sample is one candidate of one query: repeat it in the data for each.",
        )


def _require_no_labels(samples: Samples, what: str, path: Path) -> None:
    if samples.labels is not None:
        raise BadInput(
            f"{samples.origin} has labels, and {path} says by its {what} what is right, too.",
            f"Leave out the labels, or --{what}.",
        )


def _require(samples: Samples, of: TaskData) -> None:
    """What each task needs of arrays."""
    labels, task = samples.labels, of.task.task
    if task == "ranking" or of.task.candidates:
        _require_queries(samples)
    if labels is not None and task in OF_TEXT and labels.ndim != 1:
        what = "a text" if task == "ctc" else "an identity"
        raise BadInput(
            f"{samples.origin}: labels of shape {list(labels.shape)}, but {task} takes {what} for "
            "each sample.",
            "Give labels [n].",
        )
    if labels is not None and task == "ctc" and labels.dtype.kind != "U":
        raise BadInput(
            f"{samples.origin}: the labels hold {labels.dtype}, but ctc is judged by texts.",
            "Give what is written or said in each sample as a string.",
        )


def _require_queries(samples: Samples) -> None:
    labels = samples.labels
    if samples.groups is None:
        raise BadInput(
            f"{samples.origin}: ranking needs the query of each sample.",
            "Give an array 'groups' with one number or word a sample, or --candidates FILE.",
        )
    if labels is None:
        return
    if labels.ndim != 1 or labels.dtype.kind not in "biuf":
        raise BadInput(
            f"{samples.origin}: labels of {labels.dtype} {list(labels.shape)}, but ranking takes "
            "a relevance for each sample.",
            "Give numbers [n]: 0 for what is wrong, above 0 for what is right.",
        )
    if not np.isfinite(labels).all() or labels.min(initial=0) < 0:
        raise BadInput(
            f"{samples.origin}: a relevance that is below 0 or not finite.",
            "It is 0 for what is wrong, and above 0 for what is right.",
        )
