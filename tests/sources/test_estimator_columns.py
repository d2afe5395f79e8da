"""Columns of a ColumnTransformer by number, name, slice and mask, all the way to ONNX."""

import numpy as np
import onnxruntime as ort
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from edgeopt.sources import estimator_onnx
from edgeopt.sources.estimator_columns import by_position

RANDOM = np.random.default_rng(0)
ROWS = np.c_[RANDOM.normal(size=(120, 3)), RANDOM.integers(0, 4, 120), RANDOM.integers(0, 9, 120)]
TRUTH = (ROWS[:, 0] + (ROWS[:, 3] == 2) > 0.5).astype(int)
KINDS = OneHotEncoder(handle_unknown="ignore")


def columns(*parts, remainder="drop"):
    return ColumnTransformer(list(parts), remainder=remainder)


@pytest.mark.slow
@pytest.mark.parametrize(
    "first",
    [
        columns(("n", StandardScaler(), [0, 1, 2]), ("c", KINDS, [3, 4])),
        columns(("n", StandardScaler(), slice(0, 3)), ("m", MinMaxScaler(), slice(3, 5))),
        columns(
            ("n", StandardScaler(), np.array([True, False, True, False, False])),
            ("gone", "drop", [4]),
            remainder="passthrough",
        ),
        columns(("n", StandardScaler(), ["a", "c"]), ("c", KINDS, ["d"]), remainder=MinMaxScaler()),
        FeatureUnion([("s", StandardScaler()), ("c", columns(("c", KINDS, [4])))]),
    ],
    ids=["number", "slice", "mask", "name", "union"],
)
def test_columns_however_they_are_named(first):
    by_name = "'a'" in repr(first)
    given = pd.DataFrame(ROWS, columns=list("abcde")) if by_name else ROWS
    model = make_pipeline(first, LogisticRegression()).fit(given, TRUTH)
    numbered = by_position(model)
    rows = ROWS[:16].astype(np.float32)
    made = estimator_onnx.convert(numbered, ["probabilities", "label"], (1, 5))
    session = ort.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    scores, labels = session.run(None, {"X": rows})
    own = model.predict_proba(given[:16])
    np.testing.assert_allclose(numbered.predict_proba(rows), own, atol=1e-5)
    np.testing.assert_allclose(scores, own, atol=1e-5)
    np.testing.assert_array_equal(labels, model.predict(given[:16]))
    # What picks columns runs in every runtime; what encodes kinds is ONNX Runtime's alone.
    kinds = {node.op_type for node in made.graph.node if node.domain == "ai.onnx.ml"}
    assert kinds <= {"OneHotEncoder"}
