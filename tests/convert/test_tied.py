"""One weight that is used twice is stored once, and "fp16" holds for tables, too."""

from __future__ import annotations

import shutil

import numpy as np
import onnx
import pytest
from onnx import helper

from edgeopt.convert import gemm, tflite_weights, twice
from edgeopt.runtimes import litert
from edgeopt.sources import tied_onnx
from tests.convert import tiny_nets

F32 = {"INFERENCE_PRECISION_HINT": "f32"}
TABLE, MATRIX = 512 * 16 * 4, 256 * 16 * 4  # bytes in fp32

#: net, bytes of its large weight, runtime, precision, options, dB, share of the bytes in fp32
ROWS = [
    ("tied_table", TABLE, "onnxruntime", "fp16", {}, 50, 0.5),
    ("tied_table", TABLE, "openvino", "fp16", F32, 50, 0.5),
    ("tied_table", TABLE, "litert", "fp32", {}, 100, 1),
    ("tied_table", TABLE, "litert", "fp16", {}, 50, 0.5),
    ("coder", MATRIX, "onnxruntime", "fp32", {}, 100, 1),
    ("coder", MATRIX, "openvino", "fp32", F32, 100, 1),
]
MOST_BESIDE = 14_000  # bytes of everything else: OpenVINO's .xml alone has 9,000


def sizes(model):
    return {tensor.name: len(tensor.raw_data) for tensor in model.graph.initializer}


def kinds(model):
    return [node.op_type for node in model.graph.node]


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join((row[0], *row[2:4])))
def test_it_is_stored_once(bench, sqnr_db, row):
    net, weight, runtime, precision, options, least_db, share = row
    made, _ = bench.make(net, runtime, precision)
    assert bench.size_bytes(net, runtime, precision) < share * weight + MOST_BESIDE
    assert made.notes == ()
    assert sqnr_db(net, runtime, precision, **options) > least_db


@pytest.mark.slow
def test_no_table_of_an_fp16_file_is_in_32_bits(bench, tmp_path):
    made, place = bench.make("tied_table", "litert", "fp16")
    assert "float16" in litert.stored(str(place / made.main))
    assert tflite_weights.floats_note(place / made.main) == ()
    whole, base = bench.make("tied_table", "litert", "fp32")
    [note] = tflite_weights.floats_note(base / whole.main)
    assert note.endswith("bytes of its weights stay 32-bit floats")


@pytest.mark.slow
def test_what_does_not_fit_in_16_bits_stays(bench, tmp_path):
    from ai_edge_litert.tools import flatbuffer_utils

    made, place = bench.make("tied_table", "litert", "fp32")
    path = tmp_path / "large.tflite"
    shutil.copyfile(place / made.main, path)
    model = flatbuffer_utils.read_model(str(path))
    table = max(model.buffers, key=lambda b: 0 if b.data is None else len(b.data))
    values = np.frombuffer(bytes(table.data), np.float32).copy()
    values[0] = 1e6
    table.data = np.frombuffer(values.tobytes(), np.uint8)
    flatbuffer_utils.write_model(model, str(path))
    before = path.read_bytes()
    tflite_weights.halve(path)
    assert path.read_bytes() == before
    assert tflite_weights.floats_note(path)


@pytest.mark.slow
def test_a_runtime_that_cannot_says_so(bench):
    """ncnn keeps a matrix for each product, as constants beside them, which stay in 32 bits."""
    made, _ = bench.make("coder", "ncnn", "fp32")
    assert made.notes == (
        f"weights that several operators use ({MATRIX} bytes in fp32) are stored for each",
    )


def test_a_table_that_is_turned_becomes_weights_of_gemm(tmp_path):
    model = onnx.load(str(tiny_nets.tied_table(tmp_path / "m.onnx")))
    gemm.from_matmul(model)
    onnx.checker.check_model(model, full_check=True)
    assert "Transpose" not in kinds(model)
    assert kinds(model).count("Gemm") == 2
    last = model.graph.node[-1]
    assert (last.input[1], last.attribute[0].name, last.attribute[0].i) == ("table", "transB", 1)


def test_a_turned_matrix_becomes_a_transpose(tmp_path):
    model = onnx.load(str(tiny_nets.coder(tmp_path / "m.onnx")))
    tied = tied_onnx.tie(model)
    onnx.checker.check_model(tied, full_check=True)
    assert sizes(tied) == {"w": MATRIX}
    assert kinds(tied) == ["Transpose", "MatMul", "Relu", "MatMul"]
    back = tied_onnx.untie(tied)
    assert kinds(back) == kinds(model)
    assert sizes(back) == sizes(model)


def test_equal_ones_become_one_inside_branches_too(tmp_path):
    model = onnx.load(str(tiny_nets.coder(tmp_path / "m.onnx")))
    double = model.graph.initializer[0]
    model.graph.initializer.add().CopyFrom(double)
    model.graph.initializer[-1].name = "w_again"
    inner = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w_again"], ["z"])],
        "b",
        [],
        [tiny_nets.tensor("z", None)],
    )
    model.graph.node.append(
        helper.make_node("If", ["c"], ["o"], then_branch=inner, else_branch=inner)
    )
    tied = tied_onnx.tie(model)
    assert sizes(tied) == {"w": MATRIX}
    assert tied.graph.node[-1].attribute[0].g.node[0].input[1] == "w"


def test_small_and_unlike_ones_stay(tmp_path):
    model = onnx.load(str(tiny_nets.mlp(tmp_path / "m.onnx")))
    assert tied_onnx.tie(model) == model


def test_nothing_is_told_where_nothing_is_used_twice(bench, tmp_path):
    assert twice.note(bench.source("mlp"), "fp32", tmp_path) == ()
    assert twice.note(bench.source("tied_table"), "fp32", tmp_path) == ()  # an empty folder
    (tmp_path / "model.bin").write_bytes(bytes(2 * TABLE + 1024))
    assert twice.note(bench.source("tied_table"), "fp32", tmp_path)
    assert twice.note(bench.source("tied_table"), "int8-static", tmp_path) == ()


@pytest.mark.slow
def test_a_graph_without_operators_is_left_as_it_is(bench, tmp_path):
    from ai_edge_litert.tools import flatbuffer_utils

    made, place = bench.make("tied_table", "litert", "fp32")
    model = flatbuffer_utils.read_model(str(place / made.main))
    model.subgraphs[0].operators = []
    path = tmp_path / "empty.tflite"
    flatbuffer_utils.write_model(model, str(path))
    before = path.read_bytes()
    tflite_weights.share(path)
    tflite_weights.halve(path)
    assert path.read_bytes() == before
    assert tflite_weights.floats_note(path) == ()
