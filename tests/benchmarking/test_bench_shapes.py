"""`bench --shape`: what a file leaves open is fixed in its runtime, or refused in a sentence."""

from __future__ import annotations

import pytest

from edgeopt.benchmarking import opening
from edgeopt.benchmarking.opened_files import open_files
from edgeopt.devices.local import Local
from edgeopt.domain.errors import BadInput
from edgeopt.runtimes import fixed_shapes
from edgeopt.store import bench_file


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """named.onnx [batch, width], unnamed.onnx [?, 3], closed.onnx [1, 3]; and named.xml."""
    import onnx
    import openvino
    from onnx import helper

    folder = tmp_path_factory.mktemp("open")
    for name, shape in {"named": ["batch", "w"], "unnamed": [None, 3], "closed": [1, 3]}.items():
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            [helper.make_node("Relu", ["x"], ["y"])],
            "g",
            [value("x", 1, shape)],
            [value("y", 1, shape)],
        )
        opsets = [helper.make_opsetid("", 17)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        onnx.save(model, str(folder / f"{name}.onnx"))
    model = openvino.convert_model(str(folder / "named.onnx"))
    openvino.save_model(model, str(folder / "named.xml"))
    return folder


def opened(folder, name, tmp_path, **shapes):
    device = Local()
    try:
        return open_files(device, [folder / name], (1,), None, 0, tmp_path, 60.0, shapes=shapes)
    finally:
        device.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["named.onnx", "unnamed.onnx", "named.xml"])
def test_open_dimensions_are_fixed(folder, tmp_path, name):
    found = opened(folder, name, tmp_path, x=(2, 3))
    [subject] = found.subjects
    assert subject.inputs[0].shape == (2, 3)
    assert subject.options == {"shapes": '{"x": [2, 3]}'}
    assert found.facts[subject.key].options["shapes"] == '{"x": [2, 3]}'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "shapes", "said"),
    [
        ("named.onnx", {}, "has open dimensions (?x?)"),
        ("unnamed.onnx", {"x": (2, 4)}, "--shape x=2x4 does not fit"),
        ("closed.onnx", {"x": (2, 3)}, "--shape x=2x3 does not fit"),
        ("closed.onnx", {"z": (1, 3)}, "--shape names an input 'z'"),
        ("named.onnx", {"x": (2, 3, 4)}, "does not fit"),
    ],
)
def test_what_does_not_fit_is_refused(folder, tmp_path, name, shapes, said):
    with pytest.raises(BadInput) as caught:
        opened(folder, name, tmp_path, **shapes)
    assert said in caught.value.args[0]


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (("batch", 64), "1x64"),
        (("n", 3, "h", "w"), "1x3x224x224"),
        (("n", "c", 96, 96), "1x3x96x96"),
        (("n", "h", "w", 3), "1x224x224x3"),
        ((1, "steps"), "1x64"),
        (("n",), "1"),
    ],
)
def test_the_shape_to_give_is_one_of_this_model(shape, said):
    assert opening._example(shape) == said


@pytest.mark.slow
def test_a_shape_that_the_model_has_is_no_option(folder, tmp_path):
    [subject] = opened(folder, "closed.onnx", tmp_path, x=(1, 3)).subjects
    assert subject.options == {}


def test_the_option_is_taken_apart_again():
    text = fixed_shapes.option({"b": (1, 2), "a": ()})
    assert fixed_shapes.split({"shapes": text, "k": 1}) == ({"k": 1}, {"a": [], "b": [1, 2]})
    for odd in ("[]", '{"a": 1}', '{"a": [0]}', '{"a": ["x"]}', "x"):
        with pytest.raises(ValueError, match=r"shapes must be|Expecting value"):
            fixed_shapes.split({"shapes": odd})


@pytest.mark.slow
def test_bad_data_is_told_before_a_model_is_opened(folder, tmp_path):
    class NoDevice(Local):
        def put(self, folder):
            raise AssertionError("opened")

    with pytest.raises(BadInput, match=r"gone\.npz: no such file"):
        open_files(
            NoDevice(), [folder / "closed.onnx"], (1,), tmp_path / "gone.npz", 0, tmp_path, 9.0
        )


def test_where_a_bench_cannot_write_is_told_first(folder, tmp_path):
    with pytest.raises(BadInput, match=r"is a folder, not a file\.\n  Write --out .*/bench-\d"):
        bench_file.place(tmp_path)
    with pytest.raises(BadInput, match="it would be replaced"):
        bench_file.place(folder / "closed.onnx", [folder / "named.onnx", folder / "closed.onnx"])
    (tmp_path / "link").symlink_to(folder / "closed.onnx")
    with pytest.raises(BadInput, match="it would be replaced"):
        bench_file.place(tmp_path / "link", [folder / "closed.onnx"])
    assert bench_file.place(tmp_path / "b.json", [folder / "closed.onnx"]) == tmp_path / "b.json"


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[" * 100_000, b'{"recipe": 5}'])
def test_a_broken_account_of_an_artifact_is_one_sentence(folder, tmp_path, content):
    import shutil

    shutil.copyfile(folder / "closed.onnx", tmp_path / "closed.onnx")
    (tmp_path / "artifact.json").write_bytes(content)
    with pytest.raises(BadInput, match=r"artifact.json is not a record of an artifact") as caught:
        open_files(Local(), [tmp_path / "closed.onnx"], (1,), None, 0, tmp_path, 9.0)
    assert "\n" not in caught.value.args[0]
