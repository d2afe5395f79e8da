"""What a bundle carries of a head decodes by itself, without edgeopt."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from edgeopt import decoding
from edgeopt.decoding.placement import placement
from edgeopt.decoding.shipped import files, of_task
from tests.decoding import made

pytestmark = pytest.mark.slow  # seconds of a core

SCRIPT = """
import json, sys
import numpy as np
from decoding.placement import placement
import importlib

found = {}
for head, module in json.loads(sys.argv[1]).items():
    outputs = dict(np.load(head + ".npz"))
    size = tuple(json.loads(str(outputs.pop("size"))))
    answers = importlib.import_module("decoding." + module).decode(outputs, size)
    if answers.rotated is None:
        answers = placement("letterbox", (300, 200), size).undone(answers)
    found[head] = [len(answers.scores), float(answers.boxes.sum()), float(answers.scores.sum())]
assert not any(name.startswith("edgeopt") for name in sys.modules)
print(json.dumps(found))
"""


def test_every_head_decodes_the_same_where_edgeopt_is_not(tmp_path):
    expected = {}
    for head in decoding.HEADS:
        for name, text in files(head).items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, "utf-8")
        size, outputs = made.size_of(head), made.outputs(head)
        np.savez(tmp_path / f"{head}.npz", size=json.dumps(size), **outputs)
        answers = decoding.load(head).decode(outputs, size)
        if answers.rotated is None:
            answers = placement("letterbox", (300, 200), size).undone(answers)
        expected[head] = [len(answers.scores), answers.boxes.sum(), answers.scores.sum()]
    (tmp_path / "decode.py").write_text(SCRIPT, "utf-8")
    done = subprocess.run(
        [sys.executable, "decode.py", json.dumps(decoding.HEADS)],
        cwd=tmp_path, env={"PYTHONNOUSERSITE": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == set(expected)
    for head, figures in expected.items():
        assert found[head] == pytest.approx(figures), head


@pytest.mark.parametrize("head", sorted(decoding.HEADS))
def test_a_bundle_carries_few_and_small_files(head):
    texts = files(head)
    assert f"decoding/{decoding.HEADS[head]}.py" in texts
    assert {"decoding/detections.py", "decoding/placement.py"} <= set(texts)
    assert len(texts) <= 13
    assert sum(map(len, texts.values())) < 45_000
    assert not any("edgeopt" in text for text in texts.values())


@pytest.mark.parametrize("head", ["", *sorted(decoding.HEADS)])
def test_a_task_is_carried_whole_and_small(head):
    texts = of_task(head)
    assert {f"decoding/{name}.py" for name in ("answering", "serving", "drawing", "rolling")} <= {
        *texts
    }
    assert not head or files(head).keys() <= texts.keys()
    assert sum(map(len, texts.values())) < 110_000
    assert not any("edgeopt" in text for text in texts.values())
