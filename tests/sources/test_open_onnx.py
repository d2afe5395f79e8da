"""An ONNX file with an axis left open, asked at each stated size."""

import numpy as np
import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.domain.open_axis import KeptAxis
from edgeopt.sources import onnx
from edgeopt.sources.request import PrepareRequest
from tests.pipeline import lines

pytest.importorskip("onnxruntime")


def prepared(path, folder, *sizes):
    kept = KeptAxis(name="width", places={"line": 3}, sizes=sizes)
    shapes = {"line": (1, 1, lines.HEIGHT, sizes[-1])}
    return onnx.prepare(
        PrepareRequest(path=str(path), shapes=shapes, folder=str(folder), kept=kept)
    )


@pytest.mark.slow
def test_the_open_form_answers_as_the_file_at_sizes_that_nobody_stated(tmp_path):
    import onnxruntime

    path = lines.model(tmp_path / "m.onnx")
    source = prepared(path, tmp_path, 16, 32, 64)
    assert source.inputs[0].shape == (1, 1, 8, 64)
    assert source.kept.shapes == tuple({"y": (1, size // 4, 4)} for size in (16, 32, 64))
    assert source.kept.growing == ("y",)
    own = onnxruntime.InferenceSession(source.open_onnx)
    theirs = onnxruntime.InferenceSession(str(path))
    for width in (4, 20, 200):
        fed = {"line": np.random.default_rng(width).normal(size=(1, 1, 8, width)).astype("f4")}
        np.testing.assert_allclose(own.run(None, fed)[0], theirs.run(None, fed)[0], atol=1e-6)
    fixed = onnxruntime.InferenceSession(source.onnx)
    assert fixed.get_inputs()[0].shape == [1, 1, 8, 64]


def test_a_size_at_which_it_does_not_run_is_named(tmp_path):
    path = lines.model(tmp_path / "m.onnx")
    with pytest.raises(BadInput, match="at the size 3 of --open-axis the model does not run"):
        prepared(path, tmp_path, 3, 64)
