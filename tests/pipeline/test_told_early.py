"""What is wrong with the data or a device is told before the model is read; reading has a limit."""

from __future__ import annotations

import time

import numpy as np
import pytest

import edgeopt
from benchmarks.devices import phone
from benchmarks.devices.adb_server import AdbServer
from benchmarks.devices.sshd import HOST, free_port
from benchmarks.faults.fuzz.endless import endless
from edgeopt.domain.errors import BadInput, DeviceFailed
from edgeopt.domain.task import TaskAsked
from tests.pipeline.cli_process import HERE

ONE = str(HERE / "one-runtime.toml")


@pytest.fixture
def text(tmp_path):
    """A model that is none, and sound data."""
    (tmp_path / "m.onnx").write_text("this is no model\n")
    np.savez(tmp_path / "d.npz", x=np.zeros((40, 2), np.float32))
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"data": "gone.npz"}, "gone.npz: no such file"),
        ({"data": "gone"}, "no such file or folder"),
        ({"data": "m.onnx"}, "data of an unknown kind"),
        ({"data": "gone:function"}, "no module 'gone'"),
        ({"data": "folder"}, "need a preprocessing"),
        ({"confirm": "gone.npz"}, "gone.npz: no such file"),
        ({"calibration": "gone.npz"}, "gone.npz: no such file"),
        ({"calibration": "photos"}, "photos: no such file or folder"),
        ({"data": "./gone:function"}, "./gone:function: no such file or folder"),
        ({"task": "detecton"}, "unknown task 'detecton'; did you mean 'detection'?"),
        ({"task": TaskAsked(head="yolov8")}, "unknown head 'yolov8'; did you mean 'yolo"),
        ({"task": TaskAsked(head="yolo", masks="m")}, "no model is judged by both"),
        ({"task": TaskAsked(masks="m")}, "--masks names the truths of a folder of photos"),
        ({"task": TaskAsked(states=("h",))}, "'h' is no state"),
        ({"data": "gone.json"}, "gone.json: no such file or folder"),
        ({"data": "boxes.json"}, "way, mean and scale must be said"),
        (
            {"data": "boxes.json", "task": TaskAsked(head="yolo")},
            "folder of its images is not known",
        ),
        ({"confirm": "gone.yaml"}, "gone.yaml: no such file or folder"),
        ({"task": TaskAsked(task="ctc", alphabet="gone.txt")}, "gone.txt: no such file"),
        ({"device": "nobody"}, "there is no device 'nobody'"),
        ({"device": "http://nobody"}, "is no link to a device"),
        ({"device": ["local", "nobody"]}, "there is no device 'nobody'"),
    ],
)
def test_before_the_model_is_read(text, monkeypatch, asked, said):
    monkeypatch.chdir(text)
    monkeypatch.setenv("EDGEOPT_CONFIG", str(text))
    (text / "folder").mkdir()
    (text / "boxes.json").write_text("{}")
    with pytest.raises(BadInput) as caught:
        edgeopt.optimize("m.onnx", ONE, **{"data": "d.npz", **asked}, out=text / "run")
    assert said in caught.value.args[0]
    assert not (text / "run").exists()


@pytest.mark.slow
def test_reading_a_model_has_the_limit_that_was_asked_for(tmp_path):
    endless(tmp_path / "m.onnx")
    np.savez(tmp_path / "d.npz", x=np.zeros((40, 2), np.float32))
    began = time.monotonic()
    with pytest.raises(BadInput, match=r"took longer than its limit of 4 s") as caught:
        edgeopt.optimize(
            tmp_path / "m.onnx", ONE, tmp_path / "d.npz", out=tmp_path / "r", step_timeout_s=4
        )
    assert "--step-timeout" in caught.value.hint
    assert time.monotonic() - began < 120
    assert not (tmp_path / "r").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dims", "said"),
    [((1 << 20, 1 << 20), "values"), ((1,) * 40, "40 dimensions"), ((1 << 40, 3), "values")],
)
def test_an_input_that_no_machine_holds_is_refused(tmp_path, dims, said):
    import onnx
    from onnx import helper

    value = helper.make_tensor_value_info
    node = helper.make_node("Relu", ["x"], ["y"])
    graph = helper.make_graph([node], "g", [value("x", 1, dims)], [value("y", 1, dims)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(tmp_path / "m.onnx"))
    np.savez(tmp_path / "d.npz", x=np.zeros((40, 2), np.float32))
    with pytest.raises(BadInput) as caught:
        edgeopt.optimize(tmp_path / "m.onnx", ONE, tmp_path / "d.npz", out=tmp_path / "r")
    assert said in caught.value.args[0]


@pytest.mark.slow
def test_a_model_without_inputs_is_refused(tmp_path):
    import onnx
    from onnx import helper

    node = helper.make_node("Constant", [], ["y"], value_float=1.0)
    value = helper.make_tensor_value_info("y", 1, [])
    graph = helper.make_graph([node], "g", [], [value])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(tmp_path / "m.onnx"))
    np.savez(tmp_path / "d.npz", x=np.zeros((40, 2), np.float32))
    with pytest.raises(BadInput, match="has no inputs"):
        edgeopt.optimize(tmp_path / "m.onnx", ONE, tmp_path / "d.npz", out=tmp_path / "r")


@pytest.mark.slow
@pytest.mark.parametrize("again", [False, True])
def test_a_board_that_cannot_be_reached(text, monkeypatch, again):
    """Unless the folder holds a run: what is finished is answered without its board."""
    monkeypatch.setenv("EDGEOPT_CONFIG", str(text))
    asked = {"model": text / "m.onnx", "target": ONE, "data": text / "d.npz", "out": text / "run"}
    told = []
    if again:
        (text / "run").mkdir()
        (text / "run" / "run.json").write_text("{}")
    with pytest.raises(BadInput if again else DeviceFailed) as caught:
        edgeopt.optimize(
            **asked, device=f"ssh://{HOST}:{free_port()}", progress=lambda *said: told.append(said)
        )
    assert ("refuses connections" in caught.value.args[0]) is not again
    assert any("reading" in said[0] for said in told) is again


@pytest.mark.slow
def test_a_phone_that_is_not_there(text, monkeypatch):
    pytest.importorskip("adbutils", reason="pip install 'edgeopt[adb]'")
    server = AdbServer(phone.make(text / "phone", {}), "another")
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(server.port))
    with pytest.raises(DeviceFailed, match="adb knows no phone mine"):
        edgeopt.optimize(
            text / "m.onnx", ONE, text / "d.npz", out=text / "run", device="adb://mine"
        )
    server.stop()
