"""A schedule that was measured is not measured again, and another one is."""

from types import SimpleNamespace

import msgspec
import pytest
from msgspec.structs import replace

from edgeopt.devices.account import Machine
from edgeopt.domain.schedule import Asked
from edgeopt.harness.budget import QUICK, SCREEN
from edgeopt.harness.replies import Loaded, Readings
from edgeopt.harness.timed import Block, Launch, Measurement, Timed
from edgeopt.pipeline import schedules

ASKED = Asked(
    target="here", device="local", budget="screen", seed=0, baseline=None, contested=("a",),
    subjects={"a": "1", "b": "2"}, machine={"id": "x"}, tools={"numpy": "2"},
)  # fmt: skip

MACHINE = Machine(
    arch="x",
    cpu_model=None,
    cores=1,
    features=[],
    board=None,
    python="3",
    memory_bytes=None,
    id="x",
)


def session(budget=SCREEN):
    block = Block(0, 0, [5, 5, 7, 9], 10, Readings(t_ns=1, cpu_ns=None), Readings(t_ns=2))
    loaded = Loaded(version="1", load_ns=3, compile_ns=None, why_null={})
    launch = Launch(loaded, 4, [5], None, None, [block])
    return Measurement(budget, 0, {"a": Timed("a", "A", [launch])}, "a", None, 1, [], MACHINE, [])


def test_what_was_kept_is_what_was_measured(tmp_path):
    folder = tmp_path / "measurements"
    schedules.keep(folder, ASKED, SCREEN, session().raw(), whole=True)
    assert schedules.known(folder, ASKED, SCREEN) == session()
    assert [p.name for p in folder.glob("*.json")] == ["here-01-screen.json"]


def test_what_failed_or_was_spoiled_is_kept_and_not_taken_up(tmp_path):
    folder = tmp_path / "measurements"
    schedules.keep(folder, ASKED, SCREEN, session().raw(), whole=False)
    assert (folder / "here-01-screen.json").exists()
    assert schedules.known(folder, ASKED, SCREEN) is None


@pytest.mark.parametrize(
    ("wanted", "same"),
    [
        (ASKED, True),
        (replace(ASKED, subjects={"a": "1"}), True),
        (replace(ASKED, contested=()), True),
        (replace(ASKED, subjects={"a": "1", "c": "3"}), False),
        (replace(ASKED, subjects={"a": "another file", "b": "2"}), False),
        (replace(ASKED, contested=("a", "b")), False),
        (replace(ASKED, seed=1), False),
        (replace(ASKED, baseline="a"), False),
        (replace(ASKED, device="pi5"), False),
        (replace(ASKED, machine={"id": "y"}), False),
        (replace(ASKED, tools={"numpy": "3"}), False),
        (replace(ASKED, whole_blocks=True), False),
    ],
)
def test_only_the_same_is_taken_up(tmp_path, wanted, same):
    schedules.keep(tmp_path, ASKED, SCREEN, session().raw(), whole=True)
    assert (schedules.known(tmp_path, wanted, SCREEN) is not None) == same


def test_a_screen_that_shortened_what_is_slow_does_not_answer_one_that_needs_its_p90():
    access = SimpleNamespace(machine={"id": "x"}, is_here=False)
    records = [SimpleNamespace(target="here", device="local", recipe_id="a", sha256="1")]

    def asked(budget, *pace):
        return schedules.asked(access, records, budget, 0, None, (), pace)

    shortened, whole = asked(SCREEN, "a"), asked(SCREEN)
    assert not shortened.answers(whole)
    assert whole.answers(whole)
    assert whole.answers(shortened)
    assert not asked(QUICK).whole_blocks  # it shortens nothing: what was stored of it answers


def test_what_was_stored_before_blocks_were_told_is_read(tmp_path):
    schedules.keep(tmp_path, ASKED, SCREEN, session().raw(), whole=True)
    [path] = (tmp_path / "asked").glob("*.json")
    told = msgspec.json.decode(path.read_bytes())
    assert told.pop("whole_blocks") is False
    path.write_bytes(msgspec.json.encode(told))
    assert schedules.known(tmp_path, ASKED, SCREEN) == session()


def test_a_machine_that_tells_nothing_is_never_the_same(tmp_path):
    unknown = replace(ASKED, machine={})
    schedules.keep(tmp_path, unknown, SCREEN, session().raw(), whole=True)
    assert schedules.known(tmp_path, unknown, SCREEN) is None


@pytest.mark.parametrize("damage", ["raw gone", "raw torn", "other budget"])
def test_what_cannot_be_read_is_measured_again(tmp_path, damage):
    schedules.keep(tmp_path, ASKED, SCREEN, session().raw(), whole=True)
    path = tmp_path / "here-01-screen.json"
    if damage == "raw gone":
        path.unlink()
    elif damage == "raw torn":
        path.write_bytes(path.read_bytes()[:50])
    else:  # of a version of edgeopt whose schedule of that name was another
        path.write_bytes(msgspec.json.encode(session(QUICK).raw()))
    assert schedules.known(tmp_path, ASKED, SCREEN) is None
