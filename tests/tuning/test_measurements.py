"""Measurements that are lost: begun anew, or the trial is told so."""

import queue
from types import SimpleNamespace

import optuna
import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.tuning import file_set, grid_sampler, measurements, samplers
from edgeopt.tuning.measurements import Measurements
from edgeopt.tuning.open_trial import ATTEMPTS, Open


class Future:
    def __init__(self, status="finished", value=None):
        self.status, self.value, self.cancelled = status, value, False

    def result(self):
        return self.value

    def exception(self):
        return RuntimeError("the worker died")

    def add_done_callback(self, _):
        """Nobody waits here."""

    def cancel(self):
        self.cancelled = True


class Client:
    """Keeps what was submitted."""

    def __init__(self):
        self.sent = []

    def submit(self, *_, **options):
        self.sent.append(options["resources"])
        return Future()


@pytest.fixture
def asked():
    one = Open(trial=SimpleNamespace(number=0), curve=None, answers=queue.SimpleQueue())
    client = Client()
    made = Measurements(client, None, {"pi": SimpleNamespace(name="board")}, queue.SimpleQueue())
    message = {"target": "pi", "model": "m", "files": {}, "recipes": b"[]"}
    made.begin(one, message)
    return made, one, client


@pytest.mark.parametrize(
    ("status", "value"),
    [
        ("error", None),
        ("cancelled", None),
        ("finished", {"failed": "board: it left", "again": True}),
    ],
)
def test_a_lost_measurement_is_begun_anew_and_then_told(asked, status, value):
    made, one, client = asked
    for _ in range(ATTEMPTS):
        assert one.measured is not None
        one.measured.future = Future(status, value)
        made.ended(one, one.measured.future)
    assert client.sent == [{"device:board": 1}] * ATTEMPTS
    assert one.measured is None
    assert "lost" in one.answers.get_nowait()


def test_what_cannot_be_measured_is_not_tried_again(asked):
    made, one, client = asked
    one.measured.future = Future(value={"failed": "no such form", "hint": "h", "again": False})
    made.ended(one, one.measured.future)
    assert one.answers.get_nowait() == {"lost": "no such form", "hint": "h"}
    assert len(client.sent) == 1


def test_times_of_an_attempt_that_is_over_are_not_heard(asked):
    made, one, _ = asked
    made.ended(one, Future(value={"times": b"{}", "worker": "w"}))
    assert one.measured is not None
    assert one.answers.empty()


def test_a_device_that_nobody_owns_any_more_loses_the_trial_after_a_while(asked, monkeypatch):
    made, one, _ = asked
    now = [100.0]
    monkeypatch.setattr(measurements.time, "monotonic", lambda: now[0])
    made.watch([one], set())
    now[0] += measurements.DEVICE_S - 1
    made.watch([one], set())
    made.watch([one], {"board"})  # it came back
    now[0] += measurements.DEVICE_S - 1
    made.watch([one], set())
    assert one.answers.empty()
    future = one.measured.future
    now[0] += measurements.DEVICE_S + 1
    made.watch([one], set())
    assert "board left" in one.answers.get_nowait()["lost"]
    assert future.cancelled


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a/../../b"])
def test_a_worker_writes_nothing_outside_the_folder(tmp_path, name):
    with pytest.raises(BadInput, match="outside"):
        file_set.write({name: b""}, tmp_path / "study")
    assert list(tmp_path.rglob("*")) == [] or not (tmp_path / "up").exists()


def test_of_a_grid_nothing_is_left_where_the_rest_is_under_way():
    study = optuna.create_study(sampler=samplers.make("grid", 0, ("score",)))
    trials, seen = [], set()
    while grid_sampler.is_anything_left(study):
        trials.append(study.ask())
        assert not grid_sampler.is_anything_left(study)  # of this one nothing is known yet
        width = trials[-1].suggest_categorical("width", [1, 2])
        seen.add((width, trials[-1].suggest_int("depth", 1, 3)))
        trials[-1].set_user_attr(grid_sampler.BUILT, True)
    assert len(seen) == len(trials) == 6
    study.tell(trials[0], state=optuna.trial.TrialState.FAIL)
    assert not grid_sampler.is_anything_left(study)
