import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.domain.recipe import Recipe
from edgeopt.tuning.forms import picked

SPACE = [
    Recipe(runtime="litert", precision="int8-static", threads=2),
    Recipe(runtime="litert", precision="fp32", threads=1),
    Recipe(runtime="onnxruntime", precision="fp32", threads=2),
    Recipe(runtime="onnxruntime", precision="fp32", threads=1),
    Recipe(runtime="openvino", precision="fp32", threads=1),
]


def test_few_that_are_made_quickly_are_tried():
    assert picked(SPACE, None) == (SPACE[3], SPACE[4])
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
