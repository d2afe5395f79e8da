import numpy as np
import pytest

from edgeopt.datasets.check import check
from edgeopt.datasets.load import load, require
from edgeopt.datasets.marked_pairs import MarkedPairs
from edgeopt.datasets.settling.embedding import SettledEmbedding
from edgeopt.datasets.split import split
from edgeopt.datasets.task_data import TaskData
from edgeopt.datasets.task_labels import may_be_text
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked, TaskFacts
from edgeopt.domain.tensor import TensorSpec
from edgeopt.tasks.embedding import Embedding, Pairs

SPEC = TensorSpec(name="x", dtype="float32", shape=(1, 2))


def arrays(count=12, **more):
    x = np.arange(2 * count, dtype=np.float32).reshape(count, 2)
    return {"x": x, **more}


def loaded(given, part="data", **asked):
    return load(given, ["x"], of=TaskData(TaskAsked(**asked), (SPEC,), part))


def message_of(given, **asked):
    with pytest.raises(BadInput) as caught:
        loaded(given, **asked)
    return str(caught.value)


def table(path, text):
    path.write_text(text)
    return str(path)


def test_candidates_become_groups_and_labels(tmp_path):
    text = "query,sample,relevance\nb,4,0\nb,3,2\na,9,1\na,0,0\n"
    found = loaded(arrays(), candidates=table(tmp_path / "c.csv", text))
    assert found.inputs["x"][:, 0].tolist() == [0, 6, 8, 18]
    assert found.labels.tolist() == [0, 2, 0, 1]
    assert found.groups.tolist() == [0, 1, 1, 0]
    assert found.numbers.tolist() == [0, 3, 4, 9]


def test_candidates_that_do_not_fit_the_data(tmp_path):
    twice = table(tmp_path / "t.csv", "query,sample,relevance\na,4,0\na,3,2\nb,4,1\nb,0,0\n")
    told = message_of(arrays(), candidates=twice)
    assert "the sample 4 is a candidate 2 times (1 samples are more than once)" in told
    assert "repeat it in the data for each" in told
    right = table(tmp_path / "c.csv", "query,sample,relevance\na,4,0\na,3,2\n")
    assert "Leave out the labels, or --candidates" in message_of(
        arrays(labels=np.zeros(12)), candidates=right
    )
    assert "has groups, and" in message_of(arrays(groups=np.zeros(12)), candidates=right)
    assert "gone.csv: no such file" in message_of(arrays(), candidates="gone.csv")
    assert "the data has 3 samples" in message_of(arrays(3), candidates=right)


def test_what_confirms_has_queries_and_pairs_of_its_own(tmp_path):
    path = table(tmp_path / "c.csv", "query,sample,relevance\na,4,0\na,3,2\n")
    told = arrays(groups=np.zeros(12), labels=np.arange(12))
    assert loaded(told, "confirm", candidates=path).labels.tolist() == list(range(12))
    with pytest.raises(BadInput, match="ranking needs the query of each sample"):
        loaded(arrays(), "confirm", candidates=path)
    pairs = table(tmp_path / "p.csv", "left,right,same\n0,1,1\n0,2,0\n")
    with pytest.raises(BadInput, match="which of --confirm's samples are pairs"):
        require(arrays(), None, TaskData(TaskAsked(pairs=pairs), (SPEC,), "confirm"))
    own = table(tmp_path / "q.csv", "left,right,same\n5,7,1\n6,2,0\n")
    found = loaded(arrays(), "confirm", pairs=pairs, confirm_pairs=own)
    assert found.marks.pairs.left.tolist() == [5, 6]
    assert loaded(arrays(), pairs=pairs, confirm_pairs=own).marks.pairs.left.tolist() == [0, 0]
    assert loaded(arrays(), "calibration", pairs=pairs, confirm_pairs=own).marks is None
    with pytest.raises(BadInput, match="nothing names those of --data"):
        require(arrays(), None, TaskData(TaskAsked(confirm_pairs=own), (SPEC,), "confirm"))
    with pytest.raises(BadInput, match=r"gone.csv: no such file"):
        require(
            arrays(),
            None,
            TaskData(TaskAsked(pairs=pairs, confirm_pairs="gone.csv"), (SPEC,), "data"),
        )


def test_pairs_that_confirm_say_what_those_of_the_data_say(tmp_path):
    same = table(tmp_path / "p.csv", "left,right,same\n0,1,1\n0,2,0\n")
    alike = table(tmp_path / "q.csv", "left,right,likeness\n5,7,0.9\n6,2,0.1\n")
    first = loaded(arrays(), pairs=same).marks.pairs
    settled = SettledEmbedding(TaskFacts(name="embedding"), Embedding("y", Pairs), first)
    assert settled.truths(loaded(arrays(), pairs=same)) is not None
    other = loaded(arrays(), "confirm", pairs=same, confirm_pairs=alike)
    with pytest.raises(BadInput, match="say how much they are alike, and those of --data say whe"):
        settled.truths(other)


