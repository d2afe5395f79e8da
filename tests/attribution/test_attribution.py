"""Kinds of operators, names of layers, which operators belong together, what they cost."""

from __future__ import annotations

import pytest

from edgeopt.attribution.compare import compute_costs, costs, layer_costs
from edgeopt.attribution.kinds import kind
from edgeopt.attribution.layers import layers_of, named
from edgeopt.attribution.match import groups
from tests.attribution import recorded
from tests.attribution.recorded import SOURCE, op, profile

PROFILES = [value for value in vars(recorded).values() if isinstance(value, recorded.TimeProfile)]


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (
            "Conv FusedConv QLinearConv ConvInteger Gemm QGemm MatMul MatMulInteger MatMulNBits "
            "DynamicQuantizeMatMul LSTM GRU Attention FullyConnected Convolution MatMul RNNSeq "
            "CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED BATCH_MATMUL TRANSPOSE_CONV "
            "UNIDIRECTIONAL_SEQUENCE_LSTM ConvolutionDepthwise RNNSequenceGRU",
            "compute",
        ),
        (
            "QuantizeLinear DequantizeLinear DynamicQuantizeLinear Cast Transpose ReorderInput "
            "ReorderOutput Reorder Convert FakeQuantize QUANTIZE DEQUANTIZE CAST TRANSPOSE "
            "ConvertTensor FloatToInt8 Int8ToFloat",
            "conversion",
        ),
        (
            "Add QLinearAdd Mul Clip ReduceMean Reduce Softmax Eltwise Concat Gather Reshape ADD "
            "MEAN LOGISTIC SOFTMAX RESHAPE PAD Raster BinaryOp Reduction",
            "other",
        ),
    ],
)
def test_kinds(types, expected):
    assert {t: kind(op("x", t, 1)) for t in types.split()} == dict.fromkeys(types.split(), expected)


def test_a_generated_kernel_that_changes_the_type_is_a_conversion():
    assert kind(op("inputs/fq_output_0", "Subgraph", 1, "fp32", "int8")) == "conversion"
    assert kind(op("activation", "Subgraph", 1, "fp32", "fp32")) == "other"
    assert kind(op("unknown", "Subgraph", 1, None, "int8")) == "other"


