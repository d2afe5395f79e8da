"""scikit-learn: columns by number, kinds encoded (sklearn-onnx#32, #1046)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults import narrow
from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    import joblib
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    random = np.random.default_rng(1)
    n = 900
    rows = np.c_[random.normal(size=(n, 2)), random.integers(0, 3, n)].astype(np.float32)
    truth = (rows[:, 0] + (rows[:, 2] == 1) > 0.5).astype(int)
    columns = ColumnTransformer([("n", StandardScaler(), [0, 1]), ("k", OneHotEncoder(), [2])])
    model = make_pipeline(columns, LogisticRegression()).fit(rows[:400], truth[:400])
    joblib.dump(model, folder / "model.joblib")
    np.savez(folder / "data.npz", X=rows[400:], labels=truth[400:])
    narrow.write(folder, "onnxruntime")
    return "model.joblib", "data.npz"


def right(outcome: Outcome) -> list[str]:
    wrong = []
    if outcome.status("onnxruntime", "fp32") != "ok":
        wrong.append("ONNX Runtime has no fp32 row")
    if "KeyError" in outcome.output:
        wrong.append("an error of edgeopt's own is shown")
    return wrong


CASE = Case(
    about="ColumnTransformer by number with OneHotEncoder (sklearn-onnx#32, #1046)",
    make=make,
    right=right,
    target=narrow.TARGET,
    options=("--trust", "--max-drop", "1%", "--quick"),
)
