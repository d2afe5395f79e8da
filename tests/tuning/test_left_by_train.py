"""Which network is the trained one, by what `train` returns."""

from pathlib import Path

import pytest
from torch import nn, optim, zeros

from edgeopt.domain.errors import BadInput
from edgeopt.tuning import left_by_train

BUILT, OTHER = nn.Linear(2, 1), nn.Linear(2, 1)


class History:
    """As Keras' `fit` returns it."""

    def __init__(self):
        self.model, self.history = OTHER, {"loss": [0.1]}


def steps():
    yield OTHER


async def later():
    return OTHER


@pytest.mark.parametrize("returned", [OTHER, Path("net.onnx")])
def test_a_model_that_is_returned_is_the_trained_one(returned):
    assert left_by_train.network(returned, BUILT) is returned


@pytest.mark.parametrize(
    "returned",
    [
        None, BUILT, History(), zeros(1), 0.9, "done", True, {"accuracy": 0.9}, [0.1, 0.2],
        {"model": BUILT}, optim.SGD(BUILT.parameters()),
    ],
)  # fmt: skip
def test_what_is_no_model_says_that_the_given_one_was_trained(returned):
    assert left_by_train.network(returned, BUILT) is BUILT


@pytest.mark.parametrize(
    ("returned", "said", "hint"),
    [
        (__file__, "train returned the text '/", "return pathlib.Path(...)"),
        ((OTHER, 0.9), "train returned a tuple, and no model.", "Return the trained model alone"),
        ([OTHER], "train returned a list", "Return the trained model alone"),
        ({"model": OTHER}, "train returned a dict", "Return the trained model alone"),
        (steps(), "train has a yield: nothing of it ran.", "no async, no yield"),
    ],
)
def test_what_would_be_dropped_is_refused(returned, said, hint):
    with pytest.raises(BadInput) as caught:
        left_by_train.network(returned, BUILT)
    assert caught.value.args[0].startswith(said)
    assert hint in caught.value.hint


def test_an_async_train_is_refused():
    waiting = later()
    with pytest.raises(BadInput, match=r"train is an async function: nothing of it ran\."):
        left_by_train.network(waiting, BUILT)
    waiting.close()
