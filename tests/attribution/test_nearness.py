"""Shares of a roof, worked out by hand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edgeopt.attribution import nearness
from edgeopt.domain.layer_work import LayerWork
from edgeopt.domain.roof import Level, Peak, Roof
from edgeopt.domain.time_profile import OperatorTime, TimeProfile


def peak(arithmetic, billions, runtime="openvino"):
    return Peak(
        arithmetic=arithmetic, runtime=runtime, version="1", kernel="product",
        multiply_adds_per_s=1e9 * billions,
    )  # fmt: skip


def level(name, size, billions):
    return Level(name=name, bytes=size, read_bytes_per_s=1e9 * billions, copy_bytes_per_s=1e9)


ROOF = Roof(
    device="local", machine={}, threads=1, asked={}, measured="2026-01-01",
    peaks=(peak("fp32", 50), peak("fp32", 100, "ncnn"), peak("int8", 400)),
    levels=(level("L1", 1000, 200), level("L2", 1_000_000, 50), level("memory", None, 10)),
)  # fmt: skip


def work(type="Conv", multiply_adds=1_000_000, inputs=10_000, weights=1000, outputs=10_000, **more):
    said = {"inputs": {"x": inputs}, "weights": {"w": weights}, "outputs": {"y": outputs}}
    return LayerWork(type=type, multiply_adds=multiply_adds, **{**said, **more})


def op(name="a", us=20.0, precision="fp32", type="Convolution", detail="jit_avx512"):
    return OperatorTime(
        name=name, type=type, precision=precision, output=precision, detail=detail, layers=(name,),
        fallback=False, ns=1000 * us,
    )  # fmt: skip


def profile(*operators, plain_ns=100_000, runtime="openvino"):
    return TimeProfile(
        runtime=runtime, how="", operators=operators, total_ns=plain_ns, plain_ns=plain_ns, runs=8
    )


def near(*operators, works=None, roof=ROOF, **more):
    works = {"a": work()} if works is None else works
    return nearness.by_layer("id", profile(*operators), 1, works, roof, **more)


def test_the_whole_is_a_share_of_the_fastest_kernel():
    found = nearness.whole("litert", "fp32", 1, 0.1, {"a": work()}, ROOF)
    assert (found.share, found.why) == (pytest.approx(1e6 / 1e-4 / 1e11), None)
    assert (found.multiply_adds, found.peak_runtime) == (1_000_000, "ncnn")


def test_integers_with_ranges_of_run_time_have_the_peak_of_integers():
    found = nearness.whole("litert", "int8-dynamic", 1, 0.1, {"a": work()}, ROOF)
    assert found.share == pytest.approx(1e6 / 1e-4 / 4e11)


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("no-roof", {"roof": None}),
        ("no-peak", {"arithmetic": "bf16"}),
        ("no-peak", {"arithmetic": None}),
        ("elsewhere", {"on_processor": False}),
        ("fewer-products", {"sparse": True}),
        ("not-timed", {"ms": None}),
        ("unknown-work", {"works": None}),
        ("unknown-work", {"works": {"a": work(), "b": work(multiply_adds=None)}}),
        ("no-products", {"works": {"a": work(multiply_adds=0)}}),
        ("may-multiply-less", {"runtime": "mnn"}),
        ("may-multiply-less", {"runtime": "ncnn", "works": {"a": work(kernel=(3, 3))}}),
        ("above", {"ms": 0.001}),
    ],
)
def test_where_there_is_no_share_its_reason_stands(why, changes):
    usual = {
        "runtime": "openvino", "arithmetic": "fp32", "threads": 1, "ms": 0.1,
        "works": {"a": work()}, "roof": ROOF,
    }  # fmt: skip
    found = nearness.whole(**{**usual, **changes})
    assert (found.share, found.why) == (None, why)


@pytest.mark.parametrize(
    "layer",
    [work(kernel=(1, 1)), work(kernel=(3, 3), strides=(2, 2)), work(kernel=(3, 3), depthwise=True)],
)
def test_ncnn_has_winograd_for_dense_3x3_with_stride_1_alone(layer):
    assert nearness.whole("ncnn", "fp32", 1, 0.1, {"a": layer}, ROOF).share is not None


def test_a_dense_layer_is_bound_by_arithmetic():
    """1e6 products take 10 us at 100 billion a second; its 84 kB from L2 take 1.7 us."""
    [row] = near(op(us=20)).layers
    assert (row.bound, row.level, row.bytes) == ("compute", "L2", 4 * 21_000)
    assert row.share == pytest.approx(0.5)


def test_a_depthwise_layer_is_bound_by_memory():
    """90,000 products take 0.9 us; its 84 kB from L2 take 1.68 us."""
    layer = work(multiply_adds=90_000, depthwise=True)
    found = near(op(us=16.8), works={"a": layer})
    [row] = found.layers
    assert (row.kind, row.bound, row.share) == (
        "depthwise convolution", "memory", pytest.approx(0.1),
    )  # fmt: skip
    assert found.memory_ms == row.ms


def test_integers_move_a_quarter_of_the_bytes():
    [row] = near(op(precision="int8")).layers
    assert row.bytes == 21_000


def test_what_is_fused_moves_nothing_in_between():
    relu = LayerWork(
        type="Relu", multiply_adds=0, inputs={"y": 10_000}, weights={}, outputs={"z": 10_000}
    )
    fused = replace(op(), layers=("a", "b"))
    [row] = near(fused, works={"a": work(), "b": relu}).layers
    assert row.bytes == 4 * (10_000 + 1000 + 10_000)


def test_operators_of_one_layer_count_its_products_once():
    parts = [replace(op(n, us=10), layers=("a",)) for n in ("a_1", "a_2")]
    [row] = near(*parts).layers
    assert (row.multiply_adds, row.ms) == (1_000_000, pytest.approx(0.02))


@pytest.mark.parametrize(
    ("operator", "why"),
    [
        (op(detail="jit_avx512_winograd"), "fewer-products"),
        (op(type="Convolution (NHWC, F32) SPMM"), "fewer-products"),
        (op(us=5), "too-short"),
        (op(us=9.0, precision="bf16"), "no-peak"),
        (op("b"), "unknown-work"),
    ],
)
def test_a_layer_without_a_share_says_why(operator, why):
    [row] = near(operator).layers
    assert (row.share, row.why) == (None, why)


def test_one_kernel_that_multiplies_less_leaves_the_whole_without_a_share():
    works = {"a": work(), "b": work()}
    found = near(op("a"), op("b", detail="winograd"), works=works)
    assert (found.whole.share, found.whole.why) == (None, "fewer-products")
    assert {row.layer: row.share is not None for row in found.layers} == {"a": True, "b": False}


def test_a_layer_faster_than_its_roof_is_not_believed():
    [row] = near(op(us=10), works={"a": work(multiply_adds=3_000_000)}).layers
    assert (row.share, row.why) == (None, "above")


def test_without_a_roof_times_and_work_are_told_all_the_same():
    [row] = near(op(), roof=None).layers
    assert (row.why, row.multiply_adds, row.bound) == ("no-roof", 1_000_000, None)
