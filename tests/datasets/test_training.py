"""Which samples train: never one that chooses or confirms."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt.datasets.samples import Samples
from edgeopt.datasets.split import split
from edgeopt.datasets.training import refuse_seen, training_samples
from edgeopt.domain.errors import BadInput


def samples(first, count, labels=True, origin="data"):
    values = np.arange(first, first + count, dtype=np.float32)
    return Samples(
        inputs={"x": values[:, None, None]},
        labels=(values % 3).astype(int) if labels else None,
        origin=origin,
    )


def test_a_sample_that_judges_does_not_train():
    parts = split(samples(0, 100))
    refuse_seen(parts.calibrate, parts)
    for part in (parts.choose, parts.confirm):
        with pytest.raises(BadInput, match="1 of the samples in more are in the part"):
            refuse_seen(Samples(inputs=part.take([0]).inputs, origin="more"), parts)


def test_both_train_and_each_content_once():
    found = training_samples(samples(0, 10), samples(5, 10))
    assert sorted(found.inputs["x"].ravel()) == list(range(15))
    assert found.labels is not None
    np.testing.assert_array_equal(found.labels, found.inputs["x"].ravel() % 3)


@pytest.mark.parametrize(("one", "two"), [(True, False), (False, True), (False, False)])
def test_labels_train_where_all_have_some(one, two):
    assert training_samples(samples(0, 9, one), samples(9, 9, two)).labels is None


def test_without_more_it_is_the_calibrating_part():
    own = samples(0, 9)
    assert training_samples(own, None) is own
