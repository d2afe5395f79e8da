import numpy as np
import pytest

from edgeopt.datasets.certainty import read
from edgeopt.datasets.metrics import metric
from tests.datasets.test_parts import detector, mask
from tests.pipeline.forms import rounded

RNG = np.random.default_rng(0)
CLASS = RNG.integers(0, 10, 120)
LOGITS = RNG.normal(size=(120, 1, 10)) + 3 * np.eye(10)[CLASS][:, None]


def softmax(logits):
    powers = np.exp(logits)
    return powers / powers.sum(axis=-1, keepdims=True)


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def wide_logits():
    """1,000 classes of which a few occur, as photos of a few things give."""
    rows = RNG.normal(size=(60, 1000)) + RNG.normal(0, 0.3, 1000)
    rows[np.arange(60), RNG.integers(0, 12, 60)] += 8
    return rows[:, None]


MARGIN = RNG.normal(size=(80, 1)) * 3

CLASSES = {
    "logits of 10": LOGITS,
    "logits of 1000": wide_logits(),
    "logits of 2": np.concatenate([MARGIN, 0.3 - MARGIN], axis=1),
    "probabilities": softmax(LOGITS),
    "probabilities, all of one class": softmax(LOGITS + 20 * np.eye(10)[4]),
    "log probabilities": np.log(softmax(LOGITS)),
    "a probability": sigmoid(MARGIN),
    "one sigmoid of many": sigmoid(10 * np.eye(10)[CLASS] - 5 + RNG.normal(size=(120, 10))),
    "with a masked class": np.where(np.arange(10) == 3, -np.inf, LOGITS),
}

VALUES = {
    "1404 coordinates": (RNG.uniform(0, 192, 1404) + 4 * RNG.normal(size=(60, 1, 1404)), "mean of"),
    "a box": (np.array([300, 280, 90, 60]) + 30 * RNG.normal(size=(60, 1, 4)), "mean of its own"),
    "a point": (RNG.normal(size=(60, 2)), "not each other's opposite"),
    "an embedding": (RNG.normal(size=(60, 1, 512)), "embedding"),
    "a normed embedding": (
        (lambda rows: rows / np.linalg.norm(rows, axis=1, keepdims=True))(
            RNG.normal(size=(60, 128))
        ),
        "embedding",
    ),
    "features after a ReLU": (np.maximum(RNG.normal(size=(60, 256)) - 0.3, 0), "negative"),
    "tags": (sigmoid(RNG.normal(size=(60, 40)) * 2), "negative values"),
    "one regression": (RNG.normal(size=(60, 1)) * 5, "no probability"),
    "one share": (0.4 + 0.1 * RNG.random((60, 1)), "clearly no"),
    "always one class": (LOGITS + 20 * np.eye(10)[4], "same column"),
    "few samples": (LOGITS[:6], "too few"),
    "a map": (RNG.normal(size=(20, 1, 3, 8, 8)), "more than one axis"),
    "unlike scales": (RNG.normal(size=(60, 6)) * [1, 1, 1, 90, 90, 90], "differ in scale"),
}


