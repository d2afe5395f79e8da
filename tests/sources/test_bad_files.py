import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.jobs import child
from edgeopt.sources.formats import FORMATS
from tests.sources import tiny_onnx as tiny

MLP = tiny.mlp().SerializeToString()


def refusal(call, path, **arguments):
    """What is said of a file that is refused; nothing may be left beside it."""
    before = sorted(path.parent.rglob("*"))
    with pytest.raises(BadInput) as caught:
        call(path, **arguments)
    assert sorted(path.parent.rglob("*")) == before
    said = caught.value.args[0]
    assert "\n" not in said
    assert "Traceback" not in said
    return said.replace(str(path), "FILE"), caught.value.hint


@pytest.fixture
def file(tmp_path):
    (tmp_path / "given").mkdir()

    def make(name, content=None):
        path = tmp_path / "given" / name
        if content is not None:
            path.write_bytes(content)
        return path

    return make


def test_missing(file, inspect):
    path = file("m.onnx")
    said, hint = refusal(inspect, path)
    assert said == "there is no file FILE."
    assert hint == (
        f"Give the path of a model file. The folder {path.parent} holds nothing of that name."
    )


def test_folder(file, inspect):
    path = file("m.onnx")
    path.mkdir()
    said, hint = refusal(inspect, path)
    assert said == "FILE is a folder, not a model file."
    assert hint == (
        "Known: .onnx, .pt2, .pt, .pth, .tflite, .keras, .h5, .hdf5, .skops, .joblib, .pkl, "
        "or the folder of a SavedModel."
    )


@pytest.mark.parametrize(("name", "suffix"), [("m.bin", ".bin"), ("model", "none")])
def test_suffix(file, inspect, name, suffix):
    said, hint = refusal(inspect, file(name, MLP))
    assert said == f"FILE has a suffix that is not known: {suffix}."
    assert ".onnx" in hint


@pytest.mark.parametrize("name", ["m.onnx", "m.pt2", "M.ONNX"])
def test_empty(file, inspect, name):
    said, hint = refusal(inspect, file(name, b""))
    assert said == "FILE is empty."
    assert hint == "Was it copied completely?"


def test_no_zip_is_no_exported_program(file, inspect):
    said, hint = refusal(inspect, file("m.pt2", b"PK\x03\x04 and then nothing"))
    assert said == "FILE is no exported program: it is not a zip archive, or it is truncated."
    assert "torch.export.save" in hint


@pytest.mark.parametrize("name", ["m.pt", "m.pth", "m.PT"])
def test_a_pickle_stays_closed(file, inspect, name):
    said, hint = refusal(inspect, file(name, b"never read"))
    assert said == "FILE is a pickle: reading it runs whatever code is inside it."
    assert "--trust" in hint
    assert ".pt2" in hint


@pytest.mark.parametrize(
    "content",
    [
        b"no model at all\n",
        b'{"a": 1}',
        b"\x00" * 64,
        bytes(range(256)),
        MLP[:-1],
        MLP[: len(MLP) // 2],
    ],
    ids=["text", "json", "zeros", "bytes", "one byte less", "half"],
)
@pytest.mark.usefixtures("at_home")
def test_no_onnx(file, inspect, content):
    said, hint = refusal(inspect, file("m.onnx", content))
    assert said == "FILE is not an ONNX model, or it is truncated."
    assert hint == "Export or copy it again."


@pytest.mark.usefixtures("at_home")
def test_onnx_without_a_graph(file, inspect):
    said, _ = refusal(inspect, file("m.onnx", b"\x08\x08"))  # format 8, and that is all
    assert said == "FILE is not an ONNX model: it holds no graph."


@pytest.mark.usefixtures("at_home")
def test_weights_that_are_gone(file, inspect):
    path = file("m.onnx")
    tiny.save(tiny.mlp(), path, save_as_external_data=True, location="w.data", size_threshold=0)
    (path.parent / "w.data").unlink()
    said, hint = refusal(inspect, path)
    assert said.startswith("FILE keeps its weights in a file beside it that cannot be read: ")
    assert "w.data" in said
    assert hint == "Copy the model together with its external data."


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (tiny.unknown_operator(), "is not a valid ONNX model: No Op registered for Frobnicate"),
        (tiny.dangling(), "is not a valid ONNX model: Nodes in a graph must be topologically"),
        (tiny.sequence_input(), "input 'xs' of FILE is a sequence, not a tensor."),
        (tiny.sequence_output(), "output 'ys' of FILE is a sequence, not a tensor."),
        (
            tiny.strings(),
            "input 'x' of FILE is a tensor of type string, not of numbers that numpy has.",
        ),
        (
            tiny.typed(tiny.TensorProto.FLOAT8E5M2),
            "input 'x' of FILE is a tensor of type float8e5m2, not of numbers that numpy has.",
        ),
        (
            tiny.typed(tiny.TensorProto.UNDEFINED),
            "input 'x' of FILE is a tensor of type undefined, not of numbers that numpy has.",
        ),
    ],
    ids=["operator", "dangling", "sequence in", "sequence out", "strings", "narrow", "untyped"],
)
@pytest.mark.usefixtures("at_home")
def test_onnx_that_is_not_valid(file, inspect, model, expected):
    said, _ = refusal(inspect, tiny.save(model, file("m.onnx")))
    assert expected in said


@pytest.mark.parametrize(
    ("model", "expected", "advice"),
    [
        (
            tiny.unknown_operator("my.ops"),
            "the model does not run: Fatal error: my.ops:Frobnicate(-1) is not a registered "
            "function/op",
            "It has an operator that ONNX Runtime does not know; export it without that one.",
        ),
        (
            tiny.misfit(),
            "the model does not run: Node () Op (MatMul) [ShapeInferenceError] Incompatible "
            "dimensions for matrix multiplication",
            "Check that it runs in ONNX Runtime with these shapes.",
        ),
        (
            tiny.mlp(opset=999),
            "the model does not run: ONNX Runtime only *guarantees* support for models stamped",
            "Check that it runs in ONNX Runtime with these shapes.",
        ),
    ],
    ids=["operator", "shapes", "opset"],
)
@pytest.mark.usefixtures("at_home")
def test_onnx_that_does_not_run(file, prepare, model, expected, advice):
    said, hint = refusal(prepare, tiny.save(model, file("m.onnx")))
    assert said.startswith(expected)
    assert hint == advice


@pytest.mark.slow
def test_a_child_says_the_same(file, inspect):
    said, hint = refusal(inspect, file("m.onnx", MLP[:-1]))
    assert said == "FILE is not an ONNX model, or it is truncated."
    assert hint == "Export or copy it again."


def test_a_reader_that_breaks_down(file, inspect, tmp_path, monkeypatch):
    def run(function, argument, log, timeout_s, stop=None):
        raise child.ChildFailed("the process crashed (SIGSEGV)", f"Its output is in {log}.", log)

    monkeypatch.setattr(child, "run", run)
    said, hint = refusal(inspect, file("m.onnx", MLP))
    assert said == "FILE cannot be read: the process crashed (SIGSEGV)"
    assert hint == f"Its output is in {tmp_path / 'logs' / 'source.log'}."


def test_every_format_names_a_module_that_inspects_and_prepares():
    import importlib

    for form in FORMATS.values():
        found = importlib.import_module(form.module)
        assert callable(found.inspect)
        assert callable(found.prepare)
