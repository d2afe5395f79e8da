import pytest

from edgeopt import targets
from edgeopt.domain.errors import BadInput
from edgeopt.domain.recipe import Recipe
from edgeopt.tuning.forms import picked, require_known

SPACE = [
    Recipe(runtime="litert", precision="int8-static", threads=2),
    Recipe(runtime="litert", precision="fp32", threads=1),
    Recipe(runtime="onnxruntime", precision="fp32", threads=2),
    Recipe(runtime="onnxruntime", precision="fp32", threads=1),
    Recipe(runtime="openvino", precision="fp32", threads=1),
]


def test_few_that_are_made_quickly_are_tried():
    assert picked(SPACE, None) == (SPACE[3], SPACE[4])
    assert picked(SPACE, "") == picked(SPACE, None)
    assert picked(SPACE[:2], None) == tuple(SPACE[:2])
    assert picked(SPACE, "all") == tuple(SPACE)


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ("litert int8-static", 0),
        ("onnxruntime fp32", 3),
        ("onnxruntime fp32 threads=2", 2),
        ("litert", 1),
        (SPACE[4].id[:8], 4),
    ],
)
def test_one_is_named_by_words_or_its_id(asked, number):
    assert picked(SPACE, asked) == (SPACE[number],)


def test_what_there_is_not_is_refused_with_what_there_is():
    with pytest.raises(BadInput) as told:
        picked(SPACE, "ncnn fp16")
    assert "litert int8-static" in told.value.hint


@pytest.mark.parametrize("asked", ["zz", "fp33", "nosuch model"])
def test_words_that_no_form_of_a_target_has_are_refused_before_a_model_is_there(asked):
    with pytest.raises(BadInput, match="no form of this-machine is called"):
        require_known(asked, targets.load_all(["this-machine"]))


@pytest.mark.parametrize(
    "asked", [None, "", "all", "0a1b", "openvino fp16", "threads=2", "entropy"]
)
def test_words_that_a_model_may_have_a_form_for_pass(asked):
    require_known(asked, targets.load_all(["this-machine"]))
