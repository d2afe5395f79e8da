"""A session whose runs go from a photo to its answer."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from edgeopt.decoding.preparation import Preparation
from edgeopt.devices.parcel import runner_zip
from edgeopt.runner.end_to_end import EndToEnd
from tests.decoding import made

SIZE = made.SIZE
PHOTO = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
TASK = {
    "name": "detection", "head": "yolo", "size": SIZE, "names": [], "extra": {}, "states": {},
    "preparation": Preparation(way="letterbox", size=SIZE).record(),
}  # fmt: skip


class Session:
    """Answers as a YOLO does, and keeps what it was fed."""

    def __init__(self, shape, dtype="float32"):
        self.inputs = [{"name": "images", "dtype": dtype, "shape": list(shape)}]
        self.outputs = [{"name": "output0", "dtype": "float32", "shape": [1, 7, 420]}]
        self.fed = []

    def run(self, arrays):
        self.fed.append(arrays)
        return list(made.outputs("yolo").values())

    def facts(self):
        return {"total": 3}


def photo():
    """As the runner keeps it: bytes with others behind them, and the size."""
    return [np.concatenate([PHOTO.ravel(), np.zeros(99, np.uint8)]), np.array(PHOTO.shape[:2])]


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_a_photo_goes_in_prepared_in_the_files_layout(layout):
    shape = (1, 3, *SIZE) if layout == "nchw" else (1, *SIZE, 3)
    session = Session(shape)
    EndToEnd(session, TASK, {}, 0.25).run(photo())
    [[fed]] = session.fed
    assert (fed.shape, fed.dtype) == (shape, np.float32)
    channels_last = fed[0] if layout == "nhwc" else fed[0].transpose(1, 2, 0)
    middle = channels_last[SIZE[0] // 2, :, 0]
    assert (middle != 114).mean() > 0.9  # and not what fills the rest


def test_bindings_say_how_a_file_takes_it():
    session = Session((1, *SIZE, 3), "int8")
    given = {"source": "images", "index": 0, "dtype": "int8", "shape": [1, *SIZE, 3],
             "permute": [0, 2, 3, 1], "scale": 2.0, "zero_point": -128,
             "original_shape": [1, 3, *SIZE], "original_dtype": "float32"}  # fmt: skip
    taken = {"source": "output0", "index": 0, "original_shape": [1, 7, 420]}
    EndToEnd(session, TASK, {"inputs": [given], "outputs": [taken]}, 0.25).run(photo())
    [[fed]] = session.fed
    assert (fed.dtype, fed.shape) == (np.int8, (1, *SIZE, 3))
    assert fed.min() >= -128
    assert fed.max() <= 0


def test_parts_are_added_up_until_they_are_asked_for():
    whole = EndToEnd(Session((1, 3, *SIZE)), TASK, {}, 0.25)
    whole.run(photo())
    whole.run(photo())
    prepare, infer, decode, suppress = whole.parts()
    assert min(prepare, infer, decode, suppress) > 0
    assert suppress < decode
    assert whole.parts() == [0, 0, 0, 0]
    assert whole.facts() == {"total": 3}


@pytest.mark.parametrize(
    "session",
    [Session((1, 3, *SIZE), "int8"), Session((1, 3, 64, 64)), Session((1, SIZE[0] * SIZE[1] * 3))],
)
def test_a_file_that_cannot_be_fed_is_refused(session):
    with pytest.raises(ValueError, match="no bundle says how its inputs"):
        EndToEnd(session, TASK, {}, 0.25)


def test_a_device_without_pillow_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install pillow there"):
        EndToEnd(Session((1, 3, *SIZE)), TASK, {}, 0.25)


@pytest.mark.slow
def test_a_device_gets_what_it_needs_with_the_runner(tmp_path):
    (tmp_path / "runner.zip").write_bytes(runner_zip())
    names = zipfile.ZipFile(io.BytesIO(runner_zip())).namelist()
    assert {"edgeopt/runner/end_to_end.py", "edgeopt/decoding/yolo.py"} <= {*names}
    code = (
        "import sys; sys.path[:0] = ['runner.zip']\n"
        "from edgeopt.runner.end_to_end import EndToEnd\n"
        "import edgeopt.decoding.drawing, edgeopt.decoding.polygons\n"
        "print(edgeopt.__file__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert "runner.zip" in done.stdout, done.stderr