def elu(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def silu(x):
    return x * sigmoid(x)


def gelu(x):
    return x * sigmoid(1.702 * x)


def mish(x):
    return x * np.tanh(np.log1p(np.exp(x)))


def latent(columns, n=120, seed=0):
    """Features that depend on each other, as a network's do."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 12)) @ rng.normal(size=(12, columns)) / 3.5


@pytest.mark.parametrize("bent", [elu, gelu, silu, mish])
@pytest.mark.parametrize("columns", [8, 64, 512])
@pytest.mark.parametrize("scale", [1, 4])
def test_embeddings_behind_one_sided_activations_are_values(bent, columns, scale):
    features = bent(scale * latent(columns))
    assert not read(features).classes
    normed = (features - features.mean(axis=1, keepdims=True)) / features.std(axis=1, keepdims=True)
    assert "normalized" in read(normed).why


@pytest.mark.parametrize("columns", [2, 3, 4, 6])
@pytest.mark.parametrize("n", [10, 20, 60])
@pytest.mark.parametrize("unit", [0.1, 1, 30])
def test_small_gaussian_regressions_are_values(columns, n, unit):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        rows = unit * rng.normal(size=(n, columns))
        assert not read(rows).classes
        assert not read(elu(rows)).classes
    rng = np.random.default_rng(9)
    both = rng.normal(size=(n, 2)) @ [[1.0, -0.9], [0.0, 0.45]] * unit  # correlated at -0.9
    assert not read(both).classes


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")  # few epochs do
def test_answers_of_trained_classifiers_are_classes_and_their_features_are_not():
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    images, digits = load_digits(return_X_y=True)
    images = images / 16
    model = MLPClassifier(48, max_iter=25, random_state=0).fit(images[:1200], digits[:1200])
    inside = images[1200:1400] @ model.coefs_[0] + model.intercepts_[0]
    logits = np.maximum(inside, 0) @ model.coefs_[1] + model.intercepts_[1]
    assert read(logits[:, None].astype(np.float32)).classes
    assert read(logits[:100]).classes
    assert not read(inside).classes
    assert not read(gelu(inside)).classes
    linear = LogisticRegression(max_iter=100).fit(images[:600], digits[:600])
    assert read(linear.decision_function(images[1200:1300])).classes
    odd = MLPClassifier(16, learning_rate_init=0.01, max_iter=25, random_state=0)
    odd.fit(images[:1200], digits[:1200] % 2)
    margin = np.maximum(images @ odd.coefs_[0] + odd.intercepts_[0], 0) @ odd.coefs_[1]
    margin = margin[1200:1400] + odd.intercepts_[1]
    assert read(np.concatenate([-0.45 * margin, 0.55 * margin + 0.2], axis=1)).classes


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_read_where_they_are_certain(name):
    found = read(CLASSES[name])
    assert found.classes, found.why
    assert metric("agreement", None, CLASSES[name]).why == f"read as scores of classes: {found.why}"


@pytest.mark.parametrize("name", VALUES)
def test_all_else_is_values_and_says_why(name):
    answers, why = VALUES[name]
    found = read(answers)
    assert not found.classes
    assert why in found.why
    judge = metric("agreement", None, answers)
    assert judge.about.startswith("coefficient of determination")
    assert judge.why == f"read as values: {found.why}"


def test_labels_that_the_best_column_meets_make_it_certain():
    answers = LOGITS + 1.5 * np.arange(10)  # each column has a mean of its own
    assert not read(answers).classes
    assert read(answers, CLASS).classes
    assert not read(answers, RNG.permutation(CLASS)).classes
    assert not read(answers, CLASS.astype(float)).classes


def test_a_sound_form_of_coordinates_loses_nothing():
    answers = (RNG.uniform(0, 192, 1404) + 4 * RNG.normal(size=(120, 1, 1404))).astype(np.float32)
    rounded = (answers.view(np.uint32) & 0xFFFF0000).view(np.float32)
    judge = metric("agreement", None, answers)
    assert judge.value(rounded, answers) > 0.99
    assert (rounded[:, 0].argmax(1) == answers[:, 0].argmax(1)).mean() < 0.95  # as classes it would


def test_agreement_sees_the_scores_beside_the_boxes():
    answers = detector(n=60)
    judge = metric("agreement", None, answers)
    assert "in the worst of channels 0 to 3 of output and channels 4 to 5" in judge.about
    coarse = answers.copy()
    coarse[:, :, 4:] = np.round(coarse[:, :, 4:] * 3) / 3 * 0.8
    assert judge.value(coarse, answers) < 0.97
    whole = 1 - np.sum((coarse - answers) ** 2) / np.sum((answers - answers.mean(axis=0)) ** 2)
    assert whole > 0.9999
    assert judge.value(answers, answers) == 1


@pytest.mark.parametrize("border", [(1, 1), (1, 0), (2, 0), (3, 3)])
@pytest.mark.parametrize("axes", [(1,), (1, 2), (3,)])
def test_a_sound_form_of_a_mask_agrees_though_its_border_seldom_fires(border, axes):
    answers = np.expand_dims(mask(border=border), axes)
    judge = metric("agreement", None, answers)
    assert judge.value(rounded(answers, "int8-static"), answers) > 0.999
    assert judge.value(np.zeros_like(answers), answers) < 0.1


def test_masks_of_infinities_are_left_out_of_agreement():
    answers = RNG.normal(size=(60, 1, 4, 6)).astype(np.float32)
    answers[:, :, :2] = -np.inf
    answers[:, :, 3, 5] = np.nan
    judge = metric("agreement", None, answers)
    assert judge.value(answers, answers) == 1
    near = answers + np.float32(0.1)
    assert 0.95 < judge.value(near, answers) < 1


def test_boxes_that_never_move_are_no_part_of_agreement():
    moving = detector(n=60)
    moving[:, :, :4] = moving[:1, :, :4]
    judge = metric("agreement", None, moving)
    assert judge.about.endswith("in channels 4 to 5 of output")
    near = moving.copy()
    near[:, :, :4] += 0.5
    assert judge.value(near, moving) == 1
