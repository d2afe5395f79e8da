"""Files of every format that are read without `--trust`, made to run or to reach something: each is

refused, and nothing in it ran. What is a program has its test beside its format's; `.pt2` in
`tests/runtimes/exported`.
"""

from __future__ import annotations

import json
import os
import zipfile

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeopt.domain.errors import BadInput


def said(call, path):
    with pytest.raises(BadInput) as caught:
        call(path)
    return caught.value.args[0]


@pytest.fixture
def mark(tmp_path):
    yield tmp_path / "mark"
    assert not (tmp_path / "mark").exists()


def pointing(folder, location):
    """An ONNX file whose weight lies elsewhere."""
    weight = numpy_helper.from_array(np.zeros((4, 4), np.float32), "w")
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", "64")):
        entry = weight.external_data.add()
        entry.key, entry.value = key, value
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 4]) for n in ("x", "y"))
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [x], [y], [weight]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize("where", ["../secret", "./../secret", "ABSOLUTE", "link", "folder/secret"])
def test_onnx_reaches_no_file_elsewhere(tmp_path, inspect, where):
    (tmp_path / "secret").write_bytes(np.arange(16, dtype=np.float32).tobytes())
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "folder").symlink_to(tmp_path, target_is_directory=True)
    path = pointing(folder, where.replace("ABSOLUTE", str(tmp_path / "secret")))
    assert "keeps its weights in a file beside it that cannot be read" in said(inspect, path)
    with pytest.raises(Exception, match="External data path"):  # as `bench` opens it
        onnxruntime.InferenceSession(str(path))


@pytest.mark.usefixtures("at_home")
def test_onnx_names_no_library(tmp_path, inspect):
    """An operator of a domain of its own needs a library, which nobody loads."""
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 4]) for n in ("x", "y"))
    node = helper.make_node("Run", ["x"], ["y"], domain="evil", library="./evil.so")
    model = helper.make_model(
        helper.make_graph([node], "g", [x], [y]),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("evil", 1)], ir_version=9,
    )  # fmt: skip
    path = tmp_path / "m.onnx"
    onnx.save(model, path)
    with pytest.raises(Exception, match="evil"):
        onnxruntime.InferenceSession(str(path))


def keras_file(path, function):
    """A Keras file whose layer's activation is a function of another package."""
    from tests.sources import tiny_keras

    net = tiny_keras.keras.Sequential(
        [tiny_keras.keras.Input((4,)), tiny_keras.keras.layers.Dense(2, activation="relu")]
    )
    net.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    config["config"]["layers"][1]["config"]["activation"] = function
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


@pytest.mark.slow
@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize(
    "function",
    [
        {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
        {"module": "builtins", "class_name": "exec", "config": {"value": "CODE"}},
        {"class_name": "__lambda__", "config": {"value": ["CODE", None, None]}},
    ],
)
def test_keras_imports_nothing_that_a_file_names(tmp_path, mark, inspect, function):
    code = f"__import__('os').system('touch {mark}')"
    given = json.loads(json.dumps(function).replace("CODE", code))
    said(inspect, keras_file(tmp_path / "m.keras", given))


@pytest.mark.slow
@pytest.mark.usefixtures("at_home")
def test_a_lambda_in_hdf5_needs_trust(tmp_path, inspect):
    from tests.sources import tiny_keras

    path = tmp_path / "m.h5"
    tiny_keras.with_lambda().save(path)
    assert said(inspect, path).startswith(f"{path} has a Lambda layer")


class Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.slow
@pytest.mark.usefixtures("at_home")
def test_skops_runs_no_function_that_a_file_names(tmp_path, mark, inspect):
    import skops.io
    from sklearn.linear_model import LinearRegression

    path = tmp_path / "m.skops"
    estimator = LinearRegression().fit(np.eye(3), [1, 2, 3])
    estimator.evil = Touch(mark)
    skops.io.dump(estimator, path)
    mark.unlink(missing_ok=True)
    assert "holds types that skops does not know to be safe: " in said(inspect, path)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".joblib", ".pkl"])
def test_a_pickle_is_not_read(tmp_path, mark, inspect, suffix):
    import pickle

    path = tmp_path / f"m{suffix}"
    path.write_bytes(pickle.dumps(Touch(mark)))
    assert said(inspect, path).endswith("pickle: reading it runs whatever code is inside it.")


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize("suffix", [".onnx", ".tflite", ".keras", ".h5", ".skops", ".pt2"])
def test_a_pickle_under_another_name_is_not_read(tmp_path, mark, inspect, suffix):
    import pickle

    path = tmp_path / f"m{suffix}"
    path.write_bytes(pickle.dumps(Touch(mark)))
    said(inspect, path)


@pytest.mark.parametrize("suffix", [".keras", ".skops", ".pt2"])
def test_a_damaged_table_of_contents(tmp_path, inspect, suffix):
    path = tmp_path / f"m{suffix}"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("schema.json", "{}")
    whole = bytearray(path.read_bytes())
    whole[whole.index(b"PK\x01\x02")] ^= 4
    path.write_bytes(whole)
    assert said(inspect, path).endswith("it is not a zip archive, or it is truncated.")