@pytest.mark.parametrize(
    ("operator", "layers"),
    [
        (op("node_Conv_877_token_1", "QLinearConv", 1), ("node_Conv_877",)),
        (op("hardtanh_nchwc", "Conv", 1), ("node_Conv_877", "n4")),  # by what was fused last
        (op("getitem_24_nchwc", "Conv", 1), ("node_Conv_809",)),
        (op("getitem_output_quantized_cast", "Cast", 1), ("node_Conv_877",)),
        (op("node_Conv_877_quant_scales_mul", "Mul", 1), ("node_Conv_877",)),
        (op("hardtanh_1_QuantizeLinear", "DynamicQuantizeLinear", 1), ("n4_2",)),
        (op("mean_q", "QuantizeLinear", 1), ("node_mean",)),
        (op("Transpose_token_153", "Transpose", 1), ()),
        (op("ReorderOutput", "ReorderOutput", 1), ()),
        (op("node_Conv_99", "Conv", 1), ()),  # not node_Conv with a number cut off
        (recorded.OV_STATIC.operators[2], ("node_Conv_877", "n4")),
        (recorded.OV_STATIC.operators[4], ("node_Conv_809", "node_add")),
        (recorded.OV_STATIC.operators[6], ("node_linear",)),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_layers_of_the_source(operator, layers):
    assert layers_of(operator, SOURCE) == layers


def test_without_the_source_names_are_freed_of_what_runtimes_append():
    found = layers_of(recorded.OV_STATIC.operators[2], None)
    assert found == ("node_Conv_877", "Multiply_8191", "n4")


def test_where_no_name_survived_what_computes_is_named_by_position():
    found = named(recorded.LITERT_FP32, SOURCE)
    assert found.layers_by == "position"
    first = [o.layers[0] for o in found.operators if kind(o) == "compute"]
    assert first == ["node_Conv_877", "node_Conv_878", "node_Conv_809", "node_linear"]
    assert named(recorded.ORT_STATIC, SOURCE).layers_by == "name"


def test_no_position_is_guessed_where_the_numbers_differ():
    shorter = profile("litert", *recorded.LITERT_FP32.operators[:3])
    found = named(shorter, SOURCE)
    assert found.layers_by == "none"
    assert found.operators == shorter.operators


def both(a, b):
    return named(a, SOURCE), named(b, SOURCE)


@pytest.mark.parametrize("a", PROFILES, ids=lambda p: p.runtime)
@pytest.mark.parametrize("b", PROFILES, ids=lambda p: p.runtime)
def test_every_operator_is_in_one_group_and_costs_add_up(a, b):
    a, b = both(a, b)
    found = groups(a.operators, b.operators)
    assert sorted(id(o) for g in found for o in g.a) == sorted(map(id, a.operators))
    assert sorted(id(o) for g in found for o in g.b) == sorted(map(id, b.operators))
    for side, whole in (("a_ms", a), ("b_ms", b)):
        for rows in (layer_costs(a, b), [c for c in costs(a, b) if c.kind != "outside"]):
            total = sum(getattr(row, side) for row in rows)
            assert total == pytest.approx(sum(o.ns for o in whole.operators) / 1e6)


def row(rows, layer):
    (found,) = [r for r in rows if r.layer == layer]
    return found


def test_layers_are_compared_with_all_that_is_done_for_them():
    rows = layer_costs(*both(recorded.ORT_DYNAMIC, recorded.ORT_FP32))
    conv = row(rows, "node_Conv_877")
    assert conv.matched == "name"
    assert conv.a == "ConvInteger + Cast + 2 Mul + Add + Clip + DynamicQuantizeLinear"
    assert (conv.a_ms, conv.b_ms) == pytest.approx((21.806, 0.766))
    assert (conv.a_precision, conv.b_precision) == ("int8", "fp32")
    assert rows[0].more_ms == max(r.more_ms for r in rows)


def test_what_a_runtime_added_stands_alone_all_of_a_type_together():
    rows = layer_costs(*both(recorded.ORT_STATIC, recorded.ORT_FP32))
    moved = row(rows, "Transpose #2")
    assert (moved.matched, moved.b, moved.b_ms) == ("alone", "", 0)
    two = profile("x", op("q1", "Cast", 5, layers=()), op("q2", "Cast", 6, layers=()))
    (casts,) = layer_costs(two, profile("x"))
    assert (casts.layer, casts.a_ms) == ("Cast (2 of them)", pytest.approx(0.011))


def test_another_runtime_is_matched_by_name_and_one_without_names_by_position():
    rows = layer_costs(*both(recorded.OV_STATIC, recorded.ORT_FP32))
    assert row(rows, "node_Conv_878").matched == "name"
    rows = layer_costs(*both(recorded.LITERT_FP32, recorded.ORT_FP32))
    assert row(rows, "node_Conv_878").matched == "position"
    rows = layer_costs(recorded.LITERT_DYNAMIC, recorded.LITERT_FP32)  # no source at all
    depthwise = row(rows, "DEPTHWISE_CONV_2D #3")
    assert (depthwise.matched, depthwise.a_fallback, depthwise.b_fallback) == ("name", True, False)


def test_costs_by_kind():
    found = {(c.kind, c.precision): c for c in costs(recorded.ORT_DYNAMIC, recorded.ORT_FP32)}
    assert found["compute", "int8"].a_count == 3
    assert found["compute", "fp32"].a_ms == pytest.approx(0.4)
    assert found["conversion", None].a_count == 3
    assert found["other", None].b_ms == pytest.approx(0.076)
    alone = compute_costs(*both(recorded.ORT_DYNAMIC, recorded.ORT_FP32))
    assert row(alone, "node_Conv_877").a_ms == pytest.approx(15.822)


def test_what_is_outside_of_operators_is_not_the_profilers_own_cost():
    a = profile("x", op("conv", "Conv", 100), plain_us=90)
    assert a.outside_ns == 0
    b = profile("x", op("conv", "Conv", 100), plain_us=130)
    assert b.outside_ns == 0, "the profiled runs were the shorter ones"
    slower = recorded.TimeProfile(
        runtime="x", how="", operators=b.operators, total_ns=150e3, plain_ns=130e3, runs=4
    )
    assert slower.outside_ns == pytest.approx(30e3)
    assert slower.overhead == pytest.approx(150 / 130 - 1)
