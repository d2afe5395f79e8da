"""What each task keeps, whatever it judges: a row each."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from edgeopt.decoding import ctc as decoding_ctc
from edgeopt.decoding.placement import placement
from edgeopt.domain.errors import BadInput
from edgeopt.tasks import known
from edgeopt.tasks.ctc import Ctc, alphabet_of
from edgeopt.tasks.detection import Detection
from edgeopt.tasks.embedding import Directions, Embedding, Identities, Pairs
from edgeopt.tasks.image_to_image import ImageToImage
from edgeopt.tasks.pose import Pose
from edgeopt.tasks.ranking import Candidates, Ranking
from edgeopt.tasks.regression import Regression
from edgeopt.tasks.segmentation import Segmentation

N, SIZE = 12, (64, 96)
PLACES = [placement("letterbox", (40 + i, 50), SIZE) for i in range(N)]


class Row(NamedTuple):
    """A task, its model's outputs on N samples, and how they are spoiled for a candidate."""

    task: Any
    outputs: dict[str, np.ndarray]
    truths: Callable[[Any], Any] | None = None  # of the source's answers; None: truths_of
    worst: dict[str, float] = {}  # where a perfect answer is not 1, or 0 for errors  # noqa: RUF012


def rng(seed=5):
    return np.random.default_rng(seed)


def planes():
    coarse = rng().normal(size=(N, 3, 8, 12)).repeat(2, axis=2).repeat(2, axis=3)
    return coarse.astype(np.float32)


def yolo():
    """[N, 4 + 2 classes, points]: boxes of the input's pixels, few of them sure."""
    found = np.zeros((N, 6, 8 * 12 + 4 * 6 + 2 * 3), np.float32)
    found[:, :2] = rng().uniform(8, 56, (N, 2, 126))
    found[:, 2:4] = 12
    found[:, 4:] = rng().uniform(0, 0.0005, (N, 2, 126))
    found[:, 4, ::40] = rng().uniform(0.5, 1, (N, 4))
    return found


def heatmaps():
    found = rng().uniform(0, 0.1, (N, 5, 16, 24))
    for i in range(N):
        for j in range(5):
            found[i, j, 3 + (i + 2 * j) % 7, 2 + (2 * i + 3 * j) % 12] = 0.9
    return found


QUERY = np.repeat(np.arange(4), 3)
LETTERS = decoding_ctc.alphabet("abc ", 5)
LEFT, RIGHT = np.arange(N), np.roll(np.arange(N), 1)


