"""What is tried where a library fails, in which order, and when it ends."""

import time

import pytest

from edgeopt.convert.fallbacks import ALWAYS, MOST, Limits, search
from edgeopt.convert.library_errors import CannotLoad, QuantizerFailed
from edgeopt.convert.relaxation import Relaxation
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.layers import Operator
from edgeopt.domain.recipe import Quantization

EVERY_WAY = ("per-tensor-there", "float", "uncorrected", "per-tensor")


def operator(name, kind="MatMul", computes=True, about=""):
    return Operator(
        name=name,
        label=f"{name}.w",
        type=kind,
        inputs=(),
        outputs=(f"{name}_out",),
        elements=1,
        computes=computes,
        constants=(f"{name}.weight",),
        about=about,
    )


OPERATORS = (
    operator("stem", "Conv"),
    operator("act", "Relu", computes=False),
    operator("up", "ConvTranspose", about="grouped"),
    operator("head"),
)


class Library:
    """Takes a model only as `accepts` says, and counts how often it was asked."""

    def __init__(self, accepts, error=lambda plan: ValueError("no such shape")):
        self.accepts, self.error, self.asked = accepts, error, []

    def __call__(self, plan):
        self.asked.append(plan)
        if not self.accepts(plan):
            raise self.error(plan)
        return plan


def found(library, start=None, operators=OPERATORS, **limits):
    asked = {"library": "NNCF", "ways": EVERY_WAY, "how": Quantization(library="nncf"), **limits}
    return search(library, Limits(operators=lambda: operators, **asked), start or Relaxation())


def named(name):
    return lambda plan: ValueError(f"cannot quantize node '{name}' of this model")


def test_what_works_is_made_once():
    library = Library(lambda plan: True)
    assert found(library) == Relaxation()
    assert len(library.asked) == 1


def test_the_weights_of_what_is_named_get_one_scale():
    library = Library(lambda plan: "up" in plan.per_tensor, named("up"))
    plan = found(library)
    assert len(library.asked) == 2
    assert (plan.in_float, plan.per_tensor) == ((), ("up",))
    assert plan.notes == (
        "the weights of up.w (ConvTranspose, grouped) have one scale in all, not one for each "
        "channel: NNCF: ValueError: cannot quantize node 'up' of this model",
    )


@pytest.mark.parametrize("told", ["up", "up.weight", "up_out", "up_quant", "up.weight_scale"])
def test_what_is_named_stays_in_float(told):
    """By the name of the node, of its weights, of its output, or of what a quantizer added."""
    library = Library(lambda plan: "up" in plan.in_float, named(told))
    plan = found(library)
    assert (plan.in_float, plan.per_tensor, len(library.asked)) == (("up",), (), 3)
    assert plan.notes[0].startswith("up.w (ConvTranspose, grouped) stays in float: NNCF: ValueErr")


def test_one_after_the_other():
    def error(plan):
        return named("head" if "stem" in plan.in_float else "stem")(plan)

    library = Library(lambda plan: {"stem", "head"} <= set(plan.in_float), error)
    plan = found(library)
    assert set(plan.in_float) == {"stem", "head"}
    assert len(plan.notes) == 2


def test_the_second_of_an_odd_kind_takes_all_of_its_kind_with_it():
    many = [operator("stem", "Conv")]
    many += [operator(f"up{i}", "ConvTranspose", about="grouped") for i in range(20)]

    def error(plan):
        left = [op.name for op in many[1:] if op.name not in plan.per_tensor]
        return named(left[0])(plan)

    library = Library(lambda plan: len(plan.per_tensor) == 20, error)
    plan = found(library, operators=many)
    assert len(library.asked) == 3
    assert plan.notes[1].startswith("the weights of 19 operators (ConvTranspose) have one scale")


def test_plain_layers_are_taken_one_by_one():
    many = [operator(f"layer{i}") for i in range(6)]

    def error(plan):
        return named("layer3" if "layer1" in plan.per_tensor else "layer1")(plan)

    plan = found(Library(lambda plan: len(plan.per_tensor) == 2, error), operators=many)
    assert plan.per_tensor == ("layer1", "layer3")


