import joblib
import numpy as np
import onnxruntime as ort
import pytest

from edgeopt import runtimes
from edgeopt.domain.errors import BadInput
from edgeopt.sources import given
from edgeopt.sources import sklearn as source
from tests.sources import tiny_estimators as tiny

pytestmark = [pytest.mark.usefixtures("at_home"), pytest.mark.slow]

ROWS = tiny.X[::20]


def saved(estimator, path):
    if path.suffix == ".skops":
        from skops import io

        io.dump(estimator, path)
    else:
        joblib.dump(estimator, path)
    return path


def answers(source):
    """What the reference and the ONNX form answer, as {name: [n, ...]} each."""
    names = [spec.name for spec in source.outputs]
    session = runtimes.load("sklearn").open_session(source.reference_path, 1, {})
    onnx = ort.InferenceSession(source.onnx, providers=["CPUExecutionProvider"])
    both = []
    for ask in (lambda row: session.run([row]), lambda row: onnx.run(None, {"X": row})):
        found = [ask(row[None]) for row in ROWS]
        both.append({name: np.concatenate([f[i] for f in found]) for i, name in enumerate(names)})
    return both


@pytest.mark.parametrize(
    ("make", "outputs", "least"),
    [
        (tiny.pipeline, {"probabilities": (1, 10), "label": (1,)}, 1e-4),
        (tiny.forest, {"probabilities": (1, 10), "label": (1,)}, 1e-4),
        (tiny.margins, {"scores": (1, 10), "label": (1,)}, 1e-3),
        (tiny.bayes, {"probabilities": (1, 10), "label": (1,)}, 1e-3),
        (tiny.regression, {"output": (1, 1)}, 1e-3),
        (tiny.components, {"output": (1, 3)}, 1e-4),
        (tiny.clusters, {"distances": (1, 3), "label": (1,)}, 1e-3),
        (tiny.words, {"probabilities": (1, 10)}, 1e-4),
    ],
)
def test_the_onnx_form_answers_as_scikit_learn_does(tmp_path, prepare, make, outputs, least):
    estimator = make()
    source = prepare(saved(estimator, tmp_path / "m.joblib"), trust=True)
    assert {spec.name: spec.shape for spec in source.outputs} == outputs
    assert [(s.name, s.dtype, s.shape) for s in source.inputs] == [("X", "float32", (1, 64))]
    own, onnx = answers(source)
    first = next(iter(outputs))
    method = {"probabilities": "predict_proba", "scores": "decision_function"}.get(first)
    if method:
        np.testing.assert_allclose(own[first], getattr(estimator, method)(ROWS), rtol=1e-5)
    for name in outputs:
        np.testing.assert_allclose(onnx[name], own[name], atol=least, rtol=1e-3)


@pytest.mark.parametrize("make", [tiny.pipeline, tiny.margins, tiny.bayes, tiny.regression])
def test_what_is_no_tree_needs_no_operator_of_onnx_runtime_alone(tmp_path, prepare, make):
    import onnx

    source = prepare(saved(make(), tmp_path / "m.joblib"), trust=True)
    assert {entry.domain for entry in onnx.load(source.onnx).opset_import} == {""}


def test_skops_needs_no_trust(tmp_path, prepare):
    source = prepare(saved(tiny.pipeline(), tmp_path / "m.skops"))
    assert (source.format, source.reference_runtime) == ("skops", "sklearn")
    assert source.notes == ()


def test_skops_with_a_function_of_ones_own(tmp_path, inspect, prepare):
    path = saved(tiny.own_function(), tmp_path / "m.skops")
    with pytest.raises(BadInput) as caught:
        inspect(path)
    assert caught.value.args[0] == (
        f"{path} holds types that skops does not know to be safe: "
        "tests.sources.tiny_estimators.double."
    )
    assert "--trust" in caught.value.hint
    source = prepare(path, trust=True)
    assert source.onnx is None
    assert source.onnx_reason.startswith("skl2onnx does not turn it into ONNX: ")


def test_labels_that_are_no_numbers_from_zero_are_told(tmp_path, prepare):
    source = prepare(saved(tiny.odd_labels(), tmp_path / "m.joblib"), trust=True)
    assert source.notes[0].startswith(
        "column i of its scores is the class at place i of: 0, 10, 20"
    )
    own, onnx = answers(source)
    assert set(np.unique(own["label"])) <= set(range(0, 100, 10))
    np.testing.assert_array_equal(own["label"], onnx["label"])


def test_what_holds_no_estimator(tmp_path, inspect):
    path = saved({"a": 1}, tmp_path / "m.pkl")
    with pytest.raises(BadInput, match="holds no estimator but dict"):
        inspect(path, trust=True)


def test_an_estimator_that_was_not_fitted(tmp_path):
    from sklearn.linear_model import LogisticRegression

    with pytest.raises(BadInput, match="holds an estimator that is not fitted") as caught:
        source._answers(
            LogisticRegression(), {"label": "predict"}, np.zeros((2, 3)), tmp_path / "m.pkl"
        )
    assert caught.value.hint == "Fit it, and save it anew."


def test_an_estimator_from_python(tmp_path):
    path = given.as_path(tiny.forest(), None, tmp_path)
    assert path.name == "RandomForestClassifier.joblib"
    assert joblib.load(path).n_features_in_ == 64
    broken = tiny.own_function()
    broken.steps[0][1].func = lambda rows: rows
    with pytest.raises(BadInput) as caught:
        given.as_path(broken, None, tmp_path)
    assert caught.value.args[0].startswith("the Pipeline cannot be written by joblib: ")
