"""optimize() of other sources, whole: from an object in Python, and from a vendor's file."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import edgeopt
from edgeopt.domain.errors import BadInput
from tests.pipeline.cli_process import HERE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows():
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return (images / 16).astype(np.float32), labels


def test_a_pipeline_from_python(rows, tmp_path):
    """Probabilities are scored; what is shipped runs with ONNX Runtime alone."""
    from sklearn.decomposition import PCA
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline

    images, labels = rows
    pipeline = make_pipeline(PCA(20), GaussianNB()).fit(images[:600], labels[:600])
    profile = (HERE / "one-runtime.toml").read_text()
    nobodys = tmp_path / "nobodys.toml"  # no machine is of it, so nothing is timed
    nobodys.write_text(profile.replace('[match]\nfeatures = ["avx2"]', ""))
    run = edgeopt.optimize(
        pipeline,
        target=str(nobodys),
        data={"X": images[600:], "labels": labels[600:]},
        max_drop=0.05,
        out=tmp_path / "run",
    )
    assert run.source.format == "joblib"
    assert [spec.name for spec in run.source.outputs] == ["probabilities", "label"]
    fp32 = next(r for r in run.records if r.precision == "fp32")
    assert fp32.status == "ok", fp32.reason
    assert fp32.drop.value == 0
    assert fp32.score.value == pytest.approx(pipeline.score(images[600:], labels[600:]), abs=0.05)
    assert run.chosen is not None
    bundle = tmp_path / "run" / "one-runtime"
    np.savez(tmp_path / "in.npz", X=images[600:604, None])
    command = [sys.executable, bundle / "run.py", tmp_path / "in.npz", tmp_path / "out.npz"]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": ""})
    with np.load(tmp_path / "out.npz") as answers:
        np.testing.assert_allclose(
            answers["probabilities"].reshape(4, 10),
            pipeline.predict_proba(images[600:604]),
            atol=0.2,
        )


def test_what_is_no_model(tmp_path):
    with pytest.raises(BadInput, match="an object is no model"):
        edgeopt.optimize(object(), target="this-machine", data={}, out=tmp_path / "run")