ROWS = {
    "detection": Row(Detection("yolo", SIZE, ("a", "b")), {"o": yolo()}),
    "segmentation": Row(Segmentation(SIZE, ("a", "b", "c")), {"o": planes()}),
    "text map": Row(Segmentation(SIZE, ("no", "text"), first=1, threshold=0.3),
                    {"o": planes()[:, :1]}),
    "image-to-image": Row(ImageToImage("o", 1.0, True), {"o": rng().random((N, 1, 3, 16, 20))},
                          worst={"psnr": 100.0}),
    "pose": Row(Pose("heatmaps", SIZE, tuple("abcde")), {"o": heatmaps()}),
    "ctc": Row(Ctc("o", LETTERS), {"o": rng().dirichlet(np.ones(5), (N, 9))}),
    "ctc by beam": Row(Ctc("o", LETTERS, beam=4), {"o": rng().dirichlet(np.ones(5), (N, 9))}),
    "embedding": Row(Embedding("o", Directions), {"o": rng().normal(size=(N, 1, 8))}),
    "ranking": Row(Ranking("o", Candidates(QUERY, np.arange(N), np.zeros(N))),
                   {"o": rng().normal(size=(N, 1)), "more": np.zeros((N, 3))}),
    "regression": Row(Regression(("o", "p")), {"o": rng().normal(3, 1, (N, 1, 2)),
                                               "p": rng().normal(size=(N, 1))}),
}  # fmt: skip
LABELLED = {
    "neighbours": Row(Embedding("o", Identities), {"o": rng().normal(size=(N, 8))},
                      lambda answers: Identities(np.arange(N) // 2)),
    "verification": Row(Embedding("o", Pairs), {"o": rng().normal(size=(N, 8))},
                        lambda answers: Pairs(LEFT, RIGHT, same=LEFT % 2 == 0)),
    "similarity": Row(Embedding("o", Pairs), {"o": rng().normal(size=(N, 8))},
                      lambda answers: Pairs(LEFT, RIGHT, likeness=LEFT * 1.0)),
}  # fmt: skip
ALL = ROWS | LABELLED
NOT_OF_THIS_TRUTH = {"verification": ("spearman", "pearson"), "similarity": ("eer", "auc")}


def judged(row, spoiled=0.0):
    outputs = {
        name: array + spoiled * rng(6).normal(size=array.shape)
        for name, array in row.outputs.items()
    }
    answers = row.task.answers(row.outputs, PLACES)
    truths = row.task.truths_of(answers) if row.truths is None else row.truths(answers)
    return row.task.judged(row.task.answers(outputs, PLACES), truths)


def measures(name):
    return [m for m in ALL[name].task.measures if m.name not in NOT_OF_THIS_TRUTH.get(name, ())]


def test_every_task_is_in_the_table_and_has_a_row():
    assert {row.task.name for row in ROWS.values()} == set(known.TASKS)
    assert {type(row.task) for row in ROWS.values()} == {known.load(one) for one in known.TASKS}


@pytest.mark.parametrize("name", ROWS)
def test_the_source_agrees_with_itself(name):
    row = ROWS[name]
    found = judged(row)
    for measure in measures(name):
        perfect = row.worst.get(measure.name, 1.0 if measure.higher_is_better else 0.0)
        value = found.contributions(measure.name).value()
        assert value == pytest.approx(perfect, abs=1e-9), measure.name


@pytest.mark.parametrize("name", ROWS)
def test_what_is_spoiled_is_worse(name):
    row = ROWS[name]
    measure = row.task.measures[0]
    worse, better = (judged(row, by).contributions(measure.name).value() for by in (0.5, 0.0))
    assert (worse < better) == measure.higher_is_better
    assert worse != better


@pytest.mark.parametrize("name", ALL)
def test_contributions_and_slices_have_the_same_samples(name):
    row = ALL[name]
    found = judged(row, 0.3)
    weights = None
    for measure in measures(name):
        contributions = found.contributions(measure.name)
        weights = rng().integers(0, 3, len(contributions))
        assert np.isfinite(contributions.value())
        assert np.isfinite(contributions.value(weights))
        for table in found.slices(measure.name).values():
            assert len(table) == len(contributions)
            assert table.values(weights).shape == (len(table.names),)
            assert table.there.shape == (len(table), len(table.names))
    assert weights is not None


@pytest.mark.parametrize("name", ALL)
def test_names_are_one_each_and_an_unknown_one_is_none(name):
    names = [measure.name for measure in ALL[name].task.measures]
    assert len(set(names)) == len(names) > 0
    with pytest.raises(KeyError):
        judged(ALL[name]).contributions("nothing")


@pytest.mark.parametrize("name", ALL)
def test_outputs_of_another_model_are_refused(name):
    with pytest.raises(BadInput) as caught:
        ALL[name].task.answers({"other": np.zeros((N, 7, 2, 2, 2))}, PLACES)
    assert caught.value.hint


@pytest.mark.parametrize("name", [name for name in ROWS if name not in ("detection", "regression")])
def test_another_number_of_samples_is_a_mistake_of_the_callers(name):
    row = ROWS[name]
    answers = row.task.answers(row.outputs, PLACES)
    truths = row.task.truths_of(answers)
    with pytest.raises(ValueError, match=r"samples|images|candidates"):
        row.task.judged(answers[:3], truths)


def test_an_alphabet_finds_its_blank_in_the_sources_answers():
    steps = rng().dirichlet(np.ones(4), (2, 9))
    steps[:, ::2] = [0.02, 0.02, 0.02, 0.94]
    assert alphabet_of("abc", list(steps), "abc.txt").letters == ("a", "b", "c", "")
    assert alphabet_of("abc", list(steps[..., ::-1]), "abc.txt").letters == ("", "a", "b", "c")
    transposed = [one.T for one in steps]
    assert alphabet_of("abc", transposed, "abc.txt").blank == 3
    with pytest.raises(BadInput, match=r"abc\.txt: an alphabet of 2 letters for a model of 9"):
        alphabet_of(["a", " "], [np.ones((4, 9)) / 9], "abc.txt")


def test_regression_by_output():
    row = ROWS["regression"]
    answers = row.task.answers(row.outputs)
    truths = {"o": answers["o"] + 1, "p": answers["p"]}
    found = row.task.judged(answers, truths)
    assert found.slices("mae")["output"].values().tolist() == pytest.approx([1, 0])
    with pytest.raises(BadInput, match="the data has no labels for the output p"):
        row.task.judged(answers, {"o": truths["o"]})
