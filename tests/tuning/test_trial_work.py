"""One trial whose bench and whose user are stand-ins: what is asked when, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.domain.run import Constraints
from edgeopt.tuning.asked import Asked
from edgeopt.tuning.call import TuneCall
from edgeopt.tuning.curves import Curves
from edgeopt.tuning.trial_work import TRAINED, Trained, TrialWork
from edgeopt.tuning.user_side import Ending
from tests.tuning.records import TARGET, evaluation


@dataclass
class Bench:
    """Answers in turn; what it was asked is kept."""

    answers: list
    asked: list = field(default_factory=list)

    def evaluate(self, model, trust=False, *, scored=True, timed=True):
        self.asked.append((scored, timed))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return (answer,)


@dataclass
class User:
    """Builds a network, and trains it where it may."""

    trained: bool = False

    def trial(self, number, seed, folder, example, listener):
        if not listener.built(str(folder / "untrained")):
            return Ending("left")
        self.trained = True
        return Ending("trained", path=str(folder / "trained"))


@dataclass
class Suggesting:
    number: int = 0
    params: dict = field(default_factory=dict)


def ended(tmp_path, answers, outputs=None, params=None, **asked):
    """The record of one trial, what the bench was asked, and whether it was trained."""
    constraints = Constraints(**asked)
    call = TuneCall(Asked((TARGET,), {}, constraints=constraints), "m:build", "m:fit", tmp_path)
    bench, user = Bench(answers), User()
    curve = Curves("none", "study").begin()
    trial = Suggesting(params=params or {})
    folder = tmp_path / "trials"
    work = TrialWork(call, trial, folder, bench, user, curve, lambda *_: None, outputs=outputs)
    return work.record(), bench.asked, user.trained


FORM = evaluation(1.0, 0.9)
NONE = msgspec.structs.replace(
    evaluation(None), form=None, tried={"litert fp32": "no kernel"},
    why_null={"latency_ms": "litert fp32: no kernel"},
)  # fmt: skip


def test_the_first_network_is_converted_before_it_is_trained_and_no_later_one(tmp_path):
    record, asked, _ = ended(tmp_path / "first", [FORM, FORM])
    assert (record.state, asked) == ("complete", [(False, False), (True, True)])
    record, asked, _ = ended(tmp_path / "later", [FORM], outputs=FORM.outputs)
    assert (record.state, asked) == ("complete", [(True, True)])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (BadInput("the model has no input 'label'", "Rename the array."), "has no input 'label'"),
        (NONE, "no form of it can be made: litert fp32: no kernel"),
    ],
)
def test_what_cannot_be_judged_is_not_trained(tmp_path, answer, words):
    record, _, trained = ended(tmp_path, [answer])
    assert not trained
    assert (record.state, record.kind, record.step) == ("failed", "unusable", "before-training")
    assert words in record.why


@pytest.mark.parametrize(
    ("spread", "state"), [(0.2, "complete"), (0.05, "outside-limits"), (0.0, "outside-limits")]
)
def test_a_limit_within_the_interval_does_not_keep_from_training(tmp_path, spread, state):
    slow = evaluation(1.1, 0.9, spread=spread)
    record, _, trained = ended(tmp_path, [slow, slow], max_latency_ms=1.0)
    assert (record.state, trained) == (state, state == "complete")


@pytest.mark.parametrize(
    ("params", "trained"), [({"width": 8}, False), ({"width": 16}, True), (None, False)]
)
def test_what_was_trained_with_other_parameters_is_trained_anew(tmp_path, params, trained):
    folder = tmp_path / "trials"
    folder.mkdir()
    (folder / "net.onnx").touch()
    (folder / TRAINED).write_bytes(msgspec.json.encode(Trained(path="net.onnx", params=params)))
    _, _, again = ended(tmp_path, [FORM], outputs=FORM.outputs, params={"width": 8})
    assert again is trained
