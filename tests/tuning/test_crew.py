"""The call's end of trials on workers; the scheduler is told here what it would have heard."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import msgspec
import optuna
import pytest

from edgeopt.domain.study import TrialRecord
from edgeopt.tuning import crew as crews
from edgeopt.tuning import samplers, suggestion
from edgeopt.tuning import scheduler as schedulers
from edgeopt.tuning.crew import Crew
from edgeopt.tuning.foreseen import Foreseen
from edgeopt.tuning.ledger import Ledger
from edgeopt.tuning.open_trial import Open
from edgeopt.tuning.scheduler import Scheduler

ASKED = [{"sort": "int", "name": n, "low": 0, "high": 99, "step": 1, "log": False} for n in "abc"]


@dataclass
class Client:
    """As Dask's: keeps with what trials were sent."""

    sent: list[dict] = field(default_factory=list)

    def submit(self, *given, **settings):
        self.sent.append(given[-1])
        return SimpleNamespace(
            status="pending", result=lambda: "", add_done_callback=lambda heard: None,
            cancel=lambda: None, release=lambda: None,
        )  # fmt: skip


class Curve:
    def end(self, pruned):
        return ()


@pytest.fixture
def crew(tmp_path, monkeypatch):
    """With one open trial whose three questions are foreseen; what it tells attempts is kept."""
    told = []
    monkeypatch.setattr(
        crews,
        "Answers",
        lambda client, attempt: SimpleNamespace(put=lambda one: told.append((attempt, one))),
    )
    sampler = samplers.make("random", 0, ("score",))
    ledger = Ledger(optuna.storages.InMemoryStorage(), "there", behind=False)
    study = optuna.create_study(storage=ledger, sampler=sampler)
    search = SimpleNamespace(
        ledger=ledger, foreseen=Foreseen(), sampling=samplers.Sampling(sampler), outputs=dict,
        folder=SimpleNamespace(trial=lambda number: tmp_path), kept=[],
        keep=lambda trial, record: search.kept.append(record),
        begin_curve=lambda trial: Curve(),
    )  # fmt: skip
    for value in range(3):
        search.foreseen.learn([(suggestion.worded(one), value) for one in ASKED])
    scheduler = SimpleNamespace(client=Client(), alive=True)
    made = Crew(search, scheduler, {})
    made.told = told
    made._open[0] = Open(study.ask(), Curve())
    made._send(made._open[0])
    return made


def says(crew, attempt, say, **message):
    crew._said({"say": say, "number": 0, "attempt": attempt, "used": 0, **message})


def values(crew):
    return {name: value for name, (_, value) in zip("abc", sent(crew)["ahead"], strict=True)}


def sent(crew):
    return crew.scheduler.client.sent[-1]


def test_an_attempt_that_has_ended_changes_nothing_for_the_next(crew):
    """It asks otherwise than was foreseen, and that is heard when the next one is sent."""
    one, first = crew._open[0], values(crew)
    says(crew, "first", "begin", worker="w")
    crew._heard("done", 0, SimpleNamespace(status="pending"))  # of some earlier task
    one.future.status = "finished"  # without a record: it was over for the worker
    crew._heard("done", 0, one.future)
    assert values(crew) == first
    says(crew, "first", "suggest", **{**ASKED[0], "high": 5})
    assert crew.told == [("first", {"over": True})]
    says(crew, "second", "begin", worker="w")
    says(crew, "second", "built", used=3)
    assert one.trial.params == first
    assert one.attempts == 2


def test_what_dask_began_anew_by_itself_is_ended_and_not_heard(crew):
    one = crew._open[0]
    says(crew, "first", "begin", worker="w")
    says(crew, "again", "begin", worker="v")
    assert crew.told == [("again", {"over": True})]
    assert len(crew.scheduler.client.sent) == 2
    record = msgspec.json.encode(TrialRecord(number=0, state="complete", params={})).decode()
    says(crew, "again", "record", used=3, record=record)
    assert crew.search.kept == []
    assert one.trial.params == {}
    says(crew, "second", "begin", worker="w")
    says(crew, "second", "record", used=3, record=record)
    [kept] = crew.search.kept
    assert (kept.attempts, kept.lost_by) == (2, ("w",))
    assert set(one.trial.params) == set("abc")


def test_a_record_that_is_heard_before_what_was_said_tells_what_was_used(crew):
    one, first = crew._open[0], values(crew)
    says(crew, "first", "begin", worker="w")
    one.future.status = "finished"
    text = msgspec.json.encode((2, TrialRecord(number=0, state="failed", params={}))).decode()
    one.future.result = lambda: text
    crew._heard("done", 0, one.future)
    assert one.trial.params == {"a": first["a"], "b": first["b"]}
    assert [kept.state for kept in crew.search.kept] == ["failed"]


def test_one_that_is_lost_keeps_what_it_was_told(crew):
    """Else a grid would draw the same combination again, for it to take more workers with it."""
    one, first = crew._open[0], values(crew)
    says(crew, "first", "begin", worker="w")
    assert one.lost("gone").params == first
    assert one.trial.params == first


@pytest.mark.parametrize("seen", [True, False])
def test_a_connection_may_break_before_the_scheduler_is_seen_to_be_gone(crew, monkeypatch, seen):
    rounds, states = iter([OSError("reset by peer"), False]), iter([True, True, not seen])
    monkeypatch.setattr(schedulers, "LOST_S", 0.2)
    monkeypatch.setattr(Scheduler, "alive", property(lambda self: next(states, not seen)))
    monkeypatch.setattr(Scheduler, "reconnect", lambda self: back.append(True))
    monkeypatch.setattr(crew, "_connect", lambda: None)
    crew.scheduler, back = Scheduler("there", lambda *told: None), []

    def round_():
        told = next(rounds)
        if isinstance(told, OSError):
            raise told
        return told

    monkeypatch.setattr(crew, "_round", round_)
    if seen:
        crew.work()
    else:
        with pytest.raises(OSError, match="reset by peer"):
            crew.work()
    assert back == [True] * seen
