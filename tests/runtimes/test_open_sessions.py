"""Sessions of files whose axis is open: one session, any size."""

import numpy as np
import pytest

from edgeopt import runtimes
from tests.pipeline import lines

OPEN = [spec.name for spec in runtimes.specs() if spec.open_axes]


#: LiteRT's file is made from this one: tests/pipeline/test_kept_open.py.
@pytest.mark.parametrize("runtime", [name for name in OPEN if name != "litert"])
def test_one_session_answers_at_every_size(runtime, tmp_path):
    pytest.importorskip(runtime)
    path = lines.model(tmp_path / "m.onnx")
    session = runtimes.load(runtime).open_session(str(path), 1, {})
    answers = []
    for text in ("a", "bca", "a", "cc"):
        pixels = lines.pixels(text)[None, None].astype(np.float32) / 127.5 - 1
        [found] = session.run([pixels])
        assert found.shape == (1, pixels.shape[3] // 4, 4)
        answers.append("".join(lines.LETTERS[i - 1] for i in found[0].argmax(axis=1) if i))
    facts = session.facts()
    session.close()
    assert answers == ["a", "bca", "a", "cc"]
    assert facts["total"] > 0


def test_which_runtimes_keep_an_axis_open():
    assert sorted(OPEN) == ["litert", "onnxruntime", "openvino"]