def test_pairs_stay_together_in_the_parts(tmp_path):
    rows = "".join(f"{2 * i},{2 * i + 1},{i % 5}\n" for i in range(20))
    path = table(tmp_path / "p.csv", "left,right,likeness\n" + rows)
    found = loaded(arrays(40), pairs=path)
    assert isinstance(found.marks, MarkedPairs)
    parts = split(found)
    kept = [parts.calibrate, parts.choose, parts.confirm]
    assert sum(len(part.marks.pairs) for part in kept) == 20
    for part in kept:
        ends = part.numbers[part.marks.pairs.left], part.numbers[part.marks.pairs.right]
        np.testing.assert_array_equal(ends[0] + 1, ends[1])
        np.testing.assert_array_equal(part.marks.pairs.likeness, ends[0] // 2 % 5)


@pytest.mark.parametrize(
    ("identities", "each", "together"), [(30, 3, True), (19, 3, False), (30, 10, False)]
)
def test_identities_of_few_samples_stay_together(identities, each, together):
    labels = np.tile([f"p{i}" for i in range(identities)], each)
    found = loaded(arrays(identities * each, labels=labels), task="embedding")
    assert (found.groups is not None) is together
    parts = split(found)
    shared = set(parts.choose.labels) & set(parts.confirm.labels)
    assert bool(shared) is not together
    own = np.zeros(identities * each, int)
    given = arrays(identities * each, labels=labels, groups=own)
    assert loaded(given, task="embedding").groups.tolist() == own.tolist()


def test_pairs_that_connect_all_samples_do_not_make_one_group(tmp_path):
    rows = "".join(f"{i},{i + 1},{i % 2}\n" for i in range(11))
    found = loaded(arrays(), pairs=table(tmp_path / "p.csv", "left,right,same\n" + rows))
    assert found.groups is None
    told = message_of(arrays(labels=np.zeros(12)), pairs=str(tmp_path / "p.csv"))
    assert "Leave out the labels, or --pairs" in told


def test_pairs_that_are_taken_are_numbered_anew():
    pairs = Pairs(np.array([0, 1, 4]), np.array([2, 3, 0]), same=np.array([True, False, True]))
    marks = MarkedPairs(pairs, 5)
    found = marks.take([4, 0, 1, 2])
    assert len(found) == 4
    assert found.pairs.left.tolist() == [1, 0]
    assert found.pairs.right.tolist() == [3, 1]
    assert found.pairs.same.tolist() == [True, True]
    assert marks.take(np.arange(5)).sha256() == marks.sha256() != found.sha256()
    assert len(marks.take(np.array([], int)).pairs) == 0
    assert marks.take(np.array([True, False, True, False, False])).pairs.right.tolist() == [1]
    assert marks.groups().tolist() == [0, 1, 0, 1, 0]


@pytest.mark.parametrize("task", ["ctc", "embedding"])
def test_labels_of_text(task):
    labels = np.array(["one", "two", "three"] * 4)
    found = loaded(arrays(labels=labels), task=task)
    said = TaskAsked(task=task)
    assert check(found, [SPEC], "f", may_be_text(said)).labels.tolist() == labels.tolist()
    with pytest.raises(BadInput, match="the labels hold <U5, not numbers") as caught:
        check(found, [SPEC], "f")
    assert caught.value.hint.endswith("Texts are labels of --task ctc and --task embedding.")
    assert len({part.sha256() for part in (found, found.take(range(3)), found.take([0]))}) == 3


@pytest.mark.parametrize(
    ("more", "task", "told"),
    [
        ({"labels": np.zeros((12, 3), int)}, "embedding", "embedding takes an identity for each"),
        ({"labels": np.zeros((12, 3), str)}, "ctc", "ctc takes a text for each sample"),
        ({"labels": np.zeros(12)}, "ctc", "hold float64, but ctc is judged by texts"),
        ({"labels": np.zeros(12)}, "ranking", "ranking needs the query of each sample"),
        ({}, "ranking", "ranking needs the query of each sample"),
        (
            {"groups": np.zeros(12), "labels": np.full(12, -1)},
            "ranking",
            "a relevance that is below",
        ),
        ({"groups": np.zeros(12), "labels": np.array(["a"] * 12)}, "ranking", "labels of <U1 [12]"),
    ],
)
def test_labels_that_a_task_is_not_judged_by(more, task, told):
    assert told in message_of(arrays(**more), task=task)


def test_what_calibrates_needs_no_truths():
    assert len(loaded(arrays(), "calibration", task="ranking")) == 12
    assert loaded(arrays(groups=np.zeros(12), labels=np.zeros(12)), task="ranking").marks is None
