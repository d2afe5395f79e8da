"""What is given from Python as a model and is none is told so; an estimator has to be fitted."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from torch import nn, zeros

from edgeopt.domain.errors import BadInput
from edgeopt.sources import given


class Own(BaseEstimator):
    """Keeps what it learned under a name of its own."""

    def fit(self, rows):
        self.mean = rows.mean()
        return self


def steps():
    yield 1


NET = nn.Linear(2, 1)


@pytest.mark.parametrize(
    ("value", "said", "hint"),
    [
        (None, "nothing is no model.", "A model is a torch.nn.Module, a Keras model"),
        (3, "3 is no model.", "A model is"),
        ([1, 2], "a list is no model.", "A model is"),
        ([NET, zeros(1, 2)], "a list is no model.", "a tuple of two: (model, example_inputs)"),
        ((NET, zeros(1, 2), 3), "a tuple is no model.", "(model, (a, b))"),
        ({}, "a dict is no model.", "A model is"),
        (NET.state_dict(), "an OrderedDict is no model.", "load_state_dict"),
        (nn.Linear, "the class Linear is no model.", "Make one of it: Linear(...)."),
        (steps, "the function steps is no model.", "Call it"),
        (steps(), "a generator is no model.", "no yield"),
    ],
)
def test_what_is_no_model_is_told_so(value, said, hint, tmp_path):
    with pytest.raises(BadInput) as caught:
        given.as_path(value, zeros(1, 2), tmp_path)
    assert caught.value.args[0] == said
    assert hint in caught.value.hint


def test_a_module_without_an_example_is_a_model(tmp_path):
    with pytest.raises(BadInput, match="a Linear needs example_inputs") as caught:
        given.as_path(NET, None, tmp_path)
    assert "example_inputs=torch.zeros" in caught.value.hint


@pytest.mark.parametrize(
    "model", [LogisticRegression(), make_pipeline(FunctionTransformer(), LogisticRegression())]
)
def test_an_estimator_that_is_not_fitted_is_told_before_it_is_written(model, tmp_path):
    with pytest.raises(BadInput, match=f"the {type(model).__name__} is not fitted"):
        given.as_path(model, None, tmp_path)
    assert list(tmp_path.iterdir()) == []
    rows = np.arange(8.0).reshape(4, 2)
    assert given.as_path(model.fit(rows, [0, 0, 1, 1]), None, tmp_path).is_file()


def test_an_estimator_of_ones_own_may_keep_what_it_learned_as_it_likes():
    assert given.never_fitted(Own())
    assert not given.never_fitted(Own().fit(np.zeros(3)))
