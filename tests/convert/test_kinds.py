"""All operators of a kind as one group: what errs in every block is found as one cause."""

import msgspec
import pytest

from benchmarks.integers import usual_here
from edgeopt.convert.groups import kinds
from edgeopt.convert.job import Job
from edgeopt.convert.ranking import Ranking, rank
from edgeopt.domain.layers import LayerSensitivity, Operator
from edgeopt.domain.recipe import Recipe
from edgeopt.search import prices

F32 = {"INFERENCE_PRECISION_HINT": "f32"}


def op(kind, name, *inputs, computes=True, about="", elements=10):
    return Operator(
        name=name, label=name, type=kind, inputs=inputs, outputs=(name,), elements=elements,
        computes=computes, about=about,
    )  # fmt: skip


def named(operators):
    return {one.kind: one.spans for one in kinds(operators)}


def test_layers_of_a_kind_are_a_group_wherever_they_stand():
    graph = [
        op("Conv", "a", "x"),
        op("Conv", "b", "a", about="grouped"),
        op("Conv", "c", "b"),
        op("Conv", "d", "c", about="grouped"),
    ]
    assert named(graph) == {"Conv": ("0", "2"), "Conv (grouped)": ("1", "3")}
    [plain, grouped] = kinds(graph)
    assert (plain.order, grouped.order) == ((0, 2), (1, 3))
    assert grouped.layers == ("b", "d")
    assert grouped.numbers == {1, 3}
    assert grouped.title == "Conv (grouped) (2)"
    assert grouped.elements == 30  # of a, b and c: nothing reads what the last one gives


def test_one_kind_alone_is_the_whole_model_and_no_group():
    assert named([op("Conv", "a", "x"), op("Conv", "b", "a")]) == {}


def test_sums_and_products_of_two_computed_tensors_are_kinds_and_activations_are_not():
    graph = [
        op("MatMul", "q", "x"),
        op("FullyConnected", "k", "x"),
        op("Softmax", "s", "q", computes=False),
        op("Add", "t", "q", "k", computes=False),
        op("Add", "u", "t", "s", computes=False),
        op("Add", "bias", "u", computes=False),
    ]
    assert named(graph) == {"Add": ("3-4",)}


def test_kinds_are_few_and_those_with_weights_come_first():
    graph = [op("Conv", "a", "x"), op("Conv", "b", "a"), op("Gemm", "c", "b"), op("Gemm", "d", "c")]
    many = [
        op(f"Sum{i}", f"{i}{j}", "a", "b", computes=False, elements=i)
        for i in range(9)
        for j in range(2)
    ]
    assert list(named([*graph, *many])) == ["Conv", "Gemm", "Sum8", "Sum7", "Sum6", "Sum5"]


@pytest.fixture
def ranked(bench, tmp_path):
    def table(runtime):
        job = Job(
            recipe=Recipe(
                runtime=runtime,
                precision="int8-static",
                quantization=usual_here(runtime, "int8-static"),
                options=F32 if runtime == "openvino" else {},
            ),
            source=bench.source("uneven"),
            calibration=bench._calibration("uneven"),
            base=None,
            folder=str(tmp_path),
            cache=str(tmp_path),
        )
        asked = Ranking(job=job, output="map", samples=6)
        return msgspec.convert(rank(msgspec.to_builtins(asked)), LayerSensitivity)

    return table


@pytest.mark.slow
def test_depthwise_convolutions_of_uneven_channels_are_found_as_the_cause(ranked):
    """In OpenVINO, where an integer layer may hand a float one its sums."""
    table = ranked("openvino")
    best = prices.price_groups(table, (), ())[0]
    assert best.group.kind == "GroupConvolution"
    assert best.group.layers == ("d0", "d1")
    own = next(one for one in table.groups if one.group == best.group)
    in_rows = [one.without for one in table.groups if not one.group.kind]
    assert own.without < 0.2 * table.plain  # nearly all of the noise
    assert min(in_rows) > 2 * own.without  # and no block in a row gives that


@pytest.mark.slow
def test_kinds_are_ranked_beside_the_rows(ranked):
    found = {one.group.kind: one for one in ranked("onnxruntime").groups if one.group.kind}
    assert found["Conv (grouped)"].group.layers == ("d0", "d1")
    assert found["Conv"].group.layers == ("w0", "w1", "last")
    assert all(one.alone >= 0 for one in found.values())
