import numpy as np
import pytest
import sklearn.metrics as reference

from edgeopt.datasets.metrics import metric
from edgeopt.domain.errors import BadInput

RNG = np.random.default_rng(0)


def agreement_of(source, outputs):
    """(metric, its value on the candidate's outputs)."""
    found = metric("agreement", None, source)
    assert found.value(source, source) == 1
    assert found.truths(None, source) is source
    return found, found.value(outputs, source)


def test_of_classes_is_the_best_class():
    source = RNG.normal(size=(200, 1, 10)) + 3 * np.eye(10)[RNG.integers(0, 10, 200)][:, None]
    outputs = source + 0.3 * RNG.normal(size=source.shape).astype(np.float32)
    found, value = agreement_of(source, outputs)
    assert value == (source[:, 0].argmax(1) == outputs[:, 0].argmax(1)).mean()
    assert found.about == "share of samples whose best class is the source model's best class"
    assert found.proportion


def test_of_a_probability_is_the_side_of_a_half():
    source = RNG.beta(0.3, 0.3, (200, 1, 1))
    outputs = source + 0.1 * RNG.normal(size=source.shape)
    found, value = agreement_of(source, outputs)
    assert value == ((source > 0.5) == (outputs > 0.5)).mean()
    assert found.about == "share of samples on the same side of 0.5 as the source model's answer"


def test_of_values_that_fill_0_to_1_is_their_distance():
    source = RNG.uniform(0.02, 0.98, (200, 1))  # a quality, say: one bit of it is not enough
    found, value = agreement_of(source, np.where(source > 0.5, 0.75, 0.25))
    assert not found.proportion
    assert value < 0.9


def test_of_whole_numbers_is_equality():
    source = RNG.integers(0, 5, (100, 3))
    outputs = source.copy()
    outputs[:7, 1] += 1
    found, value = agreement_of(source, outputs)
    assert value == 0.93
    assert found.about == "share of samples answered exactly as by the source model"


@pytest.mark.parametrize("shape", [(200, 1), (200, 1, 4, 5)])
def test_of_anything_else_is_r2(shape):
    source = RNG.normal(size=shape) + np.arange(np.prod(shape[1:])).reshape(shape[1:])
    outputs = source + 0.1 * RNG.normal(size=shape)
    found, value = agreement_of(source, outputs)
    expected = reference.r2_score(
        source.reshape(200, -1), outputs.reshape(200, -1), multioutput="variance_weighted"
    )
    assert value == pytest.approx(expected)
    assert not found.proportion
    assert found.about.startswith("coefficient of determination (R2)")


def test_r2_of_constant_answers():
    source = np.full((5, 1), 3.0)
    found, value = agreement_of(source, source + 1)
    assert value == 0
    assert found.value(source, source) == 1


def test_is_available_beside_labels():
    source = RNG.normal(size=(20, 4))
    found = metric("agreement", np.zeros(20, int), source)
    assert found.value(source, found.truths(np.zeros(20, int), source)) == 1


def test_outputs_of_another_size():
    source = RNG.normal(size=(5, 2, 3))
    with pytest.raises(BadInput, match="there are 6 labels and 3 values for a sample"):
        metric("agreement", None, source).value(source[:, 0], source)
