"""A task of one's own: what it raises or returns amiss names it, and plain arrays are enough."""

import sys

import numpy as np
import pytest

from edgeopt.datasets.by_task import ByTask
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settle import metric_of, settle
from edgeopt.datasets.settling.settled import Given
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked
from edgeopt.domain.tensor import TensorSpec
from edgeopt.tasks.alone import distances

CODE = """
import numpy as np
from edgeopt.tasks.counted import mean
from edgeopt.tasks.tables import Each
from edgeopt.tasks.task import Measure

class Off:
    name = "off"
    measures = (Measure("off", "distance", higher_is_better=False, points=False),
                Measure("near", "share within 1", counting=True))
    def answers(self, outputs, contexts):
        return outputs["y"].reshape(len(contexts), -1).mean(axis=1)
    def truths_of(self, answers):
        return answers
    def judged(self, answers, truths):
        return Judged(np.abs(answers - truths))

class Judged:
    def __init__(self, off):
        self.off = off
    def contributions(self, measure):
        return {"off": self.off, "near": self.off < 1}[measure]

class Sliced(Off):
    def judged(self, answers, truths):
        return SlicedJudged(np.abs(answers - truths))
class SlicedJudged(Judged):
    def slices(self, measure):
        return {"half": Halves(self.contributions(measure))}
class Halves:
    names = ("first", "second")
    def __init__(self, off):
        self.off = off
    def __len__(self):
        return len(self.off)
    def values(self, weights):
        n = len(self.off) // 2
        return [np.average(self.off[:n], weights=weights[:n] + 1e-9),
                np.average(self.off[n:], weights=weights[n:] + 1e-9)]

class Silent(Off):
    measures = ()
class Word(Off):
    measures = ("off",)
class FailsAnswering(Off):
    def answers(self, outputs, contexts):
        return outputs["z"]
class FailsJudging(Off):
    def judged(self, answers, truths):
        raise RuntimeError("no such thing\\nand more")
class FailsWithoutLabels(Off):
    def truths_of(self, answers):
        raise NotImplementedError
class Texts(Off):
    def judged(self, answers, truths):
        return Of(lambda measure: "text")
class Failing(Off):
    def judged(self, answers, truths):
        return Of(lambda measure: Value())
class Wordy(Off):
    def judged(self, answers, truths):
        return Of(lambda measure: Value("much"))
class Tables(Off):
    def judged(self, answers, truths):
        return Of(lambda measure: np.zeros((len(answers), 2)))
class Of:
    def __init__(self, contributions):
        self.contributions = contributions
class Value:
    def __init__(self, found=None):
        self.found = found
    def __len__(self):
        return 40
    def value(self, weights):
        return self.found if self.found else 1 / 0
"""
N = 40
RNG = np.random.default_rng(0)
TRUE = RNG.normal(size=N)
SOURCE = {"y": (TRUE + 0.1 * RNG.normal(size=N)).reshape(N, 1, 1)}
WORSE = {"y": SOURCE["y"] + 0.5}


@pytest.fixture
def judging(tmp_path, monkeypatch):
    """judging(class, labels=True): of a task in the user's file."""
    (tmp_path / "own_task_of_test.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)

    def judging(name, labels=True):
        samples = Samples({"x": np.zeros((N, 2), np.float32)}, TRUE if labels else None)
        asked = TaskAsked(task=f"own_task_of_test:{name}")
        spec = TensorSpec(name="x", dtype="float32", shape=(1, 2))
        found = settle(Given(asked, "", samples, SOURCE, (spec,), "y"))
        return ByTask("choose", samples, SOURCE, found, metric_of(found, "", samples))

    yield judging
    sys.modules.pop("own_task_of_test", None)


def test_a_plain_array_is_averaged_and_slices_need_not_be_there(judging):
    found = judging("Off")
    score, drop = found.marks(WORSE, 0.05)
    off = np.abs(SOURCE["y"].ravel() + 0.5 - TRUE)
    assert score.value == pytest.approx(off.mean())
    assert drop.relative == pytest.approx(
        off.mean() / np.abs(SOURCE["y"].ravel() - TRUE).mean() - 1
    )
    assert score.low < score.value < score.high
    assert drop.resolved
    assert found.slices(WORSE, (), 0.05) == ()


def test_tables_of_ones_own_without_who_has_what(judging):
    [halves] = judging("Sliced").slices(WORSE, (), 0.05)
    assert {one.value for one in halves.worst} == {"first", "second"}
    assert all(one.n == N and one.drop.value > 0 for one in halves.worst)


def test_answers_lie_apart_by_its_own_judging(judging):
    found = judging("Off")
    trial = found.trial(SOURCE)
    one = {"y": SOURCE["y"].copy()}
    one["y"][7] += 3
    both = (trial.answers(each) for each in (SOURCE, one))
    apart = distances(trial.task, *both, trial.task.measures[0])
    assert np.flatnonzero(apart).tolist() == [7]
    assert apart[7] == pytest.approx(3)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Silent", "own_task_of_test:Silent.measures is tuple and names no measure"),
        ("Word", "own_task_of_test:Word.measures is tuple and names no measure"),
        ("FailsAnswering", "own_task_of_test:FailsAnswering.answers failed: KeyError: 'z'"),
        (
            "FailsJudging",
            "own_task_of_test:FailsJudging.judged failed: RuntimeError: no such thing",
        ),
        ("Texts", "own_task_of_test:Texts: contributions('off') gave str"),
        ("Failing", "contributions('off').value failed: ZeroDivisionError"),
        ("Wordy", "contributions('off').value returned str, not a number"),
        ("Tables", "contributions('off') returned an array of shape [40, 2]"),
        ("Nowhere", "module 'own_task_of_test' has no function 'Nowhere'"),
    ],
)
def test_what_is_amiss_is_told_with_its_place(judging, name, told):
    with pytest.raises(BadInput) as caught:
        judging(name).marks(WORSE, 0.05)
    assert told in str(caught.value)
    assert "and more" not in str(caught.value)


def test_a_task_that_cannot_judge_by_the_source_is_told_where_that_matters(judging):
    assert judging("FailsWithoutLabels").marks(WORSE, 0.05)
    with pytest.raises(BadInput, match=r"truths_of failed: NotImplementedError"):
        judging("FailsWithoutLabels", labels=False).marks(WORSE, 0.05)


def test_a_measure_that_it_does_not_have_is_a_key_error(judging):
    found = judging("Off")
    trial = found.trial(SOURCE)
    with pytest.raises(KeyError):
        trial.source.contributions("other")
