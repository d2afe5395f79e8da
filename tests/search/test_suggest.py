"""The order of suggestions: what it rests on, and what comes first."""

from __future__ import annotations

import math

import pytest

from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.score import Drop
from edgeopt.domain.suggestion import Network
from edgeopt.search.suggest import Form, Known, expected, suggestion
from edgeopt.targets.gains import Gain

CNN, GATES = Network(convolutions=1.0), Network(recurrent=0.98, products=0.02)
BASE = "onnxruntime fp32"


def record(runtime, precision, size=100, lost=0.0, threads=1):
    recipe = Recipe(runtime=runtime, precision=precision, threads=threads)
    drop = Drop(
        value=lost, low=lost - 0.001, high=lost + 0.001, interval="exact", n=500, resolved=True
    )
    return Record(
        target="pi", device="none", runtime=runtime, precision=precision, recipe_id=recipe.id,
        recipe=recipe, status="ok", step=None, drop=drop, size_bytes=size,
    )  # fmt: skip


def known(here=(), gains=None, network=CNN, same_arch=False):
    """Times here by record, as shares of the reference's."""
    times = {one.recipe.session_id: math.log(share) for one, share in here}
    return Known(times, "x86_64", same_arch, gains or {}, network)


def gain(share, over="fp32", same_core=True):
    return Gain(math.log(share), over, 3, ("pi",), same_core, ("a table",))


def names(found):
    return [one.name for one in found.order]


def order(records, *args, likely=None, **more):
    keys = {one.key for one in records} if likely is None else {one.key for one in likely}
    return suggestion(records, keys, *args, **more)


def test_a_recurrent_network_gets_no_form_that_is_large_and_slow_here():
    """The order of a CNN's profile puts int8 first: 15 times as large, and lossier."""
    big, small = record("litert", "int8-static", 1500, 0.02), record("onnxruntime", "fp32", 100)
    evidence = known([(big, 2.0), (small, 1.0)], {("litert", "int8-static"): gain(0.3)}, GATES)
    found = order([big, small], evidence, BASE)
    assert names(found) == ["onnxruntime fp32", "litert int8-static"]
    assert found.network.work == "recurrent layers"


def test_a_transformer_gets_no_form_of_3_6_times_the_time_of_fp32():
    slow, fast = record("onnxruntime", "int8-static", 25), record("onnxruntime", "int8-dynamic", 30)
    plain = record("onnxruntime", "fp32", 100)
    evidence = known([(slow, 3.6), (fast, 0.6), (plain, 1.0)], network=Network(products=1.0))
    found = order([slow, plain, fast], evidence, BASE)
    assert names(found)[0] == "onnxruntime int8-dynamic"
    assert names(found)[-1] == "onnxruntime int8-static"


@pytest.mark.parametrize(
    ("here", "published", "first"),
    [
        (0.95, 0.3, "litert int8-static"),  # what is published for the very core weighs more
        (1.1, 2.0, "litert fp32"),
        (0.5, 1.1, "litert int8-static"),
    ],
)
def test_what_is_published_for_the_core_and_what_was_timed_here_both_count(here, published, first):
    small, plain = record("litert", "int8-static"), record("litert", "fp32", 400)
    table = {("litert", "int8-static"): gain(published)}
    found = order([plain, small], known([(small, here), (plain, 1.0)], table), "litert fp32")
    assert names(found)[0] == first
    told = next(one for one in found.order if one.name == "litert int8-static")
    weights = {one.kind: one.weight for one in told.evidence}
    assert sum(weights.values()) == pytest.approx(1.0)
    assert weights["published"] > 2 * weights["timed-here"]
    mean = math.exp(
        weights["timed-here"] * math.log(here) + weights["published"] * math.log(published)
    )
    assert told.times == pytest.approx(mean)


def test_figures_of_cnns_weigh_less_the_less_of_a_model_is_convolutions():
    small, plain = record("litert", "int8-static"), record("litert", "fp32", 400)
    table = {("litert", "int8-static"): gain(0.3)}
    weights = []
    for share in (1.0, 0.5, 0.1, 0.0):
        network = Network(convolutions=share, products=1 - share)
        evidence = known([(small, 1.0), (plain, 1.0)], table, network)
        found = order([plain, small], evidence, "litert fp32")
        told = next(one for one in found.order if one.name == "litert int8-static")
        weights.append(sum(one.weight for one in told.evidence if one.kind == "published"))
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] == 0.0


