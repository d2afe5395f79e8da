"""What runs on the device reads out of profilers, on parts as they came."""

from __future__ import annotations

import json

import pytest

from edgeopt.runtimes import profiling
from edgeopt.runtimes.profiling import litert, litert_c, onnxruntime, openvino

# --- ONNX Runtime


def kernel(name, op, ts, dur, **more):
    args = {"op_name": op, "provider": "CPUExecutionProvider", "node_index": name, **more}
    return {"name": f"{name}_kernel_time", "ts": ts, "dur": dur, "args": args}


RUN = {"name": "model_run", "ts": 0, "dur": 100, "args": {}}


class Written:
    """A session whose profile is a file of these events."""

    def __init__(self, path, events) -> None:
        self._path = path
        path.write_text(json.dumps(events))

    def end_profiling(self) -> str:
        return str(self._path)


def test_a_node_of_control_has_the_time_that_is_left_of_it(tmp_path):
    inner = [kernel("mul", "Mul", 12, 5), kernel("if2", "If", 18, 10), kernel("add", "Add", 19, 7)]
    events = [kernel("conv", "Conv", 0, 10), *inner, kernel("if1", "If", 10, 30), RUN]
    operators, (row,) = onnxruntime.Profiled(Written(tmp_path / "p", events), []).finish()
    times = {about["name"]: row[key] for key, about in operators.items()}
    assert times == {"conv": 10_000, "if1": 15_000, "mul": 5_000, "if2": 3_000, "add": 7_000}


def test_a_node_that_runs_often_is_one_operator(tmp_path):
    events = [kernel("mul", "Mul", 0, 5), kernel("mul", "Mul", 6, 4), RUN]
    operators, rows = onnxruntime.Profiled(Written(tmp_path / "p", [*events, *events]), []).finish()
    assert len(operators) == 1
    assert [list(row.values()) for row in rows] == [[9000], [9000]]


@pytest.mark.parametrize(
    ("operator", "types", "expected"),
    [
        ("Conv", [{"float": [1]}], "fp32"),
        ("QLinearConv", [{"uint8": [1]}], "int8"),
        ("ConvInteger", [{"uint8": [1]}], "int8"),
        ("DynamicQuantizeMatMul", [{"float": [1]}], "int8"),
        ("DynamicQuantizeLinear", [{"float": [1]}], "fp32"),
        ("Cast", [{"float16": [1]}], "fp16"),
        ("Constant", [], None),
    ],
)
def test_the_arithmetic_of_a_node(operator, types, expected):
    assert onnxruntime.arithmetic(operator, types) == expected


# --- OpenVINO


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [("ref_any_f32", True), ("ref_f32", True), ("jit_avx512_I8", False), ("gemm_mlas_f32", False),
     ("brgconv_avx512_amx_i8", False), ("unknown_f32", False)],
)  # fmt: skip
def test_reference_kernels(kernel, expected):
    assert openvino.is_reference(kernel) is expected


# --- LiteRT

DELEGATED, BUILT_IN = 1 << 3, 1 << 1


def words(events, size):
    """Events as the library lays them out: tag, kind, start, duration, memory, metadata, source."""
    found = []
    for tag, kind, duration, index in events:
        found += [tag, kind, 0, duration, *[7] * (size - 7), index, 0, 2]
    return found


@pytest.mark.parametrize("size", [11, 13])
def test_events_are_found_whatever_the_size_of_a_memory_reading(size):
    texts = {1000: b"Convolution (NHWC, QC8) IGEMM", 2000: b"DEPTHWISE_CONV_2D"}
    there = words([(1000, DELEGATED, 1263, 0), (2000, BUILT_IN, 2954, 4)], size)
    there += [litert_c._UNTOUCHED] * 40
    assert litert_c.parse(there, 2, texts.__getitem__) == [
        ("Convolution (NHWC, QC8) IGEMM", DELEGATED, 1263, 0),
        ("DEPTHWISE_CONV_2D", BUILT_IN, 2954, 4),
    ]


@pytest.mark.parametrize(
    ("there", "count"),
    [
        ([1000, 1, 0, 5], 1),  # too short
        ([*words([(1000, 8, 5, 0)], 13), 1], 2),  # no whole number of words each
        (words([(0, 8, 5, 0)], 13), 1),  # no tag
        (words([(1000, 3, 5, 0)], 13), 1),  # no kind of event
    ],
)
def test_another_layout_is_refused_before_a_pointer_is_followed(there, count):
    def never(address):
        raise AssertionError("it was followed")

    with pytest.raises(litert_c.LiteRtError, match="layout"):
        litert_c.parse(there, count, never)


def test_no_events():
    assert litert_c.parse([litert_c._UNTOUCHED] * 8, 0, bytes) == []


def node(index, kind, delegated=True, name="t"):
    return {
        "index": index, "type": kind, "name": f"{name}{index}", "precision": "fp32",
        "output": "fp32", "shape": [1, 2], "delegated": delegated,
    }  # fmt: skip


