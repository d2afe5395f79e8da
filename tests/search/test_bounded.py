"""The space within bounds, and what is measured to compare with all the same."""

import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.run import Constraints
from edgeopt.domain.space_asked import SpaceAsked
from edgeopt.report import obstacle_words
from edgeopt.search import choose
from edgeopt.search.bounded import bounded, is_empty, references, require_known, told
from edgeopt.search.space import Space, thread_counts
from tests.search.test_choose import record
from tests.search.test_space import profile

GPU = {"EXECUTION_PROVIDER": "GPU"}
NAMES = [
    ("onnxruntime", "fp32"), ("onnxruntime", "int8-static"), ("openvino", "fp32"),
    ("openvino", "bf16"), ("litert", "fp32"), ("litert", "int8-static"), ("ncnn", "fp16"),
]  # fmt: skip
SPACE = Space(
    tuple(Recipe(runtime=r, precision=p, threads=t) for r, p in NAMES for t in (2, 1)), ()
)


def inside(asked, timed=True):
    """What is tried of the whole space, each runtime and precision once."""
    found = bounded(SPACE, asked, timed=timed)
    return list(dict.fromkeys(f"{r.runtime} {r.precision}" for r in found.recipes))


@pytest.mark.parametrize(
    ("asked", "tried"),
    [
        (SpaceAsked(runtimes=("ncnn",)), ["onnxruntime fp32", "ncnn fp16"]),
        (SpaceAsked(precisions=("bf16",)), ["onnxruntime fp32", "openvino bf16"]),
        (SpaceAsked(runtimes=("onnxruntime",)), ["onnxruntime fp32", "onnxruntime int8-static"]),
        (
            SpaceAsked(runtimes=("litert",), precisions=("int8-static",)),
            ["onnxruntime fp32", "litert fp32", "litert int8-static"],
        ),
        (
            SpaceAsked(without=("onnxruntime", "int8-static", "fp16")),
            ["onnxruntime fp32", "openvino fp32", "openvino bf16", "litert fp32"],
        ),
    ],
)
def test_the_baseline_and_what_prices_layers_are_tried_in_any_case(asked, tried):
    assert inside(asked) == tried


def test_where_nothing_is_timed_nothing_is_compared_with():
    assert inside(SpaceAsked(runtimes=("ncnn",)), timed=False) == ["ncnn fp16"]


def test_a_gpus_fp32_is_no_baseline():
    on_gpu = Recipe(runtime="openvino", precision="fp32", options={"DEVICE": "GPU"})
    ncnn = Recipe(runtime="ncnn", precision="fp16")
    assert references((on_gpu, ncnn), SpaceAsked(runtimes=("ncnn",))) == []


def test_what_is_outside_says_by_which_bound():
    asked = SpaceAsked(runtimes=("litert", "ncnn"), without=("fp16",))
    left = {
        f"{one.runtime} {one.precision}": obstacle_words.reason(one.why)
        for one in bounded(SPACE, asked, timed=True).left_out
    }
    assert left == {
        "onnxruntime int8-static": "outside of --runtime litert,ncnn",
        "openvino fp32": "outside of --runtime litert,ncnn",
        "openvino bf16": "outside of --runtime litert,ncnn",
        "ncnn fp16": "outside of --not fp16",
    }
    assert told(asked) == "--runtime litert,ncnn --not fp16"


def test_no_bounds_bound_nothing():
    assert bounded(SPACE, None, timed=True) is SPACE


@pytest.mark.parametrize(
    ("asked", "empty"),
    [
        (SpaceAsked(runtimes=("mnn",)), True),
        (SpaceAsked(runtimes=("ncnn",), precisions=("fp32",)), True),
        (SpaceAsked(without=tuple({r for r, _ in NAMES})), True),
        (SpaceAsked(threads=(1,)), False),
    ],
)
def test_bounds_that_leave_nothing(asked, empty):
    assert is_empty(SPACE, asked) == empty


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (SpaceAsked(runtimes=("litter",)), "--runtime names no runtime: 'litter'; did you mean"),
        (SpaceAsked(runtimes=("fp32",)), "--runtime names no runtime: 'fp32'"),
        (SpaceAsked(precisions=("int8-statik",)), "'int8-statik'; did you mean 'int8-static'?"),
        (SpaceAsked(without=("OpenVino",)), "'OpenVino'; did you mean 'openvino'?"),
    ],
)
def test_names_of_nothing_are_refused(asked, words):
    with pytest.raises(BadInput) as caught:
        require_known(asked)
    assert words in str(caught.value)
    assert caught.value.hint.startswith("Known: ")


@pytest.mark.parametrize(
    ("asked", "counts"), [((), [4, 1]), ((1,), [1]), ((3, 2), [3, 2]), ((2, 9), [2])]
)
def test_numbers_of_threads_in_place_of_the_profiles(asked, counts):
    assert thread_counts(profile(threads=(1, 4)), 4, asked) == counts


def test_what_is_outside_is_measured_and_never_chosen():
    limits = Constraints(space=SpaceAsked(runtimes=("litert",)))
    baseline = record("base", p50=0.1)
    ours = record("ours", p50=1.0, runtime="litert")
    lossy = record("lossy", p50=0.5, lost=0.5, runtime="litert")
    assert choose.qualifying([baseline, ours, lossy], limits) == [ours]
    assert [r.recipe_id for r in choose.nearest([baseline, lossy], limits)] == ["lossy"]