def test_this_machine_weighs_more_for_its_own_architecture():
    forms = [Form("a", "litert", "fp32"), Form("b", "litert", "int8-static")]
    table, times = {("litert", "int8-static"): gain(0.3)}, {"a": 0.0, "b": math.log(0.8)}
    near, far = (
        expected(forms, Known(times, "x86_64", same, table, CNN), BASE)["b"]
        for same in (True, False)
    )
    assert near.times > far.times > 0.3


def test_half_precision_of_another_architecture_tells_nothing_and_the_smaller_file_goes_first():
    half, plain = record("openvino", "fp16", 50), record("openvino", "fp32", 100)
    times = [(half, 3.0), (plain, 0.5)]
    far = order([plain, half], known(times), BASE)
    assert names(far) == ["openvino fp16", "openvino fp32"]
    assert [one.kind for one in far.order[0].evidence] == ["unknown", "timed-here"]
    assert far.order[0].times == pytest.approx(0.5)
    assert names(order([plain, half], known(times, same_arch=True), BASE))[0] == "openvino fp32"


def test_among_equals_the_loss_decides_then_the_size():
    lossy, large = record("litert", "int8-weights", 10, 0.02), record("litert", "fp32", 400)
    small = record("onnxruntime", "fp32", 300)
    times = [(lossy, 1.0), (large, 0.99), (small, 1.02)]
    found = order([lossy, large, small], known(times), BASE)
    assert names(found) == ["onnxruntime fp32", "litert fp32", "litert int8-weights"]


def test_what_may_lose_too_much_comes_last_and_says_so():
    fast, plain = record("litert", "int8-static"), record("litert", "fp32", 400)
    times = [(fast, 0.2), (plain, 1.0)]
    found = order([fast, plain], known(times), BASE, likely=[plain])
    assert [(one.name, one.likely) for one in found.order] == [
        ("litert fp32", True),
        ("litert int8-static", False),
    ]


@pytest.mark.parametrize(("two_here", "first"), [(None, 4), (1.8, 4), (1.0, 4), (0.5, 1)])
def test_most_threads_first_unless_one_was_faster_here(two_here, first):
    records = [record("litert", "fp32", threads=count) for count in (4, 1)]
    found = order(records, known(), BASE, threads_here=two_here)
    [one] = found.order
    by_id = {r.recipe_id: r.recipe.threads for r in records}
    assert by_id[one.recipe_ids[0]] == first
    assert found.ranks == {one.recipe_ids[0]: 0, one.recipe_ids[1]: 1}


def test_what_computes_on_a_gpu_keeps_its_place_before_the_processor():
    gpu = [record("tensorrt", "fp16", 200), record("tensorrt", "int8-static", 100)]
    plain = record("onnxruntime", "fp32")
    found = order([*gpu, plain], known([(plain, 1.0)]), BASE)
    assert names(found) == ["tensorrt fp16", "tensorrt int8-static", "onnxruntime fp32"]
    assert (found.order[0].times, found.order[0].told) == (None, False)


def test_where_nothing_is_known_everything_is_equal_and_the_smallest_goes_first():
    records = [record("mnn", "fp32", 400), record("mnn", "int8-static", 100)]
    found = order(records, known(), "mnn fp32")
    assert names(found) == ["mnn int8-static", "mnn fp32"]
    assert not any(one.told for one in found.order)


def test_where_size_is_asked_for_the_smallest_goes_first_whatever_its_time():
    small, fast = record("litert", "int8-weights", 10), record("litert", "fp32", 400)
    lossy = record("litert", "int8-static", 5)
    times = [(small, 3.0), (fast, 1.0), (lossy, 0.5)]
    found = order([fast, lossy, small], known(times), BASE, likely=[small, fast], smallest=True)
    assert names(found) == ["litert int8-weights", "litert fp32", "litert int8-static"]