NODES = [node(0, "CONV_2D"), node(1, "DEPTHWISE_CONV_2D", False), node(2, "CONV_2D"),
         node(3, "ADD"), node(4, "FULLY_CONNECTED")]  # fmt: skip
EVENTS = [
    ("Convert (NC, F32, QD8)", DELEGATED, 66, 0),
    ("Convolution (NHWC, QD8, F32, QC8W) IGEMM", DELEGATED, 722, 1),
    ("DEPTHWISE_CONV_2D", BUILT_IN, 6230, 1),
    ("Fully Connected (NC, QD8, F32, QC8W) GEMM", DELEGATED, 282, 0),
    ("Add (ND)", DELEGATED, 24, 1),
    ("Fully Connected (NC, QD8, F32, QC8W) GEMM", DELEGATED, 265, 2),
]


def test_xnnpacks_operators_are_the_files_nodes_in_their_order():
    found = litert.matched(EVENTS, NODES)
    assert [n and n["index"] for n in found] == [None, 0, 1, 2, 3, 4]
    about = [litert._about(e, n) for e, n in zip(EVENTS, found, strict=True)]
    assert [a["type"] for a in about][:3] == ["Convert", "CONV_2D", "DEPTHWISE_CONV_2D"]
    assert [a["fallback"] for a in about] == [False, False, True, False, False, False]
    assert (about[0]["precision"], about[0]["output"]) == ("fp32", "int8-dynamic")
    assert about[1]["precision"] == "int8-dynamic"
    assert about[4]["precision"] == "fp32"
    assert about[1]["layers"] == ["t0"]


def test_where_the_numbers_differ_nothing_is_guessed():
    found = litert.matched(EVENTS[:-1], NODES)
    assert [n and n["index"] for n in found] == [None, None, 1, None, 3]
    about = litert._about(EVENTS[1], None)
    assert (about["name"], about["type"], about["layers"]) == ("Convolution", "Convolution", [])


def test_the_nodes_that_a_delegate_took_lie_between_its_inputs_and_outputs():
    import numpy as np

    def op(index, name, inputs, outputs):
        return {"index": index, "op_name": name, "inputs": inputs, "outputs": outputs}

    plan = [
        op(0, "CONV_2D", [0, 9], [1]),
        op(1, "DEPTHWISE_CONV_2D", [1, 8], [2]),
        op(2, "ADD", [2, 1], [3]),
        op(3, "DELEGATE", [0, 9], [1]),
        op(4, "DELEGATE", [2, 1], [3]),
    ]
    types = {8: np.int8, 9: np.int8}
    tensors = [
        {"index": i, "name": f"t{i}", "shape": [1, 2], "dtype": types.get(i, np.float32)}
        for i in range(10)
    ]
    nodes = litert.nodes_of(plan, tensors)
    assert [n["delegated"] for n in nodes] == [True, False, True]
    assert [n["precision"] for n in nodes] == ["int8-dynamic", "int8-dynamic", "fp32"]


def test_a_library_that_was_not_tried_is_not_called(tmp_path):
    with pytest.raises(ValueError, match="no profiler that Python can reach"):
        litert.library_of(str(tmp_path), "2.14.0")
    (tmp_path / "libLiteRt.so").touch()
    with pytest.raises(ValueError, match=r"tried with ai-edge-litert 2\.3 and not with 2\.9\.1"):
        litert.library_of(str(tmp_path), "2.9.1")
    assert litert.library_of(str(tmp_path), "2.3.7").endswith("libLiteRt.so")


# --- all of them


class Fake:
    """A session; as a profiled one it tells of `rows` inferences."""

    def __init__(self, rows=None, operators=None) -> None:
        self.ran, self._rows, self._operators = 0, rows, operators

    def run(self, arrays) -> None:
        self.ran += 1

    def finish(self):
        rows = self._rows if self._rows is not None else [{"a": i} for i in range(self.ran)]
        return ({"a": {"name": "a"}} if self._operators is None else self._operators), rows


def test_both_sessions_take_turns_and_the_first_of_a_turn_is_not_counted():
    plain, profiled = Fake(), Fake()
    found = profiling.take(plain, profiled, [[0], [1]], 8, how="by hand")
    assert plain.ran == profiled.ran == profiling.WARMUP + 2 * (profiling.BLOCK + 1)
    assert found["operators"] == [{"name": "a", "t_ns": [6, 7, 8, 9, 11, 12, 13, 14]}]
    assert len(found["total_ns"]) == len(found["plain_ns"]) == 8


def test_a_profiler_that_tells_of_other_runs_is_not_believed():
    with pytest.raises(ValueError, match="told of 3 inferences"):
        profiling.take(Fake(), Fake(rows=[{}] * 3), [[0]], 4, how="")
    with pytest.raises(ValueError, match="named no operator"):
        profiling.take(Fake(), Fake(operators={}), [[0]], 4, how="")
