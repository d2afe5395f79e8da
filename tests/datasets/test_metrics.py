import numpy as np
import pytest
import sklearn.metrics as reference
from scipy import stats
from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from edgeopt.datasets.metrics import METRICS, metric, require_metric
from edgeopt.domain.errors import BadInput


@pytest.fixture(scope="module")
def digits():
    """(labels [n], probabilities [n, 1, 10]) of a classifier of half of the digits."""
    images, labels = load_digits(return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(images[:300] / 16, labels[:300])
    return labels[300:], model.predict_proba(images[300:] / 16)[:, None].astype(np.float32)


@pytest.fixture
def binary():
    """(labels [n], probabilities [n])."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 200)
    return labels, 1 / (1 + np.exp(-(2 * labels - 1 + rng.normal(size=200))))


def value_of(name, labels, outputs):
    """The value, and that the resampling form gives the same."""
    found = metric(name, labels, outputs)
    columns = found.columns(outputs, labels)
    assert all(len(column) == len(labels) for column in columns)
    assert found.combine(*columns) == pytest.approx(found.of(columns), abs=1e-12)
    assert found.name == name
    return found.value(outputs, labels)


def message_of(name, labels, outputs):
    with pytest.raises(BadInput) as caught:
        metric(name, labels, outputs)
    return str(caught.value)


def test_accuracy(digits):
    labels, outputs = digits
    expected = reference.accuracy_score(labels, outputs[:, 0].argmax(1))
    assert value_of("accuracy", labels, outputs) == pytest.approx(expected)
    assert value_of("accuracy", labels[:, None], outputs) == pytest.approx(expected)
    assert value_of("accuracy", labels.astype(float), outputs[:, 0]) == pytest.approx(expected)


def test_top5(digits):
    labels, outputs = digits
    expected = reference.top_k_accuracy_score(labels, outputs[:, 0], k=5)
    assert 0.9 < expected < 1
    assert value_of("top5", labels, outputs) == pytest.approx(expected)


def test_top5_gives_ties_to_the_lower_class_as_argmax_does():
    outputs = np.zeros((7, 7))
    hits = metric("top5", np.arange(7), outputs).columns(outputs, np.arange(7))[0]
    assert hits.tolist() == [True] * 5 + [False] * 2


def test_macro_f1(digits):
    labels, outputs = digits
    expected = reference.f1_score(labels, outputs[:, 0].argmax(1), average="macro")
    assert value_of("f1", labels, outputs) == pytest.approx(expected)


def test_macro_f1_of_classes_that_do_not_occur():
    labels = np.array([0, 1, 1, 2])
    outputs = np.eye(5)[[0, 1, 4, 2]]
    expected = reference.f1_score(labels, [0, 1, 4, 2], average="macro")
    assert value_of("f1", labels, outputs) == pytest.approx(expected)


def test_binary_f1(binary):
    labels, probabilities = binary
    expected = reference.f1_score(labels, probabilities > 0.5)
    for outputs in (probabilities[:, None], np.stack([1 - probabilities, probabilities], 1)):
        assert value_of("f1", labels, outputs) == pytest.approx(expected)


def test_binary_f1_without_any_positive():
    outputs = np.full((4, 1), 0.1)
    assert metric("f1", np.zeros(4, int), outputs).value(outputs, np.zeros(4, int)) == 0


def test_single_scores_are_probabilities_or_logits(binary):
    labels, probabilities = binary
    logits = np.log(probabilities / (1 - probabilities))
    expected = reference.accuracy_score(labels, probabilities > 0.5)
    assert value_of("accuracy", labels, probabilities[:, None]) == pytest.approx(expected)
    assert value_of("accuracy", labels, logits[:, None]) == pytest.approx(expected)


def test_what_single_scores_are_is_decided_by_the_source(binary):
    labels, probabilities = binary
    accuracy = metric("accuracy", labels, probabilities[:, None])
    # An int8 candidate may leave 0..1 by a step; it is still judged at 0.5.
    rounded = np.round(probabilities[:, None] * 10) / 10 * 1.01
    rounded[0] = 1.01
    expected = reference.accuracy_score(labels, rounded[:, 0] > 0.5)
    assert accuracy.value(rounded, labels) == pytest.approx(expected)


def test_binary_roc_auc(binary):
    labels, probabilities = binary
    expected = reference.roc_auc_score(labels, probabilities)
    logits = np.random.default_rng(1).normal(size=(200, 1)) + np.log(
        np.stack([1 - probabilities, probabilities], 1)
    )
    for outputs in (probabilities[:, None], softmax(logits, axis=1), logits):
        assert value_of("roc-auc", labels, outputs) == pytest.approx(expected)


@pytest.mark.slow
def test_roc_auc_of_many_classes(digits):
    labels, outputs = digits
    outputs = outputs[:, 0].astype(np.float64)
    outputs /= outputs.sum(1, keepdims=True)
    expected = reference.roc_auc_score(labels, outputs, multi_class="ovr")
    assert value_of("roc-auc", labels, outputs) == pytest.approx(expected)
    logits = np.log(outputs) + np.random.default_rng(0).normal(size=(len(outputs), 1))
    assert value_of("roc-auc", labels, logits) == pytest.approx(expected)


def test_roc_auc_with_ties():
    labels, outputs = np.array([0, 1, 0, 1, 1]), np.array([0.2, 0.2, 0.5, 0.5, 0.2])[:, None]
    expected = reference.roc_auc_score(labels, outputs[:, 0])
    assert value_of("roc-auc", labels, outputs) == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(50,), (50, 1, 3)])
@pytest.mark.parametrize(
    ("name", "function"),
    [("mae", reference.mean_absolute_error), ("mse", reference.mean_squared_error)],
)
def test_errors(name, function, shape):
    rng = np.random.default_rng(0)
    labels, outputs = rng.normal(size=shape), rng.normal(size=shape)
    expected = function(labels.reshape(50, -1), outputs.reshape(50, -1))
    assert value_of(name, labels, outputs) == pytest.approx(expected)
    assert not metric(name, labels, outputs).higher_is_better


@pytest.mark.parametrize(
    ("name", "function"), [("pearson", stats.pearsonr), ("spearman", stats.spearmanr)]
)
def test_correlations(name, function):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 9, 60)
    outputs = (labels + rng.normal(size=60)).round()[:, None]
    expected = function(labels, outputs[:, 0]).statistic
    assert value_of(name, labels, outputs) == pytest.approx(expected)
    assert value_of(name, labels, np.zeros((60, 1))) == 0


def test_exact_match():
    labels = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    answers = np.array([[1, 2, 3], [4, 5, 0], [7, 8, 9]])
    assert value_of("exact-match", labels, answers) == pytest.approx(2 / 3)
    assert value_of("exact-match", labels, answers[:, None]) == pytest.approx(2 / 3)
    assert value_of("exact-match", labels, np.eye(10)[answers]) == pytest.approx(2 / 3)


def test_proportions_are_the_mean_of_their_samples(digits):
    labels, outputs = digits
    for name in ("accuracy", "top5", "exact-match"):
        found = metric(name, labels, outputs)
        (hits,) = found.columns(outputs, labels)
        assert found.proportion
        assert hits.dtype == bool
        assert hits.mean() == found.value(outputs, labels)


def test_an_undefined_resample_is_nan():
    from edgeopt.datasets import statistics

    assert np.isnan(statistics.roc_auc(np.ones((3, 1)), np.ones((3, 1), bool)))
    assert np.isnan(statistics.binary_f1(np.zeros(3, int), np.zeros(3, int)))
    assert np.isnan(statistics.pearson(np.arange(3.0), np.ones(3)))


def test_every_metric_says_what_it_is():
    for name, entry in METRICS.items():
        require_metric(name)
        assert 10 < len(entry.about) < 100


@pytest.mark.parametrize("judge", [require_metric, lambda name: metric(name, None, np.ones(2))])
def test_unknown_metric(judge):
    with pytest.raises(BadInput) as caught:
        judge("acuracy")
    assert str(caught.value).startswith("unknown metric 'acuracy'; did you mean 'accuracy'?\n")
    assert "f1, roc-auc, mae" in caught.value.hint


def test_metrics_that_need_labels():
    assert message_of("f1", None, np.ones((2, 3))) == (
        "the metric f1 needs labels, and the data has none\n"
        "  Add an array 'labels', or use --metric agreement (with the source model)."
    )


def test_default_metric(digits):
    labels, outputs = digits
    assert metric(None, labels, outputs).name == "accuracy"
    assert metric(None, None, outputs).name == "agreement"
    assert message_of(None, labels / 10, outputs).startswith(
        "the labels are no class numbers, so the metric must be named\n  Add --metric with one of"
    )


CLASSES = np.random.default_rng(0).normal(size=(4, 3))


@pytest.mark.parametrize(
    ("name", "labels", "outputs", "message"),
    [
        ("accuracy", [0, 1, 2, 3], CLASSES, "accuracy: labels from 0 to 3, but the model has 3 "),
        ("f1", [0, 1, 2, -1], CLASSES, "f1: labels from -1 to 2, but the model has 3 classes (0 "),
        ("accuracy", [0, 1, 2, 0.5], CLASSES, "needs class numbers, but the labels hold fractions"),
        ("accuracy", np.eye(4), CLASSES, "one class number for each sample, but the labels have"),
        ("accuracy", [0, 1, 1, 0], np.ones((4, 2, 3)), "the model's output has shape [2, 3]"),
        ("accuracy", [0, 1, 2, 1], np.ones((4, 1)), "labels from 0 to 2, but the model has 2 "),
        ("top5", [0, 1, 2, 1], CLASSES, "top5 needs more than five classes, but the model has 3"),
        ("roc-auc", [1, 1, 1, 1], CLASSES, "needs samples of two classes, but all labels are 1"),
        ("mae", [1, 2, 3, 4], CLASSES, "there are 1 labels and 3 values for a sample"),
        ("pearson", CLASSES, CLASSES, "needs one value for each sample, but the output has 3"),
        ("spearman", [1, 1, 1, 1], np.ones((4, 1)), "needs labels that differ, but all are 1"),
        ("exact-match", CLASSES, np.ones((4, 2)), "outputs of shape [2] cannot be compared with"),
        ("mae", [1, 2, 3, 4], np.full((4, 1), np.inf), "mae of the source model is inf"),
        ("accuracy", [0, 1, 2, 1], CLASSES * np.nan, "the source model answers NaN"),
    ],
)
def test_labels_and_outputs_that_do_not_fit(name, labels, outputs, message):
    assert message in message_of(name, np.array(labels), outputs)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A module of metrics in the current directory."""
    (tmp_path / "own_metrics_of_test.py").write_text(
        "import numpy as np\n"
        "def closeness(outputs, labels):\n    return 1 - np.abs(outputs - labels).mean()\n"
        "def distance(outputs, labels):\n    return np.abs(outputs - labels).max()\n"
        "distance.lower_is_better = True\n"
        "def words(outputs, labels):\n    return 'good'\n"
        "def fails(outputs, labels):\n    return outputs['x']\n"
        "def nothing(outputs, labels):\n    return float('nan')\n"
    )
    monkeypatch.chdir(tmp_path)
    return "own_metrics_of_test"


def test_own_metric(own):
    labels = np.arange(4.0)
    found = metric(f"{own}:closeness", labels, labels + 0.25)
    assert found.value(labels + 0.5, labels) == 0.5
    assert found.higher_is_better
    assert found.about.startswith(f"the value of {own}:closeness (higher is better); it gives one")
    lower = metric(f"{own}:distance", labels, labels)
    assert not lower.higher_is_better
    assert "lower is better" in lower.about


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("words", "{own}:words returned str, not a number"),
        ("fails", "{own}:fails failed: IndexError: only integers"),
        ("nothing", "{own}:nothing of the source model is nan"),
        ("closenes", "has no function 'closenes'; did you mean 'closeness'?"),
    ],
)
def test_own_metric_that_fails(own, name, message):
    labels = np.arange(4.0)
    assert message.format(own=own) in message_of(f"{own}:{name}", labels, labels)


def test_own_metric_needs_labels(own):
    assert "needs labels" in message_of(f"{own}:closeness", None, np.ones(3))
