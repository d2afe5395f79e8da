import pickle
import zipfile

import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.sources.formats import recognise


def named(module):
    """A class as a pickle names it, of a module that is not there."""
    return type("DetectionModel", (), {"__module__": module, "__qualname__": "DetectionModel"})


def pickled(thing, protocol, monkeypatch):
    """The bytes of a pickle, made while the class's module is there."""
    import sys
    import types

    module = types.ModuleType(thing.__module__)
    module.DetectionModel = thing
    for end in range(1, thing.__module__.count(".") + 2):
        name = ".".join(thing.__module__.split(".")[:end])
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, thing.__module__, module)
    return pickle.dumps({"epoch": -1, "model": thing(), "twice": thing()}, protocol)


def archive(path, content):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("best/data.pkl", content)
        file.writestr("best/version", "3\n")
    return path


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    ("module", "told", "hint"),
    [
        ("ultralytics.nn.tasks", "Ultralytics", "yolo export model={} format=onnx"),
        ("models.yolo", "YOLOv5 or YOLOv7", "python export.py --weights {} --include onnx"),
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_a_checkpoint_is_refused_with_the_line_that_exports_it(
    tmp_path, monkeypatch, protocol, module, told, hint, zipped
):
    path = tmp_path / "best.pt"
    content = pickled(named(module), protocol, monkeypatch)
    if zipped:
        archive(path, content)
    else:
        path.write_bytes(pickle.dumps(0x1950A86A20F9469CFC6C, 2) + content)
    with pytest.raises(BadInput) as caught:
        recognise(path)
    assert caught.value.args[0].startswith(f"{path} is a checkpoint of {told}: ")
    assert hint.format(path) in caught.value.hint


@pytest.mark.parametrize("module", ["mine.models", "ultralytics_like.nn", "models.yolov"])
def test_other_pickles_are_left_to_their_reader(tmp_path, monkeypatch, module):
    path = archive(tmp_path / "best.pt", pickled(named(module), 2, monkeypatch))
    assert recognise(path) == "pickle"


def test_a_text_in_a_checkpoint_is_no_class(tmp_path):
    path = archive(tmp_path / "best.pt", pickle.dumps({"made by": "ultralytics.nn.tasks"}, 4))
    assert recognise(path) == "pickle"


@pytest.mark.parametrize(
    "content", [b"\x80\x02", b"no pickle at all", b"\x80\x02X\xff\xff\xff\x7f"]
)
def test_bytes_that_are_no_pickle(tmp_path, content):
    assert recognise(archive(tmp_path / "best.pt", content)) == "pickle"