@pytest.mark.parametrize(
    ("field", "how"),
    [
        ("uncorrected", Quantization(library="nncf", bias_correction="fast")),
        ("all_per_tensor", Quantization(library="nncf")),
    ],
)
def test_where_nothing_is_named_less_is_asked_of_all(field, how):
    plan = found(Library(lambda plan: getattr(plan, field)), how=how)
    assert getattr(plan, field)
    assert plan.in_float == ()
    eased = plan.eased(how)
    assert (eased.bias_correction, eased.granularity) != (how.bias_correction, how.granularity)


def test_what_is_not_asked_for_is_not_left_out():
    library = Library(lambda plan: False)
    with pytest.raises(QuantizerFailed):
        found(library, how=Quantization(library="nncf", granularity="per-tensor"))
    assert not any(plan.uncorrected or plan.all_per_tensor for plan in library.asked)


@pytest.mark.parametrize("guilty", ["node0", "node17", "node39"])
def test_halves_find_the_one_that_nothing_names(guilty):
    kinds = ("Conv", "Relu", "MatMul", "Add", "Resize")
    many = [
        operator(f"node{i}", kinds[i % 5], computes=kinds[i % 5] in ("Conv", "MatMul"))
        for i in range(40)
    ]
    library = Library(lambda plan: guilty in plan.in_float)
    plan = found(library, operators=many)
    assert plan.in_float == (guilty,)
    assert len(library.asked) <= 14


def test_something_always_stays_in_integers():
    library = Library(lambda plan: False)
    with pytest.raises(QuantizerFailed):
        found(library, operators=(operator("only"), operator("act", "Relu", computes=False)))
    assert all("only" not in plan.in_float for plan in library.asked)


def test_the_first_cause_is_told_with_its_operator():
    def error(plan):
        if plan == Relaxation():
            return named("up")(plan)
        return RuntimeError("something else, at the end")

    with pytest.raises(QuantizerFailed) as caught:
        found(Library(lambda plan: False, error))
    assert caught.value.args[0] == (
        "it failed at up.w (ConvTranspose, grouped). NNCF: ValueError: cannot quantize node 'up' "
        "of this model"
    )
    assert caught.value.hint.endswith("more careful ways did not help either.")


def test_tries_end():
    library = Library(lambda plan: False, lambda plan: ValueError(f"new {len(plan.notes)}"))
    many = [operator(f"node{i}", f"Kind{i}") for i in range(5000)]
    with pytest.raises(QuantizerFailed):
        found(library, operators=many)
    assert ALWAYS < len(library.asked) <= MOST


def test_no_try_begins_that_the_step_has_no_time_for():
    def slow(plan):
        time.sleep(0.02)
        return ValueError("no")

    library = Library(lambda plan: False, slow)
    with pytest.raises(QuantizerFailed):
        found(library, seconds=0.04)
    assert len(library.asked) == 1


@pytest.mark.parametrize(
    "error", [EdgeoptError("nothing in it that it quantizes"), OSError("disk full"), MemoryError()]
)
def test_what_is_no_failure_of_a_library_is_not_tried_again(error):
    library = Library(lambda plan: False, lambda plan: error)
    with pytest.raises(type(error)):
        found(library)
    assert len(library.asked) == 1


def test_a_file_that_does_not_open_is_a_failure_too():
    def error(plan):
        refused = CannotLoad("onnxruntime cannot load what was made", "Fail: bad")
        refused.__cause__ = RuntimeError("Fail: Node (up_quant) Op (Conv) [ShapeInferenceError]")
        return refused

    plan = found(Library(lambda plan: "up" in plan.in_float, error))
    assert plan.in_float == ("up",)
    assert "onnxruntime cannot load what was made: RuntimeError: Fail: Node (up" in plan.notes[0]


def test_what_helped_before_comes_first():
    before = Relaxation().with_float([OPERATORS[2]], "as before")
    library = Library(lambda plan: "up" in plan.in_float)
    assert found(library, before) == before
    assert library.asked == [before]


def test_what_helped_before_and_does_not_now_is_dropped():
    before = Relaxation().with_float([OPERATORS[0]], "as before")
    plan = found(Library(lambda plan: plan.in_float == ("up",), named("up")), before)
    assert plan.in_float == ("up",)
