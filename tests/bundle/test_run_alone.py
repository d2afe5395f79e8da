"""Every runtime's run.py where numpy and that runtime are all there is: the score of the record."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import edgeopt
from edgeopt import runtimes
from tests.bundle import alone, torch_net

pytestmark = pytest.mark.slow


class Case(NamedTuple):
    """What is shipped, and the distributions beside numpy that run.py then needs."""

    precision: str
    needs: tuple[str, ...]
    options: str = "{}"
    source: str = "net.onnx"


CASES = {
    "onnxruntime": Case("int8-static", ("onnxruntime",)),
    "openvino": Case("fp32", ("openvino",), '{ INFERENCE_PRECISION_HINT = "f32" }'),
    "litert": Case("int8-static", ("ai-edge-litert",)),
    "ncnn": Case("fp32", ("ncnn",), "{ use_fp16_packed = 0, use_fp16_storage = 0 }"),
    "mnn": Case("int8-weights", ("mnn",), '{ precision = "high" }'),
    "executorch": Case("fp32", ("executorch", "torch", "typing_extensions"), source="net.pt2"),
}

PROFILE = """
name = "{name}"
title = "A test's"
summary = "One recipe. No machine is of it, so nothing is timed."
arch = "x86_64"
os = "linux"
link = "local"
cores = [{{ model = "any", count = 2 }}]
threads = [1]

[isa]
features = []
absent = []
basis = "recalled"
source = "what the test asks for"

[[recipes]]
runtime = "{name}"
precision = "{case.precision}"
options = {case.options}
why = "a test"
"""


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """net.pt2, data.npz, confirm.npz and answers.npz: what PyTorch says to confirm.npz."""
    folder = tmp_path_factory.mktemp("net")
    subprocess.run([sys.executable, torch_net.__file__, folder], check=True)
    return folder


@pytest.fixture(scope="module")
def runs(given, tmp_path_factory):
    """Runtime -> a run with a target for it: one run for all that start from the same file."""
    found = {}
    for source in sorted({case.source for case in CASES.values()}):
        folder = tmp_path_factory.mktemp("run")
        own = {name: case for name, case in CASES.items() if case.source == source}
        for name, case in own.items():
            (folder / f"{name}.toml").write_text(PROFILE.format(name=name, case=case))
        run = edgeopt.optimize(
            given / source,
            target=[str(folder / f"{name}.toml") for name in own],
            data=given / "data.npz",
            confirm=given / "confirm.npz",
            max_drop=1.0,
            out=folder / "run",
        )
        found |= dict.fromkeys(own, run)
    return found


def test_there_is_a_case_for_every_runtime_that_this_machine_can_run():
    assert {*CASES} == {
        spec.name
        for spec in runtimes.specs()
        if spec.offers and not (spec.elsewhere or spec.stand_in)
    }


@pytest.mark.parametrize("name", CASES)
def test_run_py_gives_the_score_of_the_record(runs, given, tmp_path, name):
    case, run = CASES[name], runs[name]
    python = alone.environment(tmp_path / "env", ("numpy", *case.needs))
    assert alone.held(python) == {"numpy", *case.needs}
    ended = [(r.status, r.reason) for r in run.records if r.target == name]
    assert [status for status, _ in ended] == ["ok"], ended
    bundle = Path(run.folder) / name
    command = [python, "-I", bundle / "run.py", given / "confirm.npz", "out.npz"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    score = json.loads((bundle / "manifest.json").read_text())["score"]
    with np.load(tmp_path / "out.npz") as found, np.load(given / "answers.npz") as expected:
        assert sorted(found.files) == sorted(expected.files)
        said = found["output_0"].argmax(axis=-1).ravel()
        if case.precision == "fp32":
            for output in expected.files:
                np.testing.assert_allclose(found[output], expected[output], atol=1e-4)
    with np.load(given / "confirm.npz") as arrays:
        labels = arrays["labels"]
    assert (score["part"], score["n"]) == ("confirm", len(labels))
    assert 0.5 < score["value"] < 0.9  # a quarter of the labels is wrong on purpose
    assert (said == labels).mean() == score["value"]
