"""Scores by slices: the worst first, small ones without a say, by class and by column."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.datasets import scores
from edgeopt.datasets.check import check
from edgeopt.datasets.metrics import metric
from edgeopt.datasets.samples import Samples, from_arrays
from edgeopt.datasets.slices import KEPT, Answered, column, slices
from edgeopt.domain.effects import LEAST_TO_DECIDE
from edgeopt.domain.errors import BadInput
from edgeopt.domain.tensor import TensorSpec

CLASSES = 4
LABELS = np.repeat(np.arange(CLASSES), (40, 40, 12, 8))
SITES = np.array(["a", "b"])[np.arange(100) % 2]


def answers(labels):
    return np.eye(CLASSES, dtype=np.float32)[labels]


def given_samples(labels=LABELS, groups=None, **columns):
    return Samples({"x": np.zeros((100, 1), np.float32)}, labels, groups, columns=columns)


def wrong(*indices):
    """The source's answers, all right, but for these samples."""
    labels = LABELS.copy()
    labels[list(indices)] = (labels[list(indices)] + 1) % CLASSES
    return answers(labels)


def found(own, columns=(), samples=None, name="accuracy"):
    samples = samples or given_samples(site=SITES)
    judge = metric(name, samples.labels, answers(LABELS))
    return slices(judge, Answered(samples, own, answers(LABELS)), columns, "confirm", 0.05)


def test_the_worst_class_comes_first():
    (by_class,) = found(wrong(0, 1, 80, 81, 82))
    assert (by_class.by, by_class.part, by_class.count) == ("class", "confirm", CLASSES)
    assert [(one.value, one.n) for one in by_class.worst] == [
        ("2", 12), ("0", 40), ("1", 40), ("3", 8)
    ]  # fmt: skip
    worst = by_class.worst[0]
    assert worst.drop.value == pytest.approx(3 / 12)
    assert (worst.source.value, worst.score.value) == (1.0, 0.75)
    assert worst.drop.low < worst.drop.value < worst.drop.high
    assert worst.score.n == worst.drop.n == 12


def test_a_small_slice_is_shown_and_decides_nothing():
    (by_class,) = found(wrong(*range(92, 100)))  # all of class 3, of which there are 8
    assert by_class.worst[0].value == "3"
    assert by_class.worst[0].drop.value == 1.0
    assert not by_class.worst[0].decides
    assert by_class.worst_deciding.value != "3"
    assert by_class.worst_deciding.drop.value == 0.0


@pytest.mark.slow
def test_a_column_and_the_groups_slice_as_well():
    samples = given_samples(groups=np.arange(100) // 10, site=SITES)
    by_class, by_site, by_group = found(wrong(1, 3, 5), ["site", "groups"], samples)
    assert [s.by for s in (by_class, by_site, by_group)] == ["class", "site", "groups"]
    assert [(one.value, one.n) for one in by_site.worst] == [("b", 50), ("a", 50)]
    assert by_site.worst[0].drop.value == pytest.approx(3 / 50)
    assert by_site.worst[0].drop.interval.startswith("wider of")
    assert (by_group.worst[0].value, by_group.count) == ("0", 10)


def test_without_labels_classes_are_the_sources_answers():
    samples = given_samples(labels=None)
    (by_class,) = found(wrong(50), samples=samples, name="agreement")
    assert (by_class.worst[0].value, by_class.worst[0].n) == ("1", 40)


def test_a_metric_without_classes_has_columns_alone():
    values = np.linspace(1, 2, 100)[:, None].astype(np.float32)
    samples = Samples({"x": values}, values, columns={"site": SITES})
    judge = metric("mae", values, values + 0.1)
    own = values + np.where(SITES == "b", 0.2, 0.1)[:, None].astype(np.float32)
    (by_site,) = slices(judge, Answered(samples, own, values + 0.1), ["site"], "choose", 0.05)
    assert by_site.worst[0].value == "b"
    assert by_site.worst[0].drop.judged == pytest.approx(1.0, rel=1e-3)  # twice the error


@pytest.mark.slow
def test_where_the_metric_is_not_defined_the_reason_stands():
    samples = given_samples(one=np.where(np.arange(100) < 40, "first", "rest"))
    _, by_column = found(wrong(), ["one"], samples, "accuracy")
    assert by_column.count == 2
    judge = metric("roc-auc", LABELS, answers(LABELS))
    (by_column,) = slices(
        judge, Answered(samples, wrong(45), answers(LABELS)), ["one"], "confirm", 0.05
    )
    assert by_column.worst[-1].value == "first"  # one class alone
    assert by_column.worst[-1].drop is None
    assert by_column.worst[-1].why_null


def test_many_values_are_counted_and_cut_but_not_before_one_that_decides():
    small = np.concatenate([np.arange(60), np.full(40, 1000)])  # 60 slices of one, one of 40
    (_, by_column) = found(wrong(*range(60)), ["id"], given_samples(id=small))
    assert by_column.count == 61
    assert len(by_column.worst) == 61
    assert by_column.worst_deciding.value == "1000"
    (_, by_column) = found(wrong(60, 61), ["id"], given_samples(id=small))
    assert len(by_column.worst) == KEPT


@pytest.mark.slow
@given(st.lists(st.integers(0, 99), max_size=30, unique=True), st.integers(1, 6))
def test_every_sample_is_in_one_slice_and_the_losses_add_up(lost, parts):
    samples = given_samples(part=np.arange(100) % parts)
    _, by_part = found(wrong(*lost), ["part"], samples)
    assert sum(one.n for one in by_part.worst) == 100
    assert sum(one.n * one.drop.value for one in by_part.worst) == pytest.approx(len(lost))
    judged = [one.drop.judged for one in by_part.worst]
    assert judged == sorted(judged, reverse=True)
    whole = scores.drop(
        metric("accuracy", LABELS, answers(LABELS)),
        wrong(*lost),
        answers(LABELS),
        LABELS,
        None,
        0.1,
    )
    assert judged[0] >= whole.value - 1e-12
    assert all(one.decides == (one.n >= LEAST_TO_DECIDE) for one in by_part.worst)


def test_columns_come_with_the_data_and_are_cut_with_it():
    arrays = {"x": np.zeros((4, 2), np.float32), "site": np.array(["a", "a", "b", "b"])}
    specs = [TensorSpec(name="x", dtype="float32", shape=(1, 2))]
    samples = check(from_arrays(arrays, ["x"], "here", ["site", "other"]), specs, "here")
    assert list(samples.inputs) == ["x"]
    assert column(samples.take([3, 0]), "site").tolist() == ["b", "a"]
    assert samples.sha256() != check(from_arrays({"x": arrays["x"]}, ["x"], ""), specs, "").sha256()
    with pytest.raises(BadInput, match="no column 'sites' to slice by; did you mean 'site'"):
        column(samples, "sites")
    # Unnamed it is an input that the model does not have, as before.
    with pytest.raises(BadInput, match="no input of the model is called 'site'"):
        check(from_arrays(arrays, ["x"], "here"), specs, "here")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.zeros(4), "holds float64"),
        (np.zeros((4, 2), int), "has shape"),
        (np.zeros(3, int), "has"),
    ],
)
def test_a_column_that_is_none(values, says):
    arrays = {"x": np.zeros((4, 2), np.float32), "site": values}
    specs = [TensorSpec(name="x", dtype="float32", shape=(1, 2))]
    with pytest.raises(BadInput, match=says):
        check(from_arrays(arrays, ["x"], "here", ["site"]), specs, "here")
