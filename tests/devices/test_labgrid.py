"""A place of a lab: reserved while it is used, given back however edgeopt ends."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.devices import labgrid_stand_in as stand_in
from benchmarks.devices.sshd import wait_for
from edgeopt.devices import labgrid, labgrid_client, labgrid_place, resolve
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import BadInput, DeviceFailed, NotInstalled

SERVICE = {"address": "10.0.0.7", "port": 2222, "username": "pi"}
HOLD = """
import sys, time
from edgeopt.devices import labgrid_place
hold = labgrid_place.take(sys.argv[1])
print(hold.note or "held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab of two places, one of which tells no address; its state as a function."""
    (tmp_path / "bin").mkdir()
    state = stand_in.install(tmp_path / "bin", {"pi5": SERVICE, "bare": None})
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("LAB_STATE", str(state))
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path / "cache"))

    def holder(name="pi5", new=...):
        with state.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # as the stand-in does
            found = json.load(file)
            if new is not ...:
                found[name]["holder"] = new
                file.seek(0)
                file.truncate()
                json.dump(found, file)
        return found[name]["holder"]

    return holder


def killed(code: str = HOLD) -> int:
    """Another edgeopt takes the place, and is killed; its process id."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, "pi5"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    process.kill()
    process.wait()
    return process.pid


def test_a_place_is_reserved_once_and_given_back_by_the_last_who_uses_it(lab):
    hold = labgrid_place.take("pi5")
    assert labgrid_place.take("pi5") is hold
    assert lab() == labgrid_client.me()
    assert hold.place.service["address"] == "10.0.0.7"
    labgrid_place.give("pi5")
    assert lab() == labgrid_client.me()
    labgrid_place.give("pi5")
    assert lab() is None


def test_what_the_user_reserved_is_used_and_left_to_the_user(lab):
    lab(new=labgrid_client.me())
    labgrid_place.take("pi5")
    labgrid_place.give("pi5")
    assert lab() == labgrid_client.me()


@pytest.mark.slow
def test_the_guard_gives_back_what_a_killed_one_held(lab):
    killed()
    wait_for(lambda: lab() is None)
    hold = labgrid_place.take("pi5")
    labgrid_place.give("pi5")
    assert hold.note == ""


@pytest.mark.slow
def test_where_the_guard_died_too_the_next_one_says_so_and_gives_it_back(lab):
    pid = killed(f"from edgeopt.jobs.guarded import GUARD\nGUARD.keep = lambda *_: None\n{HOLD}")
    assert lab() == labgrid_client.me()
    hold = labgrid_place.take("pi5")
    labgrid_place.give("pi5")
    assert f"still reserved by an edgeopt that was killed (process {pid})" in hold.note
    assert lab() is None


@pytest.mark.slow
def test_another_edgeopt_of_the_same_user_is_refused_while_one_has_the_place(lab):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, "pi5"], stdout=subprocess.PIPE, text=True
    )
    process.stdout.readline()
    with pytest.raises(DeviceFailed, match=f"another edgeopt of yours .process {process.pid}"):
        resolve.resolve("labgrid://pi5").reach()
    process.terminate()
    process.wait()
    wait_for(lambda: lab() is None)


def test_a_guard_leaves_what_a_later_edgeopt_took(lab, tmp_path):
    labgrid_place.take("pi5")
    [lock] = (tmp_path / "cache" / "labgrid").iterdir()
    command = labgrid_client.argv("pi5", "release")
    end = Path(labgrid_place.__file__).with_name("labgrid_end.py")
    subprocess.run([sys.executable, "-I", "-S", end, lock, "1", *command], check=True)
    assert lab() == labgrid_client.me()
    labgrid_place.give("pi5")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "holder", "words"),
    [
        ("pi5", "desk/anna", "the place pi5 is reserved by anna on desk"),
        ("nosuch", None, "the lab has no place 'nosuch'"),
        ("pi", None, "the lab has no place 'pi'"),
        ("bare", None, "the place bare has no NetworkService"),
    ],
)
def test_what_cannot_be_had_is_one_sentence_and_nothing_is_held(lab, place, holder, words):
    lab(new=holder)
    with pytest.raises(DeviceFailed) as told:
        resolve.resolve(f"labgrid://{place}").reach()
    assert words in told.value.args[0]
    assert "\n" not in told.value.args[0]
    assert lab() == holder
    assert lab("bare") is None


def test_a_place_that_is_shared_is_used_without_a_reservation(lab, monkeypatch):
    lab(new="desk/anna")
    state = Path(os.environ["LAB_STATE"])
    found = json.loads(state.read_text())
    found["pi5"]["allowed"] = ["x/y", labgrid_client.me()]
    state.write_text(json.dumps(found))
    labgrid_place.take("pi5")
    labgrid_place.give("pi5")
    assert lab() == "desk/anna"


def test_without_the_command_it_is_said_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotInstalled, match="labgrid-client"):
        resolve.resolve("labgrid://pi5").reach()


@pytest.mark.parametrize("link", ["labgrid://", "labgrid://a b", "labgrid://-x", "labgrid://a/b"])
def test_a_link_names_one_place(link):
    with pytest.raises(BadInput, match="names no place"):
        resolve.resolve(link)


@pytest.mark.parametrize(
    ("service", "entry", "expected"),
    [
        (SERVICE, {}, ("10.0.0.7", "pi", 2222, None)),
        ({"address": "fd00::7"}, {}, ("fd00::7", None, 22, None)),
        (
            {**SERVICE, "extra": {"proxy": "rack", "proxy_required": True}},
            {},
            ("10.0.0.7", "pi", 2222, "rack"),
        ),
        (SERVICE, {"jump": "gate"}, ("10.0.0.7", "pi", 2222, "gate")),
    ],
)
def test_the_lab_tells_the_way(service, entry, expected):
    found = labgrid.way(service, DeviceEntry(link="labgrid://pi5", **entry))
    assert (found.host, found.user, found.port, found.jump) == expected
