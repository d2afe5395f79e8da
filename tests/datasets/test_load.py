import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from edgeopt.datasets.image_folder import Preprocessing
from edgeopt.datasets.load import load
from edgeopt.domain.errors import BadInput


def message_of(data, names=("x",), preprocessing=None):
    with pytest.raises(BadInput) as caught:
        load(data, names, preprocessing)
    return str(caught.value)


def test_arrays():
    samples = load({"x": np.ones((3, 2)), "labels": [0, 1, 2]}, ["x"])
    assert len(samples) == 3
    assert samples.origin == "the given arrays"


@pytest.mark.parametrize("as_type", [str, lambda path: path])
def test_npz(tmp_path, as_type):
    np.savez(tmp_path / "a.npz", x=np.ones((3, 2)))
    assert len(load(as_type(tmp_path / "a.npz"), ["x"])) == 3


def test_function(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loading_of_test.py").write_text("def data():\n    return {'x': [1.0, 2.0]}\n")
    assert len(load("loading_of_test:data", ["x"])) == 2


def test_images(tmp_path):
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    samples = load(tmp_path, ["photo"], Preprocessing.parse("size=8,mean=0,scale=1"))
    assert samples.inputs["photo"].shape == (1, 3, 8, 8)


def test_images_without_preprocessing(tmp_path):
    assert message_of(tmp_path) == (
        f"{tmp_path}: images need a preprocessing, the same as in training\n"
        "  Add --preprocess size=256,crop=224,mean=127,scale=0.0078125,layout=nchw"
    )


def test_images_for_several_inputs(tmp_path):
    assert message_of(tmp_path, ("a", "b")).startswith(
        f"{tmp_path}: a folder of images feeds one input, but the model has 2\n"
    )


def test_missing(tmp_path):
    path = tmp_path / "nowhere"
    assert message_of(path).startswith(f"{path}: no such file or folder\n  Data is an .npz file,")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("./x:load", "Write x:load"),
        ("./pkg/x.py:load()", "Write pkg.x:load"),
        ("../x:load", "Write x:load and start edgeopt in .., or name that folder in PYTHONPATH."),
        ("/place/x.py:load", "Write x:load and start edgeopt in /place, or name"),
    ],
)
def test_a_function_by_a_path_is_told_as_it_was_given(tmp_path, monkeypatch, given, meant):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.py").write_text("def load():\n    return {}\n")
    said = message_of(given)
    assert said.startswith(f"{given}: no such file or folder\n  A function is given as module:")
    assert meant in said


def test_a_function_of_a_files_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "with_suffix.py").write_text("def load():\n    return {}\n")
    said = message_of("with_suffix.py:load")
    assert said.startswith("with_suffix.py:load: no module 'with_suffix.py' in the current")
    assert said.endswith("Write with_suffix:load")


@pytest.mark.parametrize("given", ["./x:", "C:/data", "./data.np", "gone/data.csv"])
def test_what_names_no_function_is_not_told_as_one(tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.npz").touch()
    said = message_of(given)
    assert said.startswith(f"{given}: no such file or folder\n  Data is an .npz file,")


def test_a_name_that_is_almost_right(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    assert message_of("./photo").endswith("Did you mean photos?")
    assert message_of("gone/photos").endswith(f"There is no folder {tmp_path / 'gone'}.")


def test_unknown_kind(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("1,2\n")
    assert message_of(str(path)).startswith(f"{path}: data of an unknown kind\n")


@pytest.mark.slow
def test_imports_stay_light():
    code = (
        "import pkgutil, importlib, sys, edgeopt.datasets as d\n"
        "for m in pkgutil.iter_modules(d.__path__):\n"
        "    importlib.import_module('edgeopt.datasets.' + m.name)\n"
        "print([name for name in ('sklearn', 'scipy', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
